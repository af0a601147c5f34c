import t from 'tap'
import { AddressOrder } from '../../../src/network/transport/address-order.js'

const targets = (text: string) => Array.from(text, (address) => ({ address }))
const sorted = (order: AddressOrder, name: string, text: string): string =>
  order
    .sort(name, targets(text))
    .map(({ address }) => address)
    .join('')

t.test('keeps the order of the resolver until something fails', async (t) => {
  const order = new AddressOrder()
  t.equal(sorted(order, 'kafka:1', 'cab'), 'cab')
})

t.test('puts last what failed, the latest failure behind all', async (t) => {
  const order = new AddressOrder()
  for (const address of ['b', 'a', 'b']) order.failed('kafka:1', address)
  t.equal(sorted(order, 'kafka:1', 'abc'), 'cab')
  t.equal(sorted(order, 'kafka:2', 'abc'), 'abc', 'names are apart')
  order.worked('kafka:1', 'b')
  t.equal(sorted(order, 'kafka:1', 'abc'), 'bca')
})

t.test('forgets what the name no longer stands for', async (t) => {
  const order = new AddressOrder()
  order.failed('kafka:1', 'a')
  t.equal(sorted(order, 'kafka:1', 'bc'), 'bc')
  t.equal(sorted(order, 'kafka:1', 'abc'), 'abc')
})

t.test('keeps a thousand names', async (t) => {
  const order = new AddressOrder()
  for (let port = 0; port <= 1000; port++) order.failed(`kafka:${port}`, 'a')
  t.equal(sorted(order, 'kafka:0', 'ab'), 'ab')
  t.equal(sorted(order, 'kafka:1', 'ab'), 'ba')
})
