/**
 * Kafka's own producer logs in at the test cluster: what we take for Kafka's rules is what its client
 * plays by.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import t, { type Test } from 'tap'
import { compileJava, runJava } from '../broker/java.js'
import { kafkaClassPath, whyNoJars } from '../broker/jars.js'
import { projectFile } from '../broker/project.js'
import { kafkaVersion, PINNED_VERSION } from '../broker/versions.js'
import { TestCluster } from '../../src/testing/cluster.js'

t.setTimeout(300_000)

const skip =
  process.env.OTTLA_NO_BROKER === '1' ? 'OTTLA_NO_BROKER=1' : ((await whyNoJars()) ?? false)
const MODULES = 'org.apache.kafka.common.security'

/** What a login takes, as Java's `sasl.jaas.config`. */
const jaas = (module: string, options: string): string =>
  `sasl.jaas.config=${MODULES}.${module} required ${options};`
const PLAIN = (password: string): string[] => [
  'sasl.mechanism=PLAIN',
  jaas('plain.PlainLoginModule', `username="alice" password="${password}"`),
]
const SCRAM = (mechanism: string, password: string, more = ''): string[] => [
  `sasl.mechanism=${mechanism}`,
  jaas('scram.ScramLoginModule', `username="alice" password="${password}"${more}`),
]
const OAUTHBEARER = [
  'sasl.mechanism=OAUTHBEARER',
  jaas('oauthbearer.OAuthBearerLoginModule', 'unsecuredLoginStringClaim_sub="alice"'),
]

interface Java {
  /** The outcome of each set of settings, by name. */
  run(
    cluster: TestCluster,
    sets: Readonly<Record<string, readonly string[]>>,
    records?: number,
    pauseMs?: number,
  ): Promise<Record<string, string>>
  file(name: string, text: string): Promise<string>
}

async function setUp(t: Test): Promise<Java> {
  const folder = await mkdtemp(join(tmpdir(), 'ottla-java-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const jars = await kafkaClassPath(kafkaVersion(PINNED_VERSION), (line) => t.comment(line))
  await compileJava(jars, projectFile('test/broker/java/SendSecured.java'), folder)
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  return {
    file,
    async run(cluster, sets, records = 1, pauseMs = 0) {
      const always = [`bootstrap.servers=${cluster.bootstrap.join(',')}`, 'max.block.ms=20000']
      const files = await Promise.all(
        Object.entries(sets).map(([name, set]) => file(name, [...always, ...set].join('\n'))),
      )
      const args = ['orders', String(records), String(pauseMs), ...files]
      const printed = await runJava([folder, jars].join(delimiter), 'SendSecured', args)
      const lines = printed.trim().split('\n')
      return Object.fromEntries(lines.map((line) => [line.split(' ', 1)[0], line.replace(/^\S+ /, '')])) // prettier-ignore
    },
  }
}

t.test('every mechanism, over TLS, and what it says of a refusal', { skip }, async (t) => {
  const java = await setUp(t)
  const users = { alice: 'sec,r=et' }
  const cluster = await TestCluster.start({ tls: true, sasl: { users }, topics: { orders: {} } })
  t.teardown(() => cluster.close())
  const ca = await java.file('ca.pem', cluster.certificateAuthority)
  const tls = ['ssl.truststore.type=PEM', `ssl.truststore.location=${ca}`]
  const over = (set: readonly string[]): string[] => ['security.protocol=SASL_SSL', ...tls, ...set]
  const outcomes = await java.run(cluster, {
    plain: over(PLAIN('sec,r=et')),
    sha256: over(SCRAM('SCRAM-SHA-256', 'sec,r=et')),
    sha512: over(SCRAM('SCRAM-SHA-512', 'sec,r=et')),
    oauth: over(OAUTHBEARER),
    plainWrong: over(PLAIN('x')),
    scramWrong: over(SCRAM('SCRAM-SHA-256', 'x')),
  })
  const words = 'Authentication failed during authentication due to invalid credentials'
  t.strictSame(outcomes, {
    ...{ plain: 'sent', sha256: 'sent', sha512: 'sent', oauth: 'sent' },
    plainWrong: 'SaslAuthenticationException: Authentication failed: Invalid username or password',
    scramWrong: `SaslAuthenticationException: ${words} with SASL mechanism SCRAM-SHA-256`,
  })
  t.equal(cluster.records('orders').length, 4)
  t.ok(cluster.tlsSessions.length > 6)
})

t.test('delegation tokens, mechanisms and tokens refused', { skip }, async (t) => {
  const java = await setUp(t)
  const cluster = await TestCluster.start({
    sasl: {
      mechanisms: ['SCRAM-SHA-256', 'OAUTHBEARER'],
      delegationTokens: { alice: { hmac: 'c2VjcmV0', owner: 'bob' } },
      tokens: () => null,
    },
    topics: { orders: {} },
  })
  t.teardown(() => cluster.close())
  const over = (set: readonly string[]): string[] => ['security.protocol=SASL_PLAINTEXT', ...set]
  const outcomes = await java.run(cluster, {
    token: over(SCRAM('SCRAM-SHA-256', 'c2VjcmV0', ' tokenauth="true"')),
    plain: over(PLAIN('x')),
    oauth: over(OAUTHBEARER),
  })
  t.equal(outcomes['token'], 'sent')
  t.match(outcomes['plain'], /^UnsupportedSaslMechanismException: .*\[SCRAM-SHA-256, OAUTHBEARER\]/)
  t.match(outcomes['oauth'], /^SaslAuthenticationException: {"status":"invalid_token"}/)
  t.equal(cluster.sasl.logins[0]?.principal, 'bob')
})

t.test('a session that ends is renewed on its connection', { skip }, async (t) => {
  const java = await setUp(t)
  const users = { alice: 'secret' }
  const cluster = await TestCluster.start({
    sasl: { users, sessionLifetimeMs: 1500 },
    topics: { orders: {} },
  })
  t.teardown(() => cluster.close())
  const set = ['security.protocol=SASL_PLAINTEXT', ...SCRAM('SCRAM-SHA-512', 'secret')]
  t.strictSame(await java.run(cluster, { scram: set }, 50, 100), { scram: 'sent' })
  t.equal(cluster.records('orders').length, 50)
  const again = cluster.sasl.logins.filter(({ isReauthentication }) => isReauthentication)
  t.ok(again.length >= 2, `${again.length} times`)
  t.strictSame(again.filter(({ principal }) => principal !== 'alice'), []) // prettier-ignore
})

t.test('a client certificate', { skip }, async (t) => {
  const java = await setUp(t)
  const tls = { clientAuth: 'required' } as const
  const cluster = await TestCluster.start({ tls, topics: { orders: {} } })
  t.teardown(() => cluster.close())
  const ca = await java.file('ca.pem', cluster.certificateAuthority)
  const { cert, key } = cluster.issueCertificate({ commonName: 'carol' })
  const pair = await java.file('carol.pem', key + cert)
  const trust = [
    'security.protocol=SSL',
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=${ca}`,
  ]
  const shown = ['ssl.keystore.type=PEM', `ssl.keystore.location=${pair}`]
  const outcomes = await java.run(cluster, { with: [...trust, ...shown], without: trust })
  t.equal(outcomes['with'], 'sent')
  t.match(outcomes['without'], /^SslAuthenticationException/)
  t.equal(cluster.tlsSessions[0]?.clientName, 'carol')
})
