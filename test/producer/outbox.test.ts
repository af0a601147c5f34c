import t from 'tap'
import { Outbox } from '../../src/producer/outbox.js'
import { batchOf, queueOf } from './support/pieces.js'

t.test('a queue is listed once, and leaves in its turn', async (t) => {
  const outbox = new Outbox(1)
  const [first, second] = [queueOf(), queueOf()]
  for (const queue of [first, second, first]) outbox.list(queue)
  t.equal(outbox.unlist(), first)
  outbox.list(first)
  t.equal(outbox.unlist(), second)
  t.equal(outbox.unlist(), first)
  t.equal(outbox.unlist(), undefined)
})

t.test('one that found no room in a request is first in the next', async (t) => {
  const outbox = new Outbox(1)
  const [first, second] = [queueOf(), queueOf()]
  outbox.list(first)
  outbox.list(second)
  outbox.relist(outbox.unlist() ?? second)
  t.equal(outbox.unlist(), first)
})

t.test('a queue that another broker leads now is passed over by the old one', async (t) => {
  const [old, now] = [new Outbox(1), new Outbox(2)]
  const queue = queueOf()
  old.list(queue)
  now.list(queue)
  t.equal(old.unlist(), undefined)
  t.equal(now.unlist(), queue)
})

t.test('it knows whether a batch in line is full, or large and goes again', async (t) => {
  const outbox = new Outbox(1)
  const [filling, full] = [queueOf(1), queueOf(1)]
  filling.open = batchOf(filling)
  outbox.list(filling)
  t.equal(outbox.hasFull, false)
  full.open = batchOf(full)
  outbox.list(full)
  full.closeOpen()
  outbox.list(full) // listed before it was full
  t.equal(outbox.hasFull, true)
  t.equal(outbox.unlist(), filling)
  t.equal(outbox.hasFull, true)
  outbox.unlist()
  t.equal(outbox.hasFull, false)

  const batch = full.closed.peek() ?? batchOf(full)
  full.take(batch)
  full.markSent(batch)
  outbox.list(full)
  t.equal(outbox.hasFull, false, 'what is in the air is not in line')
  full.markLanded(batch)
  outbox.list(full)
  t.equal(outbox.hasFull, false, 'a few records that go again are not worth a request of their own')
  const large = queueOf(1)
  const again = batchOf(large, ['v'.repeat(20_000)])
  large.open = again
  large.take(again)
  large.markSent(again)
  large.markLanded(again)
  outbox.list(large)
  t.equal(outbox.hasFull, true, 'many are')
})

t.test('a full batch that another broker leads now counts until it is passed over', async (t) => {
  const [old, now] = [new Outbox(1), new Outbox(2)]
  const queue = queueOf(1)
  queue.open = batchOf(queue)
  queue.closeOpen()
  old.list(queue)
  now.list(queue)
  t.equal(old.unlist(), undefined)
  t.equal(old.hasFull, false)
  t.equal(now.hasFull, true)
})
