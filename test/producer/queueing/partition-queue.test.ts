import t from 'tap'
import type { BatchQueue, ProducerBatch } from '../../../src/producer/batching/batch.js'
import type { QueuePorts } from '../../../src/producer/queueing/partition-queue.js'
import { IdempotentNumbering, type Identities } from '../../../src/producer/sequencing/numbering.js'
import {
  acknowledge,
  addClosed,
  addRetry,
  addSent,
  batchOf,
  pause,
  proven,
  queueOf,
  sendAgain,
} from '../support/pieces.js'

t.test('a full batch is next, oldest first', async (t) => {
  const queue = queueOf()
  const first = addClosed(queue)
  addClosed(queue)
  t.equal(queue.next(0), first)
  t.equal(queue.next(0), first, 'asking changes nothing')
  t.equal(queue.hold(0), null)
})

t.test('an open batch is next when it is due, behind the full ones', async (t) => {
  const queue = queueOf()
  const open = batchOf(queue)
  queue.begin(open)
  t.equal(queue.next(0), null)
  t.equal(queue.hold(0), 'nothing full')
  open.makeDue()
  t.equal(queue.next(0), open)
  queue.closeOpen()
  const younger = batchOf(queue)
  younger.makeDue()
  queue.begin(younger)
  t.equal(queue.next(0), open)
})

t.test('rule 1: nothing without a leader', async (t) => {
  const queue = queueOf(-1)
  addClosed(queue)
  t.equal(queue.next(0), null)
  t.equal(queue.hold(0), 'leader')
})

t.test('rule 1: nothing during a pause, neither a retry nor a new batch', async (t) => {
  const queue = queueOf()
  const retry = addRetry(queue)
  pause(queue, retry)
  t.equal(queue.next(99.9), null)
  t.equal(queue.hold(99.9), 'pause')
  t.equal(queue.next(100), retry)
  queue.leave(retry)
  const fresh = addClosed(queue)
  t.equal(queue.next(99.9), null)
  t.equal(queue.next(100), fresh)
})

t.test('rule 1: a pause is shortened to its least time, or left out', async (t) => {
  const queue = queueOf()
  const retry = addRetry(queue)
  pause(queue, retry)
  queue.shortenPause()
  t.equal(queue.next(9), null)
  t.equal(queue.next(10), retry)
  const other = queueOf()
  const again = addRetry(other)
  other.retry(again, { nowMs: 0, isImmediate: true, pauseMs: 100, leastPauseMs: 10 })
  t.equal(other.next(0), again)
})

t.test('rule 1: no pause where the leader has moved since the batch left', async (t) => {
  const queue = queueOf()
  const retry = addRetry(queue)
  queue.setLeader(2, 2)
  pause(queue, retry)
  t.equal(queue.next(0), retry)
})

t.test('rule 1: nothing to a new leader while the old one owes an answer', async (t) => {
  const queue = proven(queueOf(1))
  const sent = addSent(queue)
  addClosed(queue)
  queue.setLeader(2, 2)
  t.equal(queue.next(0), null)
  t.equal(queue.hold(0), 'old leader')
  queue.attemptEnded(sent)
  t.equal(queue.next(0), sent, 'then the one that it owed, first')
})

t.test(
  'rule 1: nor may a retry go there before the old one has answered for the rest',
  async (t) => {
    const queue = proven(queueOf(1))
    const [first, second] = [addRetry(queue), addSent(queue)]
    queue.setLeader(2, 2)
    t.equal(queue.next(0), null)
    queue.attemptEnded(second)
    t.equal(queue.next(0), first)
  },
)

t.test('rule 2: the first unresolved batch goes again, alone', async (t) => {
  const queue = proven(queueOf())
  const [first, second] = [addRetry(queue), addRetry(queue)]
  addClosed(queue)
  t.equal(queue.next(0), first)
  sendAgain(queue, first)
  t.equal(queue.next(0), null, 'the second waits for the first, and the new one for both')
  t.equal(queue.hold(0), 'retry')
  queue.attemptEnded(first)
  queue.leave(first)
  t.equal(queue.next(0), second)
})

t.test(
  'rule 2: no new batch overtakes one behind the first that waits for its retry',
  async (t) => {
    const queue = proven(queueOf())
    addSent(queue)
    addRetry(queue)
    addClosed(queue)
    t.equal(queue.next(0), null)
  },
)

t.test('rule 2: no new batch follows a retry before that is answered', async (t) => {
  const queue = proven(queueOf())
  const retried = addRetry(queue)
  sendAgain(queue, retried)
  const fresh = addClosed(queue)
  t.equal(queue.next(0), null)
  queue.attemptEnded(retried)
  queue.leave(retried)
  t.equal(queue.next(0), fresh)
})

t.test('rule 3: one batch alone to a leader that has acknowledged nothing', async (t) => {
  const queue = queueOf()
  const first = addSent(queue)
  const second = addClosed(queue)
  t.equal(queue.next(0), null)
  t.equal(queue.hold(0), 'first answer')
  acknowledge(queue, first)
  queue.take(second)
  sendAgain(queue, second)
  const third = addClosed(queue)
  t.equal(queue.next(0), third, 'several may be in flight now')
})

t.test('rule 3: a new leader, or the same one elected again, must prove itself', async (t) => {
  for (const [leaderId, epoch] of [[2, 2], [1, 2], [2, 1]] as const) {
    let changes = 0
    const scheduler = { consider() {}, pause() {}, leaderChanged: () => void changes++, recovered() {} }
    const queue = proven(queueOf(1, 0, { scheduler }))
    changes = 0
    queue.setLeader(1, 1)
    t.equal(changes, 0, 'the same again is no news')
    queue.setLeader(leaderId, epoch)
    t.equal(changes, 1)
    addSent(queue)
    addClosed(queue)
    t.equal(queue.hold(0), 'first answer')
  }
}) // prettier-ignore

t.test(
  'rule 3: an answer to what was sent before the topic was made anew proves nothing',
  async (t) => {
    const queue = proven(queueOf(1))
    const [before, after] = [addSent(queue), addClosed(queue)]
    queue.forgetProof()
    acknowledge(queue, before)
    queue.take(after)
    sendAgain(queue, after)
    addClosed(queue)
    t.equal(queue.hold(0), 'first answer')
    acknowledge(queue, after)
    t.equal(queue.hold(0), null)
  },
)

t.test('rule 3: an answer of a broker that leads no longer proves nothing', async (t) => {
  const queue = queueOf(1)
  const first = addSent(queue)
  queue.setLeader(2, 2)
  queue.attemptEnded(first)
  queue.acknowledged(first, 1)
  queue.leave(first)
  addSent(queue)
  addClosed(queue)
  t.equal(queue.hold(0), 'first answer')
})

const IDENTITIES: Identities = {
  identity: { producerId: 1n, producerEpoch: 0 },
  mustBeginAtZero: false,
  acquire() {},
  renew() {},
  retire() {},
}

/** With numbers, as idempotence gives them, and known. */
function numbered(more: Partial<QueuePorts<ProducerBatch>> = {}): BatchQueue {
  const queue = queueOf(1, 0, {
    numberingOf: (partition) => new IdempotentNumbering(partition, IDENTITIES, 0, () => {}),
    ...more,
  })
  queue.next(0)
  return queue
}

t.test('rule 3: after a failure one retry alone, and behind its ack all the others', async (t) => {
  const queue = numbered()
  const [first, second, third] = [addRetry(queue), addRetry(queue), addRetry(queue)]
  const fresh = addClosed(queue)
  t.equal(queue.next(0), first)
  sendAgain(queue, first)
  t.equal(queue.next(0), null)
  acknowledge(queue, first)
  for (const retry of [second, third]) {
    t.equal(queue.next(0), retry)
    sendAgain(queue, retry)
  }
  t.equal(queue.next(0), fresh)
})

t.test('rule 3: a retry in the middle waits until no later batch is in flight', async (t) => {
  const queue = proven(numbered())
  addSent(queue)
  const [middle, last] = [addRetry(queue), addSent(queue)]
  t.equal(queue.next(0), null)
  queue.attemptEnded(last)
  t.equal(queue.next(0), middle)
})

t.test(
  'rule 4: retries, too, are at most so many (parts of a batch that was split)',
  async (t) => {
    for (const [maxInFlight, isNext] of [[1, false], [2, true]] as const) {
      const queue = proven(numbered({ maxInFlight }))
      addSent(queue)
      const second = addRetry(queue)
      t.equal(queue.next(0), isNext ? second : null)
    }
  },
) // prettier-ignore

t.test('rule 4: at most so many are unresolved', async (t) => {
  for (const maxInFlight of [1, 2, 5]) {
    const queue = proven(queueOf(1, 0, { maxInFlight }))
    for (let i = 0; i < maxInFlight; i++) {
      const batch = addClosed(queue)
      t.equal(queue.next(0), batch)
      queue.take(batch)
      sendAgain(queue, batch)
    }
    addClosed(queue)
    t.equal(queue.next(0), null)
    t.equal(queue.hold(0), 'in-flight limit')
  }
})

t.test('rule 4: a batch that ran out of time in flight still counts', async (t) => {
  const queue = proven(queueOf(1, 0, { maxInFlight: 1 }))
  const late = addSent(queue)
  late.fail(() => new Error('too late'), () => {}, () => {})
  addClosed(queue)
  t.equal(queue.next(0), null)
  queue.attemptEnded(late)
  queue.leave(late)
  t.not(queue.next(0), null)
}) // prettier-ignore

t.test('rule 5: after a gap no new batch, but those already sent go on', async (t) => {
  const queue = proven(numbered())
  const [lost, sent] = [addRetry(queue), addSent(queue)]
  queue.failed(lost)
  queue.leave(lost)
  const fresh = addClosed(queue)
  t.equal(queue.next(0), null)
  t.equal(queue.hold(0), 'gap')
  queue.attemptEnded(sent)
  t.equal(queue.next(0), sent)
  queue.failed(sent)
  queue.leave(sent)
  t.equal(queue.next(0), fresh, 'nothing is unresolved: the numbers have begun anew')
})

t.test('rule 5: after a gap the parts of a split batch do not follow each other', async (t) => {
  const queue = proven(numbered())
  const [lost, before] = [addSent(queue), addSent(queue)]
  const part = addRetry(queue)
  t.equal(queue.next(0), part)
  queue.attemptEnded(lost)
  queue.failed(lost)
  queue.leave(lost)
  t.equal(queue.next(0), null, 'it would be refused')
  queue.attemptEnded(before)
  queue.leave(before)
  t.equal(queue.next(0), part, 'as the first unresolved it shows that the numbers must begin again')
})

t.test('nothing goes, not even a retry, before there is a producer id', async (t) => {
  const identities = { ...IDENTITIES, identity: null }
  const queue = queueOf(1, 0, {
    numberingOf: (partition) => new IdempotentNumbering(partition, identities, 0, () => {}),
  })
  addClosed(queue)
  t.equal(queue.next(0), null)
  t.equal(queue.hold(0), 'identity')
  t.equal(queue.needsIdentity, true)
})

t.test('nothing goes, not even a retry, while the numbers must begin anew', async (t) => {
  const queue = proven(numbered())
  const [refused, owed] = [addSent(queue), addSent(queue)]
  queue.attemptEnded(refused)
  queue.retry(refused, { nowMs: 0, isImmediate: true, pauseMs: 0, leastPauseMs: 0 })
  queue.restartNumbers()
  t.equal(queue.next(0), null, 'another batch may still be written under the old numbers')
  t.equal(queue.hold(0), 'restart')
  queue.attemptEnded(owed)
  t.equal(queue.next(0), refused)
  t.match(refused.stamp, { producerEpoch: 1, baseSequence: 0 })
})

t.test('a batch that is taken leaves its place, and is closed', async (t) => {
  const queue = queueOf()
  const [full, open] = [addClosed(queue), batchOf(queue)]
  queue.begin(open)
  queue.take(full)
  t.equal(queue.unsentCount, 1)
  queue.take(open)
  t.equal(queue.open, null)
  t.equal(queue.unsentCount, 0)
  t.equal(open.state, 'closed')
})

t.test('a partition has one open batch', async (t) => {
  const queue = queueOf()
  queue.begin(batchOf(queue))
  t.throws(() => queue.begin(batchOf(queue)), /one open batch/)
})

t.test('ordinals count the records sent before; a retry keeps its own', async (t) => {
  const queue = queueOf()
  const [first, second] = [addRetry(queue, ['a', 'b', 'c']), addSent(queue)]
  sendAgain(queue, first)
  t.strictSame([first.ordinal, second.ordinal], [0, 3])
  t.strictSame(queue.sentBatches(), [first, second])
})

t.test('the broker that owes answers is known until the last has come', async (t) => {
  const queue = queueOf(3)
  const [first, second] = [addSent(queue), addSent(queue)]
  t.match(queue, { owesAnswers: true, inFlightNodeId: 3 })
  queue.attemptEnded(first)
  queue.attemptEnded(first)
  t.match(queue, { owesAnswers: true, inFlightNodeId: 3 }, 'the same answer counts once')
  queue.attemptEnded(second)
  t.match(queue, { owesAnswers: false, inFlightNodeId: -1 })
})

t.test('a batch that fails before it is sent leaves the others in order', async (t) => {
  const queue = queueOf()
  const [first, second, third] = [addClosed(queue), addClosed(queue), addClosed(queue)]
  queue.failed(second)
  t.equal(queue.unsentCount, 2)
  t.equal(queue.next(0), first)
  queue.failed(first)
  t.equal(queue.next(0), third)
  queue.failed(first)
  t.equal(queue.unsentCount, 1, 'one that is not there changes nothing')
  queue.begin(batchOf(queue))
  queue.failed(queue.open as ProducerBatch)
  t.equal(queue.open, null)
})

t.test('parts stand where the whole stood, each in a place of its own', async (t) => {
  const queue = queueOf()
  const [first, whole, last] = [addRetry(queue), addRetry(queue, ['a', 'b', 'c']), addRetry(queue)]
  const parts = [batchOf(queue, ['a']), batchOf(queue, ['b', 'c'])]
  queue.split(whole, parts)
  t.strictSame(queue.sentBatches(), [first, ...parts, last])
  t.strictSame(queue.sentBatches().map(({ ordinal }) => ordinal), [0, 1, 2, 4])
}) // prettier-ignore

t.test('a new leader ends a pause; losing the leader does not', async (t) => {
  const queue = queueOf(1)
  const retry = addRetry(queue)
  pause(queue, retry)
  queue.setLeader(-1, -1)
  t.equal(queue.retryAtMs, 100)
  queue.setLeader(1, 1)
  t.equal(queue.retryAtMs, 0, 'back again counts as another')
})

t.test('what waits is counted, the open batch included', async (t) => {
  const queue = queueOf()
  t.equal(queue.unsentCount, 0)
  addClosed(queue)
  queue.begin(batchOf(queue))
  t.equal(queue.unsentCount, 2)
  t.equal(queue.hasNext, true)
  t.equal(queue.isNextFull, true)
})

t.test('it says itself when it may go on', async (t) => {
  const told: string[] = []
  const scheduler = {
    consider: () => void told.push('consider'),
    pause: () => void told.push('pause'),
    leaderChanged: () => void told.push('leader'),
    recovered: (nodeId: number) => void told.push(`recovered ${nodeId}`),
  }
  const queue = queueOf(1, 0, { scheduler })
  const batch = addSent(queue)
  told.length = 0
  queue.schedule()
  queue.attemptEnded(batch)
  pause(queue, batch)
  sendAgain(queue, batch)
  addClosed(queue)
  acknowledge(queue, batch)
  t.strictSame(told, ['consider', 'pause', 'consider', 'recovered 1', 'consider'])
})

t.test('batches start small while the partition is held up, and grow fourfold', async (t) => {
  const queue = queueOf()
  const first = addSent(queue)
  t.equal(queue.fillBytes(500_000), 500_000, 'nothing has failed')
  queue.attemptEnded(first)
  t.equal(queue.fillBytes(500_000), 16_384)
  t.equal(queue.fillBytes(5_000), 5_000)
  addClosed(queue)
  t.equal(queue.fillBytes(500_000), 65_536)
  sendAgain(queue, first)
  t.equal(queue.fillBytes(500_000), 65_536, 'it is on its second attempt')
  queue.attemptEnded(first)
  queue.leave(first)
  t.equal(queue.fillBytes(500_000), 500_000)
  t.equal(queueOf(-1).fillBytes(500_000), 16_384, 'or has no leader')
})
