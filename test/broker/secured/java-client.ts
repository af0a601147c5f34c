/**
 * Kafka's own client at a secured Kafka's doors: its settings for each of them, and whether it gets
 * in (java/LogIn.java). What it gets done, Ottla must; so a test that fails there has found a fault
 * of the set-up and not of Ottla.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Certificate } from '../../support/certificates.js'
import { compiledProgram } from '../compiled-program.js'
import { runJava } from '../java.js'
import { propertiesText } from '../server-config.js'
import { kafkaVersion } from '../versions.js'
import { keystoreSettings } from './keys.js'
import { jaasString, type SecuredListener } from './secured-config.js'
import type { SecuredKafka } from './secured-kafka.js'

const SECURITY = 'org.apache.kafka.common.security'

/** How a client shows who it is. */
export type JavaCredentials =
  | { readonly certificate: Certificate }
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
      readonly name: string
      readonly password: string
    }
  /** A token that nobody signed. */
  | { readonly mechanism: 'OAUTHBEARER'; readonly name: string }
  /** A token of an issuer. */
  | {
      readonly mechanism: 'OIDC'
      readonly name: string
      readonly password: string
      readonly tokenUrl: string
    }

/** One door, one client. */
export interface JavaLogin {
  readonly listener: SecuredListener
  /** None: it shows nothing. */
  readonly as?: JavaCredentials
  /** Default: that of the authority which signed the broker. */
  readonly caPath?: string
}

/** Settings of Kafka's own clients (consumer, producer, tools) for that door. */
export async function javaSettings(
  kafka: SecuredKafka,
  { listener, as, caPath }: JavaLogin,
): Promise<Record<string, string>> {
  const isTls = listener !== 'SASL_PLAINTEXT'
  const isSasl = as !== undefined && 'mechanism' in as
  return {
    'bootstrap.servers': kafka.listener(listener),
    'security.protocol': `${isSasl ? 'SASL_' : ''}${isTls ? 'SSL' : 'PLAINTEXT'}`,
    ...(isTls ? trust(caPath ?? kafka.keys.caPath) : {}),
    ...(as === undefined
      ? {}
      : 'mechanism' in as
        ? saslSettings(as, kafka)
        : await certificate(as)),
  }
}

/** Tries each login in turn and writes a record; says `ok` or what Kafka's client says, by its name. */
export async function javaLogins(
  kafka: SecuredKafka,
  topic: string,
  logins: Readonly<Record<string, JavaLogin>>,
): Promise<Record<string, string>> {
  const { classPath: jars } = await kafka.toolbox()
  const classPath = [await compiledProgram(jars, 'LogIn'), jars].join(delimiter)
  const folder = await mkdtemp(join(tmpdir(), 'ottla-login-'))
  try {
    const names = Object.keys(logins)
    const files: string[] = []
    for (const login of Object.values(logins)) {
      const file = join(folder, `${files.length}.properties`)
      const name = names[files.length] ?? ''
      const settings = { ...QUICK, ...(await javaSettings(kafka, login)), 'client.id': name }
      await writeFile(file, propertiesText(settings))
      files.push(file)
    }
    const lines = (await runJava(classPath, 'LogIn', [topic, ...files])).trimEnd().split('\n')
    return Object.fromEntries(names.map((name, index) => [name, lines[index] ?? '']))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A refusal that Kafka's client tries again must not take two minutes. */
const QUICK = {
  'max.block.ms': '8000',
  'request.timeout.ms': '5000',
  'delivery.timeout.ms': '8000',
  'linger.ms': '0',
}

function trust(caPath: string): Record<string, string> {
  return { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': caPath }
}

async function certificate(as: {
  readonly certificate: Certificate
}): Promise<Record<string, string>> {
  return { 'ssl.keystore.type': 'PEM', ...(await keystoreSettings(as.certificate)) }
}

function saslSettings(
  as: Exclude<JavaCredentials, { readonly certificate: Certificate }>,
  kafka: SecuredKafka,
): Record<string, string> {
  const oauth = `${SECURITY}.oauthbearer.OAuthBearerLoginModule required`
  if (as.mechanism === 'OAUTHBEARER') {
    const jaas = `${oauth} unsecuredLoginStringClaim_sub=${jaasString(as.name)};`
    return { 'sasl.mechanism': 'OAUTHBEARER', 'sasl.jaas.config': jaas }
  }
  if (as.mechanism === 'OIDC') {
    const { oidcPackage } = kafkaVersion(kafka.version).security
    const who = `clientId=${jaasString(as.name)} clientSecret=${jaasString(as.password)}`
    return {
      'sasl.mechanism': 'OAUTHBEARER',
      'sasl.jaas.config': `${oauth} ${who};`,
      'sasl.login.callback.handler.class': `${oidcPackage ?? ''}.OAuthBearerLoginCallbackHandler`,
      'sasl.oauthbearer.token.endpoint.url': as.tokenUrl,
      'system.org.apache.kafka.sasl.oauthbearer.allowed.urls': as.tokenUrl,
    }
  }
  const loginModule = as.mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule'
  const who = `username=${jaasString(as.name)} password=${jaasString(as.password)}`
  return {
    'sasl.mechanism': as.mechanism,
    'sasl.jaas.config': `${SECURITY}.${loginModule} required ${who};`,
  }
}
