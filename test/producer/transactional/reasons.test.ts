/** What a stranger does to a TransactionalProducer: its errors say why, and speak of it, not of a Producer. */
import t from 'tap'
import { TransactionalProducer } from '../../../src/index.js'
import { TestCluster } from '../../../src/testing/cluster.js'

t.test('without a broker begin says which address failed, and how', async (t) => {
  const brokers = '127.0.0.1:1'
  const producer = new TransactionalProducer({ brokers, transactionalId: 'a', maxBlockMs: 300 })
  await t.rejects(producer.begin(), {
    name: 'TimeoutError',
    message: /127\.0\.0\.1:1.*ECONNREFUSED/,
  })
  await producer.close()
  const closed = { name: 'ClosedError', message: /make a new TransactionalProducer/ }
  await t.rejects(producer.connect(), closed)
  await t.rejects(producer.begin(), closed)
})

t.test('a commit without an outcome says what keeps it from one', async (t) => {
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  t.teardown(() => cluster.close())
  const brokers = cluster.bootstrap
  const producer = new TransactionalProducer({ brokers, transactionalId: 'a', maxBlockMs: 500 })
  const transaction = await producer.begin()
  await transaction.send({ topic: 'orders', value: 'paid' })
  for (const broker of cluster.brokers) await broker.stop()
  await t.rejects(transaction.commit(), { name: 'TimeoutError', message: /ECONNREFUSED.*goes on/ })
  await producer.close({ timeoutMs: 1 })
  await t.rejects(transaction.commit(), { name: 'TransactionUnknownError' })
})
