/**
 * What the test cluster accepts and refuses, by raw requests over TCP: the scripts that
 * same-as-kafka.broker.test.ts holds against a real Kafka, and those that take several brokers.
 */
import t from 'tap'
import { TestCluster } from '../../src/testing/cluster.js'
import { makeBatch } from './support/batches.js'
import { rawProduce, type Seen } from './support/raw-produce.js'
import { SCENARIOS } from './support/scenarios.js'

function outcome(seen: Seen | undefined): string {
  if (seen === undefined || seen === 'closed') return String(seen)
  return seen.map(({ error }) => String(error)).join(' ')
}

t.test('every script comes to what Kafka makes of it', async (t) => {
  const cluster = await TestCluster.start()
  t.teardown(() => cluster.close())
  const address = cluster.bootstrap[0] ?? ''
  for (const [name, { config = {}, partitions = 1, steps, expect }] of Object.entries(SCENARIOS)) {
    const topic = name.replaceAll(/[^a-zA-Z0-9]/g, '-')
    cluster.createTopic(topic, { config, partitions })
    let last: Seen | undefined
    for (const { batch, records = makeBatch(batch), alongside, ...step } of steps) {
      const second = alongside === undefined ? {} : { alongside: makeBatch(alongside) }
      last = await rawProduce(address, { topic, ...step, records, ...second })
    }
    t.equal(outcome(last), expect, name)
  }
})

t.test('a duplicate is acknowledged with its old offset, and not stored again', async (t) => {
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  t.teardown(() => cluster.close())
  const offsets: unknown[] = []
  for (const sequence of [0, 2, 4, 2, 0]) {
    const records = makeBatch({ producerId: 5n, sequence, values: ['a', 'b'] })
    const seen = await rawProduce(cluster.bootstrap[0] ?? '', { topic: 'orders', records })
    offsets.push(seen === 'closed' ? seen : seen[0]?.['baseOffset'])
  }
  t.strictSame(offsets, [0n, 2n, 4n, 2n, 0n])
  t.equal(cluster.records('orders').length, 6)
})

const versions = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]

for (const version of versions) {
  t.test(
    `v${version} to a broker that does not lead is refused, with the leader from v10`,
    async (t) => {
      const cluster = await TestCluster.start({ brokers: 2, topics: { orders: {} } })
      t.teardown(() => cluster.close())
      const partition = cluster.partition('orders', 0)
      partition.moveLeader(2)
      const old = cluster.broker(1).address
      const request = { topic: 'orders', version, records: makeBatch() }
      const refused = {
        partition: 0,
        error: 'NOT_LEADER_OR_FOLLOWER',
        baseOffset: -1n,
        logAppendTime: 'none',
        logStartOffset: -1n,
        recordErrors: [],
        hasMessage: false,
      }
      const nobody = { leaderId: -1, leaderEpoch: -1 }
      const leader = version >= 10 ? { leaderId: 2, leaderEpoch: 1 } : nobody
      t.strictSame(await rawProduce(old, request), [{ ...refused, currentLeader: leader }])
      partition.moveLeader(2, { hint: false })
      t.strictSame(await rawProduce(old, request), [{ ...refused, currentLeader: nobody }])
      t.equal(outcome(await rawProduce(cluster.broker(2).address, request)), 'NONE')
    },
  )
}

t.test('too few replicas in sync refuse acks all and take acks 1', async (t) => {
  const topics = { orders: { config: { 'min.insync.replicas': '2' } } }
  const cluster = await TestCluster.start({ brokers: 3, topics })
  t.teardown(() => cluster.close())
  const partition = cluster.partition('orders', 0)
  const address = cluster.broker(partition.leader).address
  const produce = async (acks: number): Promise<string> =>
    outcome(await rawProduce(address, { topic: 'orders', acks, records: makeBatch() }))
  t.equal(await produce(-1), 'NONE')
  partition.setInSyncReplicas([partition.leader])
  t.equal(await produce(-1), 'NOT_ENOUGH_REPLICAS')
  t.equal(await produce(1), 'NONE')
})

t.test('a version beyond the cap of a broker ends the connection', async (t) => {
  const cluster = await TestCluster.start({ topics: { orders: {} }, apiVersions: { Produce: 7 } })
  t.teardown(() => cluster.close())
  const address = cluster.bootstrap[0] ?? ''
  const request = { topic: 'orders', records: makeBatch() }
  t.equal(outcome(await rawProduce(address, { ...request, version: 7 })), 'NONE')
  t.equal(await rawProduce(address, { ...request, version: 8 }), 'closed')
  t.equal(cluster.records('orders').length, 1)
})

t.test(
  'an appended batch is stored with offset, epoch and the time that its topic wants',
  async (t) => {
    const cluster = await TestCluster.start({
      topics: { orders: { config: { 'message.timestamp.type': 'LogAppendTime' } }, plain: {} },
    })
    t.teardown(() => cluster.close())
    const address = cluster.bootstrap[0] ?? ''
    const beforeMs = Date.now()
    for (const topic of ['orders', 'plain']) {
      for (const codec of ['gzip', 'zstd'] as const) {
        const records = makeBatch({ codec, values: ['a', null], timestamps: [5, 6] })
        t.equal(outcome(await rawProduce(address, { topic, records })), 'NONE')
      }
    }
    t.strictSame(
      cluster.records('plain').map(({ offset, timestamp, key, value }) => {
        return [offset, timestamp, key?.toString(), value?.toString() ?? null]
      }),
      [
        [0n, 5, 'k', 'a'],
        [1n, 6, 'k', null],
        [2n, 5, 'k', 'a'],
        [3n, 6, 'k', null],
      ],
    )
    for (const { timestamp } of cluster.records('orders')) t.ok(timestamp >= beforeMs)
  },
)
