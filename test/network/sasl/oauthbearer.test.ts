import fc from 'fast-check'
import t from 'tap'
import { oauthBearerMechanism } from '../../../src/network/sasl/oauthbearer.js'
import type { SaslToken } from '../../../src/network/sasl/oauth-token.js'
import { failureOf, step, testContext, testEnvironment } from './support.js'

const SEED = Number(process.env.OTTLA_SEED ?? Math.floor(Math.random() * 2 ** 31))
t.comment(`seed ${SEED} (OTTLA_SEED=${SEED} repeats this run)`)

const NOW_MS = testEnvironment().clock.now()

function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part(claims)}.c2ln`
}

function login(answer: unknown) {
  const mechanism = oauthBearerMechanism(() => answer as SaslToken, testEnvironment())
  return mechanism.start(testContext())
}

t.test('one message with the token, and an empty answer', async (t) => {
  const mechanism = oauthBearerMechanism(() => ({ token: 'x' }), testEnvironment())
  t.match(mechanism, { name: 'OAUTHBEARER', isClearText: true })
  const exchange = login({ token: 'abc-._~+/==' })
  t.equal(await step(exchange), 'n,,\x01auth=Bearer abc-._~+/==\x01\x01')
  t.equal(await step(exchange, ''), undefined)
})

t.test('extensions follow the token', async (t) => {
  const extensions = { logicalCluster: 'lkc-1', identityPoolId: 'a b\tc' }
  const message = await step(login({ token: 'abc', extensions }))
  t.equal(
    message,
    'n,,\x01auth=Bearer abc\x01logicalCluster=lkc-1\x01identityPoolId=a b\tc\x01\x01',
  )
})

t.test('a refusal is answered, and never taken for success', async (t) => {
  const exp = NOW_MS / 1000 - 12
  const exchange = login({ token: jwt({ iss: 'https://i', aud: ['kafka'], sub: 'me', exp }) })
  await step(exchange)
  t.equal(await step(exchange, '{"status":"invalid_token"}\n'), '\x01')
  const hint =
    'the broker says {"status":"invalid_token"}; ' +
    'the token: iss "https://i", aud ["kafka"], sub "me", expired 12 s ago by this clock'
  t.equal(exchange.hint, hint)
  t.match(await failureOf(step(exchange, '')), {
    name: 'AuthenticationError',
    mechanism: 'OAUTHBEARER',
    message: /went on as if it had not/,
  })
})

t.test('a hostile refusal is cut and cleaned', async (t) => {
  const exchange = login({ token: 'opaque' })
  await step(exchange)
  t.equal(await step(exchange, `\x1b[2J\n${'x'.repeat(100_000)}`), '\x01')
  t.ok((exchange.hint ?? '').length < 600)
  t.notMatch(exchange.hint, /[\x00-\x1f]/)
})

t.test('what a token function must not answer', async (t) => {
  const answers: [unknown, RegExp][] = [
    [undefined, /no object/],
    ['text', /no object/],
    [{}, /no token/],
    [{ token: '' }, /no token/],
    [{ value: 'abc' }, /kafkajs's name: give \{ token/],
    [{ token: 'Bearer abc' }, /leave out "Bearer "/],
    [{ token: 'a b' }, /characters/],
    [{ token: 'a\x01auth=Bearer b' }, /characters/],
    [{ token: 'x'.repeat(500_001) }, /500001 characters/],
    [{ token: 'abc', expiresAtMs: 'soon' }, /expiresAtMs/],
    [{ token: 'abc', expiresAtMs: NaN }, /expiresAtMs/],
    [{ token: 'abc', extensions: { auth: 'x' } }, /"auth": a name is letters, and not auth/],
    [
      { token: 'abc', extensions: new Map([['a', 'x']]) },
      /extensions that are no object of strings/,
    ],
    [{ token: 'abc', extensions: { a1: 'x' } }, /"a1"/],
    [{ token: 'abc', extensions: { a: 'x\x01b=c' } }, /"a" that is no printable/],
    [{ token: 'abc', extensions: { a: 1 } }, /"a"/],
    [{ token: 'abc', extensions: { a: '' } }, /"a" that is empty: leave it out/],
    [{ token: 'abc', extensions: 'a=b' }, /no object/],
  ]
  for (const [answer, says] of answers) {
    const error = await failureOf(step(login(answer)))
    t.match(error, { name: 'ConnectionError', retriable: true, message: says })
    t.match(error.message, /function sasl.token failed/)
  }
})

t.test('after a refusal the next login asks for another token', async (t) => {
  const environment = testEnvironment()
  let calls = 0
  const token = () => ({ token: `t${++calls}`, expiresAtMs: NOW_MS + 3_600_000 })
  const mechanism = oauthBearerMechanism(token, environment)
  const refused = mechanism.start(testContext())
  t.match(await step(refused), /t1/)
  t.match(await step(mechanism.start(testContext())), /t1/)
  await step(refused, '{}')
  t.match(await step(mechanism.start(testContext())), /t2/)
})

t.test('any answer is success where it is empty, and a refusal else', async (t) => {
  const property = fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (answer) => {
    const exchange = login({ token: 'abc' })
    await exchange.step(undefined)
    const next = await exchange.step(answer)
    if (answer.length === 0) return next === undefined
    return next?.length === 1 && next[0] === 1 && exchange.hint !== undefined
  })
  await t.resolves(fc.assert(property, { seed: SEED }))
})

t.test('whatever a token function answers, it is a token or an error', async (t) => {
  const shape = fc.record(
    { token: fc.anything(), expiresAtMs: fc.anything(), extensions: fc.anything() },
    { requiredKeys: [] },
  )
  const property = fc.asyncProperty(fc.oneof(shape, fc.anything()), async (answer) => {
    try {
      return /^n,,\x01auth=Bearer [-\w~+/.]+=*\x01/.test((await step(login(answer))) ?? '')
    } catch (error) {
      return (error as Error).name === 'ConnectionError'
    }
  })
  await t.resolves(fc.assert(property, { seed: SEED }))
})
