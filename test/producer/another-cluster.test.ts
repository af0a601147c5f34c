/**
 * A whole producer, on a virtual clock, whose cluster is wiped: another one stands at its addresses, and
 * has given the producer's id to somebody else. What is acknowledged must be stored there.
 */
import t, { type Test } from 'tap'
import { Producer } from '../../src/index.js'
import type { ProducerOptions } from '../../src/producer/options/options.js'
import { simulate, values, type Simulation } from '../testing/support/simulation.js'

const THREE = { brokers: 3, topics: { orders: { partitions: 3 } } }

/** A simulation, and what its producer warns of. */
async function start(
  options: Partial<ProducerOptions> = {},
): Promise<Simulation & { readonly warnings: string[] }> {
  const warnings: string[] = []
  const note = (_: object, message?: string): void => void warnings.push(message ?? '')
  const logger = { debug() {}, info() {}, warn: note, error: note }
  return { ...(await simulate(THREE, { logger, ...options })), warnings }
}

const send = (it: Simulation, value: string, partition = 0): Promise<bigint> =>
  it.producer.send({ topic: 'orders', partition, value }).then(({ offset }) => offset)

/** What became of each record. */
const fates = (sent: readonly Promise<bigint>[]): Promise<string[]> =>
  Promise.all(
    sent.map((it) => it.then(String, (error: unknown) => (error as { outcome: string }).outcome)),
  )

const told = ({ warnings }: { readonly warnings: readonly string[] }): number =>
  warnings.filter((text) => text.includes('now belongs to another cluster')).length

const metadataRequests = ({ cluster }: Simulation): number =>
  cluster.requests.filter(({ api }) => api === 'Metadata').length

/**
 * Another cluster takes the place of the producer's, with the same topic, and a stranger writes so many
 * batches to partition 0 under the producer id that the old one had given to ours.
 */
async function wipe(it: Simulation, strangers = 0): Promise<void> {
  it.cluster.wipe()
  it.cluster.createTopic('orders', { partitions: 3 })
  if (strangers === 0) return
  const environment = { clock: it.clock, random: () => 0.5, dial: it.network.dial }
  const stranger = new Producer({ brokers: it.cluster.bootstrap }, environment)
  for (let i = 0; i < strangers; i++) {
    await it.run(stranger.send({ topic: 'orders', partition: 0, value: `stranger's ${i}` }))
  }
  await it.run(stranger.close())
}

/** What is stored by ours. */
const stored = ({ cluster }: Simulation): (string | undefined)[] =>
  values(cluster, 'orders').filter((value) => value?.startsWith('stranger') === false)

async function end(t: Test, it: Simulation & { readonly warnings: string[] }): Promise<void> {
  t.equal(told(it), 1, 'told once')
  await it.run(it.producer.close())
  t.equal(it.clock.timerCount, 0)
}

for (const Produce of [9, 13]) {
  for (const strangers of [0, 3, 4, 6]) {
    t.test(
      `a wipe while idle: Produce ${Produce}, ${strangers} batches of a stranger's`,
      async (t) => {
        const it = await start({ apiVersions: { Produce } })
        for (const value of ['a', 'b', 'c']) await it.run(send(it, value))
        await wipe(it, strangers)
        const offsets = await it.run(fates(['d', 'e'].map((value) => send(it, value))))
        t.strictSame(offsets, [String(strangers), String(strangers + 1)])
        t.strictSame(stored(it), ['d', 'e'])
        await end(t, it)
      },
    )
  }

  t.test(`a wipe under batches in flight: Produce ${Produce}`, async (t) => {
    const it = await start({ apiVersions: { Produce } })
    await it.run(send(it, 'a'))
    it.cluster.failNext('Produce', { silent: true })
    const sent = [send(it, 'b')]
    await it.clock.advanceSettled(50)
    sent.push(send(it, 'c'))
    await wipe(it)
    t.strictSame(await it.run(fates(sent)), ['unknown', '0'], 'what was on its way is unknown')
    t.strictSame(values(it.cluster, 'orders'), ['c'])
    await end(t, it)
  })

  t.test(`a wipe that metadata sees first: Produce ${Produce}`, async (t) => {
    const it = await start({ apiVersions: { Produce } })
    await it.run(send(it, 'a'))
    await wipe(it)
    await it.run(it.producer.partitionsFor('others')) // asks metadata; nothing is produced
    t.equal(told(it), 1)
    t.equal(await it.run(send(it, 'b')), 0n)
    t.strictSame(values(it.cluster, 'orders'), ['b'])
    await end(t, it)
  })

  t.test(`a wipe that a connection for producing sees first: Produce ${Produce}`, async (t) => {
    const it = await start({ apiVersions: { Produce } })
    await it.run(send(it, 'a'))
    const led = it.cluster.partition('orders', 0).leader
    for (const { id } of it.cluster.brokers) {
      // Questions are answered late: the connection for producing is there before.
      it.cluster.failNext('ApiVersions', { delayMs: 300, broker: id, times: id === led ? 1 : 9 })
    }
    await wipe(it)
    t.equal(await it.run(send(it, 'b')), 0n)
    t.strictSame(values(it.cluster, 'orders'), ['b'])
    await end(t, it)
  })
}

t.test('what was refused before the wipe goes on under new numbers', async (t) => {
  const it = await start({ apiVersions: { Produce: 9 } })
  await it.run(send(it, 'a'))
  it.cluster.failNext('Produce', { errorCode: 19, times: Infinity }) // NOT_ENOUGH_REPLICAS
  const sent = [send(it, 'b'), send(it, 'c')]
  await it.clock.advanceSettled(2000)
  it.cluster.clearFaults()
  await wipe(it)
  t.strictSame(await it.run(fates(sent)), ['0', '1'])
  t.strictSame(values(it.cluster, 'orders'), ['b', 'c'])
  await end(t, it)
})

t.test('without idempotence everything is tried again, and nothing is lost', async (t) => {
  const it = await start({ idempotence: false })
  await it.run(send(it, 'a'))
  it.cluster.failNext('Produce', { silent: true })
  const sent = [send(it, 'b')]
  await it.clock.advanceSettled(50)
  sent.push(send(it, 'c'))
  await wipe(it)
  t.strictSame(await it.run(fates(sent)), ['0', '1'])
  t.strictSame(values(it.cluster, 'orders'), ['b', 'c'])
  await end(t, it)
})

t.test('the first connections of a producer cost no question about the cluster', async (t) => {
  const it = await start()
  for (const partition of [0, 1, 2]) await it.run(send(it, 'a', partition))
  t.equal(metadataRequests(it), 1)
  it.cluster.broker(it.cluster.partition('orders', 0).leader).disconnect()
  await it.run(send(it, 'b'))
  t.ok(metadataRequests(it) > 1, 'later ones do')
  t.equal(told(it), 0)
  await it.run(it.producer.close())
})
