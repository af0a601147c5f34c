/**
 * Compression against a real Kafka: its own readers have the last word on every codec and level, and
 * nothing that holds without compression is lost by it.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Producer, type DeliveryError, type ProducerOptions } from '../../src/index.js'
import { brokerTest } from '../broker/broker-test.js'
import { newProducer, newTopic, readSorted } from './broker/bench.js'
import { Ledger } from './broker/ledger.js'
import { PRODUCE_KEY, spiedEnvironment } from './broker/spied-dial.js'
import { seededRandom } from './support/pieces.js'

type Compression = NonNullable<ProducerOptions['compression']>

const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const
const EVERY_WAY: readonly Compression[] = [
  { codec: 'gzip', level: 1 },
  { codec: 'gzip', level: 6 },
  { codec: 'gzip', level: 9 },
  'snappy',
  'lz4',
  { codec: 'zstd', level: -5 },
  { codec: 'zstd', level: 1 },
  { codec: 'zstd', level: 3 },
  { codec: 'zstd', level: 19 },
  'auto',
]

function labelOf(compression: Compression): string {
  return typeof compression === 'string'
    ? compression
    : `${compression.codec} ${compression.level ?? ''}`
}

/** A line as services write them; some 100 bytes, of which a codec leaves a fifth. */
function jsonLine(who: string, number: number): string {
  const total = (number * 7919) % 100_000
  return JSON.stringify({
    who,
    number,
    event: 'order placed',
    country: 'CZ',
    currency: 'CZK',
    total,
  })
}

function noise(random: () => number, sizeBytes: number): Buffer {
  return Buffer.from(Array.from({ length: sizeBytes }, () => Math.floor(random() * 256)))
}

/** What DumpLogSegments says of each batch: its last offset and codec, in lower case. */
function batchesOf(dump: string): { lastOffset: number; codec: string }[] {
  const batch = /^baseOffset: \d+ lastOffset: (\d+) .*?compresscodec: (\w+)/gim
  return Array.from(dump.matchAll(batch), ([, last, codec = '']) => {
    return { lastOffset: Number(last), codec: codec.toLowerCase() }
  })
}

/** The codecs of the batches that hold these offsets, each named once. */
function codecsBetween(dump: string, first: number, last: number): string[] {
  const within = batchesOf(dump).filter((it) => it.lastOffset >= first && it.lastOffset <= last)
  return [...new Set(within.map(({ codec }) => codec))]
}

await brokerTest("Kafka's readers read every codec and level", async (t, kafka) => {
  const topic = await newTopic(kafka)
  const perWay = 2000 // some 200 KB: a batch for the thread pool, and a small one
  const expected: string[] = []
  const chosen: string[] = []
  for (const compression of EVERY_WAY) {
    const producer = newProducer(t, kafka, { compression, lingerMs: 1000 })
    const who = labelOf(compression)
    const values = Array.from({ length: perWay }, (_, number) => jsonLine(who, number))
    const sent = values.map((value) => producer.send({ topic, value }))
    await producer.flush()
    await Promise.all(sent)
    expected.push(...values)
    const { compressionRatio, compressionChoices } = producer.metrics()
    t.ok(compressionRatio < 0.5, `${who}: ${compressionRatio}`)
    chosen.push(compressionChoices[topic]?.codec ?? who.split(' ', 1)[0] ?? '')
    await producer.close()
  }

  const read = await readSorted(kafka, topic)
  t.strictSame(read.map(({ value }) => String(value)), expected, 'the consumer') // prettier-ignore
  const args = ['--from-beginning', '--max-messages', String(expected.length)]
  t.strictSame(await kafka.consoleConsumer(topic, args), expected, 'the console consumer')
  if (kafka.kind !== 'jars') return
  const dump = await kafka.dumpLog(topic, 0)
  const named = EVERY_WAY.map((_, way) => codecsBetween(dump, way * perWay, (way + 1) * perWay - 1))
  // 'auto' may have changed its mind between its trials: what it chose is the last word.
  t.strictSame(named.slice(0, -1), chosen.slice(0, -1).map((codec) => [codec])) // prettier-ignore
  t.ok(named.at(-1)?.includes(chosen.at(-1) ?? ''), `auto: ${chosen.at(-1) ?? ''}`)
})

await brokerTest('what does not get smaller travels as it is', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const random = seededRandom(1)
  const expected: string[] = []
  for (const compression of [...CODECS, 'auto'] as const) {
    const producer = newProducer(t, kafka, { compression })
    // One record for each batch: the framing of several has a pattern that gzip finds.
    const values = [100, 5000, 10_000, 100_000].map((sizeBytes) => noise(random, sizeBytes))
    for (const value of values) await producer.send({ topic, value })
    expected.push(...values.map((value) => value.toString('hex')))
    t.equal(producer.metrics().compressionRatio, 1, compression)
    await producer.close()
  }
  const read = await readSorted(kafka, topic)
  t.strictSame(read.map(({ value }) => value?.toString('hex')), expected) // prettier-ignore
  if (kafka.kind !== 'jars') return
  t.strictSame(codecsBetween(await kafka.dumpLog(topic, 0), 0, expected.length), ['none'])
})

await brokerTest('order holds with five in flight and batches of all sizes', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: 4 })
  const ledger = new Ledger(4)
  const random = seededRandom(2)
  for (const compression of [...CODECS, 'auto'] as const) {
    const producer = newProducer(t, kafka, { compression, maxInFlight: 5, batchSizeBytes: 32_768 })
    for (let sent = 0; sent < 12_000; sent++) {
      const partition = Math.floor(random() * 4)
      const { value, callback } = ledger.next(partition)
      // Small batches are compressed at once and large ones beside the loop: both must meet.
      const key = 'compressible '.repeat(Math.floor(random() * 30))
      if (!producer.enqueue({ topic, partition, key, value }, callback)) {
        ledger.takeBack(partition)
        await producer.writable()
      }
      if (random() < 0.002) await new Promise((resolve) => void setImmediate(resolve))
    }
    await producer.flush()
    t.match(producer.metrics(), { waitingSends: 0, batchesIncomplete: 0, recordsFailed: 0 })
    t.equal(producer.metrics().bufferAvailableBytes, 33_554_432, `${compression}: all memory back`)
    await producer.close()
  }
  t.equal(ledger.ackedCount, ledger.entries.length)
  await ledger.audit(t, kafka, topic)
})

await brokerTest('a batch that is too large is split, in every codec', async (t, kafka) => {
  const ways = [...CODECS, 'auto'] as const
  const options = { partitions: ways.length, config: { 'max.message.bytes': '20000' } }
  const topic = await newTopic(kafka, options)
  const random = seededRandom(3)
  const expected: string[] = []
  for (const [partition, compression] of ways.entries()) {
    const producer = newProducer(t, kafka, { compression, lingerMs: 1000 })
    // Hexadecimal: half the size in gzip, zstd and hardly smaller in the others.
    const values = Array.from({ length: 1500 }, () => noise(random, 50).toString('hex') + 'a'.repeat(50)) // prettier-ignore
    const sent = values.map((value) => producer.send({ topic, partition, value }))
    await producer.flush()
    const offsets = (await Promise.all(sent)).map(({ offset }) => Number(offset))
    t.strictSame(offsets, values.map((_, index) => index), compression) // prettier-ignore
    t.ok(producer.metrics().batchesSplit > 0, `${producer.metrics().batchesSplit} were split`)
    t.equal(producer.metrics().bufferAvailableBytes, 33_554_432)
    expected.push(...values.map((value) => `${partition} ${value}`))
    await producer.close()
  }
  const read = await readSorted(kafka, topic)
  t.strictSame(read.map(({ partition, value }) => `${partition} ${String(value)}`), expected) // prettier-ignore
})

await brokerTest('batches are filled to their size after compression', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const batchSizeBytes = 16_384
  for (const compression of ['lz4', 'gzip', { codec: 'zstd', level: 1 }] as const) {
    const producer = newProducer(t, kafka, { compression, batchSizeBytes, lingerMs: 1000 })
    let plainBytes = 0
    const send = async (records: number): Promise<void> => {
      for (let number = 0; number < records; number++) {
        const value = jsonLine('fill', number)
        plainBytes += value.length
        if (!producer.enqueue({ topic, value })) throw new Error('there is room for 2 MB')
      }
      await producer.flush()
    }
    for (let round = 0; round < 4; round++) await send(20_000) // learns what the codec makes of it
    const before = producer.metrics()
    plainBytes = 0
    await send(20_000)
    const after = producer.metrics()
    const batches = after.batchesSent - before.batchesSent
    const wireBytes = (after.bytesSent - before.bytesSent) / batches
    const label = `${labelOf(compression)}: ${batches} batches of ${Math.round(wireBytes)} bytes`
    t.ok(plainBytes / batches > 2 * batchSizeBytes, label)
    t.ok(wireBytes > 0.6 * batchSizeBytes && wireBytes < 1.2 * batchSizeBytes, label)
    t.equal(after.batchesSplit, 0)
    await producer.close()
  }
})

await brokerTest('and never to more than the broker takes, whatever comes', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const random = seededRandom(4)
  for (const compression of ['lz4', 'zstd'] as const) {
    const producer = newProducer(t, kafka, { compression, lingerMs: 1000 })
    // A fiftieth for a while, so that batches are filled to the brim; then nothing is gained.
    const text = 'x'.repeat(1000)
    for (let number = 0; number < 20_000; number++) {
      if (!producer.enqueue({ topic, value: text })) await producer.writable()
      if (number % 2000 === 0) await producer.flush()
    }
    for (let number = 0; number < 3000; number++) {
      if (!producer.enqueue({ topic, value: noise(random, 1000) })) await producer.writable()
    }
    await producer.flush()
    t.match(producer.metrics(), { batchesSplit: 0, recordsFailed: 0 }, compression)
    await producer.close()
  }
})

const UNDERSTOOD_FROM = 'zstd needs version 7 (Kafka 2.1)'

await brokerTest('zstd is not sent to a broker that cannot know it', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: 2 })
  let produced = 0
  const environment = spiedEnvironment(({ apiKey }) => {
    if (apiKey === PRODUCE_KEY) produced++
  })
  const options = { compression: 'zstd', apiVersions: { Produce: 6 } } as const
  const producer = new Producer({ brokers: kafka.bootstrap, ...options }, environment)
  t.teardown(() => producer.close({ timeoutMs: 0 }))
  const value = 'x'.repeat(5000)
  const refused = producer.send({ topic, partition: 0, value })
  await t.rejects(refused, { message: new RegExp(UNDERSTOOD_FROM.replace(/[()]/g, '\\$&')) })
  t.equal(await refused.catch((error: unknown) => (error as DeliveryError).outcome), 'not-written')
  t.equal(produced, 0, 'nothing left')

  // What zstd leaves plain is no zstd: it goes, also beside what must not.
  const [bad, good] = await Promise.allSettled([
    producer.send({ topic, partition: 0, value }),
    producer.send({ topic, partition: 1, value: 'short' }),
  ])
  t.match([bad.status, good.status], ['rejected', 'fulfilled'])
  t.equal(producer.metrics().bufferAvailableBytes, 33_554_432)
  await producer.close()
})

await brokerTest("'auto' does not choose what the broker cannot know", async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newProducer(t, kafka, { compression: 'auto', apiVersions: { Produce: 6 } })
  for (let number = 0; number < 30; number++) {
    const values = Array.from({ length: 300 }, (_, index) => jsonLine('auto', index))
    await producer.sendAll(values.map((value) => ({ topic, value })))
  }
  t.equal(producer.metrics().recordsFailed, 0)
  t.not(producer.metrics().compressionChoices[topic]?.codec, 'zstd')
})

await brokerTest('without any zstd the other codecs work, and zstd says why', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const program = join(import.meta.dirname, '..', 'matrix', 'without-zstd.js')
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, [program, kafka.bootstrap.join(), topic])
  const { sent, zstd } = JSON.parse(stdout) as { sent: string[]; zstd: string }
  t.strictSame(sent, ['gzip', 'snappy', 'lz4', 'auto'])
  t.match(zstd, /^ConfigError: compression 'zstd' needs the package zstd-napi/)
  t.match(zstd, 'npm install zstd-napi')
  const read = await readSorted(kafka, topic)
  const values = sent.map((codec) => `${codec} `.repeat(1000))
  t.strictSame(read.map(({ value }) => String(value)), values) // prettier-ignore
})
