// Real sockets on the loopback: names, bytes, time limits, rotation.
import dns from 'node:dns'
import { copyFileSync, utimesSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import type { Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { SecureContext, TLSSocket } from 'node:tls'
import t from 'tap'
import { systemClock } from '../../../src/system-clock.js'
import { ConnectionError } from '../../../src/errors.js'
import type { Connection } from '../../../src/network/connection/connection.js'
import { negotiateVersions } from '../../../src/network/connection/handshake.js'
import { openConnection } from '../../../src/network/connection/open-connection.js'
import { dialTls } from '../../../src/network/tls/dial-tls.js'
import { TlsCredentials } from '../../../src/network/tls/secure-context.js'
import type { TlsOptions } from '../../../src/tls/tls-options.js'
import type { Dial, Transport } from '../../../src/network/transport/transport.js'
import { Producer } from '../../../src/producer/producer.js'
import { makeCertificate } from '../../support/certificates.js'
import { ManualClock } from '../../support/manual-clock.js'
import { testContext } from '../support/context.js'
import { replyVersions, splitRequests } from '../support/scripted-broker.js'
import { MARKED, dialWith, ears, listenTcp, listenTls, loggerTo, makeWorld, noSecretIn, pairOf, text } from './world.js' // prettier-ignore

const world = await makeWorld(t.testdir())
const { folder, authority, server, client, encrypted } = world
const ca = { path: authority.certPath }
const LIMIT = { timeoutMs: 10_000 }

// Resolvers differ in whether they know the absolute form of localhost.
const { lookup } = dns.promises
dns.promises.lookup = (async (host: string, options: object) =>
  await lookup(host.replace(/\.$/, ''), options)) as typeof lookup
syncBuiltinESMExports()

/** What a server hears of a client: SNI, certificate, version. */
async function listenFor(t: Parameters<typeof listenTls>[0], heard: string[]): Promise<number> {
  const context = createSecureContext(pairOf(server))
  const options = {
    ...pairOf(server),
    requestCert: true,
    rejectUnauthorized: false,
    SNICallback: (name: string, answer: (error: null, context: SecureContext) => void) => {
      heard.push(`sni ${name}`)
      answer(null, context)
    },
  }
  return await listenTls(t, options, (socket: TLSSocket) => {
    const { subject } = socket.getPeerCertificate() as { subject?: { CN?: string } }
    heard.push(`from ${subject?.CN ?? 'nobody'}`)
    socket.write('hello')
  })
}

async function hello(dial: Dial, host: string, port: number): Promise<Transport> {
  const mine = ears()
  const greeted = new Promise<void>((resolve) => {
    Object.assign(mine, { onData: () => resolve() })
  })
  const transport = await dial({ host, port }, mine, LIMIT)
  await greeted
  t.teardown(() => transport.destroy())
  return transport
}

t.test('sends and verifies the name dialled, without its last dot, and no address', async (t) => {
  const heard: string[] = []
  const port = await listenFor(t, heard)
  const dial = dialWith({ ca })
  await hello(dial, 'localhost', port)
  await hello(dial, 'localhost.', port)
  await hello(dial, '127.0.0.1', port)
  await hello(dialWith({ ca, servername: 'broker.test' }), '127.0.0.1', port)
  const one = ['sni localhost', 'from nobody']
  t.strictSame(heard, [...one, ...one, 'from nobody', 'sni broker.test', 'from nobody'])
})

t.test("asks the user's own check, with the name and the certificate", async (t) => {
  const port = await listenFor(t, [])
  const asked: unknown[] = []
  const checkServerIdentity = (host: string, certificate: object): undefined => {
    asked.push([host, (certificate as { subject: { CN: string } }).subject.CN])
  }
  await hello(dialWith({ ca, checkServerIdentity }), 'localhost', port)
  await hello(dialWith({ ca, checkServerIdentity }), '127.0.0.1', port)
  t.strictSame(asked, [['localhost', 'server'], ['127.0.0.1', 'server']]) // prettier-ignore
})

for (const [what, pair] of [
  ['a pair', { cert: { path: client.certPath }, key: { path: client.keyPath } }],
  ['an encrypted key', { cert: text(encrypted.certPath), key: Buffer.from(text(encrypted.keyPath)), passphrase: MARKED }], // prettier-ignore
] as const) {
  t.test(`shows our certificate: ${what}`, async (t) => {
    const heard: string[] = []
    const port = await listenFor(t, heard)
    await hello(dialWith({ ca, ...pair }), 'localhost', port)
    t.match(heard[1], /from (client|encrypted)/)
  })
}

t.test('carries lists of buffers both ways, however large, and says when they are written', async (t) => {
  const port = await listenTls(t, pairOf(server), (socket) => socket.pipe(socket))
  const mine = ears()
  const transport = await dialWith({ ca })({ host: 'localhost', port }, mine, LIMIT)
  const sizes = [4, 60, 16_384, 1, 200_000, 0, 70_000, 3, 3, 65_536, 65_535, 2_000_000]
  const frame = sizes.map((size, index) => Buffer.alloc(size, index + 1))
  let isSynchronous = true
  await new Promise<void>((resolve) => {
    transport.write(frame, () => {
      t.equal(isSynchronous, false)
      resolve()
    })
    isSynchronous = false
  })
  const whole = Buffer.concat(frame)
  while (Buffer.concat(mine.bytes).length < whole.length) await new Promise((resolve) => setImmediate(resolve)) // prettier-ignore
  t.ok(Buffer.concat(mine.bytes).equals(whole))
  transport.unref()
  transport.ref()
  transport.destroy()
  t.equal(await mine.closed, null)
}) // prettier-ignore

t.test('carries a whole conversation with a broker', async (t) => {
  const port = await listenTls(t, pairOf(server), (socket) => {
    const peer = { send: (bytes: Buffer) => void socket.write(bytes), close: () => socket.destroy() } // prettier-ignore
    socket.on(
      'data',
      splitRequests(peer, (request) => replyVersions(request)),
    )
  })
  const open = (): Promise<Connection> =>
    openConnection({
      context: { ...testContext(), clock: systemClock(), dial: dialWith({ ca }) },
      target: { nodeId: 1, host: 'localhost', port },
      signal: new AbortController().signal,
      listener: { onWritable: () => {}, onClose: () => {} },
    })
  const connection = await open()
  t.ok(connection.isOpen)
  const tables = await Promise.all(
    Array.from({ length: 20 }, () => negotiateVersions(connection, { caps: {}, version: 0, timeoutMs: 9_000 })), // prettier-ignore
  )
  t.equal(tables.length, 20)
  connection.close(new Error('done') as never)
})

t.test('a producer uses it, and connect says at once what no retry can mend', async (t) => {
  const port = await listenTls(t, pairOf(server))
  const brokers = [`localhost:${port}`]
  const secret = { cert: { path: encrypted.certPath }, key: { path: encrypted.keyPath }, passphrase: MARKED } // prettier-ignore
  const lines: unknown[] = []
  const keep = (facts: object, message: string): void => void lines.push(facts, message)
  const logger = { debug: keep, info: keep, warn: keep, error: keep }
  const producer = new Producer({ brokers, tls: secret, logger, maxBlockMs: 60_000 })
  const error: unknown = await producer.connect().catch((thrown: unknown) => thrown)
  t.match(error, { name: 'ConnectionError', code: 'ERR_OTTLA_TLS_SELF_SIGNED', retriable: false })
  noSecretIn(t, error, [encrypted.keyPath])
  const sent: unknown = await producer.send({ topic: 't', value: 'v' }).catch((thrown: unknown) => thrown) // prettier-ignore
  t.ok(sent instanceof Error)
  noSecretIn(t, sent, [encrypted.keyPath])
  await producer.close({ timeoutMs: 0 })
  t.ok(lines.length > 0)
  for (const line of lines) noSecretIn(t, line, [encrypted.keyPath])
})

t.test('warns once, and again not, where anybody may be the broker', async (t) => {
  const lines: string[] = []
  const port = await listenFor(t, [])
  const options = { rejectUnauthorized: false }
  for (const option of [options, () => options]) {
    const dial = dialWith(option, lines)
    for (let count = 0; count < 2; count++) await hello(dial, 'localhost', port)
  }
  t.equal(lines.length, 2)
})

t.test('one time limit for TCP and TLS, and nothing is left of a dial given up', async (t) => {
  const sockets: Socket[] = []
  const port = await listenTcp(t, (socket) => sockets.push(socket))
  const clock = new ManualClock()
  const dial = dialTls(clock, new TlsCredentials({ ca }, () => {}), loggerTo([]))
  const late = dial({ host: '127.0.0.1', port }, ears(), { timeoutMs: 100 })
  const check = t.rejects(late, { name: 'ConnectionError', message: /no answer within 100 ms/, retriable: true }) // prettier-ignore
  while (sockets.length === 0) await new Promise((resolve) => setImmediate(resolve))
  clock.advance(100)
  await check
  t.equal(clock.timerCount, 0)
  const signal = AbortSignal.abort()
  await t.rejects(dial({ host: '127.0.0.1', port }, ears(), { timeoutMs: 100, signal }), {
    message: /given up by the caller/,
  })
  t.equal(clock.timerCount, 0)
})

t.test('a refused connection is said of as without TLS', async (t) => {
  const dial = dialWith({ ca })
  await t.rejects(dial({ host: '127.0.0.1', port: 1 }, ears(), LIMIT), { phase: 'connect', message: /ECONNREFUSED/ }) // prettier-ignore
  await t.rejects(dial({ host: 'nowhere.invalid', port: 1 }, ears(), LIMIT), {
    name: 'ConnectionError',
    phase: 'resolve',
  })
})

/** Puts a pair, or a half of it, where the client looks. */
function place(from: { certPath: string; keyPath: string }, halves: readonly ('cert' | 'key')[]): void {
  if (halves.includes('cert')) copyFileSync(from.certPath, join(folder, 'live.pem'))
  if (halves.includes('key')) copyFileSync(from.keyPath, join(folder, 'live-key.pem'))
} // prettier-ignore

t.test('uses changed files at the next dial; half a change keeps the old pair and warns once', async (t) => {
  const heard: string[] = []
  const lines: string[] = []
  const port = await listenFor(t, heard)
  const next = await makeCertificate(authority, { commonName: 'next' })
  place(client, ['cert', 'key'])
  const pair = { cert: { path: join(folder, 'live.pem') }, key: { path: join(folder, 'live-key.pem') } }
  const dial = dialWith({ ca, ...pair }, lines)
  const from = async (): Promise<string | undefined> => {
    await hello(dial, 'localhost', port)
    return heard.at(-1)
  }
  t.equal(await from(), 'from client')
  place(next, ['cert'])
  t.equal(await from(), 'from client')
  t.equal(await from(), 'from client')
  t.match(lines, [/tls have changed and cannot be used .*tls\.key.*: the old ones stay in use/])
  place(next, ['key'])
  t.equal(await from(), 'from next')
  t.match(lines.slice(1), [/new connections use the new ones/])
  utimesSync(pair.cert.path, new Date(), new Date(0))
  t.equal(await from(), 'from next')
  t.equal(lines.length, 2, 'a touched file with the same content is no change')
  writeFileSync(pair.cert.path, 'broken')
  t.equal(await from(), 'from next')
  t.equal(lines.length, 3)
  noSecretIn(t, lines, [client.keyPath, next.keyPath])
}) // prettier-ignore

t.test('asks a function before each dial and keeps what it last gave', async (t) => {
  const heard: string[] = []
  const lines: string[] = []
  const port = await listenFor(t, heard)
  const answers: (() => TlsOptions | Promise<TlsOptions>)[] = [
    () => Promise.resolve({ ca, cert: { path: client.certPath }, key: { path: client.keyPath } }),
    () => { throw new Error(MARKED) },
    () => ({ ca, cert: { path: client.certPath }, key: { path: server.keyPath } }),
    () => ({ ca, cert: { path: encrypted.certPath }, key: { path: encrypted.keyPath }, passphrase: MARKED }),
  ]
  const dial = dialWith(() => answers.shift()?.() ?? {}, lines)
  const froms: (string | undefined)[] = []
  while (answers.length > 0) {
    await hello(dial, 'localhost', port)
    froms.push(heard.at(-1))
  }
  t.strictSame(froms, ['from client', 'from client', 'from client', 'from encrypted'])
  t.match(lines, [/failed \(Error\): the old ones stay/, /is not the private key/, /use the new ones/])
  noSecretIn(t, lines, [encrypted.keyPath])
}) // prettier-ignore

t.test('a function that has never given anything of use fails the dial', async (t) => {
  const address = { host: 'localhost', port: 1 }
  const code = 'ERR_OTTLA_TLS_CREDENTIALS'
  for (const [ask, retriable, message] of [
    [() => ({ ca: 'no pem' }), false, /tls\.ca has no certificate/],
    [() => null, false, /what it returned is null/],
    [() => true, false, /what it returned is a boolean: give e\.g\./],
    [() => { throw null }, true, /\(null was thrown\)/], // eslint-disable-line @typescript-eslint/only-throw-error -- as plain JavaScript may
    [() => { throw Object.assign(new Error('x'), { name: 7, message: {} }) }, true, /an Error/],
    [() => ({ pasphrase: MARKED }), false, /unknown option tls\.pasphrase/],
    [() => Promise.reject(new TypeError(MARKED)), true, /has failed \(TypeError\)/],
    [() => { throw MARKED }, true, /a string was thrown/], // eslint-disable-line @typescript-eslint/only-throw-error -- as plain JavaScript may
  ] as const) {
    const dial = dialWith(ask as () => TlsOptions)
    const error: unknown = await dial(address, ears(), LIMIT).catch((thrown: unknown) => thrown)
    t.ok(error instanceof ConnectionError)
    t.match(error, { code, phase: 'tls', retriable, message })
    noSecretIn(t, error)
  }
}) // prettier-ignore

t.test('a function has a time limit, and is asked afresh after it', async (t) => {
  const clock = new ManualClock()
  let calls = 0
  const ask = (): Promise<TlsOptions> => (calls++, new Promise(() => {}))
  const dial = dialTls(clock, new TlsCredentials(ask, () => {}), loggerTo([]))
  for (const count of [1, 2]) {
    const both = [1, 2].map(() => dial({ host: 'localhost', port: 1 }, ears(), { timeoutMs: 100 }))
    const checks = both.map((dialled) => t.rejects(dialled, { code: 'ERR_OTTLA_TLS_CREDENTIALS', message: /no answer within 100 ms/ })) // prettier-ignore
    clock.advance(100)
    await Promise.all(checks)
    t.equal(calls, count, 'dials at the same time share a call')
  }
  t.equal(clock.timerCount, 0)
})

t.test('what it prints tells nothing', async (t) => {
  const secret = { cert: { path: encrypted.certPath }, key: text(encrypted.keyPath), passphrase: MARKED } // prettier-ignore
  noSecretIn(t, new TlsCredentials(secret, () => {}), [encrypted.keyPath])
  noSecretIn(t, { tls: new TlsCredentials(() => secret, () => {}) }, [encrypted.keyPath]) // prettier-ignore
})
