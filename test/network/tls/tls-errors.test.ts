// Each way in which TLS fails, against real servers: code, words, and whether a retry can help.
import type { TlsOptions as ServerOptions } from 'node:tls'
import t from 'tap'
import { systemClock } from '../../../src/system-clock.js'
import { ConnectionError } from '../../../src/errors.js'
import { openConnection } from '../../../src/network/connection/open-connection.js'
import { dialTcp } from '../../../src/network/transport/tcp.js'
import { explainTls } from '../../../src/network/tls/tls-errors.js'
import type { TlsOption } from '../../../src/tls/tls-options.js'
import type { Dial } from '../../../src/network/transport/transport.js'
import { makeAuthority, makeCertificate, makeRevocationList, makeSelfSigned } from '../../support/certificates.js' // prettier-ignore
import { testContext } from '../support/context.js'
import { MARKED, dialWith, listenTcp, listenTls, makeWorld, noSecretIn, pairOf, text } from './world.js' // prettier-ignore

const world = await makeWorld(t.testdir())
const { folder, authority, stranger, server, client, encrypted } = world
const ca = { path: authority.certPath }
const altNames = ['DNS:localhost', 'IP:127.0.0.1']
const DAY_MS = 86_400_000
const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS)
const sign = (commonName: string, more: object = {}): ReturnType<typeof makeCertificate> =>
  makeCertificate(authority, { commonName, altNames, ...more })
const expired = await sign('expired', { notBefore: inDays(-9), notAfter: inDays(-2) })
const early = await sign('early', { notBefore: inDays(2), notAfter: inDays(9) })
const revoked = await sign('revoked')
const crl = { path: await makeRevocationList(authority, [revoked]) }
const elsewhere = await makeCertificate(authority, { commonName: 'x', altNames: ['DNS:elsewhere.test'] }) // prettier-ignore
const own = await makeSelfSigned(folder, { commonName: 'own', altNames })
const beneath = await makeAuthority(folder, 'beneath', authority)
const leaf = await makeCertificate(beneath, { commonName: 'leaf', altNames })
const otherClient = await makeCertificate(stranger, { commonName: 'other client' })
const mutual = { ...pairOf(server), requestCert: true, rejectUnauthorized: true, ca: text(authority.certPath) } // prettier-ignore
const ofStranger = { cert: { path: otherClient.certPath }, key: { path: otherClient.keyPath } }

type Listener = (t: Tap) => Promise<number>
type Tap = Parameters<typeof listenTls>[0]
const tls =
  (options: ServerOptions): Listener =>
  (t) =>
    listenTls(t, options)
const answering = (bytes: string | Buffer): Listener => (t) =>
  listenTcp(t, (socket) => socket.once('data', () => socket.end(bytes))) // prettier-ignore
const alert = (description: number): Listener => answering(Buffer.of(0x15, 3, 3, 0, 2, 2, description)) // prettier-ignore

interface Case {
  readonly server: Listener
  readonly client: Exclude<TlsOption, false>
  readonly code: string
  readonly message: RegExp
  readonly retriable?: boolean
}

const CASES: Readonly<Record<string, Case>> = {
  'an authority that Node does not know': { server: tls(pairOf(server)), client: true, code: 'SELF_SIGNED', message: /authority/ },
  'a chain that ends before the authority': { server: tls({ ...pairOf(server), cert: text(server.certPath) }), client: { ca: { path: stranger.certPath } }, code: 'UNKNOWN_CA', message: /issued to CN=server by CN=authority.*tls\.ca/ },
  'a chain with a gap': { server: tls({ ...pairOf(leaf), cert: text(leaf.certPath) }), client: { ca }, code: 'UNKNOWN_CA', message: /by CN=beneath.*leaves out/ },
  'a certificate signed by itself': { server: tls(pairOf(own)), client: { ca }, code: 'SELF_SIGNED', message: /CN=own.*tls\.ca/ },
  'another name': { server: tls(pairOf(elsewhere)), client: { ca }, code: 'WRONG_HOST', message: /is for DNS:elsewhere\.test and not for localhost/ },
  'an expired certificate': { server: tls(pairOf(expired)), client: { ca }, code: 'EXPIRED', message: /valid from .* to .*clock here says 20/ },
  'a certificate of tomorrow': { server: tls(pairOf(early)), client: { ca }, code: 'NOT_YET_VALID', message: /valid from .*clock here says 20/ },
  'a revoked certificate': { server: tls(pairOf(revoked)), client: { ca, crl }, code: 'REVOKED', message: /tls\.crl/ },
  'no list of the authority': { server: tls(pairOf(leaf)), client: { ca, crl }, code: 'REVOCATION_LIST', message: /tls\.crl/ },
  'a web server': { server: answering('HTTP/1.1 400 Bad Request\r\n\r\n'), client: { ca }, code: 'NOT_TLS', message: /does not speak TLS/ },
  'a plaintext broker': { server: answering(''), client: { ca }, code: 'PLAINTEXT_LISTENER', message: /plaintext listener/, retriable: true },
  'a reset': { server: (t) => listenTcp(t, (socket) => socket.once('data', () => socket.resetAndDestroy())), client: { ca }, code: 'PLAINTEXT_LISTENER', message: /plaintext listener/, retriable: true },
  'an older version': { server: tls({ ...pairOf(server), maxVersion: 'TLSv1.2' }), client: { ca, minVersion: 'TLSv1.3' }, code: 'VERSION', message: /tls\.minVersion/ },
  'certificate required (alert 116)': { server: alert(116), client: { ca }, code: 'CLIENT_CERTIFICATE_REQUIRED', message: /tls\.cert/ },
  'bad certificate, and we have none (alert 42)': { server: alert(42), client: { ca }, code: 'CLIENT_CERTIFICATE_REQUIRED', message: /tls\.cert/ },
  'certificate unknown (alert 46)': { server: alert(46), client: { ca, ...ofStranger }, code: 'CLIENT_CERTIFICATE_REFUSED', message: /certificate unknown/ },
  'unknown ca (alert 48)': { server: alert(48), client: { ca, ...ofStranger }, code: 'CLIENT_CERTIFICATE_REFUSED', message: /unknown ca/ },
  'handshake failure (alert 40)': { server: alert(40), client: { ca }, code: 'HANDSHAKE_REFUSED', message: /without saying why/ },
  'no certificate of ours in TLS 1.2': { server: tls({ ...mutual, maxVersion: 'TLSv1.2' }), client: { ca }, code: 'HANDSHAKE_REFUSED', message: /tls\.cert and tls\.key/ },
  'a check of the user': { server: tls(pairOf(server)), client: { ca, checkServerIdentity: () => new Error('not him') }, code: 'IDENTITY_REFUSED', message: /not him/ },
  'a check of the user that throws': { server: tls(pairOf(server)), client: { ca, checkServerIdentity: () => { throw new TypeError('oops') } }, code: 'IDENTITY_REFUSED', message: /oops/ },
  'a check of the user that throws no error': { server: tls(pairOf(server)), client: { ca, checkServerIdentity: () => { throw 'hidden' as unknown as Error } }, code: 'IDENTITY_REFUSED', message: /\(it threw\)/ },
  'an async check of the user': { server: tls(pairOf(server)), client: { ca, checkServerIdentity: (() => Promise.reject(new Error('late'))) as never }, code: 'IDENTITY_REFUSED', message: /\(it returned a promise, and must return an Error or undefined\)/ },
  'a check of the user that answers something else': { server: tls(pairOf(server)), client: { ca, checkServerIdentity: (() => 'hidden') as never }, code: 'IDENTITY_REFUSED', message: /\(it returned a value of type string, and must/ },
} // prettier-ignore

function open(dial: Dial, port: number): ReturnType<typeof openConnection> {
  return openConnection({
    context: { ...testContext(), clock: systemClock(), dial },
    target: { nodeId: 1, host: 'localhost', port },
    signal: new AbortController().signal,
    listener: { onWritable: () => {}, onClose: () => {} },
  })
}

async function failureOf(opened: Promise<unknown>): Promise<ConnectionError> {
  return await opened.then(
    () => Promise.reject(new Error('it should fail')),
    (error: unknown) => error as ConnectionError,
  )
}

for (const [what, { server, client, code, message, retriable = false }] of Object.entries(CASES)) {
  t.test(`says of ${what} what it is`, async (t) => {
    const port = await server(t)
    const error = await failureOf(open(dialWith(client), port))
    t.ok(error instanceof ConnectionError, String(error))
    t.match(error, { code: `ERR_OTTLA_TLS_${code}`, phase: 'tls', retriable, host: 'localhost', port }) // prettier-ignore
    t.match(error.message, message)
    t.match(error.message, new RegExp(`localhost:${port}`))
    noSecretIn(t, error)
  })
}

t.test('in TLS 1.3 a refusal after "connected" is a refusal of the handshake', async (t) => {
  const port = await listenTls(t, mutual)
  const error = await failureOf(open(dialWith({ ca }), port))
  t.match(error, { code: 'ERR_OTTLA_TLS_CLIENT_CERTIFICATE_REQUIRED', phase: 'tls', retriable: false }) // prettier-ignore
})

t.test('no failure shows a secret', async (t) => {
  const port = await listenTls(t, { ...mutual, ca: text(stranger.certPath) })
  const pair = { cert: { path: encrypted.certPath }, key: { path: encrypted.keyPath } }
  const error = await failureOf(open(dialWith({ ca, ...pair, passphrase: MARKED }), port))
  noSecretIn(t, error, [encrypted.keyPath, client.keyPath])
})

const STRANGERS: Readonly<Record<string, readonly [Listener, code: string, message: RegExp]>> = {
  'a TLS listener': [alert(70), 'ERR_OTTLA_TLS_EXPECTED', /TLS listener.*option tls/],
  'a web server': [answering('HTTP/1.1 400 Bad Request\r\n\r\n'), 'ERR_OTTLA_NOT_KAFKA', /web server/],
  'an SSH server': [answering('SSH-2.0-OpenSSH_9\r\n'), 'ERR_OTTLA_NOT_KAFKA', /SSH server/],
  'text of any kind': [answering('who is there?'), 'ERR_OTTLA_NOT_KAFKA', /protocol of text/],
} // prettier-ignore

for (const [what, [server, code, message]] of Object.entries(STRANGERS)) {
  t.test(`without TLS it recognises ${what} by its first bytes, and asks once`, async (t) => {
    let count = 0
    const port = await server(t)
    const dial = dialTcp(systemClock())
    const counting: Dial = (...args) => (count++, dial(...args))
    const error = await failureOf(open(counting, port))
    t.match(error, { name: 'ConnectionError', code, phase: 'handshake', retriable: false, message })
    t.equal(count, 1)
  })
}

t.test('before the handshake is over a frame may have a MiB, not more', async (t) => {
  const head = Buffer.alloc(4)
  head.writeInt32BE(1_048_577)
  const port = await listenTcp(t, (socket) => {
    socket.once('data', () => socket.write(head))
  })
  const error = await failureOf(open(dialTcp(systemClock()), port))
  t.match(error, { name: 'ProtocolError', message: /claims 1048577 bytes/ })
})

t.test('knows the names that other versions of Node give', async (t) => {
  const facts = { address: { host: 'a', port: 1 }, servername: 'a', hasCertificate: true, certificate: undefined, nowMs: 0 } // prettier-ignore
  for (const [code, reason, ours] of [
    ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'ssl/tls alert handshake failure', 'HANDSHAKE_REFUSED'],
    ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN', 'ssl/tls alert certificate unknown', 'CLIENT_CERTIFICATE_REFUSED'],
    ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'ssl/tls alert bad certificate', 'CLIENT_CERTIFICATE_REFUSED'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'tlsv1 alert unknown ca', 'CLIENT_CERTIFICATE_REFUSED'],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'packet length too long', 'NOT_TLS'],
    ['EPROTO', undefined, 'NOT_TLS'],
    ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'unsupported protocol', 'VERSION'],
  ] as const) {
    const error = Object.assign(new Error('m'), { code, reason })
    t.match(explainTls(error, 'greet', facts), { code: `ERR_OTTLA_TLS_${ours}` }, code)
  }
  const broken = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
  t.equal(explainTls(broken, 'heard', facts), broken, 'a network that breaks later is no matter of TLS')
  t.equal(explainTls(broken, 'connect', facts), broken)
  t.match(explainTls(new Error('odd'), 'greet', facts), { code: 'ERR_OTTLA_TLS', retriable: true })
}) // prettier-ignore

t.test('a first record that cannot be read is the garbled alert of Kafka 2.8', async (t) => {
  const facts = { address: { host: 'a', port: 1 }, servername: 'a', hasCertificate: true, certificate: undefined, nowMs: 0 } // prettier-ignore
  const garbled = () =>
    Object.assign(new Error('m'), {
      code: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
      reason: 'decryption failed or bad record mac',
    })
  const without = { ...facts, hasCertificate: false }
  for (const [stage, given, code] of [
    ['unheard', facts, 'ERR_OTTLA_TLS_CLIENT_CERTIFICATE_REFUSED'],
    ['unheard', without, 'ERR_OTTLA_TLS_CLIENT_CERTIFICATE_REQUIRED'],
    ['heard', facts, 'ERR_OTTLA_TLS'],
  ] as const) {
    t.equal((explainTls(garbled(), stage, given) as { code?: string }).code, code)
  }
})
