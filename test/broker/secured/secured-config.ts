/**
 * The settings of a secured Kafka: one process, a listener for each case.
 *
 *   listener          who comes in                                         protocol
 *   PLAINTEXT         anybody, as ANONYMOUS, who may do everything         (server-config.ts)
 *   SSL               anybody; a client's certificate counts if shown      SSL
 *   MTLS              who shows a certificate of the right authority       SSL
 *   BADHOST           nobody who looks: its certificate is another host's  SSL
 *   SASL_PLAINTEXT    PLAIN, both SCRAMs, OAUTHBEARER without signature    SASL_PLAINTEXT
 *   SASL_SSL          the same                                             SASL_SSL
 *   SHORT             the same, and must log in again within 3 s           SASL_SSL
 *   OIDC              OAUTHBEARER with tokens of the issuer                SASL_SSL
 *
 * Neighbours: secured-kafka.ts starts it; keys.ts and users.ts have what is named here.
 */
import type { ClusterSetUp } from '../cluster.js'
import type { VersionSecurity } from '../versions.js'
import { keystoreSettings, type SecuredKeys } from './keys.js'
import { AUDIENCE, ISSUER } from './token-issuer.js'
import { ALL_USERS, SUPER_CERTIFICATE } from './users.js'

/** `connections.max.reauth.ms` of the listener SHORT. */
export const SHORT_SESSION_MS = 3_000

const TLS_LISTENERS = ['SSL', 'MTLS', 'BADHOST'] as const
const SASL_LISTENERS = ['SASL_PLAINTEXT', 'SASL_SSL', 'SHORT'] as const

/** Every listener but PLAINTEXT. OIDC is not there before Kafka 3.1. */
export type SecuredListener =
  (typeof TLS_LISTENERS)[number] | (typeof SASL_LISTENERS)[number] | 'OIDC'

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const
const SECURITY = 'org.apache.kafka.common.security'
const OAUTH_MODULE = `${SECURITY}.oauthbearer.OAuthBearerLoginModule required`
// All that this process has to do fits into that, and CI runs it beside another broker.
const HEAP = '-Xmx384m'

/** What the cluster is to add to its own settings. */
export async function securedSetUp(
  security: VersionSecurity,
  keys: SecuredKeys,
  jwksUrl: string,
): Promise<ClusterSetUp> {
  const { oidcPackage } = security
  const sasl = SASL_LISTENERS.map((name) => ({
    name,
    protocol: name === 'SASL_PLAINTEXT' ? ('SASL_PLAINTEXT' as const) : ('SASL_SSL' as const),
  }))
  return {
    listeners: [
      ...TLS_LISTENERS.map((name) => ({ name, protocol: 'SSL' as const })),
      ...sasl,
      ...(oidcPackage === undefined ? [] : [{ name: 'OIDC', protocol: 'SASL_SSL' as const }]),
    ],
    config: {
      ...(await tlsSettings(keys)),
      ...authorization(security),
      ...Object.assign({}, ...SASL_LISTENERS.map(saslSettings)),
      'listener.name.short.connections.max.reauth.ms': String(SHORT_SESSION_MS),
      ...(oidcPackage === undefined ? {} : oidcSettings(oidcPackage, jwksUrl)),
      'num.network.threads': '1', // for each listener, 3 by default
    },
    jvmFlags: [HEAP, `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${jwksUrl}`],
  }
}

async function tlsSettings(keys: SecuredKeys): Promise<Record<string, string>> {
  return {
    'ssl.keystore.type': 'PEM',
    ...(await keystoreSettings(keys.broker)),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': keys.caPath,
    'listener.name.ssl.ssl.client.auth': 'requested',
    'listener.name.mtls.ssl.client.auth': 'required',
    ...withPrefix('listener.name.badhost', await keystoreSettings(keys.badHost)),
    'password.encoder.secret': 'test', // ZooKeeper keeps keys that are altered only with it
  }
}

/** Settings for one listener. */
export function withPrefix(
  prefix: string,
  settings: Readonly<Record<string, string>>,
): Record<string, string> {
  const named = Object.entries(settings).map(([name, value]) => [`${prefix}.${name}`, value])
  return Object.fromEntries(named) as Record<string, string>
}

function authorization({ authorizer }: VersionSecurity): Record<string, string> {
  const users = ALL_USERS.filter(({ isSuper }) => isSuper).map(({ name }) => name)
  const principals = ['ANONYMOUS', SUPER_CERTIFICATE, ...users].map((name) => `User:${name}`)
  return { 'authorizer.class.name': authorizer, 'super.users': principals.join(';') }
}

function saslSettings(listener: string): Record<string, string> {
  const prefix = `listener.name.${listener.toLowerCase()}`
  const scram = `${SECURITY}.scram.ScramLoginModule required;`
  return {
    [`${prefix}.sasl.enabled.mechanisms`]: MECHANISMS.join(','),
    [`${prefix}.plain.sasl.jaas.config`]: plainUsers(),
    [`${prefix}.scram-sha-256.sasl.jaas.config`]: scram,
    [`${prefix}.scram-sha-512.sasl.jaas.config`]: scram,
    [`${prefix}.oauthbearer.sasl.jaas.config`]: `${OAUTH_MODULE} unsecuredLoginStringClaim_sub="broker";`,
  }
}

function plainUsers(): string {
  const users = ALL_USERS.filter(({ by }) => by.includes('plain'))
  const options = users.map(({ name, password }) => `user_${name}=${jaasString(password)}`)
  return `${SECURITY}.plain.PlainLoginModule required ${options.join(' ')};`
}

/** A value of a jaas setting, which Kafka reads as a string of Java. */
export function jaasString(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`
}

function oidcSettings(oidcPackage: string, jwksUrl: string): Record<string, string> {
  const prefix = 'listener.name.oidc'
  const handler = `${oidcPackage}.OAuthBearerValidatorCallbackHandler`
  return {
    [`${prefix}.sasl.enabled.mechanisms`]: 'OAUTHBEARER',
    [`${prefix}.oauthbearer.sasl.server.callback.handler.class`]: handler,
    [`${prefix}.oauthbearer.sasl.oauthbearer.jwks.endpoint.url`]: jwksUrl,
    [`${prefix}.oauthbearer.sasl.oauthbearer.expected.audience`]: AUDIENCE,
    [`${prefix}.oauthbearer.sasl.oauthbearer.expected.issuer`]: ISSUER,
    [`${prefix}.oauthbearer.sasl.jaas.config`]: `${OAUTH_MODULE};`,
  }
}
