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

t.test('a partition stands once in line, and leaves in its turn', async (t) => {
  const lines = new BrokerLines(1)
  const [first, second] = [queueOf(), queueOf()]
  for (const queue of [first, second, first]) lines.list(queue)
  t.equal(lines.take(false), first)
  lines.list(first)
  t.equal(lines.take(false), second)
  t.equal(lines.take(false), first)
  t.equal(lines.take(false), undefined)
})

t.test('one that found no room in a request is first in the next', async (t) => {
  const lines = new BrokerLines(1)
  const [first, second] = [queueOf(), queueOf()]
  lines.list(first)
  lines.list(second)
  lines.putBack(lines.take(false) ?? second)
  t.equal(lines.hasFull, true, 'there is more than one request can take')
  t.equal(lines.take(false), first)
})

t.test('a partition that another broker leads now is passed over by the old one', async (t) => {
  const [old, now] = [new BrokerLines(1), new BrokerLines(2)]
  const queue = queueOf()
  old.list(queue)
  now.list(queue)
  t.equal(old.take(false), undefined)
  t.equal(now.take(false), queue)
})

t.test('it knows whether a batch in line is full', async (t) => {
  const lines = new BrokerLines(1)
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
  const lines = new BrokerLines(1)
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
  const lines = new BrokerLines(1)
  const [sound, probing] = [queueOf(1), queueOf(1)]
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
    const lines = new BrokerLines(1)
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
  const [old, now] = [new BrokerLines(1), new BrokerLines(2)]
  const queue = proven(queueOf(1))
  addClosed(queue)
  old.list(queue)
  now.list(queue)
  t.equal(old.take(false), undefined)
  t.equal(old.hasFull, false)
  t.equal(now.hasFull, true)
})

t.test('batches in line are made smaller', async (t) => {
  const lines = new BrokerLines(1)
  const queue = queueOf(1)
  lines.list(queue)
  addRetry(queue)
  const open = batchOf(queue)
  queue.begin(open)
  lines.limitOpen()
  t.equal(open.limitBytes, 16_384, 'the partition is held up')
})
