import t from 'tap'
import type { BatchQueue, ProducerBatch } from '../../../src/producer/batching/batch.js'
import { Pauses } from '../../../src/producer/sending/pauses.js'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import { addRetry, queueOf } from '../support/pieces.js'
import { SendingRig } from '../support/sending.js'

function resting(leaderId: number, retryAtMs: number, retryNotBeforeMs = 0): BatchQueue {
  const queue = queueOf(leaderId)
  const batch = addRetry(queue)
  queue.retry(batch, {
    ...{ nowMs: 0, isImmediate: false, pauseMs: retryAtMs, leastPauseMs: retryNotBeforeMs },
  })
  return queue
}

t.test('each ends when its time is over', async (t) => {
  const pauses = new Pauses()
  t.equal(pauses.nextMs, Infinity)
  const [late, soon] = [resting(1, 50), resting(1, 20)]
  pauses.add(late)
  pauses.add(soon)
  t.equal(pauses.nextMs, 20)
  t.strictSame(pauses.end(19), [])
  t.strictSame(pauses.end(20), [soon])
  t.equal(pauses.nextMs, 50)
  t.strictSame(pauses.end(60), [late])
  t.equal(pauses.nextMs, Infinity)
})

t.test('where a broker is well again, its own end sooner', async (t) => {
  const pauses = new Pauses()
  t.equal(pauses.recovered(1), false)
  const [its, another] = [resting(1, 500, 10), resting(2, 500, 10)]
  pauses.add(its)
  pauses.add(another)
  t.equal(pauses.recovered(1), true)
  t.strictSame(pauses.end(5), [])
  t.equal(pauses.nextMs, 10)
  t.strictSame(pauses.end(10), [its])
  t.strictSame(pauses.end(500), [another])
})

t.test('one that pauses anew ends then, and once', async (t) => {
  const pauses = new Pauses()
  const queue = resting(1, 50)
  pauses.add(queue)
  pauses.add(queue)
  const [batch] = queue.sentBatches()
  queue.retry(batch as ProducerBatch, {
    ...{ nowMs: 20, isImmediate: false, pauseMs: 100, leastPauseMs: 10 },
  })
  pauses.add(queue)
  t.strictSame(pauses.end(50), [])
  t.equal(pauses.nextMs, 120)
  t.strictSame(pauses.end(120), [queue])
  t.equal(pauses.nextMs, Infinity)
  t.equal(pauses.recovered(1), false, 'none pauses')
})

t.test('where one ends after another, each end costs no look at the others', async (t) => {
  const pauses = new Pauses()
  const count = 200
  let looks = 0
  for (let i = 0; i < count; i++) {
    const retryAtMs = (i * 67) % count // each once, in no order
    const queue = resting(1, retryAtMs)
    Object.defineProperty(queue, 'retryAtMs', { get: () => (looks++, retryAtMs) })
    pauses.add(queue)
  }
  looks = 0
  for (let ms = 0; ms < count; ms++) t.equal(pauses.end(ms).length, 1)
  t.equal(looks, count)
})

t.test('a partition that pauses costs the turns of the others nothing', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1] })
  rig.prove(1)
  rig.send('a', 0)
  rig.sent().at(-1)?.answer({ 0: ErrorCodes.NOT_ENOUGH_REPLICAS })
  rig.run()
  let looks = 0
  const queue = rig.queue(0)
  const { retryAtMs } = queue
  Object.defineProperty(queue, 'retryAtMs', {
    get: () => (looks++, retryAtMs),
    set: () => undefined,
  })
  for (let i = 0; i < 20; i++) {
    rig.send(`b${i}`, 1)
    rig.sent().at(-1)?.answer()
    rig.run()
  }
  t.equal(looks, 0)
})
