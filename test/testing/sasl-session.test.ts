/** How long a login lasts and how it is renewed (KIP-368), on a virtual clock and network. */
import t, { type Test } from 'tap'
import type { Transport } from '../../src/network/transport/transport.js'
import { decodeResponseHeader } from '../../src/protocol/header.js'
import type { Api } from '../../src/protocol/api.js'
import { metadata } from '../../src/protocol/messages/metadata.js'
import { saslAuthenticate } from '../../src/protocol/messages/sasl-authenticate.js'
import { saslHandshake } from '../../src/protocol/messages/sasl-handshake.js'
import { Reader } from '../../src/protocol/reader.js'
import { TestCluster, type TestSaslOptions } from '../../src/testing/cluster.js'
import { VirtualNetwork } from '../../src/testing/virtual-network.js'
import { ManualClock } from '../support/manual-clock.js'
import { frameOf } from './support/frames.js'
import { plain } from './support/login.js'

const EVERYTHING = {
  topics: null,
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
}

interface Fixture {
  readonly clock: ManualClock
  readonly cluster: TestCluster
  /** Error code and message of the last answer of the login; `closed` or `silent`. */
  login(user: string, mechanism?: string): Promise<string>
  /** `served`, `closed`. */
  use(): Promise<string>
}

async function start(t: Test, sasl: TestSaslOptions): Promise<Fixture> {
  const clock = new ManualClock()
  const network = new VirtualNetwork({ clock })
  const users = { alice: 'a', bob: 'b' }
  const cluster = await TestCluster.start({ network, sasl: { users, ...sasl } })
  t.teardown(() => cluster.close())
  let received: Buffer[] = []
  let isClosed = false
  const onData = (chunk: Buffer): void => void received.push(chunk)
  const onClose = (): void => void (isClosed = true)
  const [host = '', port] = (cluster.bootstrap[0] ?? '').split(':')
  const dialled = network.dial(
    { host, port: Number(port) },
    { onData, onClose },
    { timeoutMs: 1000 },
  )
  for (let turn = 0; turn < 5; turn++) await clock.settle()
  const transport: Transport = await dialled

  async function ask<Request, Response>(
    api: Api<Request, Response>,
    version: number,
    request: Request,
  ): Promise<Response | string> {
    received = []
    transport.write([frameOf(api, version, request)], () => {})
    for (let turn = 0; turn < 5; turn++) await clock.settle()
    const bytes = Buffer.concat(received)
    if (bytes.length === 0) return isClosed ? 'closed' : 'silent'
    const reader = new Reader(bytes.subarray(4), { apiName: api.name, version })
    decodeResponseHeader(reader, api, version)
    return api.decodeResponse(reader, version)
  }

  return {
    clock,
    cluster,
    async login(user, mechanism = 'PLAIN') {
      const handshake = await ask(saslHandshake, 1, { mechanism })
      if (typeof handshake === 'string') return handshake
      if (handshake.errorCode !== 0) return `handshake ${handshake.errorCode}`
      const message = plain(user, user === 'alice' ? 'a' : 'b')
      const answer = await ask(saslAuthenticate, 2, { authBytes: Buffer.from(message) })
      if (typeof answer === 'string') return answer
      return `${answer.errorCode} ${answer.errorMessage}`
    },
    async use() {
      const answer = await ask(metadata, 12, EVERYTHING)
      return typeof answer === 'string' ? answer : 'served'
    },
  }
}

t.test('an expired login takes nothing but another login', async (t) => {
  const { clock, cluster, login, use } = await start(t, { sessionLifetimeMs: 5000 })
  t.equal(await login('alice'), '0 ')
  await clock.advanceSettled(4999)
  t.equal(await use(), 'served')
  await clock.advanceSettled(10_000)
  t.equal(cluster.connectionCount, 1) // nobody looks until a request comes
  t.equal(await login('alice'), '0 ')
  t.equal(await use(), 'served')
  await clock.advanceSettled(5001)
  t.equal(await use(), 'closed')
  t.strictSame(
    cluster.sasl.logins.map((it) => [it.isReauthentication, it.principal, it.sessionLifetimeMs]),
    [
      [false, 'alice', 5000],
      [true, 'alice', 5000],
    ],
  )
})

t.test('a second within a second is out of place, and the connection stays good', async (t) => {
  const { clock, login, use } = await start(t, { sessionLifetimeMs: 5000 })
  await login('alice')
  t.equal(await login('alice'), '0 ') // the first may come at once
  await clock.advanceSettled(999)
  t.equal(await login('alice'), 'handshake 34')
  t.equal(await use(), 'served')
  await clock.advanceSettled(1)
  t.equal(await login('alice'), '0 ')
})

t.test('too soon and expired closes', async (t) => {
  const { clock, login } = await start(t, { sessionLifetimeMs: 500 })
  await login('alice')
  await login('alice')
  await clock.advanceSettled(600)
  t.equal(await login('alice'), 'closed')
})

t.test('another principal is refused, after the delay', async (t) => {
  const { clock, cluster, login } = await start(t, {})
  await login('alice')
  t.equal(await login('bob'), 'silent')
  t.equal(cluster.connectionCount, 1)
  await clock.advanceSettled(100)
  t.equal(cluster.connectionCount, 0)
  t.strictSame(cluster.sasl.logins.at(-1)?.principal, null)
})

t.test('another principal is told why', async (t) => {
  const { login } = await start(t, { failureDelayMs: 0 })
  await login('alice')
  const why = 'Cannot change principals during re-authentication from User.alice: User.bob'
  t.equal(await login('bob'), `58 ${why}`)
})

t.test('another mechanism is taken by the handshake, and closed at its message', async (t) => {
  const { login } = await start(t, {})
  await login('alice')
  t.equal(await login('alice', 'SCRAM-SHA-256'), 'closed')
})

t.test('what was refused is not read any further, and closing forgets it', async (t) => {
  const { clock, cluster, login, use } = await start(t, {})
  t.equal(await login('alice', 'OAUTHBEARER'), 'silent') // no such message: refused, in 100 ms
  t.equal(await use(), 'silent')
  await cluster.close()
  t.equal(clock.nextTimerMs, undefined)
})
