import t from 'tap'
import { ConnectionError, DeliveryError } from '../src/errors.js'
import { fitCause, isThrown, thrownKind, thrownWords } from '../src/thrown.js'

/** What plain JavaScript may throw, and neither words nor a kind can be got from. */
function hostile(): unknown[] {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const throws = (): never => {
    throw new Error('a getter of the user')
  }
  return [
    proxy,
    new Proxy(new Error('x'), { get: throws }),
    new Proxy(new Error('x'), { getPrototypeOf: throws }),
    Object.defineProperties(new Error('x'), { message: { get: throws }, name: { get: throws } }),
  ]
}

t.test('an Error has its message', async (t) => {
  t.equal(thrownWords(new TypeError('oops'), String), 'oops')
  for (const message of [undefined, null, '', { status: 503 }, Symbol('x'), 7]) {
    const error = Object.assign(new Error('x'), { message })
    t.equal(thrownWords(error, String), 'an error without a message')
  }
})

t.test('the rest has what the caller says of it', async (t) => {
  t.equal(thrownWords(7, String), '7')
  t.equal(thrownWords(Object.create(null), String), 'an error without a message')
})

t.test('a kind shows no words', async (t) => {
  t.equal(thrownKind(new TypeError('secret')), 'TypeError')
  t.equal(thrownKind(Object.assign(new Error('x'), { name: {} })), 'an Error')
  for (const [thrown, kind] of [[null, 'null'], [undefined, 'undefined'], [{}, 'an object'], ['x', 'a string']] as const) {
    t.equal(thrownKind(thrown), `${kind} was thrown`)
  }
}) // prettier-ignore

t.test('nothing throws', async (t) => {
  for (const thrown of hostile()) {
    t.type(thrownWords(thrown, String), 'string')
    t.type(thrownKind(thrown), 'string')
    t.equal(isThrown(thrown, DeliveryError), false)
  }
})

t.test('a cause is what was thrown, unless who walks along causes would break', async (t) => {
  for (const thrown of [new Error('x'), 'x', null, undefined, {}]) t.equal(fitCause(thrown), thrown)
  for (const thrown of hostile()) {
    const { cause } = new ConnectionError('x', { host: 'a', port: 1, phase: 'tls', cause: thrown })
    t.not(cause, thrown)
    t.match(cause, { message: 'an error without a message' })
  }
})
