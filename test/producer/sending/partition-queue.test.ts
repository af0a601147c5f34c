import t from 'tap'
import type { ProducerBatch } from '../../../src/producer/batching/batch.js'
import type { PartitionQueue } from '../../../src/producer/sending/partition-queue.js'
import { PartitionSequence } from '../../../src/producer/sequencing/partition-sequence.js'
import { batchOf, queueOf } from '../support/pieces.js'

/** Adds a batch that is full and waits. */
function addClosed(queue: PartitionQueue, values: readonly string[] = ['value']): ProducerBatch {
  const batch = batchOf(queue, values)
  queue.open = batch
  queue.closeOpen()
  return batch
}

/** Adds a batch that is in the air. */
function addSent(queue: PartitionQueue, values?: readonly string[]): ProducerBatch {
  const batch = addClosed(queue, values)
  queue.take(batch)
  queue.markSent(batch)
  return batch
}

/** Adds a batch that came back and is to go again. */
function addRetry(queue: PartitionQueue, values?: readonly string[]): ProducerBatch {
  const batch = addSent(queue, values)
  queue.markLanded(batch)
  return batch
}

t.test('a full batch is next, oldest first', async (t) => {
  const queue = queueOf()
  const first = addClosed(queue)
  addClosed(queue)
  t.equal(queue.next(0, 5), first)
  t.equal(queue.next(0, 5), first, 'asking changes nothing')
})

t.test('an open batch is next when it is due, behind the full ones', async (t) => {
  const queue = queueOf()
  const open = batchOf(queue)
  queue.open = open
  t.equal(queue.next(0, 5), null)
  open.isDue = true
  t.equal(queue.next(0, 5), open)
  const full = batchOf(queue)
  full.close()
  queue.closed.push(full)
  t.equal(queue.next(0, 5), full)
})

t.test('rule 1: nothing without a leader', async (t) => {
  const queue = queueOf(-1)
  addClosed(queue)
  t.equal(queue.next(0, 5), null)
})

t.test('rule 1: nothing during a pause, neither a retry nor a new batch', async (t) => {
  const queue = queueOf()
  queue.retryAtMs = 100
  const batch = addClosed(queue)
  t.equal(queue.next(99.9, 5), null)
  t.equal(queue.next(100, 5), batch)
  const retry = addRetry(queueOf())
  retry.queue.retryAtMs = 100
  t.equal(retry.queue.next(99.9, 5), null)
  t.equal(retry.queue.next(100, 5), retry)
})

t.test('rule 1: nothing to a new leader while the old one owes an answer', async (t) => {
  const queue = queueOf(1)
  queue.isLeaderProven = true
  const sent = addSent(queue)
  addClosed(queue)
  queue.setLeader(2, 2)
  t.equal(queue.next(0, 5), null)
  queue.markLanded(sent)
  t.equal(queue.next(0, 5), sent, 'then the one that it owed, first')
})

t.test(
  'rule 1: nor may a retry go there before the old one has answered for the rest',
  async (t) => {
    const queue = queueOf(1)
    queue.isLeaderProven = true
    const [first, second] = [addRetry(queue), addSent(queue)]
    queue.setLeader(2, 2)
    t.equal(queue.next(0, 5), null)
    queue.markLanded(second)
    t.equal(queue.next(0, 5), first)
  },
)

t.test('rule 2: the first unresolved batch goes again, alone', async (t) => {
  const queue = queueOf()
  queue.isLeaderProven = true
  const [first, second] = [addRetry(queue), addRetry(queue)]
  addClosed(queue)
  t.equal(queue.next(0, 5), first)
  queue.markSent(first)
  t.equal(queue.next(0, 5), null, 'the second waits for the first, and the new one for both')
  queue.markLanded(first)
  queue.remove(first)
  t.equal(queue.next(0, 5), second)
})

t.test(
  'rule 2: no new batch overtakes one behind the first that waits for its retry',
  async (t) => {
    const queue = queueOf()
    queue.isLeaderProven = true
    addSent(queue)
    addRetry(queue)
    addClosed(queue)
    t.equal(queue.next(0, 5), null)
  },
)

t.test('rule 2: no new batch follows a retry before that has landed', async (t) => {
  const queue = queueOf()
  queue.isLeaderProven = true
  const retried = addRetry(queue)
  queue.markSent(retried)
  const fresh = addClosed(queue)
  t.equal(queue.next(0, 5), null)
  queue.markLanded(retried)
  queue.remove(retried)
  t.equal(queue.next(0, 5), fresh)
})

t.test('rule 3: one batch alone on a leader that has not answered well', async (t) => {
  const queue = queueOf()
  addSent(queue)
  const second = addClosed(queue)
  t.equal(queue.next(0, 5), null)
  queue.isLeaderProven = true
  t.equal(queue.next(0, 5), second)
})

t.test('rule 3: a new leader, or the same one elected again, must prove itself', async (t) => {
  for (const [leaderId, epoch] of [[2, 2], [1, 2], [2, 1]] as const) {
    const queue = queueOf(1)
    queue.isLeaderProven = true
    t.equal(queue.setLeader(leaderId, epoch), true)
    t.equal(queue.isLeaderProven, false)
  }
  const queue = queueOf(1)
  queue.isLeaderProven = true
  t.equal(queue.setLeader(1, 1), false, 'the same again is no news')
  t.equal(queue.isLeaderProven, true)
}) // prettier-ignore

/** With numbers, as idempotence gives them. */
function numbered(): PartitionQueue {
  const queue = queueOf()
  queue.sequence = new PartitionSequence({ producerId: 1n, producerEpoch: 0 })
  return queue
}

t.test('rule 3: after a failure one retry alone, and behind its ack all the others', async (t) => {
  const queue = numbered()
  const [first, second, third] = [addRetry(queue), addRetry(queue), addRetry(queue)]
  const fresh = addClosed(queue)
  t.equal(queue.next(0, 5), first)
  queue.markSent(first)
  t.equal(queue.next(0, 5), null)
  queue.markLanded(first)
  queue.remove(first)
  queue.isLeaderProven = true
  for (const retry of [second, third]) {
    t.equal(queue.next(0, 5), retry)
    queue.markSent(retry)
  }
  t.equal(queue.next(0, 5), fresh)
})

t.test('rule 3: a retry in the middle waits until no later batch is in the air', async (t) => {
  const queue = numbered()
  queue.isLeaderProven = true
  addSent(queue)
  const [middle, last] = [addRetry(queue), addSent(queue)]
  t.equal(queue.next(0, 5), null)
  queue.markLanded(last)
  t.equal(queue.next(0, 5), middle)
})

t.test(
  'rule 4: retries, too, are at most so many (children of a batch that was split)',
  async (t) => {
    const queue = numbered()
    queue.isLeaderProven = true
    addSent(queue)
    const second = addRetry(queue)
    t.equal(queue.next(0, 1), null)
    t.equal(queue.next(0, 2), second)
  },
)

t.test('rule 4: at most so many are unresolved', async (t) => {
  for (const maxInFlight of [1, 2, 5]) {
    const queue = queueOf()
    queue.isLeaderProven = true
    for (let i = 0; i < maxInFlight; i++) {
      const batch = addClosed(queue)
      t.equal(queue.next(0, maxInFlight), batch)
      queue.take(batch)
      queue.markSent(batch)
    }
    addClosed(queue)
    t.equal(queue.next(0, maxInFlight), null)
  }
})

t.test('rule 4: a batch that ran out of time in the air still counts', async (t) => {
  const queue = queueOf()
  queue.isLeaderProven = true
  const late = addSent(queue)
  late.fail(() => new Error('too late'), () => {}, () => {})
  addClosed(queue)
  t.equal(queue.next(0, 1), null)
  queue.markLanded(late)
  queue.remove(late)
  t.not(queue.next(0, 1), null)
}) // prettier-ignore

t.test('rule 5: after a gap no new batch, but those already sent go on', async (t) => {
  const queue = queueOf()
  queue.isLeaderProven = true
  queue.sequence = new PartitionSequence({ producerId: 1n, producerEpoch: 0 })
  queue.sequence.lost(0)
  addClosed(queue)
  t.equal(queue.next(0, 5), null)
  const retry = addRetry(queue)
  t.equal(queue.next(0, 5), retry)
  queue.remove(retry)
  queue.sequence.restart()
  t.not(queue.next(0, 5), null)
})

t.test('nothing goes, not even a retry, while the numbers must start again', async (t) => {
  const queue = queueOf()
  queue.mustRestartSequence = true
  addRetry(queue)
  t.equal(queue.next(0, 5), null)
})

t.test('a batch that is taken leaves its place, and is closed', async (t) => {
  const queue = queueOf()
  const [full, open] = [addClosed(queue), batchOf(queue)]
  queue.open = open
  queue.take(full)
  t.equal(queue.closed.length, 0)
  queue.take(open)
  t.equal(queue.open, null)
  t.equal(open.state, 'closed')
})

t.test('ordinals count the records sent before; a retry keeps its own', async (t) => {
  const queue = queueOf()
  const [first, second] = [addRetry(queue, ['a', 'b', 'c']), addSent(queue)]
  queue.markSent(first)
  t.strictSame([first.ordinal, second.ordinal], [0, 3])
  t.strictSame(queue.sent, [first, second])
})

t.test('answers owed are counted by broker, and a late landing is not counted twice', async (t) => {
  const queue = queueOf(3)
  const [first, second] = [addSent(queue), addSent(queue)]
  t.match(queue, { inAirCount: 2, inAirNodeId: 3 })
  queue.markLanded(first)
  queue.markLanded(first)
  t.equal(queue.inAirCount, 1)
  queue.markLanded(second)
  t.equal(queue.inAirCount, 0)
})

t.test('a batch dropped from the middle leaves the others in order', async (t) => {
  const queue = queueOf()
  const [first, second, third] = [addClosed(queue), addClosed(queue), addClosed(queue)]
  queue.dropClosed(second)
  t.strictSame([...queue.closed], [first, third])
  queue.dropClosed(first)
  t.strictSame([...queue.closed], [third])
  queue.dropClosed(first)
  t.strictSame([...queue.closed], [third], 'one that is not there changes nothing')
})

t.test('children stand where their parent stood, each in a place of its own', async (t) => {
  const queue = queueOf()
  const [first, parent, last] = [addRetry(queue), addRetry(queue, ['a', 'b', 'c']), addRetry(queue)]
  const children = [batchOf(queue, ['a']), batchOf(queue, ['b', 'c'])]
  queue.replaceSent(parent, children)
  t.strictSame(queue.sent, [first, ...children, last])
  t.strictSame(queue.sent.map(({ ordinal }) => ordinal), [0, 1, 2, 4])
}) // prettier-ignore

t.test('a new leader ends a pause; losing the leader does not', async (t) => {
  const queue = queueOf(1)
  queue.retryAtMs = 500
  t.equal(queue.setLeader(-1, -1), false)
  t.equal(queue.retryAtMs, 500)
  t.equal(queue.setLeader(1, 1), true, 'back again counts as another')
  t.equal(queue.retryAtMs, 0)
})

t.test('what waits is counted, the open batch included', async (t) => {
  const queue = queueOf()
  t.equal(queue.unsentCount, 0)
  addClosed(queue)
  queue.open = batchOf(queue)
  t.equal(queue.unsentCount, 2)
  addSent(queueOf())
  t.equal(queue.unsentCount, 2)
})

t.test('batches start small while the partition is held up, and grow fourfold', async (t) => {
  const queue = queueOf()
  const first = addSent(queue)
  t.equal(queue.fillBytes(500_000), 500_000, 'nothing has failed')
  queue.markLanded(first)
  t.equal(queue.fillBytes(500_000), 16_384)
  t.equal(queue.fillBytes(5_000), 5_000)
  addClosed(queue)
  t.equal(queue.fillBytes(500_000), 65_536)
  queue.markSent(first)
  t.equal(queue.fillBytes(500_000), 65_536, 'it is on its second attempt')
  queue.remove(first)
  t.equal(queue.fillBytes(500_000), 500_000)
  t.equal(queueOf(-1).fillBytes(500_000), 16_384, 'or has no leader')
})
