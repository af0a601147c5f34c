/** SASL of the test cluster, against a client that does everything by hand. */
import t, { type Test } from 'tap'
import { ErrorCodes, TestCluster, type TestSaslOptions } from '../../src/testing/cluster.js'
import { apiVersions } from '../../src/protocol/messages/api-versions.js'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.js'
import { metadata } from '../../src/protocol/messages/metadata.js'
import { saslAuthenticate } from '../../src/protocol/messages/sasl-authenticate.js'
import { saslHandshake } from '../../src/protocol/messages/sasl-handshake.js'
import { frameOf } from './support/frames.js'
import { plain, RawClient, scram, type LoginMessage } from './support/login.js'

const USERS = { alice: 'sec,r=et', 'o=n,e': 'x', bob: 'bob-secret' }
const ALL = 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER'
const NAMES = { clientSoftwareName: '', clientSoftwareVersion: '' }
const EVERYTHING = {
  topics: null,
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
}
const NO_ID = { transactionalId: null, transactionTimeoutMs: 0, producerId: -1n, producerEpoch: -1 }

interface Fixture {
  readonly cluster: TestCluster
  connect(): RawClient
}

async function start(t: Test, sasl: TestSaslOptions | undefined = {}): Promise<Fixture> {
  const cluster = await TestCluster.start({
    sasl: { users: USERS, failureDelayMs: 0, ...sasl },
    topics: { orders: {} },
  })
  t.teardown(() => cluster.close())
  const connect = (): RawClient => {
    const client = new RawClient(cluster.bootstrap[0] ?? '')
    t.teardown(() => client.close())
    return client
  }
  return { cluster, connect }
}

/** Whether metadata is answered. */
async function isServed(client: RawClient): Promise<boolean> {
  const answer = await client.ask(metadata, 12, EVERYTHING)
  return answer !== 'closed' && answer.topics[0]?.name === 'orders'
}

const jwt = (claims: object): string =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`
const bearer = (token: string, more = '', gs2 = 'n,,'): string =>
  `${gs2}\x01auth=Bearer ${token}\x01${more}\x01`
const BAD_SCRAM =
  '58 Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256'
const BAD_PLAIN = '58 Authentication failed: Invalid username or password'
const BAD_OAUTH =
  '58 Authentication failed during authentication due to invalid credentials with SASL mechanism OAUTHBEARER'

const LOGINS: Record<string, [string, LoginMessage[], RegExp | string]> = {
  'PLAIN: in': ['PLAIN', [plain('alice', 'sec,r=et')], 'in 0'],
  'PLAIN: in as oneself': ['PLAIN', [plain('alice', 'sec,r=et', 'alice')], 'in 0'],
  'PLAIN: a wrong password': ['PLAIN', [plain('alice', 'secret')], BAD_PLAIN],
  'PLAIN: nobody': ['PLAIN', [plain('eve', 'secret')], BAD_PLAIN],
  'PLAIN: as somebody else': ['PLAIN', [plain('alice', 'sec,r=et', 'bob')], /authorization id/],
  'PLAIN: no user': ['PLAIN', [plain('', 'x')], /username not specified/],
  'PLAIN: no password': ['PLAIN', [plain('alice', '')], /password not specified/],
  'PLAIN: two parts': ['PLAIN', ['alice\0x'], /expected 3 tokens, got 2/],
  'SCRAM-SHA-256: in': ['SCRAM-SHA-256', scram('sha256', 'alice', 'sec,r=et'), /^in 0 v=.{44}$/],
  'SCRAM-SHA-512: in': ['SCRAM-SHA-512', scram('sha512', 'alice', 'sec,r=et'), /^in 0 v=.{88}$/],
  'SCRAM: a name with = and ,': ['SCRAM-SHA-256', scram('sha256', 'o=3Dn=2Ce', 'x'), /^in 0 v=/],
  'SCRAM: unknown extensions': [
    'SCRAM-SHA-256',
    scram('sha256', 'bob', 'bob-secret', ',x=y'),
    /^in/,
  ],
  'SCRAM: a bare = in a name': ['SCRAM-SHA-256', scram('sha256', 'o=n=2Ce', 'x'), BAD_SCRAM],
  'SCRAM: a wrong password': ['SCRAM-SHA-256', scram('sha256', 'alice', 'x'), BAD_SCRAM],
  'SCRAM: nobody': ['SCRAM-SHA-256', scram('sha256', 'eve', 'x').slice(0, 1), BAD_SCRAM],
  'SCRAM: channel binding': ['SCRAM-SHA-256', ['y,,n=alice,r=abc'], BAD_SCRAM],
  'SCRAM: a nonce of its own': [
    'SCRAM-SHA-256',
    ['n,,n=alice,r=abc', 'c=biws,r=abc,p=AAAA'],
    BAD_SCRAM,
  ],
  'SCRAM: a user as a token': [
    'SCRAM-SHA-256',
    scram('sha256', 'alice', 'sec,r=et', ',tokenauth=true').slice(0, 1),
    BAD_SCRAM,
  ],
  'OAUTHBEARER: in': ['OAUTHBEARER', [bearer(jwt({ sub: 'alice' }))], 'in 0'],
  'OAUTHBEARER: extensions': [
    'OAUTHBEARER',
    [bearer(jwt({ sub: 'alice' }), 'logicalCluster=lkc 1\x01')],
    'in 0',
  ],
  'OAUTHBEARER: in as oneself': ['OAUTHBEARER', [bearer(jwt({ sub: 'a' }), '', 'n,a=a,')], 'in 0'],
  'OAUTHBEARER: as somebody else': [
    'OAUTHBEARER',
    [bearer(jwt({ sub: 'a' }), '', 'n,a=b,')],
    /authorization id \(b\)/,
  ],
  'OAUTHBEARER: refused, not said yet': [
    'OAUTHBEARER',
    [bearer('opaque')],
    'in 0 {"status":"invalid_token"}', // error code 0: a client must look at the bytes
  ],
  'OAUTHBEARER: refused': [
    'OAUTHBEARER',
    [bearer('opaque'), '\x01'],
    '58 {"status":"invalid_token"}',
  ],
  'OAUTHBEARER: expired': [
    'OAUTHBEARER',
    [bearer(jwt({ sub: 'a', exp: 1 })), '\x01'],
    /invalid_token/,
  ],
  'OAUTHBEARER: one separator': ['OAUTHBEARER', [bearer('a').slice(0, -1)], BAD_OAUTH],
  'OAUTHBEARER: a digit in a key': ['OAUTHBEARER', [bearer('a', 'k1=v\x01')], BAD_OAUTH],
  'a mechanism in small letters': ['plain', [], `33 ${ALL}`],
}

for (const [name, [mechanism, messages, expected]] of Object.entries(LOGINS)) {
  t.test(name, async (t) => {
    const { connect, cluster } = await start(t)
    const client = connect()
    const outcome = await client.login(mechanism, messages)
    if (typeof expected === 'string') t.equal(outcome, expected)
    else t.match(outcome, expected)
    const isIn = outcome.startsWith('in') && !outcome.includes('{')
    if (isIn) t.ok(await isServed(client))
    else if (!outcome.startsWith('in')) t.equal(await client.frame(), 'closed')
    if (!outcome.includes('in 0 {')) {
      t.match(cluster.sasl.logins, [{ broker: 1, mechanism, isReauthentication: false }])
      t.equal(cluster.sasl.logins[0]?.principal === null, !isIn)
    }
  })
}

for (const version of [0, 1, 2]) {
  t.test(`SaslAuthenticate v${version}`, async (t) => {
    const { connect } = await start(t, { sessionLifetimeMs: 60_000 })
    const outcome = await connect().login('PLAIN', [plain('bob', 'bob-secret')], version)
    t.equal(outcome, version === 0 ? 'in 0' : 'in 60000')
  })
}

t.test('after SaslHandshake v0 the messages come bare', async (t) => {
  const { connect } = await start(t)
  const raw = (text: string): Buffer => {
    const bytes = Buffer.from(`\0\0\0\0${text}`)
    bytes.writeInt32BE(bytes.length - 4, 0)
    return bytes
  }
  const client = connect()
  t.equal(await client.handshake('PLAIN', 0), `0 ${ALL}`)
  client.send(raw(plain('bob', 'bob-secret')))
  t.strictSame(await client.frame(), Buffer.alloc(0))
  t.ok(await isServed(client))
  const other = connect()
  await other.handshake('PLAIN', 0)
  other.send(raw(plain('bob', 'x')))
  t.equal(await other.frame(), 'closed')
})

t.test('ApiVersions once before the login, everything else closes in silence', async (t) => {
  const { connect, cluster } = await start(t)
  const named = connect()
  t.not(await named.ask(apiVersions, 0, NAMES), 'closed')
  t.equal(await named.login('PLAIN', [plain('bob', 'bob-secret')]), 'in 0')
  t.ok(await isServed(named))
  t.not(await named.ask(apiVersions, 3, { clientSoftwareName: 'a', clientSoftwareVersion: '1' }), 'closed') // prettier-ignore
  const twice = connect()
  await twice.ask(apiVersions, 0, NAMES)
  t.equal(await twice.ask(apiVersions, 0, NAMES), 'closed')
  t.equal(await connect().ask(metadata, 12, EVERYTHING), 'closed')
  t.equal(await connect().authenticate(plain('bob', 'bob-secret')), undefined)
  t.equal(cluster.requests.filter(({ api }) => api === 'SaslAuthenticate').length, 1)
})

t.test('a request within the exchange is refused in its own form, and closed', async (t) => {
  const { connect } = await start(t)
  const client = connect()
  await client.handshake('PLAIN')
  t.match(await client.ask(initProducerId, 4, NO_ID), { errorCode: ErrorCodes.ILLEGAL_SASL_STATE })
  t.equal(await client.frame(), 'closed')
  const other = connect()
  await other.handshake('PLAIN')
  const empty = { brokers: [], topics: [], errorCode: 0 } // v1 cannot say it
  t.match(await other.ask(metadata, 1, { ...EVERYTHING, allowAutoTopicCreation: true }), empty)
  t.equal(await other.frame(), 'closed')
})

t.test('handshake, login and first request may come in one write', async (t) => {
  const { connect } = await start(t)
  const client = connect()
  client.send(
    Buffer.concat([
      frameOf(saslHandshake, 1, { mechanism: 'PLAIN' }),
      frameOf(saslAuthenticate, 2, { authBytes: Buffer.from(plain('bob', 'bob-secret')) }),
      frameOf(metadata, 12, EVERYTHING),
    ]),
  )
  t.match(await client.answer(saslHandshake, 1), { errorCode: 0 })
  t.match(await client.answer(saslAuthenticate, 2), { errorCode: 0, errorMessage: '' })
  t.match(await client.answer(metadata, 12), { topics: [{ name: 'orders' }] })
})

t.test('a listener without SASL says 34 and stays good', async (t) => {
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  t.teardown(() => cluster.close())
  const client = new RawClient(cluster.bootstrap[0] ?? '')
  t.teardown(() => client.close())
  t.equal(await client.handshake('PLAIN'), '34 ')
  t.match(await client.authenticate('x'), { errorCode: 34 })
  t.ok(await isServed(client))
  t.throws(() => cluster.sasl, /without `sasl`/)
})

t.test('524,288 bytes are read until the login, and more after it', async (t) => {
  const { connect } = await start(t)
  const size = (bytes: number): Buffer => Buffer.from(bytes.toString(16).padStart(8, '0'), 'hex')
  const client = connect()
  client.send(size(524_289))
  t.equal(await client.frame(), 'closed')
  const other = connect()
  await other.login('PLAIN', [plain('bob', 'bob-secret')])
  const padded = Buffer.concat([frameOf(metadata, 12, EVERYTHING), Buffer.alloc(600_000)])
  padded.writeInt32BE(padded.length - 4, 0) // read whole, and then found to be too long for what it is
  other.send(size(600_000))
  other.send(Buffer.alloc(599_999))
  other.send(Buffer.alloc(1))
  t.equal(await other.frame(), 'closed')
  const third = connect()
  await third.handshake('PLAIN')
  third.send(size(524_289))
  t.equal(await third.frame(), 'closed')
})

t.test('a token of delegation acts as its owner, for its time', async (t) => {
  const delegationTokens = { 'id-1': { hmac: 'c2VjcmV0', owner: 'alice', lifetimeMs: 5000 } }
  const { connect, cluster } = await start(t, { delegationTokens })
  const messages = scram('sha512', 'id-1', 'c2VjcmV0', ',tokenauth=true')
  t.match(await connect().login('SCRAM-SHA-512', messages), /^in 5000 v=/)
  t.equal(cluster.sasl.logins[0]?.principal, 'alice')
})

t.test("tokens are judged by the test's own function", async (t) => {
  const seen: unknown[] = []
  const { connect } = await start(t, {
    sessionLifetimeMs: 60_000,
    tokens: (token, extensions) => {
      seen.push([token, extensions])
      return token === 'good' ? { principal: 'app', lifetimeMs: 9000 } : null
    },
  })
  t.equal(await connect().login('OAUTHBEARER', [bearer('good', 'a=b\x01c=d=e\x01')]), 'in 9000')
  t.match(await connect().login('OAUTHBEARER', [bearer('bad'), '\x01']), /^58/)
  t.strictSame(seen, [['good', { a: 'b', c: 'd=e' }], ['bad', {}]]) // prettier-ignore
})

t.test('what is changed while it runs holds from the next login on', async (t) => {
  const { connect, cluster } = await start(t)
  cluster.sasl.setPassword('bob', 'new')
  t.match(await connect().login('PLAIN', [plain('bob', 'bob-secret')]), /^58/)
  t.equal(await connect().login('PLAIN', [plain('bob', 'new')]), 'in 0')
  t.match(await connect().login('SCRAM-SHA-256', scram('sha256', 'bob', 'new')), /^in/)
  cluster.sasl.setPassword('bob', 'newer')
  t.match(await connect().login('SCRAM-SHA-256', scram('sha256', 'bob', 'new')), /^58/)
  cluster.sasl.removeUser('bob')
  t.match(await connect().login('SCRAM-SHA-256', scram('sha256', 'bob', 'newer')), /^58/)
  cluster.sasl.mechanisms = ['PLAIN']
  t.equal(await connect().login('SCRAM-SHA-256', []), '33 PLAIN')
  for (const lifetime of [-5, 2 ** 40, 1]) {
    cluster.sasl.sessionLifetimeMs = lifetime
    t.equal(await connect().login('PLAIN', [plain('alice', 'sec,r=et')]), `in ${lifetime}`)
  }
})

t.test('refusals on request', async (t) => {
  const { connect, cluster } = await start(t)
  const login = (client = connect()): Promise<string> =>
    client.login('PLAIN', [plain('bob', 'bob-secret')])
  const errorCode = ErrorCodes.SASL_AUTHENTICATION_FAILED
  cluster.failNext('SaslAuthenticate', { errorCode, errorMessage: 'not today', times: 2 })
  const client = connect()
  t.equal(await login(client), '58 not today')
  t.equal(await client.frame(), 'closed')
  t.equal(await login(), '58 not today')
  cluster.failNext('SaslAuthenticate', { disconnect: 'before' })
  t.equal(await login(), 'closed')
  cluster.failNext('SaslHandshake', { errorCode: ErrorCodes.UNSUPPORTED_SASL_MECHANISM })
  t.equal(await login(), `33 ${ALL}`)
  cluster.failNext('SaslHandshake', { errorCode: ErrorCodes.ILLEGAL_SASL_STATE })
  const staying = connect()
  t.equal(await login(staying), '34 ')
  t.equal(await login(staying), 'in 0')
  t.strictSame(cluster.sasl.logins.map(({ principal }) => principal), [null, null, 'bob']) // prettier-ignore
})

t.test('a broker that lies: other bytes, without error, for ever', async (t) => {
  const { connect, cluster } = await start(t)
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
  const messages = scram('sha256', 'bob', 'bob-secret')
  cluster.failNext('SaslAuthenticate', {
    authBytes: (bytes) => Buffer.from(text(bytes).replace(/i=4096$/, 'i=4097')),
  })
  t.match(await connect().login('SCRAM-SHA-256', messages), /^58/) // another proof
  const stop = cluster.failNext('SaslAuthenticate', {
    authBytes: () => Buffer.from('more'),
    times: Infinity,
  })
  const client = connect()
  t.equal(await client.login('PLAIN', ['a', 'b', 'c', 'd', 'e', 'f']), 'in 0 more')
  stop()
  t.equal(await client.authenticate('\0x').then((it) => it?.errorCode), 58)
  t.throws(() => cluster.failNext('Produce', { authBytes: (it) => it }), /cannot have authBytes/)
})

t.test('no password and no token is kept where tests look', async (t) => {
  const { connect, cluster } = await start(t)
  await connect().login('PLAIN', [plain('bob', 'bob-secret')])
  await connect().login('OAUTHBEARER', [bearer(jwt({ sub: 'mark' }))])
  const shown = JSON.stringify([cluster.requests, cluster.sasl.logins, cluster.sasl])
  t.notMatch(shown, /bob-secret|sec,r=et|Bearer/)
  t.match(shown, /SaslAuthenticate/)
})

t.test('a mechanism that there is not is said at the start', async (t) => {
  const mechanisms = ['GSSAPI'] as unknown as ['PLAIN']
  await t.rejects(TestCluster.start({ sasl: { mechanisms } }), /no mechanism "GSSAPI"/)
})
