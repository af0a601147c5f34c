/** Parts of the pipeline by themselves, for tests: topics, queues, batches, records. */
import type { TopicMetadata } from '../../../src/network/metadata/topic-metadata.js'
import { ProducerBatch } from '../../../src/producer/batching/batch.js'
import type { Resolve } from '../../../src/producer/batching/batch-waiters.js'
import type { DeliveryCallback } from '../../../src/producer/intake/delivery-callback.js'
import type { PreparedRecord } from '../../../src/producer/waiting/parked-record.js'
import { UNDECIDED } from '../../../src/producer/partitioning/partitioner.js'
import { PartitionQueue } from '../../../src/producer/sending/partition-queue.js'
import type { StickyOptions } from '../../../src/producer/partitioning/sticky-partitioner.js'
import { ProducerTopic } from '../../../src/producer/partitioning/topic.js'
import { bufferSizeFor } from '../../../src/protocol/record-batch.js'
import { uuidFromBytes } from '../../../src/protocol/uuid.js'

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

/** A topic whose partitions have these leaders. */
export function topicOf(
  leaders: readonly number[],
  more: Partial<StickyOptions> & { readonly name?: string } = {},
): ProducerTopic {
  const { name = 'orders', random = () => 0.5, batchSizeBytes = 16_384, isAdaptive = true } = more
  const topic = new ProducerTopic(name, { random, batchSizeBytes, isAdaptive })
  topic.update(metadataOf(name, leaders), () => {})
  return topic
}

/** A queue with a leader. */
export function queueOf(leaderId = 1, partition = 0): PartitionQueue {
  const queue = new PartitionQueue('orders', partition)
  queue.setLeader(leaderId, 1)
  return queue
}

/** An open batch of these values. */
export function batchOf(
  queue: PartitionQueue,
  values: readonly (string | null)[] = ['value'],
  {
    createdMs = 0,
    callback = null,
    resolve = null,
  }: { createdMs?: number; callback?: DeliveryCallback | null; resolve?: Resolve | null } = {},
): ProducerBatch {
  const batch = new ProducerBatch(queue, createdMs, Buffer.alloc(bufferSizeFor(64 * 1024)))
  for (const value of values) batch.append(1000, null, -1, value, null, callback, resolve)
  return batch
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
