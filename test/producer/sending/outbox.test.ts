import t from 'tap'
import { Outbox } from '../../../src/producer/sending/outbox.js'
import type { PartitionQueue } from '../../../src/producer/sending/partition-queue.js'
import { ProduceRequest } from '../../../src/producer/sending/produce-request.js'
import { batchOf, queueOf } from '../support/pieces.js'

const LISTENER = { onAnswer() {}, onLost() {} }

t.test('a queue is listed once, and leaves in its turn', async (t) => {
  const outbox = new Outbox(1)
  const [first, second] = [queueOf(), queueOf()]
  for (const queue of [first, second, first]) outbox.list(queue)
  t.equal(outbox.unlist(false), first)
  outbox.list(first)
  t.equal(outbox.unlist(false), second)
  t.equal(outbox.unlist(false), first)
  t.equal(outbox.unlist(false), undefined)
})

t.test('one that found no room in a request is first in the next', async (t) => {
  const outbox = new Outbox(1)
  const [first, second] = [queueOf(), queueOf()]
  outbox.list(first)
  outbox.list(second)
  outbox.relist(outbox.unlist(false) ?? second)
  t.equal(outbox.hasFull, true, 'there is more than one request can take')
  t.equal(outbox.unlist(false), first)
})

t.test('a queue that another broker leads now is passed over by the old one', async (t) => {
  const [old, now] = [new Outbox(1), new Outbox(2)]
  const queue = queueOf()
  old.list(queue)
  now.list(queue)
  t.equal(old.unlist(false), undefined)
  t.equal(now.unlist(false), queue)
})

t.test('it knows whether a batch in line is full', async (t) => {
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
  t.equal(outbox.unlist(false), filling)
  t.equal(outbox.hasFull, true)
  outbox.unlist(false)
  t.equal(outbox.hasFull, false)
})

/** A queue whose only batch was sent, and then lost or not. */
function sentQueue(isLost: boolean): PartitionQueue {
  const queue = queueOf(1)
  const batch = batchOf(queue)
  queue.open = batch
  queue.take(batch)
  queue.markSent(batch)
  if (isLost) queue.markLanded(batch)
  return queue
}

t.test('what may not follow yet is not worth a request, full or not', async (t) => {
  const outbox = new Outbox(1)
  const queue = sentQueue(false)
  queue.closed.push(batchOf(queue))
  outbox.list(queue)
  t.equal(outbox.hasFull, false)
  queue.isLeaderProven = true
  outbox.list(queue)
  t.equal(outbox.hasFull, true)
})

t.test('queues on trial have a line of their own', async (t) => {
  const outbox = new Outbox(1)
  const [sound, onTrial] = [queueOf(1), sentQueue(true)]
  t.equal(outbox.hasWork, false)
  outbox.list(onTrial)
  t.equal(outbox.mayTry, true)
  outbox.list(sound)
  t.equal(outbox.unlist(false), sound)
  t.equal(outbox.unlist(false), undefined)
  t.equal(outbox.hasWork, true)
  t.equal(outbox.unlist(true), onTrial)
  t.equal(outbox.hasWork, false)
  outbox.relist(onTrial)
  t.equal(outbox.unlist(true), onTrial)
  const refused = sentQueue(false)
  outbox.list(refused)
  refused.markLanded(refused.sent[0] ?? batchOf(refused))
  outbox.list(refused)
  t.equal(outbox.unlist(false), undefined, 'it has gone to the other line')
  t.equal(outbox.unlist(true), refused)
})

/** An outbox that has measured a way of `wayMs`, and work of 10 ms. */
function measured(wayMs: number): Outbox {
  const outbox = new Outbox(1)
  outbox.roundTrips.opened(wayMs)
  for (let i = 0; i < 50; i++) outbox.roundTrips.answered(i * 1_000, i * 1_000 + wayMs + 10)
  return outbox
}

t.test('two requests at the most while a trial is on, and more on a long way', async (t) => {
  const outbox = measured(1)
  const queue = sentQueue(true)
  t.equal(outbox.limit(5), 5)
  outbox.list(queue)
  t.equal(outbox.limit(5), 2)
  t.equal(outbox.limit(1), 1)
  outbox.unlist(true)
  t.equal(outbox.limit(5), 2, 'in the air, or in its pause')
  queue.isLeaderProven = true
  t.equal(outbox.limit(5), 5)
  const moved = sentQueue(true)
  outbox.list(moved)
  moved.setLeader(2, 2)
  t.equal(outbox.limit(5), 5, 'another broker is tried')
  const far = measured(25)
  far.list(sentQueue(true))
  t.equal(far.limit(5), 4)
})

t.test('when what is not full had better leave', async (t) => {
  const outbox = measured(30)
  t.equal(outbox.worthAtMs(5), 0, 'nothing is unanswered')
  outbox.requests.push(new ProduceRequest(1, 100, 9, LISTENER))
  t.equal(Math.round(outbox.worthAtMs(5)), 110)
  outbox.requests.push(new ProduceRequest(1, 135, 9, LISTENER))
  t.equal(outbox.worthAtMs(5), Infinity, 'the first answer is due before')
  outbox.list(sentQueue(true))
  t.equal(outbox.worthAtMs(5), 0)
})

t.test('one trial at a time, so that the others gather', async (t) => {
  const outbox = new Outbox(1)
  outbox.requests.push(new ProduceRequest(1, 100, 9, LISTENER))
  outbox.list(sentQueue(true))
  t.equal(outbox.mayTry, true)
  outbox.requests.push(new ProduceRequest(1, 100, 9, LISTENER, true))
  t.equal(outbox.mayTry, false)
  t.equal(outbox.hasWork, false)
  t.equal(outbox.worthAtMs(5), Infinity)
  outbox.list(queueOf(1))
  t.equal(outbox.hasWork, true)
})

t.test('a full batch that another broker leads now counts until it is passed over', async (t) => {
  const [old, now] = [new Outbox(1), new Outbox(2)]
  const queue = queueOf(1)
  queue.open = batchOf(queue)
  queue.closeOpen()
  old.list(queue)
  now.list(queue)
  t.equal(old.unlist(false), undefined)
  t.equal(old.hasFull, false)
  t.equal(now.hasFull, true)
})
