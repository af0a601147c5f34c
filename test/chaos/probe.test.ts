import t from 'tap'
import { ErrorCodes, TestCluster } from '../../src/testing/cluster.js'
import { isTaken } from './probe.js'

const NOBODY_LISTENS = '127.0.0.1:9'

t.test('a probe is taken where a record would be, and nowhere else', async (t) => {
  await using cluster = await TestCluster.start({ topics: { orders: {} } })
  const [address = ''] = cluster.bootstrap
  t.equal(await isTaken(address, 'orders', 0), true)
  t.equal(cluster.records('orders').length, 1)

  cluster.failNext('Produce', { errorCode: ErrorCodes.NOT_ENOUGH_REPLICAS })
  t.equal(await isTaken(address, 'orders', 0), false)
  cluster.failNext('Produce', { silent: true })
  t.equal(
    await isTaken(address, 'orders', 0),
    false,
    'a broker that says nothing is not waited for',
  )
  t.equal(await isTaken(NOBODY_LISTENS, 'orders', 0), false)
})
