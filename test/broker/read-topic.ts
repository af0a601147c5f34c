/**
 * Reads a topic with Kafka's own consumer: the judge of what Ottla wrote. A Java program
 * (java/ReadTopic.java, which draws the bytes) does the reading; this turns what it prints into
 * records, as it comes, so that a million of them need no more memory than the caller keeps.
 *
 * Neighbours: tools.ts has the console consumer and DumpLogSegments.
 */
import { delimiter } from 'node:path'
import { compiledProgram } from './compiled-program.js'
import { runJava, type ToolOptions } from './java.js'

/** `read_committed` leaves out aborted and unfinished transactions; the markers are always out. */
export type IsolationLevel = 'read_uncommitted' | 'read_committed'

/** One record as Kafka's consumer saw it. */
export interface ReadRecord {
  readonly partition: number
  readonly offset: bigint
  /** Milliseconds since 1970. */
  readonly timestamp: number
  /** Who set the timestamp: the producer (`create`) or the broker (`append`). */
  readonly timestampType: 'create' | 'append' | 'none'
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
}

/** What is known of one partition without keeping its records. */
export interface PartitionSummary {
  readonly partition: number
  readonly count: number
  /** -1n where there are no records. */
  readonly firstOffset: bigint
  readonly lastOffset: bigint
  /** Records whose offset does not follow their predecessor's: 0 without transactions. */
  readonly gaps: number
  /** CRC-32 (zlib's) of the bytes of every key and value, in order of offset. */
  readonly crc32: number
}

/** Offsets of one partition: the first that is read, and the first that is not. */
export interface OffsetRange {
  readonly from: bigint
  readonly to: bigint
}

/** How to read. */
export interface ReadOptions {
  /** Default `read_uncommitted`, as Kafka's. */
  readonly isolationLevel?: IsolationLevel
  /**
   * Only these offsets, by partition. At `read_committed` it waits until every transaction below
   * `to` is decided. Default: all partitions, from the beginning to the end of now.
   */
  readonly ranges?: ReadonlyMap<number, OffsetRange>
  /** Called with each record instead of keeping it: the array returned is then empty. */
  readonly onRecord?: (record: ReadRecord) => void
  /** Default 120,000. */
  readonly timeoutMs?: number
}

/** Where to read, and with which jars. */
export interface ReadSource {
  readonly classPath: string
  readonly bootstrap: readonly string[]
}

/** Every record of a topic up to its end of now, or of `ranges`; in order within a partition. */
export async function readTopic(
  source: ReadSource,
  topic: string,
  options: ReadOptions = {},
): Promise<ReadRecord[]> {
  const records: ReadRecord[] = []
  const onRecord = options.onRecord ?? ((record: ReadRecord) => void records.push(record))
  let rest: Buffer = Buffer.alloc(0)
  const onOutput = (chunk: Buffer): void => {
    rest = eachRecord(Buffer.concat([rest, chunk]), onRecord)
  }
  await runReader(source, topic, 'records', { ...options, onOutput })
  if (rest.length > 0) throw new Error(`ReadTopic.java left ${rest.length} bytes of a record`)
  return records
}

/** The same reading, but only numbers come back: for topics of millions. */
export async function summarizeTopic(
  source: ReadSource,
  topic: string,
  options: Omit<ReadOptions, 'onRecord'> = {},
): Promise<PartitionSummary[]> {
  const output = await runReader(source, topic, 'summary', options)
  return output.trim().split('\n').map(summaryOf)
}

async function runReader(
  source: ReadSource,
  topic: string,
  mode: 'records' | 'summary',
  options: ReadOptions & ToolOptions,
): Promise<string> {
  const isolationLevel = options.isolationLevel ?? 'read_uncommitted'
  const ranges = Array.from(options.ranges ?? [], ([partition, { from, to }]) => {
    return `${partition}:${from}-${to}`
  })
  const args = [source.bootstrap.join(','), topic, isolationLevel, mode, ...ranges]
  const classPath = [await compiledProgram(source.classPath, 'ReadTopic'), source.classPath].join(
    delimiter,
  )
  return runJava(classPath, 'ReadTopic', args, options)
}

function summaryOf(line: string): PartitionSummary {
  const [partition, count, first, last, gaps, crc32] = line.split(' ')
  return {
    partition: Number(partition),
    count: Number(count),
    firstOffset: BigInt(first ?? -1),
    lastOffset: BigInt(last ?? -1),
    gaps: Number(gaps),
    crc32: Number(crc32),
  }
}

/** Hands over every whole record of `bytes`; returns what is left, a part of the next one. */
function eachRecord(bytes: Buffer, onRecord: (record: ReadRecord) => void): Buffer {
  let start = 0
  while (bytes.length - start >= 4) {
    const end = start + 4 + bytes.readInt32BE(start)
    if (end > bytes.length) break
    onRecord(decodeRecord(bytes.subarray(start + 4, end)))
    start = end
  }
  return bytes.subarray(start)
}

const TIMESTAMP_TYPES = ['create', 'append'] as const

function decodeRecord(bytes: Buffer): ReadRecord {
  let at = 21 // partition, offset, timestamp and timestamp type come first
  const readInt32 = (): number => bytes.readInt32BE((at += 4) - 4)
  const readBytes = (): Buffer | null => {
    const length = readInt32()
    return length < 0 ? null : bytes.subarray(at, (at += length))
  }
  return {
    partition: bytes.readInt32BE(0),
    offset: bytes.readBigInt64BE(4),
    timestamp: Number(bytes.readBigInt64BE(12)),
    timestampType: TIMESTAMP_TYPES[bytes.readInt8(20)] ?? 'none',
    key: readBytes(),
    value: readBytes(),
    headers: Array.from({ length: readInt32() }, () => [String(readBytes()), readBytes()] as const),
  }
}
