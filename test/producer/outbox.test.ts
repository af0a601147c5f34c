import t from 'tap'
import { Outbox } from '../../src/producer/outbox.js'
import { queueOf } from './support/pieces.js'

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
