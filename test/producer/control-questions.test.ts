/**
 * A whole producer, on a virtual clock, among brokers that answer promptly and are no help: one has an
 * old view, one gives no producer ids. Another one is asked next.
 */
import t from 'tap'
import { ErrorCodes } from '../../src/testing/cluster.js'
import { simulate, type Simulation } from '../testing/support/simulation.js'

const THREE = { brokers: 3, topics: { orders: {} } }

const send = (it: Simulation, value: string, topic = 'orders'): Promise<bigint> =>
  it.producer.send({ topic, partition: 0, value }).then(({ offset }) => offset)

/** The broker that is asked about metadata. */
function asked({ cluster }: Simulation): number {
  return cluster.requests.findLast(({ api }) => api === 'Metadata')?.broker ?? -1
}

for (const change of ['another leader', 'no leader for a while', 'a topic made anew'] as const) {
  t.test(`a broker with an old view keeps nobody from seeing ${change}`, async (t) => {
    const it = await simulate(THREE)
    await it.run(send(it, 'a'))
    it.cluster.broker(asked(it)).holdMetadata()
    const partition = it.cluster.partition('orders', 0)
    const other = it.cluster.brokers.find(({ id }) => id !== partition.leader)
    if (change === 'another leader') partition.moveLeader(other?.id ?? 0, { hint: false })
    else if (change === 'no leader for a while') partition.removeLeader({ hint: false })
    else {
      it.cluster.deleteTopic('orders')
      it.cluster.createTopic('orders')
      it.cluster.partition('orders', 0).moveLeader(other?.id ?? 0, { hint: false })
    }
    const startedMs = it.clock.monotonicMs()
    const sent = send(it, 'b')
    if (change === 'no leader for a while') {
      await it.clock.advanceSettled(500)
      partition.moveLeader(other?.id ?? 0)
    }
    t.equal(await it.run(sent), change === 'a topic made anew' ? 0n : 1n)
    const tookMs = it.clock.monotonicMs() - startedMs
    t.ok(tookMs < 2500, `${tookMs} virtual ms`)
    await it.run(it.producer.close())
    t.equal(it.clock.timerCount, 0)
  })
}

t.test('a topic that one broker does not know yet is asked of another', async (t) => {
  const it = await simulate({ brokers: 3, autoCreateTopics: false })
  await it.run(it.producer.connect())
  it.cluster.broker(asked(it)).holdMetadata()
  it.cluster.createTopic('new')
  t.equal(await it.run(send(it, 'a', 'new')), 0n)
  t.ok(it.clock.monotonicMs() < 1000, `${it.clock.monotonicMs()} virtual ms`)
  await it.run(it.producer.close())
})

for (const how of [
  'silent',
  ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCodes.COORDINATOR_NOT_AVAILABLE,
  ErrorCodes.NOT_COORDINATOR,
] as const) {
  t.test(`a broker that gives no producer ids (${how}) costs half a second at most`, async (t) => {
    const it = await simulate(THREE)
    it.cluster.broker(1).withholdProducerIds(how)
    t.equal(await it.run(send(it, 'a')), 0n)
    const [first] = it.cluster.requests.filter(({ api }) => api === 'InitProducerId')
    t.equal(first?.broker, 1, 'it was asked')
    t.ok(it.clock.monotonicMs() <= 600, `${it.clock.monotonicMs()} virtual ms`)
    await it.run(it.producer.close({ timeoutMs: 0 }))
    t.equal(it.clock.timerCount, 0)
  })
}

t.test('brokers that are back are found while another address is silent', async (t) => {
  const it = await simulate(THREE, { connectionTimeoutMs: 10_000 })
  await it.run(send(it, 'a'))
  const led = it.cluster.partition('orders', 0).leader
  const [back, silent] = it.cluster.brokers.filter(({ id }) => id !== led)
  if (back === undefined || silent === undefined) throw new Error('there are three')
  for (const broker of [it.cluster.broker(led), silent, back]) await broker.stop()
  await silent.start() // not in sync: it leads nothing
  silent.freeze()
  const sent = send(it, 'b')
  await it.clock.advanceSettled(1500)
  await back.start()
  const startedMs = it.clock.monotonicMs()
  t.equal(await it.run(sent), 1n)
  const tookMs = it.clock.monotonicMs() - startedMs
  t.ok(tookMs < 1000, `${tookMs} virtual ms after it was back`)
  await it.run(it.producer.close({ timeoutMs: 0 }))
  t.equal(it.clock.timerCount, 0)
})

t.test('only the topics concerned are asked for while a leader is missing', async (t) => {
  const it = await simulate({ brokers: 3, topics: { orders: {}, others: {} } })
  await it.run(send(it, 'a'))
  await it.run(send(it, 'a', 'others'))
  it.cluster.partition('orders', 0).removeLeader()
  const from = it.cluster.requests.length
  const sent = send(it, 'b')
  await it.clock.advanceSettled(3000)
  const bodies = it.cluster.requests.slice(from).filter(({ api }) => api === 'Metadata')
  const names = bodies.map(({ body }) => JSON.stringify((body as { topics: unknown }).topics))
  t.ok(names.length > 5 && names.every((text) => !text.includes('others')), names.join('; '))
  it.cluster.partition('orders', 0).moveLeader(2)
  t.equal(await it.run(sent), 1n)
  await it.run(it.producer.close())
})
