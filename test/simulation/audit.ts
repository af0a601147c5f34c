/**
 * Compares the ledger with the logs of the cluster, after everything has come to rest. What must
 * hold, by what the settings promise:
 *
 *                        exactly-once      at-least-once     leader-only       none
 *                        acks all, idem.   acks all          acks 1            acks 0
 *   acked                once, at offset   there, at offset  there, at offset  -
 *                                                            or lost with its leader
 *   unknown              at most once      -                 -                 -
 *   rejected, not        never             never             never             never
 *     written, refused
 *   order of offsets     that of the calls the same with maxInFlight 1, or while nothing was sent
 *                                          twice or split
 *   doubles              none              only where something was sent twice
 *
 * Whatever is stored is, byte for byte, what was given, in the partition that was asked for.
 *
 * Neighbours: ledger.ts has the calls; simulation.ts calls it last.
 */
import { BrokerError, type DeliveryError } from '../../src/errors.js'
import type { ProduceRequest } from '../../src/protocol/messages/produce.js'
import { decodeBatch, decodeRecords } from '../../src/protocol/record-batch-reader.js'
import { ErrorCodes, type StoredRecord, type TestCluster } from '../../src/testing/cluster.js'
import type { DeletedTopic } from './faults.js'
import type { Entry } from './ledger.js'
import { OTHER_PREFIX } from './other-program.js'
import type { Plan } from './plan.js'

const SIZE_CODES: ReadonlySet<number> = new Set([
  ErrorCodes.MESSAGE_TOO_LARGE,
  ErrorCodes.RECORD_LIST_TOO_LARGE,
])
/** Of an id. */
const MOST_DIGITS = 12

export interface AuditInput {
  readonly plan: Plan
  readonly entries: readonly Entry[]
  readonly cluster: TestCluster
  /** Partitions (`topic-0`) whose leader took unreplicated records along. */
  readonly tailsLost: ReadonlySet<string>
  /** Partitions that forgot a producer. */
  readonly forgotten: ReadonlySet<string>
  readonly deleted: readonly DeletedTopic[]
  /** Batches that were sent more than once, and batches that were split and sent in parts. */
  readonly batchesRetried: number
  readonly batchesSplit: number
}

/** Everything that is wrong, in words. */
export function audit(input: AuditInput): string[] {
  const { entries, cluster, deleted } = input
  const stored = new Map<number, Copy[]>()
  const wrongs: string[] = []
  const past = deleted.map(({ records }) => records)
  const present = cluster.topics.map((topic) => cluster.records(topic))
  for (const [life, records] of [...past, ...present].entries()) {
    for (const record of records) {
      if (record.value?.subarray(0, OTHER_PREFIX.length).toString() === OTHER_PREFIX) continue
      const id = idOf(record)
      const entry = entries[id]
      if (entry === undefined) wrongs.push(`${place(record)} has a record that nobody sent`)
      else wrongs.push(...checkContents(entry, record))
      stored.set(id, [...(stored.get(id) ?? []), { ...record, life }])
    }
  }
  for (const entry of entries) {
    const wrong = checkEntry(entry, stored.get(entry.id) ?? [], input)
    if (wrong !== null) wrongs.push(wrong)
  }
  return [...wrongs, ...checkOrder(input, stored), ...checkOvertaken(input), ...checkSizes(input)]
}

/** A batch that is too large is split: only a record that was alone is refused for good. */
function checkSizes({ entries, cluster }: AuditInput): string[] {
  return entries
    .filter(({ fate, error }) => fate === 'rejected' && isForSize(error?.cause))
    .map((entry) => ({ entry, others: recordsBeside(entry, cluster) }))
    .filter(({ others }) => others > 0)
    .map(({ entry, others }) => `#${entry.id} was refused for the size of ${others} others`)
}

function isForSize(cause: unknown): boolean {
  return cause instanceof BrokerError && SIZE_CODES.has(cause.errorCode)
}

/**
 * Others in the smallest batch that it was sent in: the last to be read by a broker may be an older one, on
 * its way through a connection given up.
 */
function recordsBeside({ id, topic }: Entry, { requests }: TestCluster): number {
  let others = Infinity
  for (const { api, body } of requests) {
    if (api !== 'Produce') continue
    for (const { name, partitionData } of (body as ProduceRequest).topicData) {
      if (name !== '' && name !== topic) continue
      for (const { records } of partitionData) {
        const batch = decodeBatch(Buffer.from(records ?? []))
        if (batch.codecId !== 0) continue
        const values = decodeRecords(batch).map(({ value }) => Number.parseInt(String(value), 10))
        if (values.includes(id)) others = Math.min(others, values.length - 1)
      }
    }
  }
  return others === Infinity ? 0 : others
}

/** Only a partition that has forgotten the producer stores a batch although it refused the one before. */
function checkOvertaken({ entries, deleted, forgotten }: AuditInput): string[] {
  const remade = new Set(deleted.map(({ name }) => name))
  return entries
    .filter(
      ({ topic, error }) =>
        !remade.has(topic) &&
        !forgotten.has(`${topic}-${(error as DeliveryError | null)?.partition ?? -1}`) &&
        /later batch is in the log/.test(error?.message ?? ''),
    )
    .map(({ id, error }) => `#${id} was overtaken: ${error?.message ?? ''}`)
}

/** A stored record. A topic that was deleted and made anew has as many lives. */
interface Copy extends StoredRecord {
  readonly life: number
}

function idOf({ value }: StoredRecord): number {
  return Number.parseInt(Buffer.from(value ?? []).toString('latin1', 0, MOST_DIGITS), 10)
}

function checkContents({ id, topic, expected }: Entry, record: StoredRecord): string[] {
  const { text, key, partition } = expected
  const isSame =
    record.topic === topic &&
    record.value?.toString('latin1') === text &&
    (record.key?.toString('latin1') ?? null) === key &&
    (partition === undefined || record.partition === partition)
  return isSame ? [] : [`${place(record)} is not what #${id} was given`]
}

function checkEntry(entry: Entry, copies: readonly Copy[], input: AuditInput): string | null {
  const { id, fate } = entry
  const where = copies.map(place).join(', ')
  switch (fate) {
    case 'open':
      return entry.via === 'unheard' ? null : `#${id} was never told its fate`
    case 'not-written':
    case 'rejected':
      return copies.length === 0 ? null : `#${id} was told ${fate}, and is stored: ${where}`
    case 'unknown':
      return tooOften(entry, copies, input)
    case 'acked':
      return checkAcked(entry, copies, input) ?? tooOften(entry, copies, input)
  }
}

function checkAcked(entry: Entry, copies: readonly Copy[], input: AuditInput): string | null {
  const { guarantee } = input.plan
  if (guarantee === 'none') return null
  const { id, topic, partition, offset } = entry
  const isThere = copies.some((it) => it.partition === partition && it.offset === offset)
  if (isThere) return null
  if (guarantee === 'leader-only' && input.tailsLost.has(`${topic}-${partition}`)) return null
  const told = `#${id} was acked as ${topic}-${partition} @${offset}`
  return copies.length === 0
    ? `${told}, and is lost`
    : `${told}, and is ${copies.map(place).join(', ')}`
}

/** In one life of its topic: what a deleted one held, nobody can know. */
function tooOften({ id }: Entry, copies: readonly Copy[], input: AuditInput): string | null {
  const { guarantee } = input.plan
  const isForgotten = copies.some((copy) => input.forgotten.has(`${copy.topic}-${copy.partition}`))
  const mayDouble = (guarantee !== 'exactly-once' || isForgotten) && input.batchesRetried > 0
  const lives = new Set(copies.map(({ life }) => life))
  if (copies.length <= lives.size || mayDouble) return null
  return `#${id} is stored ${copies.length} times: ${copies.map(place).join(', ')}`
}

/** The offsets that were told must rise with the calls. */
function checkOrder(input: AuditInput, stored: ReadonlyMap<number, readonly Copy[]>): string[] {
  const { plan, entries, batchesRetried, batchesSplit, tailsLost } = input
  const isAlone = plan.options.maxInFlight === 1 || batchesRetried + batchesSplit === 0
  const isKept = plan.guarantee === 'exactly-once' || isAlone
  if (!isKept || plan.guarantee === 'none') return []
  const latest = new Map<string, { readonly id: number; readonly offset: bigint }>()
  const wrongs: string[] = []
  for (const entry of entries) {
    if (entry.fate !== 'acked' || entry.offset < 0n) continue
    const key = `${entry.topic}-${entry.partition}`
    // Offsets of records that were acked with acks 1, and lost with their leader, are given again.
    if (plan.guarantee === 'leader-only' && tailsLost.has(key)) continue
    const { id } = entry
    const { life, offset } = standing(entry, stored.get(id) ?? [], input.forgotten.has(key))
    const before = latest.get(`${key} ${life}`)
    if (before !== undefined && before.offset >= offset) {
      wrongs.push(`#${id} (${key} @${offset}) is before #${before.id} (@${before.offset})`)
    } else {
      latest.set(`${key} ${life}`, { id, offset })
    }
  }
  return wrongs
}

/**
 * Where a record stands. A broker that has forgotten the producer stores what is repeated a second time, and
 * tells the second place; a reader has found the record at the first.
 */
function standing(
  { partition, offset }: Entry,
  copies: readonly Copy[],
  isForgotten: boolean,
): { readonly life: number; readonly offset: bigint } {
  const told = copies.find((copy) => copy.partition === partition && copy.offset === offset)
  if (told === undefined) return { life: -1, offset }
  const { life } = told
  const first = copies.find((copy) => copy.partition === partition && copy.life === life)
  return { life, offset: isForgotten && first !== undefined ? first.offset : offset }
}

function place({ topic, partition, offset }: StoredRecord): string {
  return `${topic}-${partition} @${offset}`
}
