/**
 * Every failure of the room, with secrets that are marked: none may show in what any way of printing
 * makes of the errors, their causes, the logs, or the objects that hold the secrets.
 */
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import type { SaslEnvironment, SaslExchange } from '../../../src/network/sasl/mechanism.js'
import { oidcToken } from '../../../src/network/sasl/oidc-token.js'
import type { TokenRequest } from '../../../src/network/sasl/token-request.js'
import { saslMechanism, type SaslOptions } from '../../../src/network/sasl/sasl-options.js'
import { bytes, everythingOf, failureOf, scramServer, testContext, testEnvironment, thrownBy } from './support.js' // prettier-ignore

const MARK = 'SECRET4711'
const PLAIN = { mechanism: 'PLAIN', username: 'alice', password: `${MARK}-password` } as const
const SCRAM = { ...PLAIN, mechanism: 'SCRAM-SHA-512' } as const
const environment = testEnvironment()

function isHidden(text: string): boolean {
  const shapes = [MARK, Buffer.from(MARK).toString('hex'), ...base64Shapes(MARK)]
  return !shapes.some((shape) => text.includes(shape))
}

/** The middle of a text in base64, at each of the three ways it may lie. */
function base64Shapes(text: string): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(' '.repeat(shift) + text).toString('base64')
    return encoded.slice(4, 12)
  })
}

function exchangeOf(options: SaslOptions, it: SaslEnvironment = environment): SaslExchange {
  return saslMechanism(options, it).start(testContext())
}

/** Steps until something fails. */
async function failureAfter(
  options: SaslOptions,
  ...challenges: (string | undefined)[]
): Promise<Error> {
  const exchange = exchangeOf(options)
  return failureOf(
    (async () => {
      await exchange.step(undefined)
      for (const challenge of challenges) await exchange.step(bytes(challenge ?? ''))
    })(),
  )
}

t.test('the search finds what it looks for', async (t) => {
  const cause = new Error('deep', { cause: { inner: { password: `${MARK}-x` } } })
  t.notOk(isHidden(everythingOf(new Error('x', { cause }))))
  t.notOk(isHidden(Buffer.from(`user:${MARK}-password`).toString('base64')))
  t.notOk(isHidden(everythingOf(Object.assign(new Error('x'), { password: MARK }))))
})

t.test('options that are refused', async (t) => {
  const wrong: object[] = [
    { ...PLAIN, mechanism: 'PLAIM' },
    { ...PLAIN, mechanism: undefined },
    { ...PLAIN, token: `${MARK}-token` },
    { ...PLAIN, username: '' },
    { ...PLAIN, password: `${MARK}\0` },
    { ...PLAIN, password: [MARK] },
    { ...PLAIN, 'sasl.jaas.config': `password="${MARK}"` },
    { ...PLAIN, secretAccessKey: MARK },
    { ...PLAIN, isDelegationToken: MARK },
    { mechanism: 'OAUTHBEARER', token: MARK },
    { mechanism: 'OAUTHBEARER', token: { value: MARK } },
    { mechanism: 'GSSAPI', authenticate: MARK },
    [MARK],
  ]
  for (const options of wrong) {
    const error = thrownBy(() => saslMechanism(options as SaslOptions, environment))
    t.ok(isHidden(everythingOf(error)), error.message)
  }
})

t.test('mechanisms and exchanges print nothing', async (t) => {
  const options: SaslOptions[] = [
    PLAIN,
    SCRAM,
    { mechanism: 'OAUTHBEARER', token: () => ({ token: `${MARK}-token` }) },
  ]
  for (const it of options) {
    const mechanism = saslMechanism(it, environment)
    const exchange = mechanism.start(testContext())
    await exchange.step(undefined)
    if (it === SCRAM) {
      const first = Buffer.from((await saslMechanism(SCRAM, environment).start(testContext()).step(undefined)) ?? []) // prettier-ignore
      t.ok(isHidden(first.toString()), 'not even its bytes')
    }
    t.ok(isHidden(everythingOf(mechanism)), `${mechanism.name}: mechanism`)
    t.ok(isHidden(everythingOf(exchange)), `${mechanism.name}: exchange`)
  }
})

t.test('SCRAM: brokers that are refused', async (t) => {
  const messages = ['', 'm=x', 'e=no', 'r=x,s=YQ==,i=4096']
  for (const message of messages) {
    t.ok(isHidden(everythingOf(await failureAfter(SCRAM, message))))
  }
  const exchange = exchangeOf(SCRAM)
  const server = scramServer('sha512', SCRAM.password)
  const first = Buffer.from((await exchange.step(undefined)) ?? []).toString('latin1')
  await exchange.step(bytes(server.first(first)))
  t.ok(isHidden(everythingOf(exchange)), 'halfway')
  const error = await failureOf(Promise.resolve(exchange.step(bytes('v=YQ=='))))
  t.match(error, { name: 'AuthenticationError' })
  t.ok(isHidden(everythingOf(error)))
})

t.test('functions that fail, or answer nonsense', async (t) => {
  const answers: unknown[] = [undefined, '', `${MARK}\0`, [MARK], { password: MARK }, 4711]
  for (const answer of answers) {
    const password = (): string => answer as string
    t.ok(isHidden(everythingOf(await failureAfter({ ...PLAIN, password }))))
  }
  const tokens: unknown[] = [
    MARK,
    { value: MARK },
    { token: `Bearer ${MARK}` },
    { token: `${MARK} ` },
    { token: MARK.repeat(60_000) },
    { token: MARK, expiresAtMs: MARK },
    { token: MARK, extensions: { a: `${MARK}\x01` } },
  ]
  for (const answer of tokens) {
    const token = (): { token: string } => answer as { token: string }
    t.ok(isHidden(everythingOf(await failureAfter({ mechanism: 'OAUTHBEARER', token }))))
  }
})

t.test('OAUTHBEARER: refusals, hints and logs', async (t) => {
  const it = testEnvironment()
  let isDown = false
  const claims = Buffer.from(JSON.stringify({ sub: 'me', other: MARK })).toString('base64url')
  const token = () => {
    if (isDown) throw new Error('down')
    return { token: `e30.${claims}.${MARK}`, expiresAtMs: it.clock.now() + 3_600_000 }
  }
  const mechanism = saslMechanism({ mechanism: 'OAUTHBEARER', token }, it)
  const exchange = mechanism.start(testContext())
  await exchange.step(undefined)
  await exchange.step(bytes('{"status":"invalid_token"}'))
  t.match(exchange.hint, /sub "me"/)
  t.ok(isHidden(exchange.hint ?? ''))
  t.ok(isHidden(everythingOf(await failureOf(Promise.resolve(exchange.step(bytes('')))))))
  isDown = true
  await mechanism.start(testContext()).step(undefined)
  t.equal(it.logged.length, 1)
  t.ok(isHidden(everythingOf(it.logged)))
})

t.test('oidcToken: options that are refused, and endpoints that fail', async (t) => {
  const base = { tokenUrl: 'https://issuer/token', clientId: 'me', clientSecret: `${MARK}-secret` }
  const encrypted = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString()
  const assertion = { algorithm: 'RS256', key: encrypted, passphrase: MARK }
  const wrong: object[] = [
    { tokenUrl: `https://u:${MARK}@issuer/token` },
    { tokenUrl: MARK },
    { tokenUrl: `http://issuer/token?key=${MARK}` },
    { clientSecret: [MARK] },
    { clientSecret: `${MARK}\0` },
    { clientId: undefined },
    { grantType: MARK },
    { extensions: { a: `${MARK}\x01` } },
    { clientSecret: undefined, assertion },
    {
      clientSecret: undefined,
      assertion: { ...assertion, key: `-----BEGIN PRIVATE KEY-----\n${MARK}` },
    },
  ]
  for (const changes of wrong) {
    const error = thrownBy(() => oidcToken({ ...base, ...changes }))
    t.match(error, { name: 'ConfigError' })
    t.ok(isHidden(everythingOf(error)), error.message)
  }
  const withRequest = (request: TokenRequest): Error =>
    Object.assign(new Error(`sent ${request.headers.authorization}`), {
      request,
      code: MARK.toLowerCase(),
    })
  const fetches = [
    async (_: string, request: TokenRequest) => Promise.reject(withRequest(request)),
    async () => ({ status: 400, body: chunk(`{"error":"${MARK}"}`) }),
    async () => ({ status: 200, body: chunk(`{"access_token":["${MARK}"]}`) }),
    async () => ({ status: 200, body: chunk(MARK) }),
  ]
  for (const fetch of fetches) {
    const options = { ...base, tokenUrl: `${base.tokenUrl}?key=${MARK}`, fetch, timeoutMs: 50 }
    const error = await failureOf(oidcToken(options)())
    t.match(error, { name: 'ConnectionError' })
    t.ok(isHidden(everythingOf(error)), error.message)
  }
})

async function* chunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
