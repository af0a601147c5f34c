/**
 * Kafka's own command-line tools, run from its jars: the console consumer, and DumpLogSegments,
 * which prints batches and records as they lie on the disk.
 *
 * Neighbours: versions.ts has their class names; read-topic.ts reads records whole.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { askAnyMetadata } from './admin.js'
import { runJava } from './java.js'
import type { KafkaVersion } from './versions.js'

/** How long nothing may come, the consumer's own start-up included. */
const MAX_SILENCE_MS = 60_000
const CONSUMER_TIMEOUT_MS = 100_000 // a test file has 120 s

/** Kafka's jars, and the cluster they are to be used on. */
export interface Toolbox {
  readonly version: KafkaVersion
  readonly classPath: string
  readonly bootstrap: readonly string[]
}

/**
 * Runs the console consumer and returns the lines it printed. It reads up to `--max-messages`, or
 * until nothing has come for a while, so that a test sees what is missing; should it hang all the
 * same, it is killed before a test file is, and the error shows what its threads were doing.
 */
export async function consoleConsumer(
  toolbox: Toolbox,
  topic: string,
  args: readonly string[],
): Promise<string[]> {
  const where = ['--bootstrap-server', toolbox.bootstrap.join(','), '--topic', topic]
  const silence = args.includes('--timeout-ms') ? [] : ['--timeout-ms', String(MAX_SILENCE_MS)]
  const main = toolbox.version.tools.consoleConsumer
  const output = await runJava(toolbox.classPath, main, [...where, ...silence, ...args], {
    timeoutMs: CONSUMER_TIMEOUT_MS,
  })
  return output === '' ? [] : output.replace(/\n$/, '').split('\n')
}

/**
 * What DumpLogSegments prints of a partition: every segment of its leader's log, with the records.
 * `folder` is the cluster's (see cluster.ts for what lies in it).
 */
export async function dumpLog(
  toolbox: Toolbox,
  folder: string,
  topic: string,
  partition: number,
): Promise<string> {
  const { topics } = await askAnyMetadata(toolbox.bootstrap, [topic])
  const leader = topics[0]?.partitions.find((it) => it.partitionIndex === partition)?.leaderId ?? -1
  if (leader < 0) throw new Error(`${topic}-${partition} does not exist, or has no leader`)
  const log = join(folder, `node-${leader}`, 'data', `${topic}-${partition}`)
  const segments = (await readdir(log)).filter((name) => name.endsWith('.log')).sort()
  const files = segments.map((name) => join(log, name)).join(',')
  return runJava(toolbox.classPath, toolbox.version.tools.dumpLog, [
    '--print-data-log',
    '--files',
    files,
  ])
}
