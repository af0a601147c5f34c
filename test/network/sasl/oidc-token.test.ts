import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { ConfigError, TimeoutError } from '../../../src/errors.js'
import { oidcToken } from '../../../src/network/sasl/oidc-token.js'
import type { TokenRequest, TokenResponse } from '../../../src/network/sasl/token-request.js'
import { ManualClock } from '../../support/manual-clock.js'
import { failureOf, thrownBy } from './support.js'

const URL = 'https://issuer.example/token'
const BASE = { tokenUrl: URL, clientId: 'me', clientSecret: 'hidden-4711' }
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const KEY = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const EC_KEY = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()

type Answer = { status?: number; body?: string | object } | Error

/** A token endpoint that answers in turn, the last one again and again. */
function endpoint(...answers: Answer[]) {
  const clock = new ManualClock()
  const requests: TokenRequest[] = []
  const fetch = async (_url: string, request: TokenRequest): Promise<TokenResponse> => {
    const answer = answers[Math.min(requests.length, answers.length - 1)] ?? {}
    requests.push(request)
    if (answer instanceof Error) throw answer
    const { status = 200, body = { access_token: 'abc', expires_in: 60 } } = answer
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return { status, body: chunks(text) }
  }
  const token = (options: object = {}) => oidcToken({ ...BASE, fetch, ...options }, clock)
  const form = (index = 0) => Object.fromEntries(new URLSearchParams(requests[index]?.body))
  return { clock, requests, token, form }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}

const networkError = (code: string): Error => {
  return Object.assign(new TypeError('fetch failed'), {
    cause: Object.assign(new Error(), { code }),
  })
}

t.test('client credentials go as Basic, in standard base64', async (t) => {
  const it = endpoint()
  const extensions = { logicalCluster: 'lkc-1' }
  const answer = await it.token({ scope: 'a b', extensions })()
  t.strictSame(answer, { token: 'abc', extensions, expiresAtMs: it.clock.now() + 60_000 })
  const [request] = it.requests
  t.match(request, { method: 'POST', redirect: 'manual' })
  t.equal(
    request?.headers.authorization,
    `Basic ${Buffer.from('me:hidden-4711').toString('base64')}`,
  )
  t.equal(request?.headers['content-type'], 'application/x-www-form-urlencoded')
  t.strictSame(it.form(), { grant_type: 'client_credentials', scope: 'a b' })
  t.equal(it.clock.timerCount, 0)
})

t.test('credentials are encoded where that is asked for', async (t) => {
  const it = endpoint()
  const odd = { clientId: 'a:b', clientSecret: async () => 'ü/+ x', urlEncodeCredentials: true }
  await it.token(odd)()
  const expected = Buffer.from('a%3Ab:%C3%BC%2F%2B+x').toString('base64')
  t.equal(it.requests[0]?.headers.authorization, `Basic ${expected}`)
})

t.test(
  'an id_token serves where there is no access_token; so does the time of a text',
  async (t) => {
    const it = endpoint({ body: { id_token: 'idt', expires_in: '30' } })
    t.match(await it.token()(), { token: 'idt', expiresAtMs: it.clock.now() + 30_000 })
    t.match(await endpoint({ body: { access_token: 'x' } }).token()(), { expiresAtMs: undefined })
  },
)

t.test('what passes is tried again, after 100, 200, 400 ms', async (t) => {
  const it = endpoint(networkError('ECONNREFUSED'), { status: 429 }, { status: 503 }, {})
  const got = it.token()()
  for (const [index, ms] of [100, 200, 400].entries()) {
    await it.clock.settle()
    t.equal(it.requests.length, index + 1)
    it.clock.advance(ms)
  }
  t.match(await got, { token: 'abc' })
  t.equal(it.clock.timerCount, 0)
})

t.test('what is final is not tried again', async (t) => {
  const finals: [Answer, RegExp][] = [
    [{ status: 400, body: { error: 'invalid_scope' } }, /HTTP 400, invalid_scope$/],
    [{ status: 401, body: { error: 'invalid_client', error_description: 'hidden' } }, /HTTP 401, invalid_client$/], // prettier-ignore
    [{ status: 403, body: 'hidden' }, /HTTP 403$/],
    [{ status: 404, body: { error: 'hidden' } }, /HTTP 404$/],
    [{ status: 501 }, /HTTP 501$/],
    [{ status: 505 }, /HTTP 505$/],
    [{ status: 302, body: 'hidden' }, /redirect \(302\)/],
    [{ status: 0 }, /redirect/],
    [{ body: 'hidden' }, /no JSON object/],
    [{ body: '["hidden"]' }, /no JSON object/],
    [{ body: { token: 'hidden' } }, /no access_token/],
    [{ body: { access_token: 42 } }, /no access_token/],
    [{ body: `{"access_token":"${'hidden'.repeat(200_000)}"}` }, /larger than 1048576 bytes/],
    [networkError('DEPTH_ZERO_SELF_SIGNED_CERT'), /cannot be reached: DEPTH_ZERO_SELF_SIGNED_CERT/],
    [networkError('ERR_TLS_CERT_ALTNAME_INVALID'), /ERR_TLS_CERT_ALTNAME_INVALID/],
  ]
  for (const [answer, says] of finals) {
    const it = endpoint(answer)
    const error = await failureOf(it.token()())
    t.match(error, { name: 'ConnectionError', code: 'ERR_OTTLA_TOKEN', message: says })
    t.match(error, { host: 'issuer.example', port: 443, phase: 'authenticate', retriable: false })
    t.equal(error.cause, undefined)
    t.notMatch(error.message, /hidden/)
    t.match(error.message, `no token from ${URL}: `)
    t.equal(it.requests.length, 1)
    t.equal(it.clock.timerCount, 0)
  }
})

t.test('all tries together have ten seconds; the last failure is told', async (t) => {
  const it = endpoint({ status: 503 })
  const failed = failureOf(it.token()())
  await it.clock.advanceSettled(9_999)
  t.equal(it.requests.length, 7)
  await it.clock.advanceSettled(1)
  t.match(await failed, {
    message: /no answer within 10000 ms; it answers HTTP 503$/,
    retriable: true,
  })
  t.equal(it.clock.timerCount, 0)
})

t.test('an endpoint that hangs is given up, and so is a call that nobody waits for', async (t) => {
  const clock = new ManualClock()
  const signals: AbortSignal[] = []
  const fetch = (_url: string, { signal }: TokenRequest): Promise<TokenResponse> => {
    signals.push(signal)
    return new Promise(() => {})
  }
  const token = oidcToken({ ...BASE, fetch, timeoutMs: 500 }, clock)
  const late = failureOf(token())
  await clock.advanceSettled(500)
  t.match(await late, { message: /no answer within 500 ms/, retriable: true })
  const controller = new AbortController()
  const left = failureOf(token({ signal: controller.signal }))
  await clock.settle()
  controller.abort(new Error('closed'))
  t.match(await left, { message: /closed/ })
  t.ok(signals.every(({ aborted }) => aborted))
  t.equal(clock.timerCount, 0)
})

t.test(
  'jwt-bearer exchanges an assertion, and an assertion may take the secret’s place',
  async (t) => {
    const it = endpoint()
    const assertion = { algorithm: 'RS256', key: KEY, claims: { iss: 'me' } }
    const secretless = { clientSecret: undefined, assertion }
    await it.token({ ...secretless, grantType: 'jwt-bearer', scope: 's' })()
    t.match(it.form(0), {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      scope: 's',
      assertion: /^[\w-]+\.[\w-]+\.[\w-]+$/,
    })
    t.notOk('client_id' in it.form(0))
    t.equal(it.requests[0]?.headers.authorization, undefined)
    await it.token(secretless)()
    t.match(it.form(1), {
      grant_type: 'client_credentials',
      client_id: 'me',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: /^[\w-]+\.[\w-]+\.[\w-]+$/,
    })
    const file = join(t.testdir({ jwt: 'ready.made.assertion\n' }), 'jwt')
    await it.token({ clientSecret: undefined, assertion: { file } })()
    t.equal(it.form(2).client_assertion, 'ready.made.assertion')
  },
)

t.test('a secret or an assertion that cannot be had now is asked for again', async (t) => {
  const bad: unknown[] = [new Error('vault is sealed'), new TimeoutError('slow', {}), 42, '']
  const clientSecret = (): string => {
    const answer = bad.length > 0 ? bad.shift() : 'found'
    if (answer instanceof Error) throw answer
    return answer as string
  }
  const it = endpoint()
  const got = it.token({ clientSecret })()
  await it.clock.advanceSettled(100 + 200 + 400 + 800)
  t.match(await got, { token: 'abc' })
  const final = it.token({ clientSecret: () => Promise.reject(new ConfigError('no vault')) })
  t.match(await failureOf(final()), { message: /clientSecret failed: no vault$/, retriable: false })

  const file = join(t.testdir({}), 'jwt')
  const plan = { clientSecret: undefined, assertion: { file } }
  const late = failureOf(it.token({ ...plan, timeoutMs: 1 })())
  await until(() => it.clock.timerCount === 2) // the limit, and the pause: the file was looked for
  it.clock.advance(1)
  t.match(await late, {
    message: /no answer within 1 ms; the assertion cannot be made: ENOENT/,
    retriable: true,
  })
  const found = it.token(plan)()
  await until(() => it.clock.timerCount === 2)
  writeFileSync(file, 'a.b.c')
  it.clock.advance(100)
  t.match(await found, { token: 'abc' })
  t.equal(it.clock.timerCount, 0)
})

t.test('what does not fit is said at once', async (t) => {
  const signed = { algorithm: 'RS256', key: KEY }
  const wrong: [object, RegExp][] = [
    [{ tokenUrl: undefined }, /needs a tokenUrl/],
    [{ tokenUrl: 'issuer' }, /needs a tokenUrl such as https/],
    [{ tokenUrl: 'http://issuer.example/' }, /http: is allowed to localhost alone/],
    [{ tokenUrl: 'http://localhost.evil.example/' }, /localhost alone/],
    [{ tokenUrl: 'file:///etc/passwd' }, /begins with file:/],
    [{ tokenUrl: 'https://u:hidden-4711@issuer/' }, /user or a password/],
    [{ clientSecret: undefined }, /needs clientId and clientSecret, or an assertion/],
    [{ clientSecret: '' }, /clientSecret that is empty/],
    [{ clientId: undefined }, /no clientId/],
    [{ clientId: 'a:b' }, /urlEncodeCredentials/],
    [{ grantType: 'password' }, /grantType/],
    [{ grantType: 'jwt-bearer' }, /needs/],
    [{ assertion: signed }, /leave one out/],
    [{ extensions: { auth: 'x' } }, /extension "auth"/],
    [{ extensions: new Map([['a', 'hidden-4711']]) }, /extensions that are no object of strings/],
    [{ timeoutMs: 0 }, /timeoutMs/],
    [{ scope: ['a'] }, /scope of type object: give a string/],
    [{ clientSecrt: 'hidden-4711' }, /"clientSecrt": did you mean clientSecret\?/],
    [{ assertion: new Map() }, /assertion of type object: give a plain object/],
    [{ clientSecret: undefined, assertion: {} }, /needs assertion\.algorithm/],
    [{ clientSecret: undefined, assertion: { algorithm: 'RS256' } }, /needs assertion\.key/],
    [
      { clientSecret: undefined, assertion: { ...signed, key: 'hidden-4711' } },
      /key that cannot be read: give PEM/,
    ],
    [
      { clientSecret: undefined, assertion: { ...signed, key: EC_KEY } },
      /ec prime256v1, and RS256 needs an RSA key/,
    ],
    [
      { clientSecret: undefined, assertion: { ...signed, algorithm: 'ES256' } },
      /needs a P-256 key/,
    ],
    [{ clientSecret: undefined, assertion: { ...signed, key: { path: '/nowhere/x' } } }, /ENOENT/],
    [{ clientSecret: undefined, assertion: { ...signed, file: 'x' } }, /file, which is ready/],
    [{ clientSecret: undefined, assertion: { ...signed, expirySeconds: 0 } }, /expirySeconds/],
    [
      { clientSecret: undefined, assertion: { ...signed, passphrse: 'hidden-4711' } },
      /did you mean passphrase\?/,
    ],
  ]
  for (const [changes, says] of wrong) {
    const error = thrownBy(() => oidcToken({ ...BASE, ...changes }))
    t.match(error, { name: 'ConfigError', message: says })
    t.notMatch(error.message, /hidden/)
  }
  for (const host of ['localhost', '127.0.0.1:8080', '[::1]:8080']) {
    t.doesNotThrow(() => oidcToken({ ...BASE, tokenUrl: `http://${host}/token` }))
  }
})

t.test('whatever an endpoint answers, it is a token or an error', async (t) => {
  const seed = Number(process.env.OTTLA_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.comment(`seed ${seed} (OTTLA_SEED=${seed} repeats this run)`)
  const json = fc.record(
    { access_token: fc.jsonValue(), id_token: fc.jsonValue(), expires_in: fc.jsonValue() },
    { requiredKeys: [] },
  )
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    json.map((value) => JSON.stringify(value)),
  )
  const property = fc.asyncProperty(body, async (text) => {
    try {
      const { token, expiresAtMs } = await endpoint({ body: text }).token()()
      return token !== '' && (expiresAtMs === undefined || Number.isFinite(expiresAtMs))
    } catch (error) {
      return (error as Error).name === 'ConnectionError'
    }
  })
  await t.resolves(fc.assert(property, { seed }))
})

async function serve(
  t: Test,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test(
  'the global fetch serves: an answer, a refusal, a redirect that is not followed',
  async (t) => {
    const paths: string[] = []
    const url = await serve(t, (request, response) => {
      paths.push(request.url ?? '')
      if (request.url === '/moved') response.writeHead(307, { location: '/token' }).end('moved')
      else if (request.url === '/no') response.writeHead(401).end('{"error":"invalid_client"}')
      else response.end('{"access_token":"abc","expires_in":60}')
    })
    t.match(await oidcToken({ ...BASE, tokenUrl: `${url}/token` })(), { token: 'abc' })
    t.match(await failureOf(oidcToken({ ...BASE, tokenUrl: `${url}/no` })()), { message: /401, invalid_client/ }) // prettier-ignore
    t.match(await failureOf(oidcToken({ ...BASE, tokenUrl: `${url}/moved` })()), { message: /redirect \(307\)/ }) // prettier-ignore
    t.strictSame(paths, ['/token', '/no', '/moved'])
  },
)

t.test('an endless answer is cut off', async (t) => {
  const url = await serve(t, (_request, response) => {
    const more = (): void => {
      while (response.write('x'.repeat(65_536)));
      response.once('drain', more)
    }
    more()
  })
  const error = await failureOf(oidcToken({ ...BASE, tokenUrl: `${url}/token` })())
  t.match(error, { message: /larger than 1048576 bytes/ })
})
