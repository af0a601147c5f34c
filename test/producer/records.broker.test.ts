/**
 * What comes out of a real Kafka is what went in, where the metadata says: read back by Kafka's own
 * consumer, printed by its console consumer, and placed where its own partitioner would place it.
 */
import {
  Producer,
  type Headers,
  type ProducerRecord,
  type RecordMetadata,
} from '../../src/index.js'
import { brokerTest } from '../broker/broker-test.js'
import { newProducer, newTopic, readSorted } from './broker/bench.js'

const SECOND = 1_700_000_000_000
const BINARY = Uint8Array.from({ length: 256 }, (_, byte) => byte)
const LARGE = Buffer.alloc(1_000_000, 'Žofie ')

type Content = Omit<ProducerRecord, 'topic'>

const CONTENTS: readonly Content[] = [
  { key: 'user-1', value: 'one', timestamp: SECOND },
  { key: 'user-1', value: 'older than its predecessor', timestamp: SECOND - 86_400_000 },
  { key: null, value: 'null key', timestamp: 0 },
  { value: 'no key', timestamp: SECOND + 1 },
  { key: 'tombstone', value: null },
  { key: '', value: '' },
  { key: 'žluťoučký 🐎', value: '卡夫卡 – Ottla – 🖋️' },
  { key: BINARY, value: Buffer.from(BINARY).reverse() },
  { key: new Uint8Array(0), value: new Uint8Array(0) },
  { key: 'lone surrogate', value: 'a\ud800b' },
  { key: 'headers', value: 'none', headers: {} },
  { key: 'headers', value: 'object', headers: { b: '2', a: BINARY, none: null, '': 'empty name' } },
  {
    key: 'headers',
    value: 'pairs',
    headers: [
      ['twice', 'first'],
      ['once', ''],
      ['twice', 'second'],
      ['twice', null],
      ['š', new Uint8Array(0)],
    ],
  },
  { key: 'large', value: LARGE },
  { key: 'large text', value: 'ž'.repeat(400_000), timestamp: SECOND },
  { key: 'after', value: 'the large ones', timestamp: SECOND },
]

function toBytes(value: ProducerRecord['value'] | undefined): Buffer | null {
  return value === null || value === undefined ? null : Buffer.from(value as string)
}

function headersAsRead(headers: Headers = []): (readonly [string, Buffer | null])[] {
  const pairs = (Array.isArray(headers) ? headers : Object.entries(headers)) as [
    string,
    string | null,
  ][]
  return pairs.map(([name, value]) => [name, toBytes(value)] as const)
}

await brokerTest('each record lies where its metadata says, byte for byte', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: 3 })
  const producer = newProducer(t, kafka)
  const before = Date.now()
  const acked = await Promise.all(CONTENTS.map((content) => producer.send({ topic, ...content })))
  const after = Date.now()

  const read = await kafka.readTopic(topic)
  t.equal(read.length, CONTENTS.length)
  CONTENTS.forEach(({ key, value, timestamp, headers }, i) => {
    const { partition, offset, timestamp: ackedTimestamp } = acked[i] as RecordMetadata
    t.equal(acked[i]?.topic, topic)
    const found = read.find((it) => it.partition === partition && it.offset === offset)
    t.strictSame(found?.key, toBytes(key), `key ${i}`)
    t.ok(found?.value?.equals(toBytes(value) ?? Buffer.of()) ?? value === null, `value ${i}`)
    t.strictSame(found?.headers, headersAsRead(headers), `headers ${i}`)
    t.equal(found?.timestamp, ackedTimestamp)
    t.equal(found?.timestampType, 'create')
    if (timestamp !== undefined) t.equal(ackedTimestamp, timestamp)
    else t.ok(ackedTimestamp >= before && ackedTimestamp <= after, 'the time of the call')
  })
  t.equal(new Set(acked.map((it) => `${it.partition}/${it.offset}`)).size, CONTENTS.length)
})

await brokerTest('an explicit partition wins over the key, one by one', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: 5 })
  const producer = newProducer(t, kafka)
  for (const partition of [4, 0, 4, 2]) {
    const acked = await producer.send({ topic, partition, key: 'same', value: `${partition}` })
    t.equal(acked.partition, partition)
  }
  const read = await readSorted(kafka, topic)
  const found = read.map((it) => [it.partition, Number(it.offset), String(it.value)])
  t.strictSame(found, [
    [0, 0, '0'],
    [2, 0, '2'],
    [4, 0, '4'],
    [4, 1, '4'],
  ])
})

await brokerTest("a LogAppendTime topic's timestamps are the broker's", async (t, kafka) => {
  const topic = await newTopic(kafka, { config: { 'message.timestamp.type': 'LogAppendTime' } })
  const producer = newProducer(t, kafka)
  const [first, second] = await Promise.all([
    producer.send({ topic, value: 'a', timestamp: SECOND }),
    producer.send({ topic, value: 'b', timestamp: SECOND - 1 }),
  ])
  const read = await kafka.readTopic(topic)
  t.strictSame(
    read.map((it) => [it.timestampType, it.timestamp]),
    [
      ['append', first.timestamp],
      ['append', second.timestamp],
    ],
  )
  t.ok(first.timestamp > SECOND, 'not the time that was given')
})

await brokerTest('bytes that are a view of a larger buffer', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newProducer(t, kafka)
  const whole = Buffer.from('....key value header....')
  const view = (start: number, end: number): Uint8Array =>
    new Uint8Array(whole.buffer, whole.byteOffset + start, end - start)
  await producer.send({
    topic,
    key: view(4, 7),
    value: view(8, 13),
    headers: [['h', view(14, 20)]],
  })
  const [read] = await kafka.readTopic(topic)
  t.equal(String(read?.key), 'key')
  t.equal(String(read?.value), 'value')
  t.equal(String(read?.headers[0]?.[1]), 'header')
})

await brokerTest('the console consumer prints keys, headers and timestamps', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newProducer(t, kafka)
  await producer.sendAll([
    { topic, key: 'k1', value: 'one', timestamp: SECOND, headers: { source: 'web', lang: 'cs' } },
    { topic, value: 'žádný klíč', timestamp: SECOND + 1 },
    { topic, key: 'k3', value: null, timestamp: SECOND + 2, headers: { none: null } },
  ])
  const print = ['key', 'value', 'headers', 'timestamp', 'offset', 'partition']
  const printed = await kafka.consoleConsumer(topic, [
    '--from-beginning',
    '--max-messages',
    '3',
    ...print.flatMap((what) => ['--property', `print.${what}=true`]),
  ])
  // It may begin with a word on options that it would rather have by another name.
  const lines = printed.filter((line) => line.startsWith('CreateTime'))
  t.strictSame(lines, [
    `CreateTime:${SECOND}\tPartition:0\tOffset:0\tsource:web,lang:cs\tk1\tone`,
    `CreateTime:${SECOND + 1}\tPartition:0\tOffset:1\tNO_HEADERS\tnull\tžádný klíč`,
    `CreateTime:${SECOND + 2}\tPartition:0\tOffset:2\tnone:null\tk3\tnull`,
  ])
})

await brokerTest(
  'serializers make the bytes, asynchronous ones keep the order',
  async (t, kafka) => {
    const topic = await newTopic(kafka)
    const producer = new Producer<number, { n: number }>({
      brokers: kafka.bootstrap,
      serializers: {
        key: (key) => String(key),
        // The later the record, the sooner its bytes are there.
        value: (value) =>
          new Promise((resolve) => void setTimeout(resolve, 100 - value.n, JSON.stringify(value))),
      },
    })
    t.teardown(() => producer.close())
    const sent = Array.from({ length: 100 }, (_, n) =>
      producer.send({ topic, key: n, value: { n } }),
    )
    const flushed = producer.flush().then(() => 'flushed')
    const acked = await Promise.all(sent)
    t.equal(await flushed, 'flushed')
    t.strictSame(
      acked.map(({ offset }) => Number(offset)),
      [...acked.keys()],
    )
    const read = await kafka.readTopic(topic)
    t.strictSame(
      read.map((it) => [String(it.key), String(it.value)]),
      [...acked.keys()].map((n) => [`${n}`, `{"n":${n}}`]),
    )
  },
)
