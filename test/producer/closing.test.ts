/** The user's code may close the producer from wherever it is called, while much waits for room. */
import t from 'tap'
import type { Interceptor, ProducerRecord, SendAllError } from '../../src/index.js'
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
