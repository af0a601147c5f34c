/**
 * Every version of Produce that Ottla knows, from 3 up, spoken to this broker and read back by
 * Kafka's consumer. A version that the broker does not speak is skipped by name.
 */
import type { Test } from 'tap'
import { Producer, type ProducerOptions } from '../../src/index.js'
import { produce } from '../../src/protocol/messages/produce.js'
import { brokerTest } from '../broker/broker-test.js'
import type { Kafka } from '../broker/kafka.js'
import { newTopic } from '../producer/broker/bench.js'
import { PRODUCE_KEY, spiedEnvironment } from '../producer/broker/spied-dial.js'
import { negotiatedVersions } from './negotiated.js'

const VERSIONS = Array.from(
  { length: produce.maxVersion - produce.minVersion + 1 },
  (_, index) => produce.minVersion + index,
)
const RECORDS = 50
/** Each of them sends RECORDS records to the version's partition. */
const WAYS: readonly Omit<ProducerOptions, 'brokers'>[] = [
  {},
  { compression: 'lz4' },
  { idempotence: false, acks: 1 },
  { acks: 0 },
]

/** Sends records in every way to one partition; returns the versions of Produce that were spoken. */
async function sendAllWays(kafka: Kafka, topic: string, version: number): Promise<Set<number>> {
  const spoken = new Set<number>()
  const environment = spiedEnvironment(({ apiKey, apiVersion }) => {
    if (apiKey === PRODUCE_KEY) spoken.add(apiVersion)
  })
  for (const [way, options] of WAYS.entries()) {
    const apiVersions = { Produce: version }
    const producer = new Producer(
      { brokers: kafka.bootstrap, apiVersions, ...options },
      environment,
    )
    const records = Array.from({ length: RECORDS }, (_, number) => ({
      topic,
      partition: version,
      key: `v${version}`,
      value: `way ${way}, record ${number}`,
      headers: { way: String(way) },
    }))
    await producer.sendAll(records)
    await producer.close()
  }
  return spoken
}

function sent(version: number): string[] {
  return WAYS.flatMap((_, way) =>
    Array.from({ length: RECORDS }, (_, number) => `v${version} way ${way}, record ${number}`),
  )
}

await brokerTest('every version of Produce that the broker speaks', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: produce.maxVersion + 1 })
  const highest = (await negotiatedVersions(kafka.bootstrap[0] ?? '')).get('Produce') ?? 0
  for (const version of VERSIONS) {
    const skip = version > highest && `this broker speaks Produce up to v${highest}`
    await t.test(`Produce v${version}`, { skip }, async (t) => {
      t.strictSame([...(await sendAllWays(kafka, topic, version))], [version])
    })
  }
  await t.test('all of it is there, in order', (t) => readBack(t, kafka, topic, highest))
})

async function readBack(t: Test, kafka: Kafka, topic: string, highest: number): Promise<void> {
  const found = new Map<number, string[]>()
  await kafka.readTopic(topic, {
    onRecord({ partition, key, value }) {
      const values = found.get(partition) ?? []
      found.set(partition, values)
      values.push(`${String(key)} ${String(value)}`)
    },
  })
  const spoken = VERSIONS.filter((version) => version <= highest)
  t.strictSame([...found.keys()].sort((a, b) => a - b), spoken) // prettier-ignore
  for (const version of spoken) t.strictSame(found.get(version), sent(version), `v${version}`)
}
