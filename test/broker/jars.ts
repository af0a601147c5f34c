/**
 * Kafka's jars from Maven, fetched once per version and kept outside the tree, in
 * `$OTTLA_CACHE`, else `$XDG_CACHE_HOME/ottla`, else `~/.cache/ottla`.
 *
 * A download goes to a folder of its own and is renamed when it is whole. So a folder that has the
 * right name is complete, whoever was interrupted, and of two processes that fetch at once the
 * second finds the name taken and throws its copy away.
 *
 * Neighbours: versions.ts names the artifacts; java.ts takes the class path.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { run } from './java.js'
import type { KafkaVersion } from './versions.js'

// Kafka's jars bring slf4j's interface and, version by version, another or no binding for it. This
// one writes plainly to stderr; first on the class path, it wins over the others.
const LOGGER = 'org.slf4j:slf4j-simple:1.7.36'
const DOWNLOAD_TIMEOUT_MS = 600_000

/** Null if Maven is there, else a sentence that says what is amiss. */
export async function whyNoMaven(): Promise<string | null> {
  const found = await run(['mvn', '-v']).catch(() => null)
  return found === null ? 'no Maven (mvn) on the PATH' : null
}

/** The folder of a version's jars, there or not. */
export function jarsFolder(version: KafkaVersion): string {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(process.env.OTTLA_CACHE || join(base, 'ottla'), `kafka-${version.version}`)
}

/** The class path with a version's jars, fetched first if they are not here yet. */
export async function kafkaClassPath(
  version: KafkaVersion,
  log: (line: string) => void,
): Promise<string> {
  const folder = jarsFolder(version)
  if (!existsSync(folder)) await fetchJars(version, folder, log)
  const jars = (await readdir(folder)).filter((name) => name.endsWith('.jar')).sort()
  const logger = jars.filter((name) => name.startsWith('slf4j-simple'))
  const others = jars.filter((name) => !name.startsWith('slf4j-simple'))
  return [...logger, ...others].map((name) => join(folder, name)).join(delimiter)
}

async function fetchJars(
  version: KafkaVersion,
  folder: string,
  log: (line: string) => void,
): Promise<void> {
  const partial = `${folder}.partial-${randomUUID()}`
  await mkdir(partial, { recursive: true })
  log(`fetching the jars of Kafka ${version.version} into ${folder}`)
  try {
    await copyDependencies(version, partial)
    await rename(partial, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error // else another process was first, with the same jars
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

/** Maven resolves from its own local repository first, so this also works offline once it has run. */
async function copyDependencies(version: KafkaVersion, folder: string): Promise<void> {
  const pom = join(folder, 'pom.xml')
  await writeFile(pom, pomOf([...version.artifacts, LOGGER]))
  const goal = 'dependency:copy-dependencies'
  const flags = [`-DoutputDirectory=${folder}`, '-DincludeScope=runtime']
  await run(['mvn', '-q', '-B', '-f', pom, goal, ...flags], { timeoutMs: DOWNLOAD_TIMEOUT_MS })
}

function pomOf(artifacts: readonly string[]): string {
  const dependencies = artifacts.map((coordinates) => {
    const [group, artifact, version] = coordinates.split(':')
    return `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>ottla</groupId><artifactId>kafka-jars</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
${dependencies.join('\n')}
  </dependencies>
</project>
`
}
