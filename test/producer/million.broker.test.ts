/**
 * A million records of 100 bytes through `send`, and through `enqueue`: all acked, and the offsets of
 * each partition dense.
 */
import type { Test } from 'tap'
import type { Producer } from '../../src/index.js'
import { brokerTest } from '../broker/broker-test.js'
import type { Kafka } from '../broker/kafka.js'
import { newProducer, newTopic } from './broker/bench.js'

const COUNT = 1_000_000
const AT_ONCE = 10_000
const PARTITIONS = 6
const VALUE = 'x'.repeat(100)

type Outcome = Record<'acked' | 'failed', number>

async function throughSend(producer: Producer, topic: string): Promise<Outcome> {
  let acked = 0
  for (let sent = 0; sent < COUNT; sent += AT_ONCE) {
    const promises = Array.from({ length: AT_ONCE }, (_, i) =>
      producer.send({ topic, value: VALUE, partition: i % PARTITIONS }),
    )
    acked += (await Promise.all(promises)).length
  }
  return { acked, failed: 0 }
}

async function throughEnqueue(producer: Producer, topic: string): Promise<Outcome> {
  const outcome = { acked: 0, failed: 0 }
  const callback = (error: Error | null): void =>
    void outcome[error === null ? 'acked' : 'failed']++
  for (let sent = 0; sent < COUNT; sent++) {
    const record = { topic, value: VALUE, partition: sent % PARTITIONS }
    while (!producer.enqueue(record, callback)) await producer.writable()
  }
  await producer.flush()
  return outcome
}

async function run(
  t: Test,
  kafka: Kafka,
  deliver: (producer: Producer, topic: string) => Promise<Outcome>,
): Promise<void> {
  const topic = await newTopic(kafka, { partitions: PARTITIONS })
  const producer = newProducer(t, kafka)
  await producer.partitionsFor(topic) // so that no record waits for the topic
  const startMs = performance.now()
  t.strictSame(await deliver(producer, topic), { acked: COUNT, failed: 0 })
  t.comment(`${COUNT} records in ${Math.round(performance.now() - startMs)} ms`)
  await producer.close()

  const partitions = await kafka.summarizeTopic(topic)
  let total = 0
  for (const { count, firstOffset, lastOffset, gaps } of partitions) {
    t.strictSame([firstOffset, lastOffset, gaps], [0n, BigInt(count - 1), 0])
    total += count
  }
  t.equal(total, COUNT)
}

await brokerTest('a million records through send', (t, kafka) => run(t, kafka, throughSend))
await brokerTest('a million records through enqueue', (t, kafka) => run(t, kafka, throughEnqueue))
