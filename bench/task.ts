/**
 * The whole task of a subject: the bench's defaults, under what its case asks for, under what the
 * command line asks for.
 */
import type { Group, Subject } from './cases/case.js'
import type { Settings, SubjectTask } from './contract.js'
import type { Sizes } from './options.js'
import { valuesFile } from './support/values.js'

/** Ottla's defaults, given to every subject. */
export const SETTINGS: Settings = {
  acks: 'all',
  idempotence: true,
  lingerMs: 0,
  batchSizeBytes: 524_288,
  maxInFlight: 5,
  compression: 'none',
}

const RECORDS = 4_000_000
const SECONDS = 2.5
const VALUE_BYTES = 100
const PARTITIONS = 6
const WARMUP_SHARE = 0.1
const MAX_WARMUP_RECORDS = 400_000
const OUTSTANDING_RECORDS = 50_000
/** A promise each: callers leave fewer of these open, and all that are open pass through the collector. */
const OUTSTANDING_PROMISES = 20_000
const OUTSTANDING_BYTES = 16_000_000
/** What one sample may leave on the broker's disk at most. */
const MAX_SAMPLE_BYTES = 2_000_000_000

/** Everything but where the broker is. */
export function makeTask(
  group: Group,
  subject: Subject,
  options: Omit<Sizes, 'rounds'>,
): SubjectTask {
  const asked = { ...group.task, ...subject.task }
  const { valueBytes = VALUE_BYTES } = asked
  const most = Math.ceil(MAX_SAMPLE_BYTES / valueBytes)
  const records = Math.min(options.records ?? asked.records ?? RECORDS, most)
  const warmupRecords = Math.min(Math.ceil(records * WARMUP_SHARE), MAX_WARMUP_RECORDS)
  return {
    brokers: [],
    caFile: '',
    topic: '',
    partitions: PARTITIONS,
    busyPartitions: 0,
    valuesAreBase64: false,
    keysAndHeaders: false,
    keys: [],
    mode: 'enqueue',
    recommended: false,
    ratePerSecond: 0,
    recordsPerTransaction: 0,
    overlapsCommits: false,
    threads: 1,
    hasCallback: false,
    outstanding: Math.min(
      asked.mode === 'send' ? OUTSTANDING_PROMISES : OUTSTANDING_RECORDS,
      Math.ceil(OUTSTANDING_BYTES / valueBytes),
    ),
    warmupRecords,
    ...asked,
    warmupSeconds: (asked.warmupSeconds && options.warmupSeconds) ?? asked.warmupSeconds ?? 0,
    records,
    maxSeconds: options.seconds ?? asked.maxSeconds ?? SECONDS,
    valueBytes,
    valuesFile: asked.valuesFile ?? valuesFile(valueBytes),
    settings: { ...SETTINGS, ...group.task.settings, ...subject.task?.settings },
  }
}
