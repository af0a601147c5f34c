import t from 'tap'
import { waitFor } from '../../../src/producer/transactions/wait.js'
import { ManualClock } from '../../support/manual-clock.js'

const late = (): Error => new Error('late')

/** A promise that counts what hangs on it. */
function counted(): { promise: Promise<string>; resolve: (it: string) => void; reactions: () => number } {
  let reactions = 0
  let resolve = (_: string): void => {}
  const promise = new Promise<string>((settle) => (resolve = settle))
  const then = promise.then.bind(promise)
  promise.then = ((...both: Parameters<typeof then>) => (reactions++, then(...both))) as never
  return { promise, resolve, reactions: () => reactions }
} // prettier-ignore

t.test('who waits in vain leaves nothing with what he waited for', async (t) => {
  const clock = new ManualClock()
  const { promise, resolve, reactions } = counted()
  const waits = Array.from({ length: 100 }, () =>
    waitFor(promise, { clock, timeoutMs: 10, onTimeout: late }),
  )
  const signal = AbortSignal.abort()
  const limits = { clock, timeoutMs: 10, signal, onTimeout: late, onAbort: () => new Error('no') }
  await t.rejects(waitFor(promise, limits), { message: 'no' })
  const settled = Promise.allSettled(waits)
  await clock.advanceSettled(10)
  t.ok((await settled).every(({ status }) => status === 'rejected'))
  t.equal(reactions(), 1)
  const more = [1, 2].map(() => waitFor(promise, { clock, timeoutMs: 10, onTimeout: late }))
  resolve('it')
  t.strictSame(await Promise.all(more), ['it', 'it'])
  t.equal(await waitFor(promise, { clock, timeoutMs: 10, onTimeout: late }), 'it')
  t.equal(clock.timerCount, 0)
})

t.test('a rejection is everybody’s, and is heard where nobody waits any more', async (t) => {
  const clock = new ManualClock()
  let reject = (_: Error): void => {}
  const promise = new Promise<string>((_, refuse) => (reject = refuse))
  const gone = waitFor(promise, { clock, timeoutMs: 10, onTimeout: late })
  const gaveUp = t.rejects(gone, { message: 'late' })
  await clock.advanceSettled(10)
  await gaveUp
  const waits = [1, 2].map(() => waitFor(promise, { clock, timeoutMs: 10, onTimeout: late }))
  const failed = Promise.all(waits.map((it) => t.rejects(it, { message: 'refused' })))
  reject(new Error('refused'))
  await failed
})
