/**
 * The producer's calls against a real broker: what each resolves to, and how each fails.
 */
import {
  AbortedError,
  ClosedError,
  InvalidRecordError,
  Producer,
  RecordTooLargeError,
  SendAllError,
  SerializationError,
  TimeoutError,
  TopicUnavailableError,
  type DeliveryError,
  type ProducerRecord,
} from '../../src/index.js'
import { brokerTest } from '../broker/broker-test.js'
import { newProducer, newTopic, newTopicName } from './broker/bench.js'

/** The error of class `type` that a promise rejects with. */
async function errorOf<E extends Error>(
  type: abstract new (...args: never[]) => E,
  promise: Promise<unknown>,
): Promise<E> {
  try {
    await promise
  } catch (error) {
    if (error instanceof type) return error
    throw error
  }
  throw new Error('nothing was rejected')
}

const valuesOf = (read: readonly { value: Buffer | null }[]): string[] =>
  read.map(({ value }) => String(value))

await brokerTest(
  'flush covers every call made before it, whatever the linger',
  async (t, kafka) => {
    const topic = await newTopic(kafka, { partitions: 3 })
    const producer = newProducer(t, kafka, { lingerMs: 60_000, deliveryTimeoutMs: 120_000 })
    let settled = 0
    const count = (): void => {
      settled++
    }
    for (let i = 0; i < 50; i++) {
      void producer.send({ topic, value: `${i}` }).then(count)
      producer.enqueue({ topic, value: `${i}`, partition: i % 3 }, count)
    }
    void producer.sendAll([{ topic, value: 'all' }]).then(count)
    void producer.send({ topic, value: {} as string }).catch(count)
    await producer.flush()
    t.equal(settled, 102)
    await producer.flush()
    t.equal(settled, 102)
  },
)

await brokerTest('close delivers what was taken, and then takes nothing more', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newProducer(t, kafka, { lingerMs: 60_000, deliveryTimeoutMs: 120_000 })
  const sent = Array.from({ length: 1_000 }, (_, i) => producer.send({ topic, value: `${i}` }))
  const closed = producer.close()
  t.equal(producer.close(), closed, 'closing twice is closing once')
  await closed
  const acked = await Promise.all(sent)
  t.strictSame(
    acked.map(({ offset }) => Number(offset)),
    [...acked.keys()],
  )

  t.ok(await errorOf(ClosedError, producer.send({ topic, value: 'late' })))
  t.ok(await errorOf(ClosedError, producer.writable()))
  t.ok(await errorOf(ClosedError, producer.connect()))
  t.ok(await errorOf(ClosedError, producer.partitionsFor(topic)))
  const all = await errorOf(SendAllError, producer.sendAll([{ topic, value: 'late' }]))
  t.type(all.cause, ClosedError)
  const error = await new Promise((resolve) => {
    t.equal(producer.enqueue({ topic, value: 'late' }, resolve), true)
  })
  t.type(error, ClosedError)
  await producer.flush()
  t.equal((await kafka.summarizeTopic(topic))[0]?.count, 1_000)
})

await brokerTest('close right after the first send to a topic not known yet', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newProducer(t, kafka)
  const sent = producer.send({ topic, value: 'x' })
  await producer.close()
  t.equal((await sent).offset, 0n)
})

await brokerTest('connect opens a connection, or says why each address fails', async (t, kafka) => {
  const producer = newProducer(t, kafka)
  await producer.connect()
  await producer.connect()
  const lost = new Producer({
    brokers: ['127.0.0.1:1', 'no-such-host.invalid:9092'],
    maxBlockMs: 500,
  })
  t.teardown(() => lost.close())
  const error = await errorOf(TimeoutError, lost.connect())
  t.match(error.message, /127\.0\.0\.1:1\b.*ECONNREFUSED/s)
  t.match(error.message, /no-such-host\.invalid/)
  const sent = lost.send({ topic: 'any', value: 'x' })
  const sendError = await errorOf(TopicUnavailableError, sent)
  t.match(sendError.message, /ECONNREFUSED/)
  // One good address among bad ones is enough.
  const brokers = ['127.0.0.1:1', ...kafka.bootstrap]
  const found = new Producer({ brokers, maxBlockMs: 30_000 })
  t.teardown(() => found.close())
  await found.connect()
})

await brokerTest('partitionsFor tells the partitions and their leaders', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: 3 })
  const producer = newProducer(t, kafka)
  const partitions = await producer.partitionsFor(topic)
  t.strictSame(
    partitions.map((it) => [it.topic, it.partition, it.leader >= 0]),
    [0, 1, 2].map((partition) => [topic, partition, true]),
  )
  t.ok(await errorOf(InvalidRecordError, producer.partitionsFor('no/topic')))
})

await brokerTest('an unknown topic is made by the broker, in the order sent', async (t, kafka) => {
  const topic = newTopicName()
  const producer = newProducer(t, kafka)
  const acked = await Promise.all(
    Array.from({ length: 100 }, (_, i) => producer.send({ topic, value: `${i}`, partition: 0 })),
  )
  t.strictSame(
    acked.map(({ offset }) => Number(offset)),
    [...acked.keys()],
  )
})

await brokerTest('a name that no topic can have, at once', async (t, kafka) => {
  const producer = newProducer(t, kafka)
  for (const topic of ['', '.', '..', 'a b', 'ž', 'x'.repeat(250), undefined, 1]) {
    const sent = producer.send({ topic: topic as string, value: 'x' })
    t.ok(await errorOf(InvalidRecordError, sent), String(topic))
  }
})

await brokerTest('a partition that the topic lacks harms nobody else', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newProducer(t, kafka, { maxBlockMs: 1_000 })
  const beyond = errorOf(
    TopicUnavailableError,
    producer.send({ topic, value: 'beyond', partition: 7 }),
  )
  const acked = await producer.send({ topic, value: 'x', partition: 0 })
  t.equal(acked.offset, 0n)
  const error = await beyond
  t.match(error.message, /partition 7/)
})

await brokerTest(
  'sendAll with a bad record delivers the others and tells of each',
  async (t, kafka) => {
    const topic = await newTopic(kafka)
    const producer = newProducer(t, kafka)
    const records = [
      { topic, value: 'first' },
      { topic, value: { an: 'object' } as unknown as string },
      { topic, value: 'third' },
      { topic: 'a/b', value: 'bad topic' },
      null as unknown as ProducerRecord,
      { topic, value: 'sixth' },
    ]
    const error = await errorOf(SendAllError, producer.sendAll(records))
    t.strictSame(
      error.results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'rejected', 'fulfilled'],
    )
    t.equal(error.outcome, 'not-written')
    t.type(error.cause, SerializationError)
    t.match((error.cause as Error).message, /json\(\)/)
    const offsets = error.results.flatMap((it) =>
      it.status === 'fulfilled' ? it.value.offset : [],
    )
    t.strictSame(offsets, [0n, 1n, 2n])
    t.strictSame(valuesOf(await kafka.readTopic(topic)), ['first', 'third', 'sixth'])
    t.strictSame(await producer.sendAll([]), [])
  },
)

await brokerTest('a record beyond our limit, with both sizes', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newProducer(t, kafka, { maxRequestSizeBytes: 10_000, batchSizeBytes: 10_000 })
  const sent = producer.send({ topic, value: 'x'.repeat(10_000) })
  const error = await errorOf(RecordTooLargeError, sent)
  t.equal(error.outcome, 'not-written')
  t.match(error.message, /100\d\d bytes.*maxRequestSizeBytes.*10000/)
  t.equal((await producer.send({ topic, value: 'x'.repeat(9_800) })).offset, 0n)
})

await brokerTest("a batch beyond the broker's limit is split, in order", async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: 2, config: { 'max.message.bytes': '2000' } })
  const producer = newProducer(t, kafka)
  const values = Array.from({ length: 400 }, (_, i) => `${i} `.padEnd(100 + (i % 5) * 200, 'x'))
  const records = values.map((value, i) => ({ topic, value, partition: i % 2 }))
  const acked = await producer.sendAll(records)
  const read = await kafka.readTopic(topic)
  for (const partition of [0, 1]) {
    const expected = values.filter((_, i) => i % 2 === partition)
    t.strictSame(valuesOf(read.filter((it) => it.partition === partition)), expected)
  }
  acked.forEach(({ offset }, i) => {
    if (offset !== BigInt(Math.floor(i / 2))) t.fail(`record ${i} was acked at ${offset}`)
  })
})

await brokerTest("one record beyond the broker's limit fails alone", async (t, kafka) => {
  const topic = await newTopic(kafka, { config: { 'max.message.bytes': '2000' } })
  const producer = newProducer(t, kafka)
  const values = ['a', 'x'.repeat(5_000), 'b', 'y'.repeat(1_500), 'c']
  const settled = await Promise.allSettled(values.map((value) => producer.send({ topic, value })))
  t.strictSame(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
  )
  const error = (settled[1] as PromiseRejectedResult).reason as RecordTooLargeError
  t.type(error, RecordTooLargeError)
  t.equal(error.outcome, 'rejected')
  t.match(error.message, /50\d\d bytes/)
  t.match(error.message, /max\.message\.bytes/)
  t.strictSame(
    valuesOf(await kafka.readTopic(topic)),
    values.filter((_, i) => i !== 1),
  )
  t.equal((await producer.send({ topic, value: 'after' })).offset, 4n)
})

await brokerTest('a record that a compacted topic refuses is named (KIP-467)', async (t, kafka) => {
  const topic = await newTopic(kafka, { config: { 'cleanup.policy': 'compact' } })
  const producer = newProducer(t, kafka)
  await producer.send({ topic, key: 'known', value: 'x' })
  const settled = await Promise.allSettled([
    producer.send({ topic, key: 'a', value: '1' }),
    producer.send({ topic, value: 'no key' }),
    producer.send({ topic, key: 'b', value: '2' }),
  ])
  const errors = settled.map((it) => (it as PromiseRejectedResult).reason as DeliveryError)
  t.strictSame(
    errors.map((error) => error.outcome),
    ['not-written', 'rejected', 'not-written'],
  )
  t.match(errors[1]?.message, /key/i)
  t.match(errors[0]?.message, /another record of the same batch/)
  const later = await producer.send({ topic, key: 'c', value: '3' })
  t.equal(later.offset, 1n, 'nothing of the refused batch was written')
})

await brokerTest('an AbortSignal before and after the record is appended', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newProducer(t, kafka, { lingerMs: 60_000, deliveryTimeoutMs: 120_000 })
  const reason = new Error('changed my mind')
  const fired = AbortSignal.abort(reason)
  const before = await errorOf(
    AbortedError,
    producer.send({ topic, value: 'before' }, { signal: fired }),
  )
  t.equal(before.outcome, 'not-written')
  t.equal(before.cause, reason)

  const parked = new AbortController() // the topic is not known yet
  const whileParked = errorOf(
    AbortedError,
    producer.send({ topic, value: 'parked' }, { signal: parked.signal }),
  )
  parked.abort(reason)
  t.equal((await whileParked).outcome, 'not-written')

  await producer.partitionsFor(topic)
  const late = new AbortController()
  const appended = errorOf(
    AbortedError,
    producer.send({ topic, value: 'appended' }, { signal: late.signal }),
  )
  const unharmed = producer.send({ topic, value: 'unharmed' }, { signal: late.signal })
  void unharmed.catch(() => {})
  late.abort(reason)
  t.equal((await appended).outcome, 'unknown')
  await producer.flush()
  t.strictSame(valuesOf(await kafka.readTopic(topic)), ['appended', 'unharmed'])

  const afterwards = new AbortController()
  const sent = producer.send({ topic, value: 'acked' }, { signal: afterwards.signal })
  await producer.flush()
  afterwards.abort()
  t.equal((await sent).offset, 2n, 'an abort after the ack changes nothing')
})

await brokerTest('a callback that throws harms only its record', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const logged: unknown[] = []
  const log = (): void => {}
  const logger = {
    debug: log,
    info: log,
    warn: log,
    error: (fields: unknown) => logged.push(fields),
  }
  const producer = newProducer(t, kafka, { logger })
  const acked: bigint[] = []
  for (let i = 0; i < 10; i++) {
    producer.enqueue({ topic, value: `${i}` }, (_error, metadata) => {
      if (i % 2 === 0) throw new Error(`callback ${i}`)
      acked.push(metadata?.offset ?? -2n)
    })
  }
  await producer.flush()
  t.strictSame(acked, [1n, 3n, 5n, 7n, 9n])
  t.equal(logged.length, 5)
})

await brokerTest('a record sent from the callback of another', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newProducer(t, kafka)
  await new Promise<void>((resolve) => {
    const next = (n: number): void => {
      producer.enqueue({ topic, value: `${n}` }, () => {
        if (n < 200) next(n + 1)
        else resolve()
      })
    }
    next(0)
  })
  const read = await kafka.readTopic(topic)
  t.strictSame(valuesOf(read), [...Array(201).keys()].map(String))
})

await brokerTest('a record object that is used again and again', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newProducer(t, kafka)
  const header: [string, string] = ['n', '']
  const record = { topic, value: '', key: '', headers: [header] }
  // The first are taken before the topic is known, the last after.
  for (let i = 0; i < 200; i++) {
    record.value = record.key = header[1] = `${i}`
    if (i % 2 === 0) producer.enqueue(record)
    else void producer.send(record)
    if (i === 100) await producer.flush()
  }
  await producer.flush()
  const read = await kafka.readTopic(topic)
  const expected = [...Array(200).keys()].map((i) => [`${i}`, `${i}`, `${i}`])
  t.strictSame(
    read.map((it) => [String(it.value), String(it.key), String(it.headers[0]?.[1])]),
    expected,
  )
})

await brokerTest('many topics at once, none of them known', async (t, kafka) => {
  const producer = newProducer(t, kafka)
  const topics = Array.from({ length: 30 }, newTopicName)
  const acked = await producer.sendAll(
    Array.from({ length: 3_000 }, (_, i) => ({ topic: topics[i % 30] ?? '', value: `${i}` })),
  )
  const misplaced = acked.filter(
    ({ topic, offset }, i) => topic !== topics[i % 30] || offset !== BigInt(Math.floor(i / 30)),
  )
  t.strictSame(misplaced, [])
})
