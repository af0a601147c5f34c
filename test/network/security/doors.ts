/**
 * Every way into a secured Kafka that Ottla knows, as the options of a producer: each mechanism with
 * and without TLS, and each form in which keys and certificates may be given.
 *
 * Neighbours: doors.broker.test.ts goes through all of them; test/broker/secured has the doors.
 */
import { execFile } from 'node:child_process'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  oidcToken,
  type ProducerOptions,
  type SaslOptions,
  type TlsOption,
} from '../../../src/index.js'
import { unsecuredJwt } from '../../broker/secured/jwt.js'
import type { SecuredListener } from '../../broker/secured/secured-config.js'
import type { SecuredKafka } from '../../broker/secured/secured-kafka.js'
import type { TokenIssuer } from '../../broker/secured/token-issuer.js'
import type { Certificate } from '../../support/certificates.js'

/** What opens a door. */
export type Door = Pick<ProducerOptions, 'brokers' | 'tls' | 'sasl'>

/** Through that listener; TLS trusts the authority which signed the broker. */
export function doorOf(
  kafka: SecuredKafka,
  listener: SecuredListener,
  more: { readonly tls?: TlsOption; readonly sasl?: SaslOptions } = {},
): Door {
  const isTls = listener !== 'SASL_PLAINTEXT'
  const tls = isTls ? { tls: { ca: { path: kafka.keys.caPath } } } : {}
  return { brokers: kafka.listener(listener), ...tls, ...more }
}

/** The credentials of a user, by each mechanism that all SASL listeners have. */
export function logins({ users }: SecuredKafka): Readonly<Record<string, SaslOptions>> {
  const { alice, oddPlain, oddScram } = users
  const { name: username, password } = alice
  return {
    PLAIN: { mechanism: 'PLAIN', username, password },
    'PLAIN, odd characters': {
      mechanism: 'PLAIN',
      username: oddPlain.name,
      password: oddPlain.password,
    },
    'SCRAM-SHA-256': { mechanism: 'SCRAM-SHA-256', username, password },
    'SCRAM-SHA-256, odd characters': {
      mechanism: 'SCRAM-SHA-256',
      username: oddScram.name,
      password: oddScram.password,
    },
    'SCRAM-SHA-512, by functions': {
      mechanism: 'scram-sha-512',
      username: () => username,
      password: () => Promise.resolve(password),
    },
    'OAUTHBEARER, unsecured': { mechanism: 'OAUTHBEARER', token: unsecuredToken(username) },
    'a function of ours': {
      mechanism: 'PLAIN',
      authenticate: (challenge) =>
        challenge === undefined ? Buffer.from(`\0${username}\0${password}`) : undefined,
    },
  }
}

/** Brings tokens that nobody has signed: Kafka's default takes them. */
export function unsecuredToken(sub: string, lifetimeMs = 3_600_000) {
  return () => {
    const now = Date.now()
    const claims = { sub, iat: now / 1000, exp: (now + lifetimeMs) / 1000 }
    return { token: unsecuredJwt(claims), expiresAtMs: now + lifetimeMs }
  }
}

/** Every mechanism through both kinds of listener. */
export function saslDoors(kafka: SecuredKafka): Record<string, Door> {
  const doors: Record<string, Door> = {}
  for (const [name, sasl] of Object.entries(logins(kafka))) {
    doors[`SASL_PLAINTEXT, ${name}`] = doorOf(kafka, 'SASL_PLAINTEXT', { sasl })
    doors[`SASL_SSL, ${name}`] = doorOf(kafka, 'SASL_SSL', { sasl })
  }
  return doors
}

/** TLS without a login, and with a certificate of ours in each of its forms. */
export async function tlsDoors(kafka: SecuredKafka, folder: string): Promise<Record<string, Door>> {
  const { caPath, clients } = kafka.keys
  const { carol, encrypted } = clients
  const ca = { path: caPath }
  const cert = { path: carol.chainPath }
  const key = { path: carol.keyPath }
  const text = await readFile(caPath, 'utf8')
  const bytes = await readFile(caPath)
  const pfx = await makePfx(carol, join(folder, 'carol.p12'), 'pfx "pass" ü')
  const behindPassphrase = {
    cert: await readFile(encrypted.chainPath, 'utf8'),
    key: await readFile(encrypted.keyPath),
    passphrase: encrypted.passphrase,
  }
  const doors: Record<string, [SecuredListener, TlsOption]> = {
    'SSL, ca as a file': ['SSL', { ca }],
    'SSL, ca as text': ['SSL', { ca: text }],
    'SSL, ca as bytes, one of two': ['SSL', { ca: [{ path: kafka.keys.wrongCaPath }, bytes] }],
    'SSL, a function': ['SSL', () => Promise.resolve({ ca })],
    'SSL, TLS 1.3': ['SSL', { ca, minVersion: 'TLSv1.3' }],
    'SSL, with a certificate': ['SSL', { ca, cert, key }],
    'MTLS, key and certificate': ['MTLS', { ca, cert, key }],
    'MTLS, encrypted key': ['MTLS', { ca, ...behindPassphrase }],
    'MTLS, pfx': ['MTLS', { ca, pfx: { path: pfx }, passphrase: 'pfx "pass" ü' }],
    'MTLS, a function': ['MTLS', async () => ({ ca: await readFile(caPath), cert, key })],
    'BADHOST, by servername': ['BADHOST', { ca, servername: 'another.example' }],
    'BADHOST, by a check of ours': ['BADHOST', { ca, checkServerIdentity: () => undefined }],
  }
  return Object.fromEntries(
    Object.entries(doors).map(([name, [listener, tls]]) => [
      name,
      doorOf(kafka, listener, { tls }),
    ]),
  )
}

/** Tokens of an issuer, by each way of asking it. None before Kafka 3.1. */
export function oidcDoors(kafka: SecuredKafka, issuer: TokenIssuer): Record<string, Door> {
  if (!kafka.has('OIDC')) return {}
  const { tokenUrl } = issuer
  const { name: clientId, password: clientSecret } = kafka.users.alice
  const assertion = {
    algorithm: 'ES256' as const,
    key: ASSERTION_KEY.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    claims: { sub: clientId, iss: clientId, aud: tokenUrl },
  }
  const tokens = {
    'OIDC, client_credentials': oidcToken({ tokenUrl, clientId, clientSecret, scope: 'kafka' }),
    'OIDC, jwt-bearer': oidcToken({ tokenUrl, grantType: 'jwt-bearer', assertion }),
  }
  return Object.fromEntries(
    Object.entries(tokens).map(([name, token]) => [
      name,
      doorOf(kafka, 'OIDC', { sasl: { mechanism: 'OAUTHBEARER', token } }),
    ]),
  )
}

const ASSERTION_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** Hand it to `startIssuer`: verifies the assertions of `oidcDoors`. */
export const assertionKey = createPublicKey(ASSERTION_KEY.publicKey.export({ type: 'spki', format: 'pem' })) // prettier-ignore

async function makePfx(
  { chainPath, keyPath }: Certificate,
  path: string,
  passphrase: string,
): Promise<string> {
  const files = ['-in', chainPath, '-inkey', keyPath, '-out', path]
  const env = { ...process.env, PFX_PASSPHRASE: passphrase }
  const given = ['-passout', 'env:PFX_PASSPHRASE']
  await promisify(execFile)('openssl', ['pkcs12', '-export', ...files, ...given], { env })
  return path
}
