/** A pool of transactional producers, over real sockets. */
import t, { type Test } from 'tap'
import { TransactionalPool, TransactionalProducer } from '../../../src/index.js'
import { Completion } from '../../../src/producer/completing/completion.js'
import { ErrorCodes, TestCluster, type TestClusterOptions } from '../../../src/testing/cluster.js'
import { breakMethod } from '../support/broken-method.js'
import { failureOf, FATAL, fateOf, FENCED } from '../transactions/support.js'

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

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !isSo(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
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

t.test('its producers tell how they are; one that has failed is not among them', async (t) => {
  const { cluster, pool, send } = await setUp(t, 2)
  await pool.connect()
  await send('a')
  const ids = (): string[] => pool.producers.map(({ transactionalId }) => transactionalId).sort()
  t.strictSame(ids(), ['orders-0-0', 'orders-0-1'])
  t.ok(pool.producers.every((producer) => producer.health().isReady))
  const acknowledged = pool.producers.map((producer) => producer.metrics().recordsAcknowledged)
  t.strictSame(acknowledged.sort(), [0, 1])
  const before = pool.producers
  cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_PRODUCER_ID_MAPPING })
  t.not(await fateOf(send('b')), 'ok')
  t.equal(pool.producers.filter((producer) => before.includes(producer)).length, 1)
  t.strictSame(ids(), ['orders-0-0', 'orders-0-1'])
})

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

for (const call of ['connect', 'transaction']) {
  t.test(`where connect has failed, the pool has as many as before: ${call}`, async (t) => {
    const { cluster, pool, send } = await setUp(t, 2)
    cluster.failNext('InitProducerId', { errorCode: ErrorCodes.UNKNOWN_SERVER_ERROR, times: 2 })
    const before = pool.producers
    t.equal(await fateOf(pool.connect()), FATAL)
    await until(() => before.every(({ isOver }) => isOver))
    t.equal(await fateOf(call === 'connect' ? pool.connect() : send('yes')), 'ok')
    t.equal(pool.producers.filter((producer) => before.includes(producer)).length, 0)
    t.equal(pool.size, 2)
  })

  t.test(`where connect has found all fenced, they are given up: ${call}`, async (t) => {
    const { cluster, pool, send } = await setUp(t, 2)
    cluster.failNext('InitProducerId', { errorCode: ErrorCodes.PRODUCER_FENCED, times: 2 })
    const before = pool.producers
    t.equal(await fateOf(pool.connect()), FENCED)
    await until(() => before.every(({ isOver }) => isOver))
    t.equal(await fateOf(call === 'connect' ? pool.connect() : send('no')), FENCED)
    t.equal(pool.size, 0)
  })
}

t.test('a producer that is over before it is used is replaced', async (t) => {
  const { pool, send } = await setUp(t, 1)
  const [before] = pool.producers
  await before?.close({ timeoutMs: 0 })
  t.equal(await fateOf(send('a')), 'ok')
  t.not(pool.producers[0], before)
})

t.test('a call whose function was not called goes on to a producer that is not fenced', async (t) => {
  const { cluster, pool, values } = await setUp(t, 2)
  await pool.connect()
  let release = (): void => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  const called: string[] = []
  const fates = ['a', 'b', 'c', 'd', 'e', 'f'].map((value) =>
    fateOf(
      pool.transaction(async (txn) => {
        called.push(value)
        await released
        await txn.send({ topic: 'orders', value })
      }),
    ),
  )
  await until(() => called.length === 2)
  const newer = [0, 1].map(
    (n) => new TransactionalProducer({ brokers: cluster.bootstrap, transactionalId: `orders-0-${n}` }),
  )
  await newer[0]?.connect()
  release()
  // c begins while the abort of a is under way
  const expected = [FENCED, 'ok', FENCED, 'ok', 'ok', 'ok']
  t.strictSame(await Promise.all(fates), expected, 'not one that was called')
  t.strictSame(called.sort(), ['a', 'b', 'c', 'd', 'e', 'f'], 'each once')
  t.strictSame(values().sort(), ['b', 'd', 'e', 'f'])
  await newer[1]?.connect()
  const last = ['g', 'h'].map((value) => fateOf(pool.transaction((txn) => txn.send({ topic: 'orders', value }))))
  t.strictSame(await Promise.all(last), [FENCED, FENCED], 'nor where none is left')
  t.equal(await fateOf(pool.transaction('no function' as never)), 'ERR_OTTLA_CONFIG')
  for (const it of newer) await it.close()
}) // prettier-ignore

t.test('one that a defect of Ottla has ended is replaced', async (t) => {
  const { pool, send, values } = await setUp(t, 1)
  await send('a')
  const [before] = pool.producers
  const mend = breakMethod(t, Completion.prototype, 'answered')
  const error = await failureOf(send('b'))
  mend()
  t.equal(error.code, FATAL)
  t.equal(before?.health().status, 'failed')
  t.equal(await fateOf(before?.begin() ?? Promise.resolve()), FATAL)
  t.equal(await fateOf(send('c')), 'ok')
  t.not(pool.producers[0], before)
  t.strictSame(values(), ['a', 'c'])
})

t.test('closed', async (t) => {
  const { cluster, pool, send } = await setUp(t, 2)
  t.equal(await fateOf(pool.close({ timeoutMs: -1 })), 'ERR_OTTLA_CONFIG')
  const last = fateOf(send('a'))
  await pool.close()
  t.equal(await fateOf(send('b')), 'ERR_OTTLA_CLOSED')
  t.equal(await fateOf(pool.connect()), 'ERR_OTTLA_CLOSED')
  t.not(await last, undefined)
  await pool[Symbol.asyncDispose]()
  await until(() => cluster.connectionCount === 0)
  t.equal(cluster.connectionCount, 0)
})
