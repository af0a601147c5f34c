import t from 'tap'
import { cleanText, describeThrown } from '../../../src/network/sasl/clean-text.js'
import { nearest } from '../../../src/nearest.js'
import { callWithin, pause } from '../../../src/network/sasl/user-call.js'
import { ManualClock } from '../../support/manual-clock.js'
import { failureOf } from './support.js'

t.test('a call answers, throws or is late, and leaves no timer', async (t) => {
  const clock = new ManualClock()
  t.equal(await callWithin(() => 1, { clock, timeoutMs: 10 }), 1)
  const error = new Error('thrown')
  const throws = (): number => {
    throw error
  }
  t.equal(await failureOf(callWithin(throws, { clock, timeoutMs: 10 })), error)
  const late = failureOf(callWithin(() => new Promise(() => {}), { clock, timeoutMs: 10 }))
  clock.advance(10)
  t.match(await late, { name: 'TimeoutError', message: 'no answer within 10 ms' })
  t.equal(clock.timerCount, 0)
})

t.test('a call is not begun when it is given up already', async (t) => {
  const clock = new ManualClock()
  const reason = new Error('closed')
  let isCalled = false
  const call = (): void => void (isCalled = true)
  const limits = { clock, timeoutMs: 10, signal: AbortSignal.abort(reason) }
  t.equal(await failureOf(callWithin(call, limits)), reason)
  t.notOk(isCalled)
  t.equal(clock.timerCount, 0)
})

t.test('a rejection that comes too late troubles nobody', async () => {
  const clock = new ManualClock()
  let fail: (error: Error) => void = () => {}
  const call = (): Promise<never> => new Promise((_, reject) => (fail = reject))
  const late = failureOf(callWithin(call, { clock, timeoutMs: 10 }))
  await clock.settle()
  clock.advance(10)
  await late
  fail(new Error('too late'))
  await clock.settle()
})

t.test('a pause ends by its time or its signal, and leaves no timer', async (t) => {
  const clock = new ManualClock()
  const controller = new AbortController()
  const ended = pause(clock, 10, controller.signal)
  await clock.settle()
  clock.advance(10)
  await t.resolves(ended)
  const left = failureOf(pause(clock, 10, controller.signal))
  await clock.settle()
  controller.abort(new Error('closed'))
  t.match(await left, { message: 'closed' })
  t.equal(clock.timerCount, 0)
})

t.test('words of others are one line, without control characters, and cut', async (t) => {
  t.equal(cleanText(' a\r\n\x1b[31mb\u202e\u2028c '), 'a [31mb c')
  t.equal(cleanText('x'.repeat(2_000_000)).length, 500)
  t.equal(describeThrown(new Error('')), 'an error without a message')
  t.equal(describeThrown('hidden'), 'it threw a value of type string')
  t.equal(describeThrown(null), 'it threw null')
  const odd = Object.assign(new Error('x'), { message: { status: 503 } })
  t.equal(describeThrown(odd), 'an error without a message')
})

t.test('the nearest name', async (t) => {
  t.equal(nearest('passwrd', ['username', 'password']), 'password')
  t.equal(nearest('x', ['username']), undefined)
  t.equal(nearest('colour', ['username']), undefined)
})
