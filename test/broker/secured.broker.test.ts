/**
 * A secured Kafka is what it says, seen by others than Ottla: node:tls shakes hands with each
 * listener, Kafka's own producer comes in by each mechanism, and ACLs are judged.
 */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { apiVersions } from '../../src/protocol/messages/api-versions.js'
import { askOver } from './ask.js'
import { javaLogins, type JavaCredentials, type JavaLogin } from './secured/java-client.js'
import { unsecuredJwt } from './secured/jwt.js'
import { rawLogin } from './secured/raw-login.js'
import { SHORT_SESSION_MS, type SecuredListener } from './secured/secured-config.js'
import type { SecuredKafka } from './secured/secured-kafka.js'
import { judgeCases } from './secured/secured-records.js'
import { securedTest } from './secured/secured-test.js'
import { waitUntil } from './wait.js'

const HANDSHAKE_TIMEOUT_MS = 10_000
/** Kafka 2.8 garbles its alert in TLS 1.3: the client sees a record that it cannot decrypt. */
const REFUSED_CERTIFICATE = /alert|decryption failed/i
const SASL_LISTENERS = ['SASL_PLAINTEXT', 'SASL_SSL', 'SHORT'] as const

let topics = 0
const newTopic = (): string => `secured-${process.pid}-${Date.now()}-${topics++}`

/** What a client shows: nothing, or one of the certificates. */
async function shown(kafka: SecuredKafka, client: keyof SecuredKafka['keys']['clients']) {
  const { chainPath, keyPath } = kafka.keys.clients[client]
  const { passphrase } = kafka.keys.clients.encrypted
  return { cert: await readFile(chainPath), key: await readFile(keyPath), passphrase }
}

/** Shakes hands and asks for ApiVersions, since only the first answer proves a client's certificate. */
async function greet(
  kafka: SecuredKafka,
  listener: SecuredListener,
  options: ConnectionOptions = {},
): Promise<string> {
  const socket: TLSSocket = connect({
    port: Number(kafka.listener(listener).split(':')[1]),
    host: '127.0.0.1',
    servername: 'localhost',
    ca: await readFile(kafka.keys.caPath),
    ...options,
  })
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(HANDSHAKE_TIMEOUT_MS) })
    const { errorCode } = await askOver(socket, apiVersions, 0, {
      clientSoftwareName: '',
      clientSoftwareVersion: '',
    })
    return errorCode === 0
      ? `ok ${String(socket.getPeerCertificate().subject.CN)}`
      : `error ${errorCode}`
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return `${code} ${message}`
  } finally {
    socket.destroy()
  }
}

await securedTest(
  'TLS: a client that trusts the authority gets in, others do not',
  async (t, kafka) => {
    t.equal(await greet(kafka, 'SSL'), 'ok broker')
    for (const minVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      t.equal(await greet(kafka, 'SSL', { minVersion, maxVersion: minVersion }), 'ok broker')
    }
    const wrongCa = { ca: await readFile(kafka.keys.wrongCaPath) }
    t.match(await greet(kafka, 'SSL', wrongCa), /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY/)
    t.match(await greet(kafka, 'BADHOST'), /ERR_TLS_CERT_ALTNAME_INVALID/)
    t.equal(await greet(kafka, 'BADHOST', { servername: 'another.example' }), 'ok broker')
  },
)

await securedTest('client certificates: judged where they are wanted', async (t, kafka) => {
  t.match(await greet(kafka, 'MTLS'), REFUSED_CERTIFICATE)
  for (const client of ['carol', 'encrypted', 'dave'] as const) {
    t.equal(await greet(kafka, 'MTLS', await shown(kafka, client)), 'ok broker', client)
  }
  for (const client of ['stranger', 'expired'] as const) {
    t.match(await greet(kafka, 'MTLS', await shown(kafka, client)), REFUSED_CERTIFICATE, client)
    t.match(
      await greet(kafka, 'SSL', await shown(kafka, client)),
      REFUSED_CERTIFICATE,
      `${client}, SSL`,
    )
  }
})

await securedTest('SASL: mechanisms, refusals and session lifetimes', async (t, kafka) => {
  const ca = await readFile(kafka.keys.caPath, 'utf8')
  const { alice } = kafka.users
  const messages = [`\0${alice.name}\0${alice.password}`]
  const lifetimes: Partial<Record<SecuredListener, number | undefined>> = {}
  for (const listener of SASL_LISTENERS) {
    const address = kafka.listener(listener)
    const target = { address, ...(listener === 'SASL_PLAINTEXT' ? {} : { ca }) }
    const login = await rawLogin(target, 'PLAIN', messages)
    t.same(new Set(login.mechanisms), new Set(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'])) // prettier-ignore
    t.equal(login.answers[0]?.errorCode, 0, listener)
    lifetimes[listener] = login.answers[0]?.sessionLifetimeMs
    const wrong = await rawLogin(target, 'PLAIN', [`\0${alice.name}\0wrong`])
    t.match(wrong.answers[0], { errorCode: 58, message: 'Authentication failed: Invalid username or password' }) // prettier-ignore
    t.equal((await rawLogin(target, 'plain', messages)).handshakeErrorCode, 33)
  }
  t.strictSame(lifetimes, { SASL_PLAINTEXT: 0, SASL_SSL: 0, SHORT: SHORT_SESSION_MS })
})

await securedTest('OIDC: tokens of the issuer, and no others', async (t, kafka) => {
  if (!kafka.has('OIDC')) {
    t.pass(`Kafka ${kafka.version} has no OIDC`)
    return
  }
  const issuer = await kafka.startIssuer()
  t.teardown(() => issuer.close())
  const target = { address: kafka.listener('OIDC'), ca: await readFile(kafka.keys.caPath, 'utf8') }
  const told = async (token: string): Promise<string> => {
    const message = `n,,\x01auth=Bearer ${token}\x01\x01`
    const { answers } = await rawLogin(target, 'OAUTHBEARER', [message])
    return `${answers[0]?.errorCode} ${answers[0]?.bytes.toString()}`
  }
  t.equal(await told(issuer.token('alice')), '0 ')
  const refusal = '0 {"status":"invalid_token"}' // as RFC 7628 has it: the error is in the bytes
  const now = Math.floor(Date.now() / 1_000)
  t.equal(await told(issuer.token('alice', { aud: 'another' })), refusal)
  t.equal(await told(issuer.token('alice', { exp: now - 100, iat: now - 200 })), refusal)
  t.equal(await told(unsecuredJwt({ sub: 'alice', iat: now, exp: now + 100 })), refusal)
})

function everyLogin(kafka: SecuredKafka, tokenUrl: string): Record<string, JavaLogin> {
  const { users, keys } = kafka
  const { alice, oddPlain, oddScram } = users
  const logins: Record<string, JavaLogin> = {
    SSL: { listener: 'SSL' },
    MTLS: { listener: 'MTLS', as: { certificate: keys.clients.carol } },
    'PLAIN odd': { listener: 'SASL_SSL', as: { mechanism: 'PLAIN', ...oddPlain } },
    'SCRAM odd': { listener: 'SASL_SSL', as: { mechanism: 'SCRAM-SHA-256', ...oddScram } },
  }
  for (const listener of SASL_LISTENERS) {
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const) {
      logins[`${listener} ${mechanism}`] = { listener, as: { mechanism, ...alice } }
    }
  }
  if (kafka.has('OIDC')) {
    logins.OIDC = { listener: 'OIDC', as: { mechanism: 'OIDC', ...alice, tokenUrl } }
  }
  return logins
}

await securedTest("Kafka's own producer comes in by every listener", async (t, kafka) => {
  const issuer = await kafka.startIssuer()
  t.teardown(() => issuer.close())
  const topic = newTopic()
  await kafka.createTopic(topic)
  const logins = everyLogin(kafka, issuer.tokenUrl)
  const said = await javaLogins(kafka, topic, logins)
  for (const [name, outcome] of Object.entries(said)) t.equal(outcome, 'ok', name)
  const counts = Object.fromEntries(Object.keys(logins).map((name) => [name, 1]))
  const verdicts = await judgeCases(kafka, topic, counts)
  const sound = { stored: 1, lost: 0, doubled: 0, outOfOrder: 0 }
  for (const [name, verdict] of Object.entries(verdicts)) t.strictSame(verdict, sound, name)
})

await securedTest("Kafka's own producer is refused what is wrong", async (t, kafka) => {
  const { users, keys } = kafka
  const topic = newTopic()
  await kafka.createTopic(topic)
  const wrong = (mechanism: 'PLAIN' | 'SCRAM-SHA-512'): JavaCredentials => {
    return { mechanism, name: users.alice.name, password: 'wrong' }
  }
  const said = await javaLogins(kafka, topic, {
    plain: { listener: 'SASL_PLAINTEXT', as: wrong('PLAIN') },
    scram: { listener: 'SASL_SSL', as: wrong('SCRAM-SHA-512') },
    host: { listener: 'BADHOST' },
    authority: { listener: 'SSL', caPath: keys.wrongCaPath },
    noCertificate: { listener: 'MTLS' },
    stranger: { listener: 'MTLS', as: { certificate: keys.clients.stranger } },
  })
  t.match(said.plain, /^SaslAuthenticationException/)
  t.match(said.scram, /^SaslAuthenticationException/)
  t.match(said.host, /^SslAuthenticationException/)
  t.match(said.authority, /^SslAuthenticationException/)
  t.match(said.noCertificate, /^SslAuthenticationException/)
  t.match(said.stranger, /^SslAuthenticationException/)
})

await securedTest('bob may do what he is granted, for as long as he is', async (t, kafka) => {
  const topic = newTopic()
  await kafka.createTopic(topic)
  const { bob } = kafka.users
  const asBob = { bob: { listener: 'SASL_SSL', as: { mechanism: 'PLAIN', ...bob } } } as const
  const asDave = { listener: 'MTLS', as: { certificate: kafka.keys.clients.dave } } as const
  const write = { operation: 'write', resourceType: 'topic', resourceName: topic } as const
  const refused = /^TopicAuthorizationException/
  t.match(await javaLogins(kafka, topic, { ...asBob, dave: asDave }), {
    bob: refused,
    dave: refused,
  })
  await kafka.grant({ principal: 'User:bob', ...write })
  await kafka.grant({ principal: 'User:CN=dave', ...write })
  t.strictSame(await javaLogins(kafka, topic, { ...asBob, dave: asDave }), {
    bob: 'ok',
    dave: 'ok',
  })
  await kafka.revoke({ principal: 'User:bob', ...write })
  t.match(await javaLogins(kafka, topic, asBob), { bob: refused })
})

await securedTest('users come and go', async (t, kafka) => {
  const user = { name: `passer-by ${process.pid}`, password: 'x' }
  const first = [`n,,n=${user.name},r=abcdefghijklmnopqrstuvwx`]
  const login = async (): Promise<number | undefined> => {
    const target = { address: kafka.listener('SASL_PLAINTEXT') }
    return (await rawLogin(target, 'SCRAM-SHA-256', first)).answers[0]?.errorCode
  }
  t.equal(await login(), 58)
  await kafka.putUser(user)
  t.equal(await login(), 0)
  await kafka.removeUser(user.name)
  t.equal(await login(), 58)
})

await securedTest(
  'one of its own gets new certificates, is killed and comes back',
  async (t, kafka) => {
    const serial = async (): Promise<string> => {
      const ca = await readFile(kafka.keys.caPath)
      const port = Number(kafka.listener('SSL').split(':')[1])
      const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca })
      await once(socket, 'secureConnect')
      const { serialNumber } = socket.getPeerCertificate()
      socket.destroy()
      return serialNumber
    }
    const before = await serial()
    await kafka.rotateCertificate('SSL')
    await waitUntil(async () => (await serial()) !== before, {
      what: 'the broker to show its new certificate',
      timeoutMs: 20_000,
    })
    await kafka.node.kill()
    await kafka.node.restart()
    t.equal(await greet(kafka, 'SSL'), 'ok broker')
    const { alice } = kafka.users
    const target = { address: kafka.listener('SASL_PLAINTEXT') }
    const { answers } = await rawLogin(target, 'PLAIN', [`\0${alice.name}\0${alice.password}`])
    t.equal(answers[0]?.errorCode, 0)
  },
  { own: true },
)
