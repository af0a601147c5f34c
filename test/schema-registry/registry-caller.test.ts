/**
 * Several addresses, tries, pauses, logins and TLS of the registry's client.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect, promisify } from 'node:util'
import t, { type Test } from 'tap'
import {
  SchemaRegistry,
  type SchemaRegistryOptions,
} from '../../src/schema-registry/schema-registry.js'
import { projectFile } from '../broker/project.js'
import { makeAuthority, makeCertificate } from '../support/certificates.js'
import { FakeRegistry, type FakeRegistryOptions } from '../support/fake-registry.js'
import { ManualClock } from '../support/manual-clock.js'

const SCHEMA = { schema: '"int"' }

async function start(t: Test, options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
  const fake = await FakeRegistry.start(options)
  fake.add('s', SCHEMA)
  t.teardown(() => fake.close())
  return fake
}

function client(t: Test, options: SchemaRegistryOptions, clock?: ManualClock): SchemaRegistry {
  const environment = clock === undefined ? undefined : { clock, random: () => 0.5 }
  const registry = new SchemaRegistry({ retryBackoffMs: clock ? 1000 : 0, ...options }, environment)
  t.teardown(() => registry.close())
  return registry
}

/** Ends with the test's own time limit. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

t.test('tries again what may pass, four times each address in all', async (t) => {
  const fake = await start(t)
  const registry = client(t, { url: fake.url })
  fake.fail({ status: 503, times: 3 })
  t.match(await registry.byId(1), { id: 1 })
  t.equal(fake.requests.length, 4)
  fake.fail({ status: 429, times: 4 })
  await t.rejects(registry.latest('s'), {
    name: 'SchemaRegistryError',
    status: 429,
    retriable: true,
  })
  t.equal(fake.requests.length, 8)
  fake.fail({ status: 403, times: 9 })
  await t.rejects(registry.latest('s'), { name: 'SchemaRegistryError', status: 403 })
  t.equal(fake.requests.length, 9, 'a judgement is final')
})

t.test('the next address is asked, and stays the first', async (t) => {
  const [first, second] = [await start(t), await start(t)]
  const registry = client(t, { url: `${first.url}, ${second.url}` })
  first.fail({ drop: 'before', times: 9 })
  t.match(await registry.byId(1), { id: 1 })
  t.match(await registry.latest('s'), { id: 1 })
  t.strictSame([first.requests.length, second.requests.length], [1, 2])
  second.fail({ status: 502, times: 1 })
  first.heal()
  t.match(await registry.version('s', 1), { id: 1 })
  t.strictSame([first.requests.length, second.requests.length], [2, 3])
})

t.test('one address that is wrong for good does not stand in the way of another', async (t) => {
  const [first, second] = [await start(t), await start(t)]
  const registry = client(t, { url: [first.url, second.url] })
  first.fail({ status: 200, body: '<html>', contentType: 'text/html' })
  t.match(await registry.byId(1), { id: 1 })
})

t.test('pauses double, by the clock, and a time limit holds for all of it', async (t) => {
  const fake = await start(t)
  const clock = new ManualClock()
  const registry = client(t, { url: fake.url, timeoutMs: 2_000 }, clock)
  fake.fail({ status: 503, times: 99 })
  const answer = registry.byId(1).catch((error: unknown) => error)
  for (const [requests, pauseMs] of [[1, 500], [2, 1000]] as const) {
    await until(() => fake.requests.length === requests && clock.nextTimerMs === clock.monotonicMs() + pauseMs)
    clock.advance(pauseMs)
  }
  t.match(await answer, { status: 503, message: /HTTP 503/ }, 'the next pause would end too late')
  t.equal(fake.requests.length, 3)
  t.equal(clock.timerCount, 0)
}) // prettier-ignore

t.test('an answer that does not come ends with requestTimeoutMs', async (t) => {
  const fake = await start(t)
  const clock = new ManualClock()
  const registry = client(t, { url: fake.url, requestTimeoutMs: 30, retries: 0 }, clock)
  fake.fail({ silent: true, times: 1 })
  const answer = registry.byId(1).catch((error: unknown) => error)
  await until(() => fake.requests.length === 1)
  clock.advance(30)
  t.match(await answer, { message: /no answer within 30 ms/, retriable: true })
  t.match(await registry.byId(1), { id: 1 })
})

t.test('Retry-After is waited for where it fits', async (t) => {
  const fake = await start(t)
  const registry = client(t, { url: fake.url, timeoutMs: 5000 })
  fake.fail({ status: 429, headers: { 'retry-after': '3600' } })
  await t.rejects(registry.byId(1), { name: 'SchemaRegistryError', status: 429 })
  t.equal(fake.requests.length, 1)
})

t.test('Retry-After may be a date', async (t) => {
  const fake = await start(t)
  const registry = client(t, { url: fake.url, timeoutMs: 5000 })
  const inAnHour = new Date(Date.now() + 3_600_000).toUTCString()
  fake.fail({ status: 503, headers: { 'retry-after': inAnHour } })
  await t.rejects(registry.byId(1), { name: 'SchemaRegistryError', status: 503 })
  t.equal(fake.requests.length, 1, 'an hour does not fit')
  const before = new Date(Date.now() - 3_600_000).toUTCString()
  for (const text of [before, 'soon', '']) {
    fake.fail({ status: 503, headers: { 'retry-after': text } })
    t.match(await registry.byId(1).catch((error: unknown) => error), { id: 1 }, text)
  }
})

t.test('nobody listens', async (t) => {
  const fake = await FakeRegistry.start()
  const { url } = fake
  await fake.close()
  const registry = client(t, { url })
  await t.rejects(registry.byId(1), {
    message:
      /cannot get the schema of id 1: no answer from the schema registry at http:\/\/127.*ECONNREFUSED/,
    retriable: true,
    status: null,
  })
})

t.test('a connection that the server closed while idle is no failure', async (t) => {
  const fake = await start(t)
  const registry = client(t, { url: fake.url, retries: 0 })
  await registry.byId(1)
  fake.closeIdle()
  t.match(await registry.latest('s'), { id: 1 })
})

t.test('user and password, as an option or in the URL', async (t) => {
  const fake = await start(t, { authorization: () => `Basic ${Buffer.from('me:p@ss/w').toString('base64')}` })
  const withOption = client(t, { url: fake.url, auth: { basic: { username: 'me', password: 'p@ss/w' } } })
  t.match(await withOption.byId(1), { id: 1 })
  const url = fake.url.replace('//', '//me:p%40ss%2Fw@')
  t.match(await client(t, { url }).byId(1), { id: 1 })
  const nameless = await start(t, { authorization: () => `Basic ${Buffer.from(':token').toString('base64')}` })
  t.match(await client(t, { url: nameless.url.replace('//', '//:token@') }).byId(1), { id: 1 })
  const wrong = client(t, { url: fake.url, auth: { basic: { username: 'me', password: 'hunter2' } } })
  const error: unknown = await wrong.byId(1).catch((it: unknown) => it)
  t.match(error, { status: 401, message: /check auth/ })
  t.notMatch(inspect([error, wrong], { depth: 9, showHidden: true }), /hunter2|aHVudGVyMg/)
  t.match(error, { url: fake.url })
}) // prettier-ignore

t.test(
  'tokens: fixed, by a function, kept until near their end, renewed when refused',
  async (t) => {
    let token = 'one'
    const fake = await start(t, { authorization: () => `Bearer ${token}` })
    t.match(await client(t, { url: fake.url, auth: { bearer: 'one' } }).byId(1), { id: 1 })
    let calls = 0
    const bearer = async (): Promise<{ token: string; expiresAtMs: number }> => {
      calls++
      return { token, expiresAtMs: clock.now() + 3_600_000 }
    }
    const clock = new ManualClock()
    const registry = client(t, { url: fake.url, auth: { bearer } }, clock)
    await Promise.all([registry.byId(1), registry.latest('s'), registry.versions('s')])
    t.equal(calls, 1)
    clock.advance(3_300_001) // 5 minutes before the end
    await registry.versions('s')
    t.equal(calls, 2)
    token = 'two'
    await registry.versions('s')
    t.equal(calls, 3, 'the kept one was refused')
  },
)

t.test('a token function that fails, or gives none, says so, and shows nothing', async (t) => {
  const fake = await start(t)
  const failing = client(t, { url: fake.url, retries: 0, auth: { bearer: () => Promise.reject(new Error('vault is away')) } })
  await t.rejects(failing.byId(1), { message: /auth\.bearer.*vault is away/, retriable: true })
  const empty = client(t, { url: fake.url, auth: { bearer: () => undefined as unknown as string } })
  await t.rejects(empty.byId(1), { message: /auth\.bearer.*no token/, retriable: false })
  const never = client(t, { url: fake.url, retries: 0, requestTimeoutMs: 20, auth: { bearer: () => new Promise(() => {}) } })
  await t.rejects(never.byId(1), { message: /auth\.bearer.*within 20 ms/ })
  t.equal(fake.requests.length, 0)
}) // prettier-ignore

t.test('a token that was revoked is renewed once, for all calls that had shown it', async (t) => {
  let token = 'one'
  let calls = 0
  const shown: string[] = []
  const fake = await start(t, { authorization: () => `Bearer ${token}` })
  const bearer = async (): Promise<{ token: string; expiresAtMs: number }> => {
    calls++
    return { token, expiresAtMs: Infinity }
  }
  const registry = client(t, { url: fake.url, retries: 0, auth: { bearer } })
  await registry.byId(1)
  token = 'two'
  const answers = await Promise.allSettled([1, 2, 3, 4, 5].map(() => registry.versions('s')))
  t.strictSame(answers.map(({ status }) => status), Array(5).fill('fulfilled'))
  t.equal(calls, 2, 'the new one is kept')
  for (const { headers } of fake.requests) shown.push(headers.authorization ?? '')
  t.equal(shown.filter((it) => it === 'Bearer two').length, 5, 'each call asks again once')
  fake.fail({ status: 401, times: 2 })
  await t.rejects(registry.versions('s'), { name: 'SchemaRegistryError', status: 401 })
}) // prettier-ignore

t.test('timeoutMs and close end a call whose token does not come', async (t) => {
  const fake = await start(t)
  const clock = new ManualClock()
  const auth = { bearer: () => new Promise<string>(() => {}) }
  const registry = client(t, { url: fake.url, timeoutMs: 300, retries: 0, auth }, clock)
  const ends: string[] = []
  const late = registry.byId(1).catch((error: unknown) => void ends.push(String(error)))
  await clock.settle()
  clock.advance(300)
  await clock.settle()
  t.match(ends, [/auth\.bearer.*no answer within 300 ms/])
  const other = registry.byId(2).catch((error: unknown) => void ends.push(String(error)))
  await clock.settle()
  await registry.close()
  await clock.settle()
  t.match(ends[1], /cannot get the schema of id 2: this client of the schema registry is closed/)
  t.equal(clock.timerCount, 0)
  await Promise.all([late, other])
})

t.test('what the token took is taken off the time of the request', async (t) => {
  const fake = await start(t)
  const clock = new ManualClock()
  const give: ((token: string) => void)[] = []
  const auth = { bearer: () => new Promise<string>((resolve) => void give.push(resolve)) }
  const registry = client(t, { url: fake.url, timeoutMs: 300, retries: 0, auth }, clock)
  fake.fail({ silent: true })
  const answer = registry.byId(1).catch((error: unknown) => error)
  await until(() => give.length === 1)
  clock.advance(200)
  give[0]?.('token')
  await until(() => fake.requests.length === 1)
  clock.advance(100)
  t.match(await answer, { message: /no answer within 100 ms/, retriable: true })
})

t.test('a request that waits for its turn is not late yet', async (t) => {
  const [dead, good] = [await start(t), await start(t)]
  const clock = new ManualClock()
  const url = [dead.url, good.url]
  const registry = client(t, { url, requestTimeoutMs: 30, timeoutMs: 100, retries: 0 }, clock)
  dead.fail({ silent: true, times: 99 })
  const answers = Promise.allSettled(Array.from({ length: 20 }, () => registry.versions('s')))
  await until(() => dead.requests.length === 8)
  clock.advance(30)
  t.ok((await answers).every(({ status }) => status === 'fulfilled'))
  t.equal(good.requests.length, 20)
  t.equal(dead.requests.length, 8, 'nobody else began with the address that is dead')
})

t.test('the wait for a turn ends with timeoutMs, and with close', async (t) => {
  const fake = await start(t)
  const clock = new ManualClock()
  const registry = client(t, { url: fake.url, timeoutMs: 50, retries: 0 }, clock)
  fake.fail({ silent: true, times: 99 })
  const ask = (): Promise<unknown>[] =>
    Array.from({ length: 9 }, () => registry.versions('s').catch((error: unknown) => error))
  const late = ask()
  await until(() => fake.requests.length === 8)
  clock.advance(50)
  t.match(await late[8], { message: /not asked within 50 ms, since 8 other/, retriable: true })
  await Promise.all(late)
  const closed = ask()
  await until(() => fake.requests.length === 16)
  await registry.close()
  t.match(await closed[8], { message: /client of the schema registry is closed/, retriable: false })
  await Promise.all(closed)
  t.equal(clock.timerCount, 0)
})

t.test('a registry that repeats what it was sent is quoted without it', async (t) => {
  const fake = await start(t)
  const { url } = fake
  const base64 = Buffer.from('me:hunter2/x').toString('base64')
  for (const [options, message] of [
    [{ url, auth: { basic: { username: 'me', password: 'hunter2/x' } } }, `hunter2/x of ${base64}`],
    [{ url: url.replace('//', '//me:hunter2%2fx@') }, `hunter2/x of ${base64}`],
    [{ url, auth: { bearer: () => 'hunter2-token' } }, 'Bearer hunter2-token'],
    [{ url, headers: { Authorization: 'Bearer hunter2-token' } }, 'Bearer hunter2-token'],
    [{ url, headers: { 'X-Api-Key': 'hunter2-key' } }, 'the key hunter2-key has no right'],
    [{ url, headers: { cookie: 'a=1; b=hunter2' } }, 'a=1; b=hunter2'],
    [{ url, headers: { 'proxy-authorization': 'Bearer hunter2-token' } }, 'no hunter2-token here'],
    [{ url, headers: { 'proxy-authorization': `Basic ${base64}` } }, `hunter2/x of ${base64}`],
    [{ url, headers: { 'X-Api-Key': 'hunter2-key' }, auth: { bearer: 'hunter2-token' } }, 'hunter2-key, hunter2-token'],
  ] as const) {
    fake.fail({ status: 403, message })
    const error: unknown = await client(t, { ...options, retries: 0 }).byId(1).catch((it: unknown) => it)
    t.match(error, { name: 'SchemaRegistryError', message: /HTTP 403: .*\*\*\*/ })
    t.notMatch(inspect(error, { depth: 9, showHidden: true }), new RegExp(`hunter2|${base64}`))
  }
}) // prettier-ignore

t.test('headers of the user go along', async (t) => {
  const fake = await start(t)
  const registry = client(t, { url: fake.url, headers: { 'target-sr-cluster': 'lsrc-1' } })
  await registry.byId(1)
  t.equal(fake.requests[0]?.headers['target-sr-cluster'], 'lsrc-1')
})

t.test(
  'TLS: an authority of our own, a client certificate, and a refusal that is clear',
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'ottla-registry-'))
    const authority = await makeAuthority(folder, 'root')
    const server = await makeCertificate(authority, {
      commonName: 'r',
      altNames: ['IP:127.0.0.1'],
    })
    const own = await makeCertificate(authority, { commonName: 'c' })
    const ca = await readFile(authority.certPath)
    const cert = await readFile(server.certPath)
    const key = await readFile(server.keyPath)
    const fake = await start(t, {
      tls: { cert, key, ca, requestCert: true, rejectUnauthorized: true },
    })
    const tls = { ca, cert: await readFile(own.certPath, 'utf8'), key: await readFile(own.keyPath) }
    t.match(await client(t, { url: fake.url, tls }).byId(1), { id: 1 })
    await t.rejects(client(t, { url: fake.url }).byId(1), {
      message: /no answer from the schema registry at https.*(SELF_SIGNED|UNABLE_TO)/,
      retriable: false,
    })
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    t.teardown(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
    for (const own of [{}, { tls: {} }]) {
      await t.rejects(client(t, { url: fake.url, ...own }).byId(1), {
        message: /SELF_SIGNED|UNABLE_TO/,
      })
    }
    const elsewhere = client(t, { url: fake.url.replace('127.0.0.1', 'localhost'), tls })
    const error = (await elsewhere.byId(1).catch((it: unknown) => it)) as Error
    t.match(error.message, /ALTNAME|altnames/)
    t.doesNotThrow(
      () => JSON.stringify(error.cause),
      "Node's copy of the certificate goes in a circle",
    )
    t.equal(fake.requests.length, 1)
    const anybody = { ...tls, rejectUnauthorized: false, servername: 'other.test' }
    t.match(await client(t, { url: fake.url, tls: anybody }).byId(1), { id: 1 })
  },
)

t.test('an idle connection keeps no process alive, and neither does the latest', async (t) => {
  const fake = await start(t)
  const entry = projectFile('build/src/schema-registry/schema-registry.js')
  const program = `import { SchemaRegistry } from ${JSON.stringify(entry)}
    const registry = new SchemaRegistry({ url: ${JSON.stringify(fake.url)} })
    console.log((await registry.latest('s')).id)`
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { timeout: 30_000 }) // prettier-ignore
  t.equal(stdout, '1\n')
})
