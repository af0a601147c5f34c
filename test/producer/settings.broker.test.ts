/**
 * The options that change what goes over the wire, each against a real broker: nothing lost, nothing
 * twice, and each partition in the order of the calls.
 */
import type { Test } from 'tap'
import { Producer, type ProducerOptions } from '../../src/index.js'
import { brokerTest } from '../broker/broker-test.js'
import type { Kafka } from '../broker/kafka.js'
import { newProducer, newTopic } from './broker/bench.js'
import { Ledger } from './broker/ledger.js'
import {
  API_VERSIONS_KEY,
  METADATA_KEY,
  PRODUCE_KEY,
  spiedEnvironment,
  type SentRequest,
} from './broker/spied-dial.js'

type Options = Omit<ProducerOptions, 'brokers'>

/** Sends `count` records to one partition through all three calls in turn; resolves when settled. */
async function sendMixed(
  producer: Producer,
  topic: string,
  ledger: Ledger,
  partitions: readonly number[],
  count: number,
): Promise<void> {
  for (let sent = 0; sent < count; sent++) {
    const partition = partitions[sent % partitions.length] ?? 0
    const { value, callback } = ledger.next(partition)
    const record = { topic, partition, value }
    const told = (promise: Promise<unknown>): void => {
      promise.then(
        (metadata) => {
          callback(null, (Array.isArray(metadata) ? metadata[0] : metadata) as never)
        },
        (error: unknown) => {
          callback(error as Error, null)
        },
      )
    }
    if (sent % 3 === 0) told(producer.send(record))
    else if (sent % 3 === 1) told(producer.sendAll([record]))
    else if (!producer.enqueue(record, callback)) {
      ledger.takeBack(partition)
      sent--
      await producer.writable()
    }
    if (sent % 1000 === 999) await new Promise((resolve) => void setImmediate(resolve))
  }
  await producer.flush()
}

const SETTINGS: readonly Options[] = [
  {},
  { acks: 1 },
  { acks: 0 },
  { idempotence: false },
  { idempotence: false, maxInFlight: 1 },
  { lingerMs: 5 },
  { lingerMs: 5, batchSizeBytes: 512 },
  { batchSizeBytes: 512, maxRequestSizeBytes: 1024 },
  { bufferMemoryBytes: 16_384 },
  { maxInFlight: 1, lingerMs: 1 },
]

await brokerTest('acks, idempotence, linger and sizes, each alone', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: SETTINGS.length })
  const ledger = new Ledger(SETTINGS.length)
  for (const [partition, options] of SETTINGS.entries()) {
    const producer = newProducer(t, kafka, options)
    await sendMixed(producer, topic, ledger, [partition], 2_000)
    await producer.close()
    const acked = ledger.entries.filter(({ settledCount }) => settledCount === 1).length
    t.equal(acked, (partition + 1) * 2_000, `settled with ${JSON.stringify(options)}`)
  }
  const offsets = ledger.entries.filter(({ value }) => value.startsWith('2:'))
  t.ok(
    offsets.every(({ offset }) => offset === -1n),
    'with acks 0 nobody says where a record lies',
  )
  t.equal(ledger.ackedCount, SETTINGS.length * 2_000)
  await ledger.audit(t, kafka, topic)
})

await brokerTest('small batches, many in flight: 50,000 records in order', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: 4 })
  const ledger = new Ledger(4)
  const producer = newProducer(t, kafka, { batchSizeBytes: 512 })
  await sendMixed(producer, topic, ledger, [0, 1, 2, 3], 50_000)
  t.equal(ledger.ackedCount, 50_000)
  await ledger.audit(t, kafka, topic)
})

const PRODUCE_VERSIONS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]

await brokerTest('every version of Produce', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: PRODUCE_VERSIONS.length })
  const ledger = new Ledger(PRODUCE_VERSIONS.length)
  const spoken: number[] = []
  for (const [partition, version] of PRODUCE_VERSIONS.entries()) {
    const versions = await sendCapped(t, kafka, { apiVersions: { Produce: version } }, (producer) =>
      sendMixed(producer, topic, ledger, [partition], 100),
    )
    spoken.push(...(versions.get(PRODUCE_KEY) ?? []))
  }
  const highest = Number(kafka.version.split('.')[0]) >= 4 ? 13 : Math.max(...spoken)
  t.strictSame(
    spoken,
    PRODUCE_VERSIONS.map((version) => Math.min(version, highest)),
  )
  t.equal(ledger.ackedCount, PRODUCE_VERSIONS.length * 100)
  await ledger.audit(t, kafka, topic)
})

await brokerTest('low versions of Metadata and ApiVersions', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: 4 })
  const ledger = new Ledger(4)
  const caps: readonly Record<string, number>[] = [
    { Metadata: 4, InitProducerId: 0 }, // no topic ids, no leader epochs
    { Metadata: 9, ApiVersions: 0, InitProducerId: 3 },
    { ApiVersions: 3, InitProducerId: 4 },
    { Metadata: 1, ApiVersions: 0, InitProducerId: 0, Produce: 3 },
  ]
  for (const [partition, apiVersions] of caps.entries()) {
    const versions = await sendCapped(t, kafka, { apiVersions }, (producer) =>
      sendMixed(producer, topic, ledger, [partition], 100),
    )
    const { Metadata = 13, ApiVersions = 4 } = apiVersions
    t.ok([...(versions.get(METADATA_KEY) ?? [])].every((version) => version <= Metadata))
    t.ok([...(versions.get(API_VERSIONS_KEY) ?? [])].every((version) => version <= ApiVersions))
  }
  t.equal(ledger.ackedCount, 400)
  await ledger.audit(t, kafka, topic)
})

/** Runs `body` with a producer, and returns the versions that it spoke, by API key. */
async function sendCapped(
  t: Test,
  kafka: Kafka,
  options: Options,
  body: (producer: Producer) => Promise<void>,
): Promise<Map<number, Set<number>>> {
  const versions = new Map<number, Set<number>>()
  const onRequest = ({ apiKey, apiVersion }: SentRequest): void => {
    const known = versions.get(apiKey) ?? new Set()
    versions.set(apiKey, known.add(apiVersion))
  }
  const environment = spiedEnvironment(onRequest)
  const producer = new Producer({ brokers: kafka.bootstrap, ...options }, environment)
  t.teardown(() => producer.close({ timeoutMs: 0 }))
  await body(producer)
  await producer.close()
  return versions
}
