import t from 'tap'
import type { BatchQueue } from '../../../src/producer/batching/batch.js'
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
