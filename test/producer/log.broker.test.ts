/**
 * What lies on the broker's disk, as Kafka's own tools see it: producer id, epoch and sequence of
 * each batch, and the partition that Kafka's own producer would have chosen.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { brokerTest } from '../broker/broker-test.js'
import { kafkaClassPath } from '../broker/jars.js'
import { javaProgram } from '../broker/java.js'
import type { Kafka } from '../broker/kafka.js'
import { kafkaVersion, PINNED_VERSION } from '../broker/versions.js'
import { newProducer, newTopic } from './broker/bench.js'

/** The numbers of one batch, as DumpLogSegments prints them. */
interface DumpedBatch {
  readonly baseOffset: number
  readonly count: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly producerId: number
  readonly producerEpoch: number
}

const BATCH =
  /baseOffset: (\d+) lastOffset: \d+ count: (\d+) baseSequence: (-?\d+) lastSequence: (-?\d+) producerId: (-?\d+) producerEpoch: (-?\d+) /g

async function dumpBatches(kafka: Kafka, topic: string, partition: number): Promise<DumpedBatch[]> {
  const dump = await kafka.dumpLog(topic, partition)
  return Array.from(dump.matchAll(BATCH), ([, ...fields]) => {
    const [baseOffset, count, baseSequence, lastSequence, producerId, producerEpoch] = fields.map(
      Number,
    ) as [number, number, number, number, number, number]
    return { baseOffset, count, baseSequence, lastSequence, producerId, producerEpoch }
  })
}

await brokerTest('producer id, epoch and sequence rise without a hole', async (t, kafka) => {
  if (kafka.kind !== 'jars') {
    t.comment(`the log of a Kafka of kind ${kafka.kind} is not on this machine`)
    return
  }
  const topic = await newTopic(kafka, { partitions: 2 })
  const producer = newProducer(t, kafka, { batchSizeBytes: 2048 })
  const value = 'x'.repeat(50)
  for (let round = 0; round < 3; round++) {
    const records = Array.from({ length: 2_000 }, (_, i) => ({ topic, value, partition: i % 2 }))
    await Promise.all(records.map((record) => producer.send(record)))
  }
  const producerIds = new Set<number>()
  for (const partition of [0, 1]) {
    const batches = await dumpBatches(kafka, topic, partition)
    t.ok(batches.length > 50, `${batches.length} batches`)
    let next = 0
    for (const batch of batches) {
      const { baseSequence, lastSequence, baseOffset, count, producerEpoch, producerId } = batch
      t.strictSame([baseOffset, baseSequence, lastSequence], [next, next, next + count - 1])
      t.equal(producerEpoch, 0)
      producerIds.add(producerId)
      next += count
    }
    t.equal(next, 3_000)
  }
  t.equal(producerIds.size, 1, 'one producer, one id')
  t.ok([...producerIds].every((id) => id >= 0))
})

await brokerTest('without idempotence a batch carries no numbers', async (t, kafka) => {
  if (kafka.kind !== 'jars') return
  const topic = await newTopic(kafka)
  const producer = newProducer(t, kafka, { idempotence: false })
  await producer.send({ topic, value: 'x' })
  t.strictSame(await dumpBatches(kafka, topic, 0), [
    {
      baseOffset: 0,
      count: 1,
      baseSequence: -1,
      lastSequence: -1,
      producerId: -1,
      producerEpoch: -1,
    },
  ])
})

const KEYS = ['a', 'ab', 'abc', 'abcd', 'ABQ', 'user-1', 'žluťoučký kůň', '卡夫卡', '🖋️', ' ']
const MANY_KEYS = [...KEYS, ...Array.from({ length: 500 }, (_, i) => `key-${i * 7919}`)]
const PARTITIONS = 7

await brokerTest(
  "keys lie in the partitions that Kafka's own producer chooses",
  async (t, kafka) => {
    const [ours, theirs] = await Promise.all([
      newTopic(kafka, { partitions: PARTITIONS }),
      newTopic(kafka, { partitions: PARTITIONS }),
    ])
    const producer = newProducer(t, kafka)
    await Promise.all(MANY_KEYS.map((key) => producer.send({ topic: ours, key, value: key })))
    await consoleProduce(kafka, theirs, MANY_KEYS)

    const expected = await partitionOfEachKey(kafka, theirs)
    t.equal(expected.size, MANY_KEYS.length)
    t.ok(new Set(expected.values()).size === PARTITIONS, 'the keys are spread')
    t.strictSame(await partitionOfEachKey(kafka, ours), expected)
  },
)

async function partitionOfEachKey(kafka: Kafka, topic: string): Promise<Map<string, number>> {
  const read = await kafka.readTopic(topic)
  const pairs = read.map((it) => [String(it.key), it.partition] as const)
  return new Map(pairs.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Kafka's console producer of the pinned version, whatever the broker's: clients speak to all. */
async function consoleProduce(kafka: Kafka, topic: string, keys: readonly string[]): Promise<void> {
  const classPath = await kafkaClassPath(kafkaVersion(PINNED_VERSION), () => {})
  const main = ['-Dfile.encoding=UTF-8', '-cp', classPath, 'org.apache.kafka.tools.ConsoleProducer']
  const where = ['--bootstrap-server', kafka.bootstrap.join(','), '--topic', topic]
  const how = ['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=|']
  const child = spawn(javaProgram(), ['-Xmx256m', ...main, ...where, ...how], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.stdin.end(keys.map((key) => `${key}|${key}\n`).join(''))
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`the console producer ended with ${code}`)
}
