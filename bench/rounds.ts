/**
 * Measures groups: every subject in turn, several rounds, each round beginning with another subject,
 * so that a slow minute of the machine meets all of them alike.
 *
 *   round 1:  wire | enqueue | send       round 2:  enqueue | send | wire       …
 *
 * Neighbours: cases/ say what; run-subject.ts runs one; main.ts prints.
 */
import type { Kafka } from '../test/broker/kafka.js'
import type { Group, Subject, TaskChanges } from './cases/case.js'
import type { Settings, SubjectReport, SubjectTask } from './contract.js'
import type { BenchOptions } from './options.js'
import type { Measured } from './report/columns.js'
import { runSubject } from './support/run-subject.js'
import { valuesFile } from './support/values.js'

/** Ottla's defaults but for what a peer may not have; the same for all. */
const SETTINGS: Settings = {
  acks: 'all',
  idempotence: true,
  lingerMs: 0,
  batchSizeBytes: 131_072,
  maxInFlight: 5,
  compression: 'none',
}
const VALUE_BYTES = 100
const PARTITIONS = 6
const OUTSTANDING_BYTES = 16_000_000
const MAX_OUTSTANDING = 50_000
/** Most bytes that one sample may leave on the broker's disk. */
const MAX_SAMPLE_BYTES = 2_000_000_000
const WARMUP_SHARE = 10
/** A subject that has not come back after its phase and this long is killed. */
const GRACE_MS = 60_000
/** The broker throws old segments away while the bench runs: it must not fill the disk. */
const TOPIC_CONFIG = {
  'retention.bytes': '134217728',
  'segment.bytes': '67108864',
  'segment.index.bytes': '1048576',
  'file.delete.delay.ms': '1000',
}

let topicCount = 0

/** Measures a group on a topic of its own. A subject that fails is told of and left out. */
export async function measureGroup(
  kafka: Kafka,
  group: Group,
  options: BenchOptions,
  log: (line: string) => void,
): Promise<{ task: SubjectTask; measured: Measured[] }> {
  const topic = `bench-${process.pid}-${Date.now()}-${topicCount++}`
  const base = makeTask({ brokers: kafka.bootstrap, topic, ...group.task }, options)
  await kafka.createTopic(topic, { partitions: base.partitions, config: TOPIC_CONFIG })
  const rows = group.subjects.map((subject) => ({ subject, samples: [] as SubjectReport[] }))
  const failed = new Set<Subject>()
  for (let round = 0; round < options.rounds; round++) {
    for (let place = 0; place < rows.length; place++) {
      const row = rows[(round + place) % rows.length]
      if (row === undefined || failed.has(row.subject)) continue
      const { subject, samples } = row
      log(`${group.title}: round ${round + 1} of ${options.rounds}, ${subject.name}`)
      const task = makeTask(
        { brokers: kafka.bootstrap, topic, ...group.task },
        options,
        subject.task,
      )
      try {
        samples.push(await runSubject(subject.program, task, task.maxSeconds * 1000 + GRACE_MS))
      } catch (error) {
        failed.add(subject)
        log(`${subject.name} failed: ${(error as Error).message}`)
      }
    }
  }
  const measured = rows
    .filter(({ subject }) => !failed.has(subject))
    .map(({ subject, samples }) => ({
      subject: subject.name,
      valueBytes: base.valueBytes,
      samples,
    }))
  return { task: base, measured }
}

function makeTask(
  group: TaskChanges & Pick<SubjectTask, 'brokers' | 'topic'>,
  options: BenchOptions,
  subject: TaskChanges = {},
): SubjectTask {
  const { valueBytes = VALUE_BYTES } = { ...group, ...subject }
  const records = Math.min(options.records, Math.ceil(MAX_SAMPLE_BYTES / valueBytes))
  return {
    partitions: PARTITIONS,
    busyPartitions: 0,
    keysAndHeaders: false,
    mode: 'enqueue',
    recommended: false,
    maxSeconds: options.seconds,
    ratePerSecond: 0,
    outstanding: Math.min(MAX_OUTSTANDING, Math.ceil(OUTSTANDING_BYTES / valueBytes)),
    records,
    warmupRecords: Math.ceil(records / WARMUP_SHARE),
    ...group,
    ...subject,
    valueBytes,
    valuesFile: valuesFile(valueBytes),
    settings: { ...SETTINGS, ...group.settings, ...subject.settings },
  }
}
