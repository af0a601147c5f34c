/**
 * Peer: Kafka's Java producer, by Kafka's own ProducerPerformance from the broker's jars, with the
 * task's values in random order (it chooses so). Recommended: Java's defaults.
 *
 * The rate is the tool's own for the records behind the warm-up. CPU is the JVM's, less that of a
 * run with one record, shared among all records: just-in-time compilation is in it.
 */
import type { SubjectReport, SubjectTask } from '../contract.js'
import { kafkaClassPath } from '../../test/broker/jars.js'
import { kafkaVersion, PINNED_VERSION } from '../../test/broker/versions.js'
import { runSubject } from '../support/subject.js'
import { runForeign, type ForeignRun } from './foreign-process.js'

const MAIN = 'org.apache.kafka.tools.ProducerPerformance'
const JVM_FLAGS = ['-Xms512m', '-Xmx512m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']

// "4000000 records sent, 441501.1 records/sec (42.11 MB/sec), 2.1 ms avg latency, 320.00 ms max …"
const SUMMARY = /(\d+) (?:steady state )?records sent, ([\d.]+) records\/sec/g
const PERCENTILES = /(\d+) ms 50th, \d+ ms 95th, (\d+) ms 99th, (\d+) ms 99\.9th/
const MAX_LATENCY = /([\d.]+) ms max latency/

async function run(task: SubjectTask): Promise<SubjectReport> {
  if (task.busyPartitions > 0 || task.keysAndHeaders) {
    throw new Error('ProducerPerformance can neither name partitions nor give keys')
  }
  const atRate = task.ratePerSecond > 0
  const records = atRate
    ? Math.min(task.records, Math.ceil(task.ratePerSecond * task.maxSeconds))
    : task.records
  const first = await perform(task, 1, 0)
  const whole = await perform(task, task.warmupRecords + records, task.warmupRecords)
  const last = whole.output.trim().split('\n').at(-1) ?? ''
  const rate = [...last.matchAll(SUMMARY)].at(-1)?.[2]
  if (rate === undefined) throw new Error(`no summary in:\n${whole.output}`)
  const all = task.warmupRecords + records
  return {
    version: PINNED_VERSION,
    runtime: 'java',
    records,
    totalRecords: all + 1,
    seconds: records / Number(rate),
    cpuMicros: ((whole.cpuMicros - first.cpuMicros) * records) / all,
    rssBytes: whole.rssBytes,
    loopDelayP99Ms: null,
    ...(atRate ? { latencyMs: latencyOf(last) } : {}),
  }
}

async function perform(task: SubjectTask, records: number, warmup: number): Promise<ForeignRun> {
  const classPath = await kafkaClassPath(kafkaVersion(PINNED_VERSION), () => undefined)
  const args = [
    ...['--topic', task.topic],
    ...['--num-records', String(records)],
    ...['--throughput', String(task.ratePerSecond > 0 ? task.ratePerSecond : -1)],
    ...['--payload-file', task.valuesFile],
    ...(warmup > 0 ? ['--warmup-records', String(warmup)] : []),
    ...['--bootstrap-server', task.brokers.join(',')],
    ...['--command-property', ...properties(task)],
  ]
  return runForeign('java', [...JVM_FLAGS, '-cp', classPath, MAIN, ...args])
}

function properties({ settings, recommended }: SubjectTask): string[] {
  const { acks, idempotence, lingerMs, batchSizeBytes, maxInFlight, compression } = settings
  const needed = [
    `acks=${acks}`,
    `enable.idempotence=${idempotence}`,
    `compression.type=${compression}`,
  ]
  if (recommended) return needed
  return [
    ...needed,
    `linger.ms=${lingerMs}`,
    `batch.size=${batchSizeBytes}`,
    `max.in.flight.requests.per.connection=${maxInFlight}`,
  ]
}

/** The tool's own, from the call on: a stall that delays the call itself is not in it. */
function latencyOf(line: string) {
  const [, p50, p99, p999] = PERCENTILES.exec(line) ?? []
  const max = MAX_LATENCY.exec(line)?.[1]
  return { p50: Number(p50), p99: Number(p99), p999: Number(p999), max: Number(max) }
}

runSubject(run)
