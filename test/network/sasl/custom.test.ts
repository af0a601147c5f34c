import { runInNewContext } from 'node:vm'
import t from 'tap'
import { AuthenticationError } from '../../../src/errors.js'
import { customMechanism as make, type SaslAuthenticate } from '../../../src/network/sasl/custom.js'
import type { SaslMechanism } from '../../../src/network/sasl/mechanism.js'
import { ManualClock } from '../../support/manual-clock.js'
import { bytes, failureOf, step, testContext } from './support.js'

const clock = new ManualClock()

function customMechanism(name: string, authenticate: SaslAuthenticate): SaslMechanism {
  return make(name, authenticate, { clock })
}

t.test('the steps are the user’s, with a state for each login', async (t) => {
  const told: unknown[] = []
  const authenticate: SaslAuthenticate = async (challenge, context) => {
    told.push([challenge && Buffer.from(challenge).toString(), context.host, context.port, context.mechanism]) // prettier-ignore
    const count = (context.state.count = Number(context.state.count ?? 0) + 1)
    return count < 3 ? bytes(count === 2 ? '' : 'one') : undefined
  }
  const mechanism = customMechanism('GSSAPI', authenticate)
  t.match(mechanism, { name: 'GSSAPI', isClearText: false })
  for (let round = 0; round < 2; round++) {
    const exchange = mechanism.start(testContext())
    t.equal(await step(exchange), 'one')
    t.equal(await step(exchange, 'a'), '', 'no bytes are sent as such')
    t.equal(await step(exchange, 'b'), undefined)
  }
  t.strictSame(told.slice(0, 2), [
    [undefined, 'broker-1', 9092, 'GSSAPI'],
    ['a', 'broker-1', 9092, 'GSSAPI'],
  ])
})

t.test('what it throws is tried again, but for errors of Ottla', async (t) => {
  const cause = new Error('ticket expired')
  const fail = customMechanism('GSSAPI', () => Promise.reject(cause)).start(testContext())
  t.match(await failureOf(step(fail)), {
    name: 'ConnectionError',
    code: 'ERR_OTTLA_CREDENTIALS',
    retriable: true,
    message: /function sasl.authenticate failed: ticket expired/,
    cause,
  })
  const fatal = new AuthenticationError('no', { host: 'h', port: 1, mechanism: 'GSSAPI' })
  const refuse = customMechanism('GSSAPI', () => Promise.reject(fatal)).start(testContext())
  t.equal(await failureOf(step(refuse)), fatal)
})

t.test('bytes of another realm are bytes', async (t) => {
  const answer = runInNewContext('Uint8Array.of(1, 2)') as Uint8Array
  const exchange = customMechanism('X', () => answer).start(testContext())
  t.equal(await step(exchange), '\u0001\u0002')
})

t.test('an answer that is no bytes is refused', async (t) => {
  const exchange = customMechanism('X', (() => 'text') as never).start(testContext())
  t.match(await failureOf(step(exchange)), { message: /answered a string: give a Uint8Array/ })
})

t.test('a step that never ends is given up with its login', async (t) => {
  const context = testContext()
  let isAborted = false
  const exchange = customMechanism('X', (_challenge, { signal }) => {
    signal.addEventListener('abort', () => (isAborted = true))
    return new Promise(() => {})
  }).start(context)
  const failed = failureOf(step(exchange))
  const reason = new Error('closed')
  context.giveUp(reason)
  t.equal(await failed, reason)
  t.ok(isAborted)
})

t.test('a step that never ends is given up after 30 s', async (t) => {
  const exchange = customMechanism('X', () => new Promise(() => {})).start(testContext())
  const failed = failureOf(step(exchange))
  await clock.advanceSettled(30_000)
  t.match(await failed, { code: 'ERR_OTTLA_CREDENTIALS', retriable: true })
  t.equal(clock.timerCount, 0)
})
