/** News of a partition's leader, and what they do to its pauses. */
import t from 'tap'
import type { BatchQueue } from '../../../src/producer/batching/batch.js'
import { acknowledge, addSent, pause, proven, queueOf, sendAgain } from '../support/pieces.js'

t.test(
  'each leader ends one pause until something is acknowledged, then shortens them',
  async (t) => {
    const paused: BatchQueue[] = []
    const note = (queue: BatchQueue): void => void paused.push(queue)
    const scheduler = { consider() {}, pause() {}, leaderChanged: note, recovered() {} }
    const queue = proven(queueOf(1, 0, { scheduler }))
    const batch = addSent(queue)
    let epoch = 1
    /** An answer that names this leader, and says that it is not the one that was asked; until when it pauses. */
    const refusal = (leaderId: number): number => {
      if (batch.isInFlight) queue.attemptEnded(batch)
      queue.setLeader(leaderId, ++epoch)
      pause(queue, batch)
      const { retryAtMs } = queue
      sendAgain(queue, batch)
      return retryAtMs
    }
    t.strictSame([1, 1, 1].map(refusal), [0, 100, 100], 'one that names itself')
    t.strictSame([2, 1, 2, 1].map(refusal), [0, 100, 100, 100], 'two that name one another')
    t.equal(refusal(3), 0, 'a third')
    paused.length = 0
    queue.attemptEnded(batch)
    queue.setLeader(1, ++epoch)
    t.equal(queue.retryAtMs, 0)
    pause(queue, batch)
    queue.setLeader(2, ++epoch)
    t.equal(queue.retryAtMs, 10, 'during a pause: its least time')
    t.equal(paused.length, 2, 'whoever waits for the end is told')
    sendAgain(queue, batch)
    acknowledge(queue, batch)
    queue.setLeader(1, ++epoch)
    t.equal(queue.retryAtMs, 0, 'one has acknowledged')
  },
)

t.test(
  'a leader under an older epoch, as another cluster has it, is asked with pauses',
  async (t) => {
    const queue = proven(queueOf(1, 7))
    const batch = addSent(queue)
    queue.attemptEnded(batch)
    queue.setLeader(2, 8)
    queue.setLeader(1, 9)
    queue.setLeader(2, 0)
    sendAgain(queue, batch)
    queue.attemptEnded(batch)
    pause(queue, batch)
    t.ok(queue.retryAtMs > 0)
  },
)
