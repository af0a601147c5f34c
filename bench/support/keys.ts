/**
 * Keys that lie evenly over a topic's partitions: one for each, by Kafka's own hash, so that records
 * with these in turn go to every partition in turn, whichever client sends them.
 */
import { partitionForKey } from '../../src/producer/partitioning/murmur2.js'

/** One key for each partition, in their order. */
export function keysOf(partitions: number): string[] {
  const keys = new Map<number, string>()
  for (let number = 0; keys.size < partitions; number++) {
    const key = `key-${number}`
    const bytes = Buffer.from(key)
    const partition = partitionForKey(bytes, bytes.length, partitions)
    if (!keys.has(partition)) keys.set(partition, key)
  }
  return Array.from({ length: partitions }, (_, partition) => keys.get(partition) ?? '')
}
