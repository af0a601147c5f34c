/**
 * Runs the selected test files against one version of Kafka, one after another: each is a program
 * of its own that finds the Kafka through its environment, as under test/broker/run.ts.
 *
 * Neighbours: main.ts calls; tap-report.ts reads what the files say.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Kafka } from '../broker/kafka.js'
import { startKafka } from '../broker/kafka.js'
import { projectFile } from '../broker/project.js'
import { Lobby } from '../broker/secured/lobby.js'
import { startSecuredKafka } from '../broker/secured/secured-kafka.js'
import { negotiatedVersions } from './negotiated.js'
import { selectedFiles, type TestFile } from './selection.js'
import { readTap, type TestResult } from './tap-report.js'

const FILE_TIMEOUT_MS = 600_000
/** What is shown of a file that failed: its first words. */
const SHOWN_CHARS = 20_000

/** A test of a file, against one version. */
export interface FileResult extends TestResult {
  /** As `selectedFiles` names it. */
  readonly file: string
}

/** What one version of Kafka had to say. */
export interface VersionReport {
  readonly version: string
  /** Highest common version of each API, by its name. */
  readonly negotiated: ReadonlyMap<string, number>
  readonly results: readonly FileResult[]
}

/**
 * Starts that Kafka, runs everything (`only`: files with this in their name), stops it. Rejects where
 * there is none to be had.
 */
export async function runVersion(version: string, only = ''): Promise<VersionReport> {
  const files = selectedFiles().filter(({ name }) => name.includes(only))
  if (files.length === 0) throw new Error(`no file that needs a broker has "${only}" in its name`)
  const kafka = await startKafka({ version })
  const lobby = await Lobby.open(() => startSecuredKafka({ own: true, version }))
  try {
    const negotiated = await negotiatedVersions(kafka.bootstrap[0] ?? '')
    const environment = { ...kafka.environment, ...lobby.environment }
    const results: FileResult[] = []
    for (const file of files) {
      results.push(...(await runFile({ version, environment }, file)))
    }
    return { version, negotiated, results }
  } finally {
    await Promise.all([kafka.stop(), lobby.close()])
  }
}

async function runFile(
  kafka: Pick<Kafka, 'version' | 'environment'>,
  { path, name }: TestFile,
): Promise<FileResult[]> {
  const { code, output } = await runNode(path, kafka.environment)
  const results = [...readTap(output), ...complaints(output, code, kafka.version)]
  const failed = results.filter(({ outcome }) => outcome === 'failed')
  console.log(`${kafka.version}  ${name}: ${results.length} tests, ${failed.length} failed`)
  if (failed.length > 0) console.log(output.slice(0, SHOWN_CHARS))
  return results.map((result) => ({ ...result, file: name }))
}

/** What is wrong with a file beyond its tests. */
function complaints(output: string, code: number | null, version: string): TestResult[] {
  const failed = (name: string): TestResult => {
    return { name, outcome: 'failed', reason: '', skippedParts: [] }
  }
  const others = Array.from(output.matchAll(/# starting Kafka (\S+)/g), ([, other]) => other)
  const foreign = others.filter((other) => other !== version)
  const isSilentFailure = code !== 0 && !output.includes('not ok ')
  return [
    ...(isSilentFailure ? [failed(`the file ends well (exit code ${String(code)})`)] : []),
    ...(foreign.length > 0 ? [failed(`the file stays with its version (not ${foreign.join()})`)] : []), // prettier-ignore
  ]
}

async function runNode(
  path: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number | null; output: string }> {
  const env = { ...process.env, ...environment }
  const child = spawn(process.execPath, [path], {
    cwd: projectFile(),
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: FILE_TIMEOUT_MS,
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (output += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}
