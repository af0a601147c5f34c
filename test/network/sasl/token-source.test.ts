import t from 'tap'
import { ConfigError } from '../../../src/errors.js'
import { CREDENTIALS_TIMEOUT_MS } from '../../../src/network/sasl/credentials.js'
import type { SaslToken } from '../../../src/network/sasl/oauth-token.js'
import { refreshAfterMs, TokenSource } from '../../../src/network/sasl/token-source.js'
import { failureOf, testContext, testEnvironment } from './support.js'

const HOUR_MS = 3_600_000

/** A source whose tokens are numbered; `answer` may be changed. */
function numbered(lifeMs: number | undefined) {
  const environment = testEnvironment()
  const { clock } = environment
  let calls = 0
  const it = {
    environment,
    clock,
    calls: () => calls,
    lifeMs,
    fail: undefined as Error | undefined,
    get: async () => (await source.get(testContext())).token.reveal(),
  }
  const source = new TokenSource(async (): Promise<SaslToken> => {
    calls += 1
    if (it.fail !== undefined) throw it.fail
    const expiresAtMs = it.lifeMs === undefined ? undefined : clock.now() + it.lifeMs
    return { token: `token-${calls}`, expiresAtMs }
  }, environment)
  return Object.assign(it, { source })
}

t.test('when a token is asked for again (KIP-255)', async (t) => {
  t.equal(refreshAfterMs(HOUR_MS, 0), 0.8 * HOUR_MS)
  t.equal(Math.round(refreshAfterMs(HOUR_MS, 1)), 0.85 * HOUR_MS)
  t.equal(refreshAfterMs(900_000, 1), 600_000, 'five minutes before the end')
  t.equal(refreshAfterMs(360_000, 0), 60_000, 'not within a minute')
  t.equal(refreshAfterMs(300_000, 0), 240_000, 'neither where there is no room for both')
  t.equal(Math.round(refreshAfterMs(1000, 0.5)), 825)
  t.equal(refreshAfterMs(0, 0.5), 0)
  t.equal(refreshAfterMs(-5, 0.5), 0)
})

t.test('a token is kept until its refresh time', async (t) => {
  const it = numbered(HOUR_MS)
  t.equal(await it.get(), 'token-1')
  it.clock.advance(0.8 * HOUR_MS - 1)
  t.equal(await it.get(), 'token-1')
  it.clock.advance(1)
  t.equal(await it.get(), 'token-2')
  t.equal(it.clock.timerCount, 0)
})

t.test('a token without expiry is asked for at every login', async (t) => {
  const it = numbered(undefined)
  t.strictSame([await it.get(), await it.get()], ['token-1', 'token-2'])
})

t.test('the exp of a JWT serves where nobody gave an expiry', async (t) => {
  const environment = testEnvironment()
  const exp = environment.clock.now() / 1000 + 3600
  const payload = Buffer.from(JSON.stringify({ exp })).toString('base64url')
  const source = new TokenSource(() => ({ token: `e30.${payload}.x` }), environment)
  t.equal((await source.get(testContext())).expiresAtMs, exp * 1000)
})

t.test('logins that wait share one call', async (t) => {
  const it = numbered(HOUR_MS)
  t.strictSame(await Promise.all([it.get(), it.get(), it.get()]), ['token-1', 'token-1', 'token-1'])
  it.fail = new Error('down')
  it.clock.advance(HOUR_MS)
  const failures = await Promise.all([failureOf(it.get()), failureOf(it.get())])
  t.equal(it.calls(), 2)
  for (const failure of failures) t.match(failure, { name: 'ConnectionError', cause: it.fail })
})

t.test('while a refresh fails the last token serves, and is asked for every 10 s', async (t) => {
  const it = numbered(HOUR_MS)
  await it.get()
  it.fail = new Error('the endpoint is down')
  it.clock.advance(0.8 * HOUR_MS)
  t.equal(await it.get(), 'token-1')
  t.equal(it.calls(), 2)
  t.equal(await it.get(), 'token-1')
  it.clock.advance(9_999)
  t.equal(await it.get(), 'token-1')
  t.equal(it.calls(), 2, 'not before 10 s')
  it.clock.advance(1)
  t.equal(await it.get(), 'token-1')
  t.equal(it.calls(), 3)
  t.equal(it.environment.logged.length, 1, 'said once')
  t.match(it.environment.logged[0], [
    { err: it.fail },
    /still using the current one: the endpoint is down/,
  ])
  it.clock.advance(0.2 * HOUR_MS)
  t.match(
    await failureOf(it.get()),
    { retriable: true, cause: it.fail },
    'no longer than it is good',
  )
  it.fail = undefined
  t.equal(await it.get(), 'token-5')
})

t.test('an expired token serves nobody, not even between refreshes that fail', async (t) => {
  const it = numbered(HOUR_MS)
  await it.get()
  it.fail = new Error('down')
  it.clock.advance(HOUR_MS - 1)
  t.equal(await it.get(), 'token-1')
  it.clock.advance(1)
  t.match(await failureOf(it.get()), { cause: it.fail })
  it.fail = undefined
  t.equal(await it.get(), 'token-4')
})

t.test('a token that a broker refused is replaced at the next login', async (t) => {
  const it = numbered(HOUR_MS)
  const first = await it.source.get(testContext())
  it.source.refused(first.token)
  t.equal(await it.get(), 'token-2')
  it.source.refused(first.token)
  t.equal(await it.get(), 'token-2', 'the refusal of an older one says nothing')
  it.source.refused((await it.source.get(testContext())).token)
  it.fail = new Error('down')
  t.equal(await it.get(), 'token-2', 'better than none')
})

t.test('a token that comes expired is used once: clocks differ', async (t) => {
  const it = numbered(-1000)
  t.strictSame([await it.get(), await it.get()], ['token-1', 'token-2'])
})

t.test('a function that never answers is given up; its signal fires', async (t) => {
  const environment = testEnvironment()
  let isAborted = false
  const source = new TokenSource(({ signal }) => {
    signal.addEventListener('abort', () => (isAborted = true))
    return new Promise(() => {})
  }, environment)
  const failed = failureOf(source.get(testContext()))
  await environment.clock.settle()
  environment.clock.advance(CREDENTIALS_TIMEOUT_MS)
  t.match(await failed, { message: /no answer within 30000 ms/, retriable: true })
  t.ok(isAborted)
  t.equal(environment.clock.timerCount, 0)
})

t.test('a login that is given up leaves the call to the others', async (t) => {
  const environment = testEnvironment()
  let answer: (token: SaslToken) => void = () => {}
  const source = new TokenSource(() => new Promise((resolve) => (answer = resolve)), environment)
  const context = testContext()
  const left = failureOf(source.get(context))
  const stays = source.get(testContext())
  context.giveUp(new Error('closed'))
  t.match(await left, { message: /closed/ })
  answer({ token: 'abc' })
  t.equal((await stays).token.reveal(), 'abc')
})

t.test('what can not be mended by another try says so', async (t) => {
  const lasting = new ConfigError('the package is missing')
  const failing = new TokenSource(() => Promise.reject(lasting), testEnvironment())
  t.match(await failureOf(failing.get(testContext())), {
    name: 'ConnectionError',
    retriable: false,
  })
})

t.test('a call that no login waits for any longer is given up, and leaves no timer', async (t) => {
  const environment = testEnvironment()
  const signals: AbortSignal[] = []
  const source = new TokenSource(({ signal }) => {
    signals.push(signal)
    return new Promise(() => {})
  }, environment)
  const [one, two] = [testContext(), testContext()]
  const failures = [one, two].map((context) => failureOf(source.get(context)))
  await environment.clock.settle()
  one.giveUp(new Error('closed'))
  await environment.clock.settle()
  t.strictSame([signals.length, signals[0]?.aborted], [1, false], 'the other waits on')
  two.giveUp(new Error('closed'))
  t.match(await Promise.all(failures), [{ message: 'closed' }, { message: 'closed' }])
  await environment.clock.settle()
  t.equal(signals[0]?.aborted, true)
  t.equal(environment.clock.timerCount, 0)
  void failureOf(source.get(testContext()))
  await environment.clock.settle()
  t.equal(signals.length, 2, 'the next login calls anew')
})

t.test('a refresh that hangs holds no login up for longer than it can wait', async (t) => {
  const environment = testEnvironment()
  const { clock } = environment
  let isStuck = false
  let abandoned = 0
  const source = new TokenSource(({ signal }) => {
    if (!isStuck) return { token: 'good', expiresAtMs: clock.now() + HOUR_MS }
    signal.addEventListener('abort', () => abandoned++)
    return new Promise(() => {})
  }, environment)
  await source.get(testContext())
  isStuck = true
  clock.advance(0.9 * HOUR_MS)
  const patient = source.get(testContext())
  const hurried = source.get({ ...testContext(), patienceMs: 100 })
  await clock.advanceSettled(100)
  t.equal((await hurried).token.reveal(), 'good')
  t.equal(abandoned, 0, 'the other still waits')
  await clock.advanceSettled(5_000)
  t.equal((await patient).token.reveal(), 'good')
  t.equal(abandoned, 1)
  t.equal(clock.timerCount, 0)
  t.equal(environment.logged.length, 1, 'and the log has one warning')
  isStuck = false
  clock.advance(10_000)
  await source.get(testContext())
  t.match(environment.logged[1]?.[1], 'there is a new token for OAUTHBEARER again')
})
