/**
 * Kafka's jars from Maven, fetched once per version and kept in the cache.
 *
 * Neighbours: versions.ts names the artifacts; cache.ts keeps them; java.ts takes the class path.
 */
import { readdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { cachedFolder } from './cache.js'
import { run, whyNoJava } from './java.js'
import type { KafkaVersion } from './versions.js'

// Kafka's jars bring slf4j's interface and, version by version, another or no binding for it. This
// one writes plainly to stderr; first on the class path, it wins over the others.
const LOGGER = 'org.slf4j:slf4j-simple:1.7.36'
const LOGGER_JAR = 'slf4j-simple'
const DOWNLOAD_TIMEOUT_MS = 600_000

/** Null if Java and Maven are there, else a sentence that says what is amiss. */
export async function whyNoJars(): Promise<string | null> {
  const noJava = await whyNoJava()
  if (noJava !== null) return noJava
  return run(['mvn', '-v']).then(
    () => null,
    () => 'no Maven (mvn) on the PATH',
  )
}

/** The class path with a version's jars, fetched first if they are not here yet. */
export async function kafkaClassPath(
  version: KafkaVersion,
  log: (line: string) => void,
): Promise<string> {
  const folder = await cachedFolder(`kafka-${version.version}`, (partial) => {
    log(`fetching the jars of Kafka ${version.version} with Maven`)
    return copyDependencies(version, partial)
  })
  const jars = (await readdir(folder)).filter((name) => name.endsWith('.jar')).sort()
  const logger = jars.filter((name) => name.startsWith(LOGGER_JAR))
  const others = jars.filter((name) => !name.startsWith(LOGGER_JAR))
  return [...logger, ...others].map((name) => join(folder, name)).join(delimiter)
}

/** Maven looks into its own local repository first, so this works offline once it has run. */
async function copyDependencies(version: KafkaVersion, folder: string): Promise<void> {
  const pom = join(folder, 'pom.xml')
  await writeFile(pom, pomOf([...version.artifacts, LOGGER]))
  const goal = 'dependency:copy-dependencies'
  const flags = [`-DoutputDirectory=${folder}`, '-DincludeScope=runtime']
  await run(['mvn', '-q', '-B', '-f', pom, goal, ...flags], { timeoutMs: DOWNLOAD_TIMEOUT_MS })
}

function pomOf(artifacts: readonly string[]): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>ottla</groupId><artifactId>kafka-jars</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
${artifacts.map(dependencyOf).join('\n')}
  </dependencies>
</project>
`
}

function dependencyOf(coordinates: string): string {
  const [group, artifact, version] = coordinates.split(':')
  const place = `<groupId>${group}</groupId><artifactId>${artifact}</artifactId>`
  return `    <dependency>${place}<version>${version}</version></dependency>`
}
