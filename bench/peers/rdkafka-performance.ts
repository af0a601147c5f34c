/**
 * Peer: librdkafka in C, by its own rdkafka_performance, which is built with node-rdkafka. It sends
 * a pattern instead of the task's values, which matters to codecs only: with one the row would
 * flatter, and is refused.
 */
import type { SubjectReport, SubjectTask } from '../contract.js'
import { projectFile } from '../../test/broker/project.js'
import { runSubject } from '../support/subject.js'
import { runForeign } from './foreign-process.js'
import { librdkafkaSettings } from './librdkafka-settings.js'

const FOLDER = ['bench', 'peers', 'node_modules', 'node-rdkafka', 'deps', 'librdkafka', 'examples']

// "% 100000 messages produced (…), 100000 delivered (offset 0, 0 failed) in 245ms: 407000 msgs/s and …"
const SUMMARY = /(\d+) delivered \(offset -?\d+, (\d+) failed\) in (\d+)ms/g

async function run(task: SubjectTask): Promise<SubjectReport> {
  const { busyPartitions, keysAndHeaders, ratePerSecond, settings } = task
  if (
    busyPartitions > 0 ||
    keysAndHeaders ||
    ratePerSecond > 0 ||
    settings.compression !== 'none'
  ) {
    throw new Error('rdkafka_performance is only run without partitions, keys, rate and codec')
  }
  const args = [
    '-P',
    ...['-t', task.topic],
    ...['-b', task.brokers.join(',')],
    ...['-s', String(task.valueBytes)],
    ...['-c', String(task.records)],
    ...Object.entries(librdkafkaSettings(task)).flatMap(([name, value]) => [
      '-X',
      `${name}=${String(value)}`,
    ]),
  ]
  const { output, cpuMicros, rssBytes } = await runForeign(
    projectFile(...FOLDER, 'rdkafka_performance'),
    args,
  )
  const summary = [...output.matchAll(SUMMARY)].at(-1)
  if (summary === undefined) throw new Error(`no summary in:\n${output.slice(-2_000)}`)
  const [, delivered, failed, milliseconds] = summary.map(Number)
  if (delivered !== task.records || failed !== 0) throw new Error(summary[0])
  return {
    version: /librdkafka version ([\d.]+)/.exec(output)?.[1] ?? 'of node-rdkafka',
    runtime: 'C',
    records: task.records,
    totalRecords: task.records,
    seconds: (milliseconds ?? NaN) / 1000,
    cpuMicros,
    rssBytes,
    loopDelayP99Ms: null,
  }
}

runSubject(run)
