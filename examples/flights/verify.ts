/**
 * Compares what was sent, and what the promises told of it, with what Kafka's consumer read. It
 * trusts neither: some claims are judged without the promises, others hold them to the log.
 *
 * Pure: no Kafka, no clock, no output. Before: produce.ts, read-back.ts. After: report.ts.
 */
import type { ReadRecord } from '../../test/broker/read-topic.js'

/** Where a promise says that its record lies. */
export interface Place {
  readonly partition: number
  readonly offset: bigint
  readonly timestamp: number
}

/** One record sent. */
export interface SentRecord {
  readonly key: string | null
  readonly value: string
  /** Null where the promise was rejected, with `error`. */
  readonly place: Place | null
  readonly error?: unknown
}

/** Everything that is compared. */
export interface Evidence {
  /** In the order of the calls. */
  readonly sent: readonly SentRecord[]
  /** As Kafka's consumer gave them: in order of offset within a partition. */
  readonly read: readonly ReadRecord[]
  readonly partitions: number
  /** Where Kafka's own partitioner puts each key. */
  readonly partitionOf: ReadonlyMap<string, number>
}

/** What became of one claim: it held where `differences` is 0. */
export interface Check {
  readonly claim: string
  readonly differences: number
  /** The first few, in words. */
  readonly examples: readonly string[]
}

/** Tells of one difference. */
type Differ = (what: string) => void
type Judge = (evidence: Evidence, differ: Differ) => void

const MAX_EXAMPLES = 3

const CLAIMS: readonly (readonly [claim: string, judge: Judge])[] = [
  ['every record was acknowledged', allAcknowledged],
  ['what was read is what was sent: none lost, none twice, no byte changed', sameContent],
  ['offsets run from 0 in every partition, without a gap or a duplicate', denseOffsets],
  ['each record lies where its promise says, with its timestamp', asTold],
  ['the records of each key lie in the order of the calls', orderPerKey],
  ['every partition has its records in the order of the calls', orderPerPartition],
  ["every key lies in the partition that Kafka's own partitioner names", placedAsKafka],
]

/** Judges every claim; all of them, whatever comes of the first ones. */
export function verify(evidence: Evidence): Check[] {
  return CLAIMS.map(([claim, judge]) => {
    let differences = 0
    const examples: string[] = []
    judge(evidence, (what) => {
      if (++differences <= MAX_EXAMPLES) examples.push(what)
    })
    return { claim, differences, examples }
  })
}

function allAcknowledged({ sent }: Evidence, differ: Differ): void {
  for (const [index, { place, error }] of sent.entries()) {
    if (place === null) differ(`record ${index}: ${String(error)}`)
  }
}

/** Without the promises: as often as a key and a value were sent, so often they were read. */
function sameContent({ sent, read }: Evidence, differ: Differ): void {
  if (read.length !== sent.length) differ(`${sent.length} sent, ${read.length} read`)
  const missing = new Map<string, number>()
  const count = (content: string, by: number): void => {
    missing.set(content, (missing.get(content) ?? 0) + by)
  }
  for (const { key, value } of sent) count(contentOf(bytesOf(key), Buffer.from(value)), 1)
  for (const { key, value } of read) count(contentOf(key, value), -1)
  for (const [content, times] of missing) {
    if (times > 0) differ(`sent and not read, ${times} time(s): ${content}`)
    if (times < 0) differ(`read and not sent, ${-times} time(s): ${content}`)
  }
}

function denseOffsets({ read, partitions }: Evidence, differ: Differ): void {
  const next = new Array<bigint>(partitions).fill(0n)
  for (const { partition, offset } of read) {
    const expected = next[partition]
    if (expected === undefined) differ(`there is no partition ${partition}`)
    else if (offset !== expected) differ(`${partition}@${offset} where ${expected} was due`)
    next[partition] = offset + 1n
  }
}

function asTold({ sent, read }: Evidence, differ: Differ): void {
  const log = new Map(read.map((record) => [placeName(record), record]))
  const taken = new Set<string>()
  for (const [index, record] of sent.entries()) {
    if (record.place === null) continue
    const name = placeName(record.place)
    if (taken.has(name)) differ(`record ${index}: ${name} was told of another record too`)
    taken.add(name)
    const why = whyNotEqual(record, record.place, log.get(name))
    if (why !== null) differ(`record ${index}, told to be ${name}: ${why}`)
  }
}

function whyNotEqual(sent: SentRecord, place: Place, read: ReadRecord | undefined): string | null {
  if (read === undefined) return 'nothing is there'
  const expected = contentOf(bytesOf(sent.key), Buffer.from(sent.value))
  const found = contentOf(read.key, read.value)
  if (found !== expected) return `${found} is there, not ${expected}`
  if (read.headers.length > 0) return `it has ${read.headers.length} header(s), and was sent none`
  if (read.timestamp === place.timestamp) return null
  return `its timestamp is ${read.timestamp}, and ${place.timestamp} was told`
}

/** Without the promises: the values of each key, one after the other. */
function orderPerKey({ sent, read }: Evidence, differ: Differ): void {
  const due = new Map<string, string[]>()
  for (const { key, value } of [...sent].reverse()) {
    if (key === null) continue
    const values = due.get(key)
    if (values === undefined) due.set(key, [value])
    else values.push(value)
  }
  for (const record of read) {
    if (record.key === null) continue
    const key = record.key.toString()
    const expected = due.get(key)?.pop()
    const value = record.value?.toString()
    if (value !== expected) {
      differ(`key ${key} at ${placeName(record)}: ${value}, and ${expected} was next`)
    }
  }
  for (const [key, values] of due) {
    if (values.length > 0) differ(`key ${key}: ${values.length} record(s) did not come`)
  }
}

/** Keyed or not: of two records in one partition the one sent first has the lower offset. */
function orderPerPartition({ sent }: Evidence, differ: Differ): void {
  const last = new Map<number, bigint>()
  for (const [index, { place }] of sent.entries()) {
    if (place === null) continue
    const before = last.get(place.partition) ?? -1n
    if (place.offset <= before) {
      differ(`record ${index} at ${placeName(place)}, after one sent earlier at ${before}`)
    }
    last.set(place.partition, place.offset)
  }
}

function placedAsKafka({ read, partitionOf }: Evidence, differ: Differ): void {
  for (const record of read) {
    if (record.key === null) continue
    const key = record.key.toString()
    const partition = partitionOf.get(key)
    if (record.partition !== partition) {
      differ(`key ${key} at ${placeName(record)}, and Kafka says partition ${partition}`)
    }
  }
}

function bytesOf(key: string | null): Buffer | null {
  return key === null ? null : Buffer.from(key)
}

/** Key and value as text that differs whenever their bytes do: latin1 has a character per byte. */
function contentOf(key: Buffer | null, value: Buffer | null): string {
  return JSON.stringify([key?.toString('latin1') ?? null, value?.toString('latin1') ?? null])
}

function placeName({ partition, offset }: Pick<Place, 'partition' | 'offset'>): string {
  return `${partition}@${offset}`
}
