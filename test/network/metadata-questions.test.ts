// Whom metadata asks, for what and how often, while something is missing; and answers of another life.
import t from 'tap'
import { formatAddress } from '../../src/network/address.js'
import { RefreshSchedule } from '../../src/network/metadata/refresh-schedule.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import { OPTIONS } from './support/context.js'
import { broker } from './support/scripted-broker.js'
import { BOOT, ONE, TWO, setUpKnown } from './support/metadata-world.js'
import { transactionVersion } from './support/scripted-broker.js'

const NEW_ID = 'b3R0bGEtdGVzdGluZwAAAQ'

t.test('asks another broker after an answer that does not help, then stays', async (t) => {
  const { cache, cluster, clock } = await setUpKnown()
  cluster.topics = { a: { leaders: [[-1, 1], [2, 0]] } } // prettier-ignore
  cache.requestRefresh()
  await clock.advanceSettled(1000)
  const [first, second, third, fourth] = cluster.asked
  t.equal(new Set([first, second, third]).size, 3, 'each in turn')
  t.equal(fourth, first, 'and from the beginning')
  cluster.topics = { a: { leaders: [[1, 2], [2, 0]] } } // prettier-ignore
  await clock.advanceSettled(1000)
  const last = cluster.asked.at(-1)
  cluster.topics = { a: { leaders: [[2, 3], [2, 0]] } } // prettier-ignore
  cache.requestRefresh()
  await clock.settle()
  t.equal(cluster.asked.at(-1), last)
})

t.test('keeps few connections while it asks around, and one afterwards', async (t) => {
  const { cache, cluster, clock, network } = await setUpKnown()
  const others = Array.from({ length: 10 }, (_, index) => ({ ...ONE, nodeId: 10 + index, host: `h${index}` })) // prettier-ignore
  for (const other of others)
    network.listen(other, broker((request) => cluster.answer(formatAddress(other), request))) // prettier-ignore
  cluster.brokers = [ONE, TWO, ...others]
  cluster.topics = { a: { leaders: [[-1, 1], [2, 0]] } } // prettier-ignore
  cache.requestRefresh()
  for (let ms = 0; ms < 5000; ms += 100) {
    await clock.advanceSettled(100)
    t.ok(network.openPeers.length <= 4, `${network.openPeers.length} connections`)
  }
  t.ok(new Set(cluster.asked).size > 10, 'all are asked')
  cluster.topics = { a: { leaders: [[1, 2], [2, 0]] } } // prettier-ignore
  await clock.advanceSettled(1000)
  t.equal(network.openPeers.length, 1)
})

t.test('asks for those topics alone that it is asked to, and for all by default', async (t) => {
  const { cache, cluster, clock } = await setUpKnown()
  cluster.topics = { ...cluster.topics, b: { leaders: [[2, 0]] } }
  cache.want('b')
  await clock.advanceSettled(1000)
  cluster.asked = []
  for (const ask of [
    () => cache.requestRefresh(['b', 'unwanted']),
    () => cache.requestRefreshOf(1),
    () => cache.requestRefreshOf(2),
    () => cache.requestRefresh([]),
    () => cache.requestRefresh(),
  ]) {
    ask()
    await clock.advanceSettled(1000)
  }
  t.strictSame(cluster.asked.map((text) => text.replace(/.*: /, '')), ['b', 'a', 'a,b', '', 'a,b']) // prettier-ignore
})

t.test('asks again for what it asked when nobody answered', async (t) => {
  const { cache, cluster, clock } = await setUpKnown({ requestTimeoutMs: 400 })
  for (const address of [BOOT, ONE, TWO]) cluster.frozen.add(formatAddress(address))
  cache.requestRefresh(['a'])
  await clock.advanceSettled(1000)
  cluster.frozen.clear()
  cluster.asked = []
  await clock.advanceSettled(1000)
  t.match(cluster.asked[0], /: a$/)
})

t.test('leaves a slow cluster alone for as long as it took to answer', async (t) => {
  const schedule = new RefreshSchedule(OPTIONS, () => 0.5)
  const outcome = { broughtNews: false, isUnsettled: true, isUrgent: true }
  const waitAfter = (tookMs: number): number => {
    schedule.finish(0, { ...outcome, tookMs })
    return schedule.earliestMs
  }
  t.strictSame([1, 1, 1, 1, 1].map(waitAfter), [50, 100, 200, 250, 250]) // prettier-ignore
  t.equal(waitAfter(400), 400)
  t.equal(waitAfter(9000), 1000, 'not for ever')
})

t.test('another cluster: starts from nothing, whatever its epochs', async (t) => {
  const { cache, cluster, clock, events, context } = await setUpKnown()
  context.features.learn(transactionVersion(2, 900n))
  cluster.topics = { a: { leaders: [[1, 7], [2, 7]] } } // prettier-ignore
  cache.requestRefresh()
  await clock.settle()
  events.length = 0
  cluster.id = 'd'
  cluster.topics = { a: { leaders: [[2, 0], [1, 0]] } } // prettier-ignore
  cache.requestRefresh()
  await clock.advanceSettled(250)
  t.strictSame(events, [
    'a: -1/-1,-1/-1',
    'another cluster: the cluster c is gone: the cluster d stands at boot:9092',
    'brokers one:9092,two:9092',
    'a: 2/0,1/0',
  ])
  t.equal(context.features.level('transaction.version'), 0, 'of the old cluster')
  context.features.learn(transactionVersion(2, 4n))
  cluster.id = null
  cache.requestRefresh()
  await clock.advanceSettled(250)
  t.equal(events.length, 4, 'an answer without id says nothing')
  t.equal(context.features.level('transaction.version'), 2)
})

t.test(
  'takes no hint of a former life of the topic, which would outrank every answer',
  async (t) => {
    const { cache, cluster, clock, events } = await setUpKnown()
    cluster.topics = { a: { topicId: NEW_ID, leaders: [[1, 0], [2, 0]] } } // prettier-ignore
    cache.requestRefresh()
    await clock.settle()
    events.length = 0
    const hint = { topic: 'a', topicId: ZERO_UUID, partition: 0, leaderId: 2, leaderEpoch: 9 }
    t.equal(cache.applyLeaderHint(hint), false)
    cluster.topics = { a: { topicId: NEW_ID, leaders: [[2, 1], [2, 0]] } } // prettier-ignore
    cache.requestRefresh()
    await clock.advanceSettled(250)
    t.strictSame(events, ['a: 2/1,2/0'])
  },
)
