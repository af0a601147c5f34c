/** A pool of transactional producers, over real sockets. */
import t, { type Test } from 'tap'
import { TransactionalPool, TransactionalProducer } from '../../../src/index.js'
import { ErrorCodes, TestCluster, type TestClusterOptions } from '../../../src/testing/cluster.js'
import { failureOf, fateOf } from '../transactions/support.js'

async function setUp(t: Test, size?: number, options: TestClusterOptions = {}) {
  const cluster = await TestCluster.start({ topics: { orders: {} }, ...options })
  const pool = new TransactionalPool({
    brokers: cluster.bootstrap,
    transactionalId: 'orders-0',
    size,
  })
  t.teardown(async () => {
    await pool.close({ timeoutMs: 0 })
    await cluster.close()
  })
  const values = (): (string | undefined)[] =>
    cluster.records('orders', { isolation: 'read_committed' }).map(({ value }) => value?.toString())
  const send = (value: string): Promise<unknown> =>
    pool.transaction((txn) => txn.send({ topic: 'orders', value }))
  return { cluster, pool, values, send }
}

t.test('its size', async (t) => {
  const options = { brokers: 'a:1', transactionalId: 'orders-0' }
  t.equal(new TransactionalPool(options).size, 4)
  for (const size of [0, -1, 1.5, 1001, '4', null] as never[]) {
    const message = /option size is .*from 1 to 1000/
    t.throws(() => new TransactionalPool({ ...options, size }), { name: 'ConfigError', message })
  }
})

t.test('each producer has an id of its own, taken up by connect', async (t) => {
  const { cluster, pool } = await setUp(t, 3)
  await pool.connect()
  t.strictSame(
    cluster.transactions.all.map(({ transactionalId }) => transactionalId).sort(),
    ['orders-0-0', 'orders-0-1', 'orders-0-2'],
  )
}) // prettier-ignore

t.test('transactions run beside one another, and what is too much waits', async (t) => {
  const { pool, values } = await setUp(t, 2)
  let running = 0
  let most = 0
  const all = ['a', 'b', 'c', 'd', 'e'].map((value) =>
    pool.transaction(async (txn) => {
      most = Math.max(most, ++running)
      await txn.send({ topic: 'orders', value })
      running--
      return value
    }),
  )
  t.strictSame(await Promise.all(all), ['a', 'b', 'c', 'd', 'e'])
  t.equal(most, 2)
  t.strictSame(values().sort(), ['a', 'b', 'c', 'd', 'e'])
})

t.test('one that throws does not harm the others', async (t) => {
  const { pool, values, send } = await setUp(t, 2)
  const thrown = new Error('mine')
  const failed = pool.transaction(async (txn) => {
    await txn.send({ topic: 'orders', value: 'no' })
    throw thrown
  })
  const [error] = await Promise.all([failureOf(failed), send('yes')])
  t.equal(error, thrown)
  t.strictSame(values(), ['yes'])
  t.equal(pool.size, 2)
})

t.test('a producer that has failed is replaced', async (t) => {
  const { cluster, pool, values, send } = await setUp(t, 1)
  cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_PRODUCER_ID_MAPPING })
  t.not(await fateOf(send('no')), 'ok')
  t.equal(pool.size, 1)
  t.equal(await fateOf(send('yes')), 'ok')
  t.strictSame(values(), ['yes'])
})

t.test('a producer that is fenced is given up; where all are, so are the calls', async (t) => {
  const { cluster, pool, send } = await setUp(t, 2)
  await pool.connect()
  const newer = [0, 1].map(
    (n) => new TransactionalProducer({ brokers: cluster.bootstrap, transactionalId: `orders-0-${n}` }),
  )
  await newer[0]?.connect()
  t.equal(await fateOf(send('a')), 'ERR_OTTLA_FENCED')
  t.equal(pool.size, 1)
  t.equal(await fateOf(send('b')), 'ok')
  await newer[1]?.connect()
  t.equal(await fateOf(send('c')), 'ERR_OTTLA_FENCED')
  t.equal(pool.size, 0)
  t.equal(await fateOf(send('d')), 'ERR_OTTLA_FENCED')
  for (const it of newer) await it.close()
}) // prettier-ignore

t.test('closed', async (t) => {
  const { cluster, pool, send } = await setUp(t, 2)
  t.equal(await fateOf(pool.close({ timeoutMs: -1 })), 'ERR_OTTLA_CONFIG')
  const last = fateOf(send('a'))
  await pool.close()
  t.equal(await fateOf(send('b')), 'ERR_OTTLA_CLOSED')
  t.equal(await fateOf(pool.connect()), 'ERR_OTTLA_CLOSED')
  t.not(await last, undefined)
  await pool[Symbol.asyncDispose]()
  for (let i = 0; i < 100 && cluster.connectionCount > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  t.equal(cluster.connectionCount, 0)
})
