/** Closing is done once, also where it is asked for amid itself. */
import t from 'tap'
import { Closing } from '../src/closing.js'

t.test('a call from within is the same closing', async (t) => {
  const closing = new Closing()
  let calls = 0
  let within: Promise<void> | null = null
  const close = (): Promise<void> => {
    calls++
    within ??= closing.once(close)
    return Promise.resolve()
  }
  t.equal(closing.isUnderWay, false)
  const closed = closing.once(close)
  t.equal(closed, within)
  t.equal(closing.once(close), closed)
  t.equal(closing.isUnderWay, true)
  await closed
  t.equal(calls, 1)
})

t.test('what close rejects with is told to all', async (t) => {
  const closing = new Closing()
  const close = (): Promise<void> => Promise.reject(new Error('no'))
  await t.rejects(closing.once(close), { message: 'no' })
  await t.rejects(closing.once(close), { message: 'no' })
})
