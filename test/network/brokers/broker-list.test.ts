// Which brokers the cluster has: what is news, and what is not.
import t from 'tap'
import { BrokerList } from '../../../src/network/brokers/broker-list.js'

const ONE = { nodeId: 1, host: 'one', port: 9092, rack: null }
const TWO = { nodeId: 2, host: 'two', port: 9092, rack: null }

t.test('the same brokers in another order are no news', async (t) => {
  const list = new BrokerList(() => 0.5)
  t.equal(list.set([ONE, TWO]), true)
  t.equal(list.set([TWO, ONE]), false)
  t.equal(list.learn(TWO), false)
  t.equal(list.set([TWO]), true)
  t.equal(list.get(1), undefined)
})

t.test('a broker at another address takes the place of what was known of it', async (t) => {
  const list = new BrokerList(() => 0.5)
  list.set([ONE, TWO])
  t.equal(list.learn({ ...TWO, host: 'moved' }), true)
  t.equal(list.get(2)?.host, 'moved')
  t.strictSame([...list.ids].sort(), [1, 2])
})

t.test('has an order of chance, and after it is cleared everything is news', async (t) => {
  const list = new BrokerList(() => 0)
  list.set([ONE, TWO])
  t.strictSame(list.shuffled.map(({ nodeId }) => nodeId), [2, 1]) // prettier-ignore
  list.clear()
  t.strictSame([...list.all, ...list.shuffled], [])
  t.equal(list.set([ONE, TWO]), true)
})
