/** TLS of the test cluster, as clients of node:tls meet it. */
import { connect as connectPlain } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { apiVersions } from '../../src/protocol/messages/api-versions.js'
import {
  CertificateAuthority,
  TestCluster,
  type TestClusterOptions,
} from '../../src/testing/cluster.js'
import { VirtualNetwork } from '../../src/testing/virtual-network.js'
import { ManualClock } from '../support/manual-clock.js'
import { frameOf } from './support/frames.js'

const authority = new CertificateAuthority()
const stranger = new CertificateAuthority()

async function start(t: Test, tls: TestClusterOptions['tls'] = true): Promise<TestCluster> {
  const cluster = await TestCluster.start({ tls })
  t.teardown(() => cluster.close())
  return cluster
}

/** What a client comes to: the number of APIs it is told of, or the code or message of its error. */
function visit(cluster: TestCluster, options: ConnectionOptions = {}): Promise<number | string> {
  const [host = '', port] = (cluster.bootstrap[0] ?? '').split(':')
  const servername = options.servername ?? ''
  const socket = connect({
    ...{ host, port: Number(port), ca: cluster.certificateAuthority, servername },
    ...options,
  })
  const request = { clientSoftwareName: '', clientSoftwareVersion: '' }
  socket.write(frameOf(apiVersions, 0, request))
  return outcomeOf(socket)
}

function outcomeOf(socket: TLSSocket): Promise<number | string> {
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      socket.destroy()
      resolve(chunk.readInt32BE(10)) // behind size, correlation id and error code
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.on('close', () => resolve('closed'))
  })
}

t.test('a certificate is made, and its authority told', async (t) => {
  const cluster = await start(t)
  t.ok(Number(await visit(cluster)) >= 5)
  t.equal(await visit(cluster, { ca: stranger.certificate }), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  t.match(cluster.tlsSessions[0], {
    address: cluster.bootstrap[0],
    servername: null,
    protocol: 'TLSv1.3',
    clientName: null,
  })
})

t.test('a broker keeps its address and its certificate over a restart', async (t) => {
  const cluster = await start(t, { advertisedHost: 'localhost' })
  t.match(cluster.bootstrap[0], /^localhost:\d+$/)
  await cluster.broker(1).stop()
  t.equal(await visit(cluster.broker(1).isRunning ? cluster : closedPort(cluster)), 'ECONNREFUSED')
  await cluster.broker(1).start()
  t.ok(Number(await visit(cluster, { servername: 'localhost' })) >= 5)
  t.equal(cluster.tlsSessions[0]?.servername, 'localhost')
})

/** The cluster, as its bootstrap was. */
function closedPort(cluster: TestCluster): TestCluster {
  const { address } = cluster.broker(1)
  const { certificateAuthority } = cluster
  return { bootstrap: [address], certificateAuthority } as unknown as TestCluster
}

const SERVERS: Record<string, [TestClusterOptions['tls'], ConnectionOptions, RegExp]> = {
  'another host': [{ authority, hosts: ['other.test'] }, {}, /ALTNAME_INVALID/],
  'a certificate that has expired': [
    { authority, ...authority.issue({ notAfterMs: Date.now() - 1000 }) },
    {},
    /CERT_HAS_EXPIRED/,
  ],
  'one of tomorrow': [
    { authority, ...authority.issue({ notBeforeMs: Date.now() + 86_400_000 }) },
    {},
    /CERT_NOT_YET_VALID/,
  ],
  'one of another authority': [
    { authority, ...stranger.issue() },
    {},
    /UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
  ],
  'one that signs itself': [
    { authority, ...authority.issue({ selfSigned: true }) },
    {},
    /DEPTH_ZERO_SELF_SIGNED_CERT/,
  ],
  'an older TLS': [
    { authority, maxVersion: 'TLSv1.2' },
    { minVersion: 'TLSv1.3' },
    /PROTOCOL_VERSION|EPROTO|UNSUPPORTED_PROTOCOL/,
  ],
}

for (const [name, [tls, client, expected]] of Object.entries(SERVERS)) {
  t.test(`a broker with ${name} is refused`, async (t) => {
    t.match(await visit(await start(t, tls), client), expected)
  })
}

t.test('an intermediate authority stands in the chain', async (t) => {
  const cluster = await start(t, { authority, ...authority.intermediate().issue() })
  t.ok(Number(await visit(cluster)) >= 5)
})

t.test('required: a client without a certificate, or with a wrong one, is refused', async (t) => {
  const cluster = await start(t, { clientAuth: 'required' })
  t.ok(Number(await visit(cluster, cluster.issueCertificate({ commonName: 'carol' }))) >= 5)
  t.equal(cluster.tlsSessions[0]?.clientName, 'carol')
  t.match(await visit(cluster), /CERTIFICATE_REQUIRED/)
  t.match(await visit(cluster, stranger.issue()), /closed|ECONNRESET|EPIPE/)
  t.equal(cluster.tlsSessions.length, 1)
})

t.test('requested: a client without one comes in, one with a wrong one does not', async (t) => {
  const cluster = await start(t, { clientAuth: 'requested' })
  t.ok(Number(await visit(cluster)) >= 5)
  t.ok(Number(await visit(cluster, cluster.issueCertificate({ commonName: 'carol' }))) >= 5)
  t.match(await visit(cluster, stranger.issue()), /closed|ECONNRESET|EPIPE/)
  t.strictSame(cluster.tlsSessions.map(({ clientName }) => clientName), [null, 'carol']) // prettier-ignore
})

t.test('closing ends clients that never began their handshake', async (t) => {
  const cluster = await TestCluster.start({ tls: true })
  const [host = '', port] = (cluster.bootstrap[0] ?? '').split(':')
  const socket = connectPlain({ host, port: Number(port) })
  await new Promise((resolve) => socket.once('connect', resolve))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await cluster.close()
  await closed
  t.pass('closed')
})

t.test('what cannot be is said at the start', async (t) => {
  const { cert } = authority.issue()
  const { key } = authority.issue()
  await t.rejects(TestCluster.start({ tls: { cert } }), { message: /both `cert` and `key`/ })
  await t.rejects(TestCluster.start({ tls: { cert, key } }), { message: /key values mismatch/ })
  const network = new VirtualNetwork({ clock: new ManualClock() })
  await t.rejects(TestCluster.start({ tls: true, network }), { message: /real sockets/ })
  const plain = await TestCluster.start()
  t.teardown(() => plain.close())
  t.throws(() => plain.certificateAuthority, /without `tls`/)
  t.strictSame(plain.tlsSessions, [])
})
