/** What TLS refuses, and the constructor already. */
import type { TlsOption } from '../../../src/index.js'
import type { SecuredListener } from '../../broker/secured/secured-config.js'
import type { SecuredKafka } from '../../broker/secured/secured-kafka.js'
import type { Certificate } from '../../support/certificates.js'
import { doorOf, type Door } from './doors.js'
import type { Refusal } from './refusals.js'

const PLAINTEXT_LISTENER = {
  telling: 'at once',
  error: 'ConnectionError',
  code: 'ERR_OTTLA_TLS_PLAINTEXT_LISTENER',
  says: 'this is a plaintext listener',
  mend: 'leave out `tls`, or use the port of the TLS listener',
} as const

const CERTIFICATE_REFUSED = {
  telling: 'at once',
  error: 'ConnectionError',
  code: 'ERR_OTTLA_TLS_CLIENT_CERTIFICATE_REFUSED',
  says: 'the broker refuses our certificate',
  mend: 'a `tls.cert` that is valid today and signed by an authority in the broker’s trust store',
} as const

export const TLS_REFUSALS: readonly Refusal[] = [
  {
    cause: 'no `tls` at a TLS listener',
    telling: 'at once',
    error: 'ConnectionError',
    code: 'ERR_OTTLA_TLS_EXPECTED',
    says: 'the other side answers in TLS, so this is a TLS listener',
    mend: 'set `tls`',
    open: ({ kafka }) => ({ brokers: kafka.listener('SSL') }),
  },
  {
    cause: '`tls` at a plaintext listener',
    ...PLAINTEXT_LISTENER,
    open: ({ kafka, plaintext }) => ({ ...doorOf(kafka, 'SSL'), brokers: plaintext }),
  },
  {
    cause: '`tls` and `sasl` at a SASL_PLAINTEXT listener',
    ...PLAINTEXT_LISTENER,
    open: ({ kafka }) => {
      const { alice } = kafka.users
      const sasl = { mechanism: 'PLAIN', username: alice.name, password: alice.password } as const
      return { ...doorOf(kafka, 'SSL', { sasl }), brokers: kafka.listener('SASL_PLAINTEXT') }
    },
  },
  {
    cause: '`tls` at a port that is no Kafka’s',
    telling: 'at once',
    error: 'ConnectionError',
    code: 'ERR_OTTLA_TLS_NOT_TLS',
    says: 'what listens there does not speak TLS',
    mend: 'check host and port',
    open: ({ kafka, webServer }) => ({ ...doorOf(kafka, 'SSL'), brokers: webServer }),
  },
  {
    cause: 'no `tls` at a port that is no Kafka’s',
    telling: 'at once',
    error: 'ConnectionError',
    code: 'ERR_OTTLA_NOT_KAFKA',
    says: 'the other side answers in HTTP, so this is the port of a web server',
    mend: 'check host and port',
    open: ({ webServer }) => ({ brokers: webServer }),
  },
  {
    cause: 'an authority that Node does not know, and no `tls.ca`',
    telling: 'at once',
    error: 'ConnectionError',
    code: 'ERR_OTTLA_TLS_SELF_SIGNED',
    says: 'its certificate, or the authority above it, is signed by itself and not trusted (issued to CN=broker by CN=ottla-test-ca)',
    mend: 'give that authority’s certificate as `tls.ca`',
    open: ({ kafka }) => doorOf(kafka, 'SSL', { tls: true }),
  },
  {
    cause: 'the wrong `tls.ca`',
    telling: 'at once',
    error: 'ConnectionError',
    code: 'ERR_OTTLA_TLS_SELF_SIGNED',
    says: 'is signed by itself and not trusted (issued to CN=broker by CN=ottla-test-ca): if it is the right one, give it as tls.ca',
    mend: 'the authority that signed the broker’s certificate as `tls.ca`',
    open: ({ kafka }) => doorOf(kafka, 'SSL', { tls: { ca: { path: kafka.keys.wrongCaPath } } }),
  },
  {
    cause: 'the broker’s certificate is another host’s',
    telling: 'at once',
    error: 'ConnectionError',
    code: 'ERR_OTTLA_TLS_WRONG_HOST',
    says: 'its certificate is for DNS:another.example and not for localhost',
    mend: 'connect by a name that the certificate has (`brokers`, and `advertised.listeners` of the broker), or `tls.servername`',
    open: ({ kafka }) => doorOf(kafka, 'BADHOST'),
  },
  {
    cause: '`tls.checkServerIdentity` of yours says no',
    telling: 'at once',
    error: 'ConnectionError',
    code: 'ERR_OTTLA_TLS_IDENTITY_REFUSED',
    says: 'tls.checkServerIdentity refuses its certificate (not this one)',
    mend: 'that function',
    open: ({ kafka }) => {
      const checkServerIdentity = (): Error => new Error('not this one')
      return doorOf(kafka, 'SSL', { tls: { ca: { path: kafka.keys.caPath }, checkServerIdentity } })
    },
  },
  {
    cause: 'no certificate where the broker wants one (`ssl.client.auth=required`)',
    telling: 'at once',
    error: 'ConnectionError',
    code: 'ERR_OTTLA_TLS_CLIENT_CERTIFICATE_REQUIRED',
    says: 'the broker wants a certificate of ours',
    mend: '`tls.cert` and `tls.key`',
    open: ({ kafka }) => doorOf(kafka, 'MTLS'),
  },
  {
    cause: 'our certificate is of an authority that the broker does not trust',
    ...CERTIFICATE_REFUSED,
    open: ({ kafka }) => shown(kafka, 'MTLS', kafka.keys.clients.stranger),
  },
  {
    cause: 'the same where the broker asks for none (`ssl.client.auth=requested`)',
    ...CERTIFICATE_REFUSED,
    open: ({ kafka }) => shown(kafka, 'SSL', kafka.keys.clients.stranger),
  },
  {
    cause: 'our certificate has expired',
    ...CERTIFICATE_REFUSED,
    open: ({ kafka }) => shown(kafka, 'MTLS', kafka.keys.clients.expired),
  },
  {
    cause: 'the function `tls` throws',
    telling: 'after maxBlockMs',
    error: 'ConnectionError',
    code: 'ERR_OTTLA_TLS_CREDENTIALS',
    says: 'with TLS: the function of option tls has failed (RangeError)',
    mend: 'that function; its words are not repeated, for they may hold a secret',
    open: ({ kafka }) => {
      const tls = (): never => {
        throw new RangeError('vault sealed')
      }
      return doorOf(kafka, 'SSL', { tls })
    },
  },
]

function shown(
  kafka: SecuredKafka,
  listener: SecuredListener,
  { chainPath, keyPath }: Certificate,
): Door {
  const tls = {
    ca: { path: kafka.keys.caPath },
    cert: { path: chainPath },
    key: { path: keyPath },
  }
  return doorOf(kafka, listener, { tls })
}

const CONFIG = { telling: 'constructor', error: 'ConfigError', code: 'ERR_OTTLA_CONFIG' } as const

export const CONFIG_REFUSALS: readonly Refusal[] = [
  {
    cause: '`tls.key` is not the key of `tls.cert`',
    ...CONFIG,
    says: 'tls.key',
    mend: 'the pair that belongs together',
    open: ({ kafka }) => {
      const { carol, dave } = kafka.keys.clients
      return withTls(kafka, { cert: { path: carol.chainPath }, key: { path: dave.keyPath } })
    },
  },
  {
    cause: 'an encrypted key without `tls.passphrase`',
    ...CONFIG,
    says: 'passphrase',
    mend: '`tls.passphrase`',
    open: ({ kafka }) => {
      const { chainPath, keyPath } = kafka.keys.clients.encrypted
      return withTls(kafka, { cert: { path: chainPath }, key: { path: keyPath } })
    },
  },
  {
    cause: 'the wrong `tls.passphrase`',
    ...CONFIG,
    says: 'passphrase',
    mend: 'the right one',
    open: ({ kafka }) => {
      const { chainPath, keyPath } = kafka.keys.clients.encrypted
      return withTls(kafka, { cert: { path: chainPath }, key: { path: keyPath }, passphrase: 'x' })
    },
  },
  {
    cause: '`tls.ca` is no PEM, such as a path as text or a Java key store',
    ...CONFIG,
    says: 'tls.ca',
    mend: '`{ path }` for a file; the message has the `keytool` command for a Java key store',
    open: ({ kafka }) => doorOf(kafka, 'SSL', { tls: { ca: kafka.keys.caPath } }),
  },
  {
    cause: 'a mechanism that Ottla does not know by itself',
    ...CONFIG,
    says: 'option sasl.mechanism is "SCRAM-SHA-1", which Ottla does not know by itself: did you mean SCRAM-SHA-…?',
    mend: '`sasl.mechanism`, or `sasl.authenticate` for one of your own',
    open: ({ kafka }) =>
      doorOf(kafka, 'SASL_SSL', {
        sasl: { mechanism: 'SCRAM-SHA-1', username: 'alice', password: 'x' } as never,
      }),
  },
]

function withTls(kafka: SecuredKafka, more: Exclude<TlsOption, boolean | (() => unknown)>): Door {
  return doorOf(kafka, 'MTLS', { tls: { ca: { path: kafka.keys.caPath }, ...more } })
}
