/** Parts of the pipeline by themselves, for tests: topics, queues, batches, records. */
import type { TopicMetadata } from '../../../src/network/metadata/topic-metadata.js'
import { ProducerBatch, type BatchQueue } from '../../../src/producer/batching/batch.js'
import type { Resolve } from '../../../src/producer/batching/batch-waiters.js'
import type { DeliveryCallback } from '../../../src/producer/records/delivery-callback.js'
import type { AppendableRecord } from '../../../src/producer/batching/appendable-record.js'
import type { PreparedRecord } from '../../../src/producer/records/prepared-record.js'
import { UNDECIDED } from '../../../src/producer/partitioning/undecided.js'
import { UNNUMBERED } from '../../../src/producer/sequencing/numbering.js'
import type { QueuePorts } from '../../../src/producer/queueing/partition-queue.js'
import type { StickyOptions } from '../../../src/producer/partitioning/sticky-partitioner.js'
import { ProducerTopic } from '../../../src/producer/partitioning/topic.js'
import { bufferSizeFor } from '../../../src/protocol/record-batch.js'
import { uuidFromBytes } from '../../../src/protocol/uuid.js'
import { batchRecord } from '../../protocol/support/batch-record.js'

export const TOPIC_ID = uuidFromBytes(Buffer.from('a topic id, 16 b'))

/** What a cluster says of a topic: the leader of each partition, -1 for none. */
export function metadataOf(name: string, leaders: readonly number[], epoch = 1): TopicMetadata {
  return {
    name,
    topicId: TOPIC_ID,
    partitions: leaders.map((leaderId, partition) => ({
      partition,
      leaderId,
      leaderEpoch: leaderId < 0 ? -1 : epoch,
    })),
  }
}

/** What queues work with: without numbers, and nobody is told unless `more` says so. */
export function portsOf(more: Partial<QueuePorts<ProducerBatch>> = {}): QueuePorts<ProducerBatch> {
  return {
    scheduler: { consider() {}, pause() {}, leaderChanged() {}, recovered() {} },
    maxInFlight: 5,
    numberingOf: () => UNNUMBERED,
    failDoubtful() {},
    ...more,
  }
}

/** A topic whose partitions have these leaders. */
export function topicOf(
  leaders: readonly number[],
  more: Partial<StickyOptions> & {
    readonly name?: string
    readonly ports?: QueuePorts<ProducerBatch>
  } = {},
): ProducerTopic {
  const { name = 'orders', random = () => 0.5, batchSizeBytes = 16_384, isAdaptive = true } = more
  const { ports = portsOf() } = more
  const topic = new ProducerTopic(name, { random, batchSizeBytes, isAdaptive }, ports)
  topic.update(metadataOf(name, leaders))
  return topic
}

/** A queue with a leader. */
export function queueOf(
  leaderId = 1,
  partition = 0,
  more: Partial<QueuePorts<ProducerBatch>> = {},
): BatchQueue {
  const leaders = new Array<number>(partition + 1).fill(leaderId)
  return topicOf(leaders, { ports: portsOf(more) }).partitions[partition] as BatchQueue
}

/** Adds a batch that is full and waits. */
export function addClosed(queue: BatchQueue, values: readonly string[] = ['value']): ProducerBatch {
  const batch = batchOf(queue, values)
  queue.begin(batch)
  queue.closeOpen()
  return batch
}

/** Adds a batch that is in flight; the queue must have none that waits. */
export function addSent(queue: BatchQueue, values?: readonly string[]): ProducerBatch {
  const batch = addClosed(queue, values)
  queue.take(batch)
  sendAgain(queue, batch)
  return batch
}

/** An attempt of `batch` leaves. */
export function sendAgain(queue: BatchQueue, batch: ProducerBatch): void {
  queue.stamp(batch)
  queue.attempted(batch)
}

/** Adds a batch that came back and is to go again. */
export function addRetry(queue: BatchQueue, values?: readonly string[]): ProducerBatch {
  const batch = addSent(queue, values)
  queue.attemptEnded(batch)
  return batch
}

/** `batch` is acknowledged by the leader, and leaves. */
export function acknowledge(queue: BatchQueue, batch: ProducerBatch): void {
  queue.attemptEnded(batch)
  queue.acknowledged(batch, queue.leaderId)
  queue.leave(batch)
}

/** The leader has acknowledged a batch: several may be in flight. */
export function proven(queue: BatchQueue): BatchQueue {
  acknowledge(queue, addSent(queue))
  return queue
}

/** An open batch of these values. */
export function batchOf(
  queue: BatchQueue,
  values: readonly (string | null)[] = ['value'],
  {
    createdMs = 0,
    callback = null,
    resolve = null,
  }: { createdMs?: number; callback?: DeliveryCallback | null; resolve?: Resolve | null } = {},
): ProducerBatch {
  const batch = new ProducerBatch(queue, createdMs, Buffer.alloc(bufferSizeFor(64 * 1024)))
  for (const value of values) batch.append(appendable({ value, callback, resolve }))
  return batch
}

/** What a batch is given of a record; nobody waits for it unless told so. */
export function appendable(more: Partial<AppendableRecord> = {}): AppendableRecord {
  return { ...batchRecord(more), callback: null, resolve: null, ...more }
}

/** A record that is ready to be appended. */
export function preparedRecord(
  topic: ProducerTopic,
  more: Partial<PreparedRecord> = {},
): PreparedRecord {
  return {
    topic,
    partition: UNDECIDED,
    timestamp: 1000,
    key: null,
    keyLength: more.key?.length ?? -1,
    value: 'value',
    headers: null,
    callback: null,
    resolve: null,
    reservedBytes: 0,
    ...more,
  }
}

/** Numbers in [0, 1) that are the same on every run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The queue rests for 100 ms after `batch` failed at 0. */
export function pause(queue: BatchQueue, batch: ProducerBatch): void {
  queue.retry(batch, { nowMs: 0, isImmediate: false, pauseMs: 100, leastPauseMs: 10 })
}
