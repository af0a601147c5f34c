/**
 * Quotas: Kafka's arithmetic by hand-made examples, and what a client of the test cluster sees: an
 * answer at once, then a broker that reads nothing from that connection until the pause is over.
 */
import t from 'tap'
import { Producer } from '../../src/index.js'
import type { ProduceRequest } from '../../src/protocol/messages/produce.js'
import { TestCluster } from '../../src/testing/cluster.js'
import { ProducedRate } from '../../src/testing/produced-rate.js'
import { simulate, type Simulation } from './support/simulation.js'

const TOPICS = { topics: { orders: {} } }

const send = (it: Simulation, sizeBytes: number): Promise<unknown> =>
  it.producer.send({ topic: 'orders', value: Buffer.alloc(sizeBytes) })

t.test('the pause is what brings the rate back to the quota', async (t) => {
  const rate = new ProducedRate()
  // Ten empty samples and the current one, which has just begun: 10 s of 1,000 B/s are free.
  t.equal(rate.record(10_000, 5000, 1000), 0)
  // 12,000 bytes in 10 s are 1,200 B/s: 2 s more make them 1,000.
  t.equal(rate.record(2000, 5000, 1000), 2000)
  // 12,600 bytes in 10.4 s (the current sample is 400 ms old).
  t.equal(rate.record(600, 5400, 1000), Math.round((12_600 / 10.4 - 1000) * 10.4))
  // Another quota, the same bytes.
  t.equal(rate.record(0, 5400, 100_000), 0)
})

t.test(
  'what was produced counts for eleven seconds behind the last byte of its sample',
  async (t) => {
    const rate = new ProducedRate()
    rate.record(11_000, 0, 1000)
    t.equal(rate.record(0, 500, 1000), 500) // 11,000 bytes in 10.5 s
    t.equal(rate.record(1, 11_499, 1000), 0) // the first sample still counts: 11,001 bytes in 11.499 s
    t.equal(rate.record(11_000, 11_499, 1000), Math.round((22_001 / 11.499 - 1000) * 11.499))
    const later = new ProducedRate()
    later.record(11_000, 0, 1000)
    later.record(0, 500, 1000)
    t.equal(later.record(10_000, 11_500, 1000), 0) // it is gone, and empty ones stand in its place
  },
)

t.test('samples begin with a request, and each lasts a second', async (t) => {
  const rate = new ProducedRate()
  let last = 0
  for (let ms = 0; ms <= 30_000; ms += 300) last = rate.record(330, ms, 1000)
  // 1,100 B/s for ever: each sample holds four requests (0, 300, 600, 900), so twelve span 13.2 s at most.
  t.ok(last > 0 && last < 2000, `${last} ms`)
})

t.test('a request over the quota is answered at once, and then nothing is read', async (t) => {
  const it = await simulate(TOPICS)
  await it.run(send(it, 10))
  it.cluster.quota({ producerByteRate: 1000 })
  await it.run(send(it, 15_000))
  const answeredMs = it.clock.monotonicMs()
  const produced = (): number => it.cluster.requests.filter(({ api }) => api === 'Produce').length
  const before = produced()
  await it.run(send(it, 10))
  const waitedMs = it.clock.monotonicMs() - answeredMs
  t.equal(produced(), before + 1)
  t.ok(waitedMs >= 5000 && waitedMs < 5500, `15,0xx bytes in 10 s: ${waitedMs} ms`)
})

t.test('each client id has a quota of its own, until it is lifted', async (t) => {
  const it = await simulate(TOPICS, { clientId: 'greedy' })
  const environment = { clock: it.clock, random: () => 0.5, dial: it.network.dial }
  const modest = new Producer({ brokers: it.cluster.bootstrap, clientId: 'modest' }, environment)
  const lift = it.cluster.quota({ producerByteRate: 1000 })
  await it.run(send(it, 15_000))
  const from = it.clock.monotonicMs()
  await it.run(modest.send({ topic: 'orders', value: 'x' }))
  t.ok(it.clock.monotonicMs() - from < 100, 'it does not pay for the other')
  await it.run(modest.close())
  lift()
  await it.clock.advanceSettled(6000)
  const lifted = it.clock.monotonicMs()
  await it.run(send(it, 50_000))
  t.ok(it.clock.monotonicMs() - lifted < 100, 'lifted')
})

t.test('acks 0 is paused too, without a word', async (t) => {
  const it = await simulate(TOPICS, { acks: 0 })
  it.cluster.quota({ producerByteRate: 1000 })
  await it.run(send(it, 15_000))
  await it.clock.advanceSettled(10)
  await it.run(send(it, 10))
  const produced = (): number =>
    it.cluster.requests.filter(
      ({ api, body }) => api === 'Produce' && (body as ProduceRequest).acks === 0,
    ).length
  await it.clock.advanceSettled(1000)
  t.equal(produced(), 1)
  await it.clock.advanceSettled(5000)
  t.equal(produced(), 2)
})

t.test('a quota of nothing is refused', async (t) => {
  const cluster = await TestCluster.start()
  t.throws(() => cluster.quota({ producerByteRate: 0 }), RangeError)
  t.throws(() => cluster.quota({ producerByteRate: Number.NaN }), RangeError)
  await cluster.close()
})
