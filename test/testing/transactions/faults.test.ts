/** What a test does to transactions: faults on request, groups, levels, deaths, over the wire. */
import t, { type Test } from 'tap'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import { apiVersions } from '../../../src/protocol/messages/api-versions.js'
import { TestCluster, type ApiName, type TestClusterOptions } from '../../../src/testing/cluster.js'
import { RawTransactions, type Identity } from './support.js'

async function start(t: Test, options: TestClusterOptions = {}) {
  const topics = { orders: {}, audit: {} }
  const cluster = await TestCluster.start({ topics, ...options })
  t.teardown(() => cluster.close())
  const coordinator = cluster.broker(cluster.transactions.coordinatorOf('copy-0'))
  const client = new RawTransactions(coordinator.address, 'copy-0', 2)
  return { cluster, client, coordinator }
}

t.test('every API can be told to fail, before or after it was carried out', async (t) => {
  const { cluster, client } = await start(t)
  const now = await client.init()
  const calls: Partial<Record<ApiName, () => Promise<string>>> = {
    AddOffsetsToTxn: () => client.addOffsets(now, 'readers'),
    AddPartitionsToTxn: () => client.add(now, { orders: [0] }),
    TxnOffsetCommit: () => client.commitOffsets(now, 'readers', { orders: 1n }),
    EndTxn: () => client.end(now, true).then(({ error }) => error),
    FindCoordinator: () => client.find('transaction').then(({ error }) => error),
    InitProducerId: () => client.init().then(({ error }) => error),
  }
  for (const [api, call] of Object.entries(calls) as [ApiName, () => Promise<string>][]) {
    cluster.failNext(api, { errorCode: ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS })
    t.equal(await call(), 'COORDINATOR_LOAD_IN_PROGRESS', api)
    cluster.failNext(api, { disconnect: 'before' })
    await t.rejects(call(), /hung up/)
    cluster.failNext(api, { throttleMs: 1 })
    t.equal(await call(), 'NONE', `${api} is carried out then`)
  }
  const other = new RawTransactions(client.address, 'copy-1', 2)
  const mine = await other.init()
  cluster.failNext('AddPartitionsToTxn', {
    errorCode: ErrorCodes.UNKNOWN_SERVER_ERROR,
    appended: true,
  })
  t.equal(await other.add(mine, { orders: [0] }), 'UNKNOWN_SERVER_ERROR')
  t.equal(cluster.transactions.get('copy-1')?.state, 'Ongoing')
  cluster.failNext('EndTxn', { disconnect: 'after' })
  await t.rejects(other.end(mine, true), /hung up/)
  t.equal(cluster.transactions.get('copy-1')?.state, 'CompleteCommit')
  t.equal((await other.end(mine, true)).error, 'NONE', 'the same request again')
})

t.test('a fault of one topic', async (t) => {
  const { cluster, client } = await start(t)
  const now = await client.init()
  const grant = cluster.forbid({ topic: 'audit', operation: 'Write' })
  t.equal(
    await client.add(now, { audit: [0], orders: [0] }),
    'TOPIC_AUTHORIZATION_FAILED OPERATION_NOT_ATTEMPTED',
  )
  t.equal(await client.produce(now, 'audit', 0), 'TOPIC_AUTHORIZATION_FAILED')
  t.equal(cluster.transactions.get('copy-0')?.state, 'Empty', 'nothing was added')
  grant()
  t.equal(await client.add(now, { audit: [0], orders: [0] }), 'NONE NONE')
  const { TOPIC_AUTHORIZATION_FAILED: errorCode } = ErrorCodes
  cluster.failNext('TxnOffsetCommit', { errorCode, topic: 'audit' })
  const committed = await client.commitOffsets(now, 'readers', { orders: 1n, audit: 2n })
  t.equal(committed, 'NONE TOPIC_AUTHORIZATION_FAILED')
  t.equal(cluster.consumerGroup('readers').pendingOffsets.length, 1)
  cluster.failNext('AddPartitionsToTxn', { omitted: true, topic: 'audit' })
  t.equal(await client.add(now, { audit: [0], orders: [0] }), 'OPERATION_NOT_ATTEMPTED')
})

t.test('a batch that is refused is part of the transaction: it must be ended', async (t) => {
  const topics = { small: { config: { 'max.message.bytes': '100' } } }
  const { cluster, client } = await start(t, { topics })
  const now = await client.init()
  const values = ['v'.repeat(200)]
  t.equal(await client.produce(now, 'small', 0, { values }), 'MESSAGE_TOO_LARGE')
  t.equal(cluster.transactions.get('copy-0')?.state, 'Ongoing')
  t.equal((await client.end(now, false)).error, 'NONE')
})

t.test('a group fences by member, instance and generation', async (t) => {
  const { cluster, client } = await start(t)
  const now = await client.init()
  const members = [{ memberId: 'm1', groupInstanceId: 'i1' }, { memberId: 'm2' }]
  const group = cluster.consumerGroup('readers', { generationId: 4, members })
  const commit = (who: Parameters<RawTransactions['commitOffsets']>[3]): Promise<string> =>
    client.commitOffsets(now, 'readers', { orders: 1n }, who)
  t.equal(await commit({}), 'NONE', 'without any of it nothing is checked')
  t.equal(await commit({ generationId: 4, memberId: 'm2' }), 'NONE')
  t.equal(await commit({ generationId: 4, memberId: 'm1', groupInstanceId: 'i1' }), 'NONE')
  t.equal(await commit({ generationId: 3, memberId: 'm2' }), 'ILLEGAL_GENERATION')
  t.equal(await commit({ generationId: -1, memberId: 'm2' }), 'ILLEGAL_GENERATION')
  t.equal(await commit({ generationId: 4, memberId: 'm3' }), 'UNKNOWN_MEMBER_ID')
  t.equal(await commit({ generationId: 4 }), 'UNKNOWN_MEMBER_ID')
  const stranger = { generationId: 4, memberId: 'm2', groupInstanceId: 'i2' }
  t.equal(await commit(stranger), 'UNKNOWN_MEMBER_ID')
  t.equal(await commit({ ...stranger, groupInstanceId: 'i1' }), 'FENCED_INSTANCE_ID')
  group.set({ generationId: 5, members })
  t.equal(await commit({ generationId: 4, memberId: 'm2' }), 'ILLEGAL_GENERATION', 'rebalanced')
  group.remove()
  t.equal(await commit({ generationId: 5, memberId: 'm2' }), 'ILLEGAL_GENERATION', 'no such group')
  t.equal(await commit({}), 'NONE')
  t.strictSame(cluster.committedOffsets('readers'), [])
})

t.test('coordinators of their own, on brokers that come and go', async (t) => {
  const { cluster, client, coordinator } = await start(t, { brokers: 3 })
  const others = cluster.brokers.filter(({ id }) => id !== coordinator.id)
  const elsewhere = new RawTransactions(others[0]?.address ?? '', 'copy-0', 2)
  t.strictSame(await elsewhere.find('transaction'), { error: 'NONE', nodeId: coordinator.id })
  t.strictSame(await elsewhere.find('transaction', 'copy-0', 3), await elsewhere.find('transaction', 'copy-0', 5)) // prettier-ignore
  t.equal((await elsewhere.init()).error, 'NOT_COORDINATOR')
  const now = await client.init()
  t.equal(await elsewhere.add(now, { orders: [0] }), 'NOT_COORDINATOR')
  t.equal(await elsewhere.addOffsets(now, 'readers'), 'NOT_COORDINATOR')
  t.equal((await elsewhere.end(now, true)).error, 'NOT_COORDINATOR')
  t.equal(await client.add(now, { orders: [0] }), 'NONE')

  const group = cluster.consumerGroup('readers')
  const another = cluster.brokers.find(({ id }) => id !== group.coordinator)
  const lost = new RawTransactions(another?.address ?? '', 'copy-0', 2)
  t.equal(await lost.commitOffsets(now, 'readers', { orders: 1n }), 'NOT_COORDINATOR')
  group.moveCoordinator(another?.id ?? -1)
  t.equal(await lost.commitOffsets(now, 'readers', { orders: 1n }), 'NONE')
  t.throws(() => group.moveCoordinator(9), /no broker 9/)

  await coordinator.stop()
  const successor = cluster.transactions.coordinatorOf('copy-0')
  t.not(successor, coordinator.id)
  t.equal(cluster.transactions.get('copy-0')?.coordinator, successor)
  const young = new RawTransactions(cluster.broker(successor).address, 'copy-0', 2)
  t.equal((await young.end(now, true)).error, 'NONE')
  t.strictSame(cluster.committedOffsets('readers').length, 1)
  await coordinator.start()
  t.equal(cluster.transactions.coordinatorOf('copy-0'), successor, 'it stays')
})

t.test('the level is told with its epoch, and changes while the cluster runs', async (t) => {
  const { cluster, client } = await start(t, { transactionVersion: 1 })
  const software = { clientSoftwareName: 'x', clientSoftwareVersion: '1' }
  const told = async (): Promise<unknown> => {
    const it = await client.ask(apiVersions, 4, software)
    return [it.finalizedFeaturesEpoch, it.finalizedFeatures.map((it) => it.maxVersionLevel)]
  }
  t.strictSame(await told(), [1n, [1]])
  cluster.setTransactionVersion(2)
  t.equal(cluster.transactionVersion, 2)
  t.strictSame(await told(), [2n, [2]])
  cluster.setTransactionVersion(0)
  t.strictSame(await told(), [3n, []])
  t.throws(() => cluster.setTransactionVersion(3 as 2), /0, 1 or 2, not 3/)
  await t.rejects(TestCluster.start({ transactionVersion: -1 as 0 }), /0, 1 or 2, not -1/)
})

t.test(
  'an older broker speaks older versions, and none of transactions where it must not',
  async (t) => {
    const { cluster, client } = await start(t, { apiVersions: { EndTxn: 4, TxnOffsetCommit: -1 } })
    const software = { clientSoftwareName: 'x', clientSoftwareVersion: '1' }
    const { apiKeys } = await client.ask(apiVersions, 4, software)
    t.equal(apiKeys.find(({ apiKey }) => apiKey === 26)?.maxVersion, 4)
    t.equal(
      apiKeys.find(({ apiKey }) => apiKey === 28),
      undefined,
    )
    t.equal(cluster.brokers.length, 1)
  },
)

t.test('what is read of two interleaved transactions, and what a lost tail undoes', async (t) => {
  const { cluster, client } = await start(t, { topics: { orders: {} } })
  const other = new RawTransactions(client.address, 'copy-1', 2)
  const values = (isolation?: 'read_committed'): unknown[] =>
    cluster.records('orders', { isolation, partition: 0 }).map(({ value }) => value?.toString())
  let a: Identity = await client.init()
  let b: Identity = await other.init()
  await client.produce(a, 'orders', 0, { values: ['a1'] })
  await other.produce(b, 'orders', 0, { values: ['b1'] })
  await client.produce(a, 'orders', 1, { values: ['a2'] })
  a = await client.end(a, false)
  const partition = cluster.partition('orders', 0)
  t.strictSame(values('read_committed'), [])
  t.equal(partition.lastStableOffset, 1n)
  b = await other.end(b, true)
  t.strictSame(values('read_committed'), ['b1'])
  t.strictSame(values(), ['a1', 'b1', 'a2'])
  t.equal(partition.abortedTransactions.length, 1)
  t.equal(partition.lastStableOffset, 5n)
  partition.pauseReplication()
  t.strictSame(cluster.records('orders', 0).length, 3)
  t.equal(cluster.records('orders', { isolation: 'read_uncommitted' }).length, 3)
  cluster.wipe()
  t.strictSame(cluster.transactions.all, [])
  t.strictSame([a.producerEpoch, b.producerEpoch], [1, 1])
})
