import t from 'tap'
import type { BatchQueue } from '../../../src/producer/batching/batch.js'
import { BrokerLines } from '../../../src/producer/sending/broker-lines.js'
import {
  acknowledge,
  addClosed,
  addRetry,
  addSent,
  batchOf,
  proven,
  queueOf,
} from '../support/pieces.js'

/** Lines of a broker, and the partitions that they send elsewhere. */
function linesOf(nodeId = 1): { lines: BrokerLines; elsewhere: BatchQueue[] } {
  const elsewhere: BatchQueue[] = []
  return { lines: new BrokerLines(nodeId, (queue) => elsewhere.push(queue)), elsewhere }
}

/** A partition with a full batch. */
function fullQueue(leaderId = 1): BatchQueue {
  const queue = queueOf(leaderId)
  addClosed(queue)
  return queue
}

/** Another broker leads it, and has it in line. */
function move(queue: BatchQueue, nodeId = 2): BrokerLines {
  queue.setLeader(nodeId, 2)
  const { lines } = linesOf(nodeId)
  lines.list(queue)
  return lines
}

t.test('a partition stands once in line, and leaves in its turn', async (t) => {
  const { lines } = linesOf()
  const [first, second] = [fullQueue(), fullQueue()]
  for (const queue of [first, second, first]) lines.list(queue)
  t.equal(lines.take(false), first)
  lines.list(first)
  t.equal(lines.take(false), second)
  t.equal(lines.take(false), first)
  t.equal(lines.take(false), undefined)
})

t.test('one that found no room in a request is first in the next', async (t) => {
  const { lines } = linesOf()
  const [first, second] = [fullQueue(), fullQueue()]
  lines.list(first)
  lines.list(second)
  lines.putBack(lines.take(false) ?? second)
  t.equal(lines.hasFull, true, 'there is more than one request can take')
  t.equal(lines.take(false), first)
})

t.test('a partition that another broker leads now is passed over by the old one', async (t) => {
  const { lines: old, elsewhere } = linesOf()
  const queue = fullQueue()
  old.list(queue)
  const now = move(queue)
  t.equal(old.hasReady, false, 'nobody waits for a broker that leads nothing of it')
  t.equal(old.take(false), undefined)
  t.equal(now.take(false), queue)
  t.strictSame(elsewhere, [])
})

t.test('so is a probe', async (t) => {
  const { lines: old } = linesOf()
  const queue = queueOf()
  addRetry(queue)
  old.list(queue)
  t.equal(old.hasProbes, true)
  const now = move(queue)
  t.equal(old.hasProbes, false)
  t.equal(now.hasProbes, true)
})

t.test('one that has no leader any more is told of', async (t) => {
  for (const isProbe of [false, true]) {
    const { lines, elsewhere } = linesOf()
    const queue = isProbe ? queueOf() : fullQueue()
    if (isProbe) addRetry(queue)
    lines.list(queue)
    queue.setLeader(-1, 2)
    t.equal(isProbe ? lines.hasProbes : lines.hasReady, false)
    t.strictSame(elsewhere, [queue])
    t.equal(queue.line, null)
  }
})

t.test('one whose batches have all run out of time does not wait any longer', async (t) => {
  const { lines, elsewhere } = linesOf()
  const [late, other] = [queueOf(), fullQueue()]
  const batch = addClosed(late)
  lines.list(late)
  t.equal(lines.hasReady, true)
  late.failed(batch)
  late.leave(batch)
  t.equal(lines.hasReady, false)
  t.equal(lines.hasFull, false)
  lines.list(other)
  t.equal(lines.take(false), other)
  addClosed(late)
  lines.list(late)
  t.equal(lines.take(false), late, 'and lines up again when it has another')
  t.strictSame(elsewhere, [])
})

t.test('it knows whether a batch in line is full', async (t) => {
  const { lines } = linesOf()
  const [filling, full] = [queueOf(1), queueOf(1)]
  filling.begin(batchOf(filling))
  lines.list(filling)
  t.equal(lines.hasFull, false)
  full.begin(batchOf(full))
  lines.list(full)
  full.closeOpen()
  lines.list(full) // listed before it was full
  t.equal(lines.hasFull, true)
  t.equal(lines.take(false), filling)
  t.equal(lines.hasFull, true)
  lines.take(false)
  t.equal(lines.hasFull, false)
})

t.test('a batch that may not follow yet does not count as full', async (t) => {
  const { lines } = linesOf()
  const queue = queueOf(1)
  const first = addSent(queue)
  addClosed(queue)
  lines.list(queue)
  t.equal(lines.hasFull, false)
  acknowledge(queue, first)
  lines.list(queue)
  t.equal(lines.hasFull, true)
})

t.test('probes have a line of their own', async (t) => {
  const { lines } = linesOf()
  const [sound, probing] = [fullQueue(), queueOf(1)]
  addRetry(probing)
  t.match(lines, { hasReady: false, hasProbes: false })
  lines.list(probing)
  t.equal(lines.hasProbes, true)
  lines.list(sound)
  t.equal(lines.take(false), sound)
  t.equal(lines.take(false), undefined)
  t.equal(lines.take(true), probing)
  t.equal(lines.hasProbes, false)
  lines.putBack(probing)
  t.equal(lines.take(true), probing)
  const refused = queueOf(1)
  const batch = addSent(refused)
  lines.list(refused)
  refused.attemptEnded(batch)
  lines.list(refused)
  t.equal(lines.take(false), undefined, 'it has gone to the other line')
  t.equal(lines.take(true), refused)
})

t.test(
  'a broker is probed while a partition waits, pauses, or has its batch in flight',
  async (t) => {
    const { lines } = linesOf()
    const queue: BatchQueue = queueOf(1)
    const batch = addRetry(queue)
    t.equal(lines.isProbing(), false)
    lines.list(queue)
    t.equal(lines.isProbing(), true)
    lines.take(true)
    t.equal(lines.isProbing(), true, 'in flight, or in its pause')
    acknowledge(queue, batch)
    t.equal(lines.isProbing(), false)
    const moved = queueOf(1)
    addRetry(moved)
    lines.list(moved)
    moved.setLeader(2, 2)
    t.equal(lines.isProbing(), false, 'another broker is probed')
  },
)

t.test('a full batch that another broker leads now counts until it is passed over', async (t) => {
  const { lines: old } = linesOf()
  const queue = proven(queueOf(1))
  addClosed(queue)
  old.list(queue)
  const now = move(queue)
  t.equal(old.hasFull, true)
  t.equal(old.take(false), undefined)
  t.equal(old.hasFull, false)
  t.equal(now.hasFull, true)
})

t.test('batches in line are made smaller', async (t) => {
  const { lines } = linesOf()
  const queue = queueOf(1)
  lines.list(queue)
  addRetry(queue)
  const open = batchOf(queue)
  queue.begin(open)
  lines.limitOpen()
  t.equal(open.limitBytes, 16_384, 'the partition is held up')
})
