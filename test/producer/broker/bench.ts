/**
 * What every test of a producer against a real Kafka begins with: a topic of its own, and a producer
 * that is closed when the test ends, whatever became of it.
 */
import type { Test } from 'tap'
import { Producer, type ProducerOptions } from '../../../src/index.js'
import type { TopicOptions } from '../../broker/admin.js'
import type { Kafka, KafkaNode } from '../../broker/kafka.js'
import type { ReadRecord } from '../../broker/read-topic.js'

let topics = 0

/** A name that no other test uses, nor an earlier run on the same Kafka. */
export function newTopicName(): string {
  return `producer-test-${process.pid}-${Date.now()}-${topics++}`
}

/** A new topic. */
export async function newTopic(kafka: Kafka, options: TopicOptions = {}): Promise<string> {
  const name = newTopicName()
  await kafka.createTopic(name, options)
  return name
}

/** A producer for this Kafka; given up, not drained, when the test ends. */
export function newProducer(
  t: Test,
  kafka: Kafka,
  options: Omit<ProducerOptions, 'brokers'> = {},
): Producer {
  const producer = new Producer({ brokers: kafka.bootstrap, ...options })
  t.teardown(() => producer.close({ timeoutMs: 0 }))
  return producer
}

/** The one broker of a Kafka that was started with `own: true`. */
export function onlyNode(kafka: Kafka): KafkaNode {
  const [node] = kafka.nodes
  if (node === undefined) throw new Error('this Kafka is not ours: start it with own: true')
  return node
}

/** Everything of a topic, each partition in order of offset, the partitions in theirs. */
export async function readSorted(kafka: Kafka, topic: string): Promise<ReadRecord[]> {
  const records = await kafka.readTopic(topic)
  return records.sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset))
}

/** Resolves after `ms` of the machine's time: to let a fault last, never to wait for luck. */
export function forMs(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms))
}
