/** The user's code may close the producer from wherever it is called, while much waits for room. */
import t from 'tap'
import type { Interceptor, Producer, ProducerRecord, SendAllError } from '../../src/index.js'
import { simulate } from '../testing/support/simulation.js'

const SMALL = { bufferMemoryBytes: 16_384, batchSizeBytes: 4096, maxBlockMs: 500 }
const RECORDS = 5000

const records = Array.from({ length: RECORDS }, (_, i): ProducerRecord => ({
  ...{ topic: 'orders', value: String(i).padEnd(500, '.') },
}))

for (const first of ['maxBlockMs is over', 'close'] as const) {
  t.test(`close from onOutcome, where ${first} fails thousands at once`, async (t) => {
    let depth = 0
    let deepest = 0
    let outcomes = 0
    const closings = new Set<Promise<void>>()
    const interceptor: Interceptor = {
      onOutcome({ error }) {
        outcomes++
        deepest = Math.max(deepest, ++depth)
        if (error !== null) closings.add(it.producer.close({ timeoutMs: 1000 }))
        depth--
      },
    }
    const it = await simulate({ topics: { orders: {} } }, { ...SMALL, interceptors: [interceptor] })
    await it.run(it.producer.partitionsFor('orders'))
    it.cluster.broker(1).freeze()
    const failed = it.producer.sendAll(records).catch((error: unknown) => error as SendAllError)
    if (first === 'close') closings.add(it.producer.close({ timeoutMs: 1000 }))
    const { results } = (await it.run(failed)) as SendAllError
    t.equal(results.filter(({ status }) => status === 'rejected').length, RECORDS)
    t.equal(outcomes, RECORDS)
    t.equal(deepest, 1, 'never within another')
    t.equal(closings.size, 1)
    await it.run(Promise.all(closings))
    t.equal(it.producer.metrics().bufferAvailableBytes, SMALL.bufferMemoryBytes)
    await it.cluster.close()
  })
}

for (const who of ['serializer', 'partitioner'] as const) {
  for (const call of ['send', 'enqueue', 'sendAll'] as const) {
    t.test(
      `a ${who} that closes the producer amid ${call}: the record is told the truth`,
      async (t) => {
        const close = (): void => void it.producer.close({ timeoutMs: 60_000 })
        const serializers = { value: (value: unknown) => (close(), value) } as never
        const partitioner = (): undefined => close() as undefined
        const options = who === 'serializer' ? { serializers } : { partitioner }
        const it = await simulate({ topics: { orders: {} } }, options)
        await it.run(it.producer.partitionsFor('orders'))
        const error = await it.run(failureOf(it.producer, call))
        t.match(error, { name: 'ClosedError', outcome: 'not-written' })
        t.match(error?.message, /records can be sent until close\(\) is called/)
        await it.run(it.producer.close())
        t.strictSame(it.cluster.records('orders'), [])
        await it.cluster.close()
      },
    )
  }
}

async function failureOf(
  producer: Producer,
  call: 'send' | 'enqueue' | 'sendAll',
): Promise<Error | null> {
  const record = { topic: 'orders', value: 'v' }
  if (call === 'enqueue') return new Promise((resolve) => producer.enqueue(record, resolve))
  const sent: Promise<unknown> =
    call === 'send' ? producer.send(record) : producer.sendAll([record])
  const error = await sent.then(
    () => null,
    (error: unknown) => error as Error,
  )
  return call === 'sendAll' ? (error?.cause as Error) : error
}

t.test(
  'a serializer that closes the producer amid a sendAll: each record has its fate',
  async (t) => {
    const value = (text: unknown): string => {
      if (text === 'closes') void it.producer.close()
      return String(text).padEnd(500, '.')
    }
    const serializers = { value } as never
    const it = await simulate({ topics: { orders: {} } }, { ...SMALL, serializers })
    await it.run(it.producer.partitionsFor('orders'))
    const list = Array.from({ length: 200 }, (_, i) => ({
      ...{ topic: 'orders', value: i === 150 ? 'closes' : String(i) },
    }))
    const sent = it.producer.sendAll(list).catch((error: unknown) => error as SendAllError)
    const { results } = (await it.run(sent)) as SendAllError
    t.equal(results.length, 200)
    t.match(results[199], { status: 'rejected', reason: { name: 'ClosedError' } })
    await it.run(it.producer.close())
    await it.cluster.close()
  },
)
