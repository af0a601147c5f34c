/**
 * Which tests the matrix runs on every version of Kafka: all that need a broker, but for those
 * listed here with the reason why one version is enough.
 *
 * Neighbours: main.ts asks; page.ts prints the reasons.
 */
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Files that are not run on every version: path from test/, without its ending. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'examples/copy-job': 'a program over the same producer; it runs in `npm test`',
  'examples/examples': 'programs over the same producer; they run in `npm test`',
  'producer/million': 'looks at speed and memory',
  'producer/process': 'looks at the life of our own process',
  'testing/same-as-kafka': 'compares the test cluster with the pinned version, whose equal it is',
  'testing/telemetry':
    'starts the pinned version with a plug-in; brokers before 3.7 take no metrics',
  'testing/transactions/same-as-kafka': 'likewise; it starts the versions that it needs by itself',
}

/** A test file that is run: where it is, and how the page names it. */
export interface TestFile {
  readonly path: string
  readonly name: string
}

/** The compiled files to run, sorted. */
export function selectedFiles(): TestFile[] {
  const tests = dirname(dirname(fileURLToPath(import.meta.url)))
  return readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.broker.test.js'))
    .map((path) => ({ path: join(tests, path), name: path.replace('.broker.test.js', '') }))
    .filter(({ name }) => !Object.hasOwn(LEFT_OUT, name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
