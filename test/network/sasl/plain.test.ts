import t from 'tap'
import { Credentials, CREDENTIALS_TIMEOUT_MS } from '../../../src/network/sasl/credentials.js'
import { plainMechanism } from '../../../src/network/sasl/plain.js'
import { Secret } from '../../../src/secret.js'
import { failureOf, step, testContext, testEnvironment } from './support.js'

type Source = string | (() => string | Promise<string>)

function plain(username: Source, password: Source, environment = testEnvironment()) {
  return plainMechanism(new Credentials(new Secret(username), new Secret(password), environment))
}

t.test('PLAIN is one message, in UTF-8', async (t) => {
  const mechanism = plain('älice', async () => 'p,w=d')
  t.match(mechanism, { name: 'PLAIN', isClearText: true })
  const exchange = mechanism.start(testContext())
  t.equal(exchange.user, undefined)
  const message = await exchange.step(undefined)
  t.strictSame(message, Buffer.from('\0älice\0p,w=d'))
  t.equal(exchange.user, 'älice')
  t.equal(await step(exchange, ''), undefined)
})

t.test('functions are called at every login', async (t) => {
  let count = 0
  const mechanism = plain(() => `user-${++count}`, 'secret')
  t.equal(await step(mechanism.start(testContext())), '\0user-1\0secret')
  t.equal(await step(mechanism.start(testContext())), '\0user-2\0secret')
})

t.test('a function that throws fails the attempt, to be made again', async (t) => {
  const cause = new Error('the vault\nis sealed')
  for (const fail of [
    () => Promise.reject(cause),
    () => {
      throw cause
    },
  ]) {
    const error = await failureOf(step(plain('user', fail).start(testContext())))
    t.match(error, {
      name: 'ConnectionError',
      code: 'ERR_OTTLA_CREDENTIALS',
      phase: 'authenticate',
      retriable: true,
      host: 'broker-1',
      port: 9092,
      message:
        'cannot log in to broker-1:9092: the function sasl.password failed: the vault is sealed',
      cause,
    })
  }
})

t.test('a function that answers nothing usable fails the attempt', async (t) => {
  const answers: [unknown, RegExp][] = [
    [undefined, /function sasl.username answers is of type undefined/],
    [null, /answers is null/],
    ['', /answers is empty/],
    ['a\0b', /NUL/],
    [42, /type number/],
  ]
  for (const [answer, says] of answers) {
    const mechanism = plain(() => answer as string, 'secret')
    const error = await failureOf(step(mechanism.start(testContext())))
    t.match(error, { name: 'ConnectionError', retriable: true, message: says })
  }
})

t.test('a function that never answers is given up, and leaves no timer', async (t) => {
  const environment = testEnvironment()
  const never = (): Promise<string> => new Promise(() => {})
  const failed = failureOf(step(plain('user', never, environment).start(testContext())))
  await environment.clock.settle()
  environment.clock.advance(CREDENTIALS_TIMEOUT_MS)
  t.match(await failed, { retriable: true, message: /no answer within 30000 ms/ })
  t.equal(environment.clock.timerCount, 0)
})

t.test('a login that is given up waits no longer', async (t) => {
  const environment = testEnvironment()
  const context = testContext()
  const never = (): Promise<string> => new Promise(() => {})
  const failed = failureOf(step(plain('user', never, environment).start(context)))
  const reason = new Error('closed')
  context.giveUp(reason)
  t.equal(await failed, reason)
  t.equal(environment.clock.timerCount, 0)
  t.equal(await failureOf(step(plain(never, 'x', environment).start(context))), reason)
})
