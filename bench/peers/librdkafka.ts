/**
 * Peer: librdkafka in C, by a small program of ours (librdkafka/main.c) built against the one that
 * comes with node-rdkafka, for what its own rdkafka_performance cannot do: the task's values (which
 * matter to codecs), named partitions, keys and headers, fixed rates.
 */
import type { SubjectReport, SubjectTask } from '../contract.js'
import { runSubject } from '../support/subject.js'
import { runForeign } from './foreign-process.js'
import { librdkafkaSettings } from './librdkafka-settings.js'
import { LIBRDKAFKA } from './registry.js'

async function run(task: SubjectTask): Promise<SubjectReport> {
  const atRate = task.ratePerSecond > 0
  const records = atRate
    ? Math.min(task.records, Math.ceil(task.ratePerSecond * task.maxSeconds))
    : task.records
  const numbers = [
    task.busyPartitions,
    task.keysAndHeaders ? 1 : 0,
    task.warmupRecords,
    records,
    task.maxSeconds,
    task.ratePerSecond,
  ]
  const properties = { 'bootstrap.servers': task.brokers.join(','), ...librdkafkaSettings(task) }
  const { output } = await runForeign(LIBRDKAFKA, [
    task.topic,
    task.valuesFile,
    ...numbers.map(String),
    ...Object.entries(properties).map(([name, value]) => `${name}=${String(value)}`),
  ])
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as SubjectReport
}

runSubject(run)
