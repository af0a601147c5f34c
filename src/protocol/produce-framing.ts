/**
 * Frames sealed batches into one Produce request, as a list of buffers and without copying a record.
 *
 * A request alternates between a few bytes of its own ("gaps") and whole batches:
 *
 *   | gap 0: size, header, acks, topic, partition | batch | gap 1: partition | batch | last gap: tags |
 *
 * A gap goes into the free headroom of the batch behind it where it fits, so that a request of one
 * batch is one buffer; where it does not fit, or the headroom may not be touched (the batch was
 * sent before, and its bytes must stay as they are), it is a small buffer of its own.
 *
 * Grammar (messages/produce.ts has it whole): v3-8 plain, v9+ flexible, v13+ topic ids for names.
 * The same bytes as `produce.encodeRequest` makes: a test holds that.
 *
 * Before: the sender, with sealed batches. After: connection.sendFrame.
 */
import { assert } from '../assert.js'
import { isFlexible } from './api.js'
import { encodeRequestHeader } from './header.js'
import { produce } from './messages/produce.js'
import { Writer } from './writer.js'

/** A sealed batch inside its buffer. */
export interface FramedBatch {
  readonly buffer: Buffer
  /** The batch is `buffer[start .. end)`. */
  readonly start: number
  readonly end: number
  /** Whether the bytes outside start..end are free: true only for a batch never sent before. */
  readonly mayUseRoom: boolean
}

/** The batches of one topic, at most one for each partition. */
export interface FramedTopic {
  readonly name: string
  /** base64url, as everywhere; used from v13 on. */
  readonly topicId: string
  readonly partitions: readonly FramedPartition[]
}

/** A partition's number, and its batch. */
export interface FramedPartition {
  readonly index: number
  readonly batch: FramedBatch
}

/** Everything of a Produce request but its batches. */
export interface ProduceFrameOptions {
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | null
  readonly transactionalId: string | null
  /** -1 all, 0, 1. */
  readonly acks: number
  /** How long the broker may wait for its replicas. */
  readonly timeoutMs: number
}

const SIZE_FIELD_BYTES = 4

/** Returns the request as buffers to be written in order; together they are one frame. */
export function frameProduceRequest(
  options: ProduceFrameOptions,
  topics: readonly FramedTopic[],
): Uint8Array[] {
  const flexible = isFlexible(produce, options.version)
  const gaps = new Writer(256)
  const gapEnds: number[] = []
  const batches: FramedBatch[] = []
  let batchBytes = 0
  writeRequestStart(gaps, options, flexible, topics.length)
  for (const topic of topics) {
    writeTopicStart(gaps, topic, options.version, flexible)
    for (const { index, batch } of topic.partitions) {
      gaps.writeInt32(index)
      writeBatchLength(gaps, batch.end - batch.start, flexible)
      gapEnds.push(gaps.offset)
      batches.push(batch)
      batchBytes += batch.end - batch.start
      if (flexible) gaps.writeTaggedFields()
    }
    if (flexible) gaps.writeTaggedFields()
  }
  if (flexible) gaps.writeTaggedFields()
  const bytes = gaps.toBuffer()
  bytes.writeInt32BE(bytes.length + batchBytes - SIZE_FIELD_BYTES, 0)
  return interleave(bytes, gapEnds, batches)
}

function writeRequestStart(
  gaps: Writer,
  options: ProduceFrameOptions,
  flexible: boolean,
  topicCount: number,
): void {
  const { version, correlationId, clientId } = options
  gaps.writeInt32(0) // the frame's size, known at the end
  encodeRequestHeader(
    gaps,
    { apiKey: produce.key, apiVersion: version, correlationId, clientId },
    flexible,
  )
  gaps.writeNullableString(options.transactionalId, flexible)
  gaps.writeInt16(options.acks)
  gaps.writeInt32(options.timeoutMs)
  writeCount(gaps, topicCount, flexible)
}

function writeTopicStart(
  gaps: Writer,
  topic: FramedTopic,
  version: number,
  flexible: boolean,
): void {
  if (version >= 13) gaps.writeUuid(topic.topicId)
  else gaps.writeString(topic.name, flexible)
  writeCount(gaps, topic.partitions.length, flexible)
}

function writeCount(gaps: Writer, count: number, flexible: boolean): void {
  if (flexible) gaps.writeUnsignedVarint(count + 1)
  else gaps.writeInt32(count)
}

function writeBatchLength(gaps: Writer, sizeBytes: number, flexible: boolean): void {
  if (flexible) gaps.writeUnsignedVarint(sizeBytes + 1)
  else gaps.writeInt32(sizeBytes)
}

/** Puts each gap in front of its batch, and the last one behind the last batch. */
function interleave(gaps: Buffer, gapEnds: number[], batches: FramedBatch[]): Uint8Array[] {
  assert(batches.length > 0, 'a Produce request needs a batch')
  const frame: Uint8Array[] = []
  let gapStart = 0
  batches.forEach((batch, i) => {
    const gap = gaps.subarray(gapStart, gapEnds[i])
    gapStart = gapEnds[i] as number // one for each batch
    const tail = i === batches.length - 1 ? gaps.subarray(gapStart) : null
    pushBatch(frame, gap, batch, tail)
  })
  return frame
}

function pushBatch(
  frame: Uint8Array[],
  gap: Buffer,
  { buffer, start, end, mayUseRoom }: FramedBatch,
  tail: Buffer | null,
): void {
  let from = start
  let to = end
  if (mayUseRoom && gap.length <= start) {
    from = start - gap.length
    buffer.set(gap, from)
  } else {
    frame.push(gap)
  }
  const tailFits = tail !== null && mayUseRoom && tail.length <= buffer.length - end
  if (tailFits) {
    buffer.set(tail, end)
    to = end + tail.length
  }
  frame.push(buffer.subarray(from, to))
  if (tail !== null && tail.length > 0 && !tailFits) frame.push(tail)
}
