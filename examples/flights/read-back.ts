/**
 * Kafka's own view: its consumer reads the topic, its partitioner says where each key belongs.
 *
 * Before: produce.ts wrote the topic. After: verify.ts compares.
 */
import { kafkaClassPath } from '../../test/broker/jars.js'
import { runJava } from '../../test/broker/java.js'
import type { Kafka } from '../../test/broker/kafka.js'
import { projectFile } from '../../test/broker/project.js'
import type { ReadRecord } from '../../test/broker/read-topic.js'
import { kafkaVersion, PINNED_VERSION } from '../../test/broker/versions.js'

/** Every record of the topic; in order within a partition. */
export async function readBack(kafka: Kafka, topic: string): Promise<ReadRecord[]> {
  const records: ReadRecord[] = []
  await kafka.readTopic(topic, { onRecord: (record) => void records.push(record) })
  return records
}

/** Where Kafka's partitioner puts each of these keys, duplicates once. */
export async function kafkasPartitions(
  keys: readonly string[],
  partitions: number,
): Promise<Map<string, number>> {
  const distinct = [...new Set(keys)]
  const classPath = await kafkaClassPath(kafkaVersion(PINNED_VERSION), console.error)
  const program = projectFile('examples', 'flights', 'PartitionOf.java')
  const output = await runJava(classPath, program, [String(partitions), ...distinct])
  const numbers = output.trim().split('\n').map(Number)
  return new Map(distinct.map((key, index) => [key, numbers[index] ?? -1]))
}
