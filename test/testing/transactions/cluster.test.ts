/** Transactions over the wire: the happy path of both levels, fencing, and what is stored. */
import t, { type Test } from 'tap'
import { TestCluster, type TestClusterOptions } from '../../../src/testing/cluster.js'
import { RawTransactions, type Identity } from './support.js'

async function start(t: Test, level: 1 | 2, options: TestClusterOptions = {}) {
  const topics = { orders: { partitions: 2 }, audit: {} }
  const cluster = await TestCluster.start({ topics, transactionVersion: level, ...options })
  t.teardown(() => cluster.close())
  const client = new RawTransactions(cluster.bootstrap[0] ?? '', 'copy-0', level)
  const next = (now: Identity, answer: Identity): Identity => (level === 2 ? answer : now)
  const begin = async (now: Identity, topic = 'orders'): Promise<void> => {
    if (level === 1) t.equal(await client.add(now, { [topic]: [0] }), 'NONE')
  }
  const values = (isolation?: 'read_committed'): (string | undefined)[] =>
    cluster.records('orders', { isolation }).map(({ value }) => value?.toString())
  return { cluster, client, next, begin, values }
}

for (const level of [1, 2] as const) {
  t.test(`level ${level}: commits, aborts and shows what is committed`, async (t) => {
    const { cluster, client, next, begin, values } = await start(t, level)
    let now: Identity = await client.init()
    t.strictSame(now, { error: 'NONE', producerId: 1000n, producerEpoch: 0 })
    await begin(now)
    t.equal(await client.produce(now, 'orders', 0, { values: ['a', 'b'] }), 'NONE')
    t.equal(cluster.transactions.get('copy-0')?.state, 'Ongoing')
    t.strictSame(cluster.transactions.get('copy-0')?.partitions, [
      { topic: 'orders', partition: 0 },
    ])
    t.strictSame(values(), ['a', 'b'])
    t.strictSame(values('read_committed'), [])
    t.equal(cluster.partition('orders', 0).lastStableOffset, 0n)
    const committed = await client.end(now, true)
    t.equal(committed.error, 'NONE')
    t.equal(committed.producerEpoch, level === 2 ? 1 : -1)
    t.equal(cluster.transactions.get('copy-0')?.state, 'CompleteCommit')
    t.strictSame(values('read_committed'), ['a', 'b'])
    t.equal(cluster.partition('orders', 0).lastStableOffset, 3n, 'the marker has an offset')
    now = next(now, committed)
    await begin(now)
    t.equal(await client.produce(now, 'orders', level === 2 ? 0 : 2, { values: ['c'] }), 'NONE')
    const aborted = await client.end(now, false)
    t.equal(aborted.error, 'NONE')
    t.strictSame(values(), ['a', 'b', 'c'])
    t.strictSame(values('read_committed'), ['a', 'b'])
    t.equal(cluster.partition('orders', 0).endOffset, 5n)
    t.strictSame(cluster.partition('orders', 0).abortedTransactions, [
      { producerId: 1000n, firstOffset: 3n },
    ])
    now = next(now, aborted)
    await begin(now)
    t.equal(await client.produce(now, 'orders', level === 2 ? 0 : 3, { values: ['d'] }), 'NONE')
    t.equal((await client.end(now, true)).error, 'NONE')
    t.strictSame(values('read_committed'), ['a', 'b', 'd'])
  })

  t.test(`level ${level}: a new instance fences the old one and aborts what is open`, async (t) => {
    const { cluster, client, begin, values } = await start(t, level)
    const old = await client.init()
    await begin(old)
    t.equal(await client.produce(old, 'orders', 0, { values: ['old'] }), 'NONE')
    t.equal((await client.init()).error, 'CONCURRENT_TRANSACTIONS')
    const young = await client.init()
    t.strictSame(young, { error: 'NONE', producerId: 1000n, producerEpoch: 2 })
    t.strictSame(values('read_committed'), [])
    t.equal(cluster.partition('orders', 0).lastStableOffset, 2n)
    t.equal(await client.add(old, { orders: [0] }), 'PRODUCER_FENCED')
    t.equal(await client.add(old, { orders: [0] }, 1), 'INVALID_PRODUCER_EPOCH')
    t.equal(await client.produce(old, 'orders', 1), 'INVALID_PRODUCER_EPOCH')
    t.equal((await client.end(old, true)).error, 'PRODUCER_FENCED')
    t.equal((await client.end(old, true, 1)).error, 'INVALID_PRODUCER_EPOCH')
    t.equal((await client.init(old)).error, 'PRODUCER_FENCED')
    t.equal((await client.init(old, { version: 3 })).error, 'INVALID_PRODUCER_EPOCH')
    await begin(young)
    t.equal(await client.produce(young, 'orders', 0, { values: ['young'] }), 'NONE')
    t.equal((await client.end(young, true)).error, 'NONE')
    t.strictSame(values('read_committed'), ['young'])
  })

  t.test(`level ${level}: offsets are the group's from the marker on`, async (t) => {
    const { cluster, client, next } = await start(t, level)
    let now: Identity = await client.init()
    if (level === 1) t.equal(await client.addOffsets(now, 'readers'), 'NONE')
    t.equal(await client.commitOffsets(now, 'readers', { orders: 7n }), 'NONE')
    const group = cluster.consumerGroup('readers')
    const offset = { topic: 'orders', partition: 0, offset: 7n, leaderEpoch: -1, metadata: null }
    t.strictSame(group.pendingOffsets, [offset])
    t.strictSame(cluster.committedOffsets('readers'), [])
    now = next(now, await client.end(now, true))
    t.strictSame(group.pendingOffsets, [])
    t.strictSame(cluster.committedOffsets('readers'), [offset])
    if (level === 1) t.equal(await client.addOffsets(now, 'readers'), 'NONE')
    t.equal(await client.commitOffsets(now, 'readers', { orders: 9n }), 'NONE')
    t.equal((await client.end(now, false)).error, 'NONE')
    t.strictSame(cluster.committedOffsets('readers'), [offset])
  })
}
