/**
 * What Node says when TLS fails, in words of this library: what happened, where, and what fixes it;
 * each kind with a code of its own.
 *
 * Node's codes change from version to version (`ERR_SSL_SSLV3_ALERT_…` of 20 is `ERR_SSL_SSL/TLS_ALERT_…`
 * in 24), so that the words of OpenSSL's reason are matched too.
 *
 * In TLS 1.3 "connected" comes before the broker has judged our certificate: its refusal is an alert
 * that ends an open socket. That is a failed handshake too.
 *
 * Neighbours: dial-tls.ts hands errors in; connection-errors.ts passes on what comes of them.
 */
import type { X509Certificate } from 'node:crypto'
import { ConnectionError } from '../../errors.js'
import { isPromised } from '../../promised.js'
import { isThrown, thrownWords } from '../../thrown.js'
import { GIVEN_UP } from '../transport/dial-each.js'
import type { SocketStage } from '../transport/socket-maker.js'
import { formatAddress } from '../address.js'
import type { Address } from '../transport/transport.js'

/** What is known beside the error. */
export interface TlsFacts {
  readonly address: Address
  /** The name that was verified. */
  readonly servername: string
  readonly hasCertificate: boolean
  /** What the broker has shown, as far as it came to that. */
  readonly certificate: X509Certificate | undefined
  /** Wall clock, for dates. */
  readonly nowMs: number
}

interface Kind {
  /** `ERR_OTTLA_TLS_` and this. */
  readonly code: string
  /** Of code, reason and message together. */
  readonly pattern: RegExp
  readonly retriable?: boolean
  readonly when?: (facts: TlsFacts) => boolean
  readonly words: (facts: TlsFacts, error: Error) => string
}

/** The code where it closed the connection at the first words of TLS; second-look.ts makes sure. */
export const PLAINTEXT_LISTENER = 'ERR_OTTLA_TLS_PLAINTEXT_LISTENER'

const REFUSES_OURS =
  /bad certificate|certificate unknown|certificate required|certificate expired|certificate revoked|unsupported certificate|unknown ca\b|access denied/

const KINDS: readonly Kind[] = [
  {
    code: 'UNKNOWN_CA',
    pattern: /UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT/,
    words: (facts) =>
      `the authority of its certificate is not known${shown(facts)}: give that authority as tls.ca; or the broker leaves out a certificate between, which its key store must have`,
  },
  {
    code: 'SELF_SIGNED',
    pattern: /SELF_SIGNED_CERT/,
    words: (facts) =>
      `its certificate, or the authority above it, is signed by itself and not trusted${shown(facts)}: if it is the right one, give it as tls.ca`,
  },
  {
    code: 'WRONG_HOST',
    pattern: /ERR_TLS_CERT_ALTNAME/,
    words: (facts) =>
      `its certificate is for ${namesOf(facts.certificate)} and not for ${facts.servername}: connect by a name that it has (brokers, or the broker's advertised.listeners), or have the certificate made for this one`,
  },
  {
    code: 'EXPIRED',
    pattern: /CERT_HAS_EXPIRED/,
    words: (facts) =>
      `its certificate, or one above it, has expired (${datesOf(facts)}): have it renewed on the broker, or set this machine's clock`,
  },
  {
    code: 'NOT_YET_VALID',
    pattern: /CERT_NOT_YET_VALID/,
    words: (facts) =>
      `its certificate, or one above it, is not valid yet (${datesOf(facts)}): set this machine's clock, or wait`,
  },
  {
    code: 'REVOKED',
    pattern: /CERT_REVOKED/,
    words: (facts) =>
      `its certificate is revoked by tls.crl${shown(facts)}: the broker needs a new one`,
  },
  {
    code: 'REVOCATION_LIST',
    pattern: /UNABLE_TO_GET_CRL|CRL_HAS_EXPIRED|CRL_NOT_YET_VALID|CRL_SIGNATURE/,
    words: () =>
      'tls.crl has no list of its authority that is valid today: give the latest list of each authority, or leave tls.crl out',
  },
  {
    code: 'NOT_TLS',
    pattern: /wrong version number|packet length too long|http request|\bEPROTO\b/i,
    words: () =>
      'what listens there does not speak TLS; it may be a plaintext listener, a web server or a proxy: check the port',
  },
  {
    code: 'VERSION',
    pattern: /protocol version|NO_PROTOCOLS_AVAILABLE|unsupported protocol|version too low/i,
    words: () =>
      'no version of TLS is common to both: compare tls.minVersion with ssl.enabled.protocols of the broker',
  },
  {
    code: 'CLIENT_CERTIFICATE_REQUIRED',
    pattern: REFUSES_OURS,
    when: ({ hasCertificate }) => !hasCertificate,
    words: () =>
      'the broker wants a certificate of ours (ssl.client.auth=required): give tls.cert and tls.key, or use another listener',
  },
  {
    code: 'CLIENT_CERTIFICATE_REFUSED',
    pattern: REFUSES_OURS,
    words: (_facts, error) =>
      `the broker refuses our certificate (${alertOf(error)}): tls.cert must be signed by an authority in the broker's trust store, be valid, and bring what stands between`,
  },
  {
    code: 'HANDSHAKE_REFUSED',
    pattern: /handshake failure|insufficient security/,
    words: ({ hasCertificate }) =>
      `the broker refuses the handshake without saying why: ${hasCertificate ? 'our certificate may be of no use to it' : 'it may want a certificate of ours (tls.cert and tls.key)'}, or have no cipher in common with us`,
  },
  {
    code: 'TIMEOUT',
    pattern: /no answer within/,
    retriable: true,
    words: (_facts, error) =>
      `it took the connection and said nothing to the first words of TLS (${error.message}): the broker may be overloaded, or something else listens there`,
  },
  {
    code: 'PLAINTEXT_LISTENER',
    pattern: /ECONNRESET|before secure TLS connection/,
    retriable: true, // a broker that is going down does the same
    words: () =>
      'it closed the connection at the first words of TLS: this is probably a plaintext listener (leave tls out, or use the TLS port), or a firewall stands between',
  },
]

/**
 * The error of a socket as a ConnectionError of phase `tls`; as it is, where TLS has no part in it:
 * before TCP is open, or where the network broke later on. In TLS 1.3 the broker judges our
 * certificate after the handshake: its refusal comes as an alert on an open socket.
 */
export function explainTls(error: Error, stage: SocketStage, facts: TlsFacts): Error {
  if (error instanceof ConnectionError) return error
  const isOpen = stage === 'unheard' || stage === 'heard'
  if (stage === 'connect' || error.message === GIVEN_UP || (isOpen && !isOfTls(error))) return error
  // Node's copy of the certificate goes in a circle, on which JSON and loggers break.
  Reflect.deleteProperty(error, 'cert')
  const text = stage === 'unheard' ? withoutGarble(textOf(error)) : textOf(error)
  const kind = KINDS.find(
    ({ pattern, when }) => pattern.test(text) && (when === undefined || when(facts)),
  )
  const { host, port } = facts.address
  const words = kind?.words(facts, error) ?? `the handshake failed (${alertOf(error)})`
  return new ConnectionError(`no TLS connection to ${formatAddress({ host, port })}: ${words}`, {
    host,
    port,
    phase: 'tls',
    code: kind === undefined ? 'ERR_OTTLA_TLS' : `ERR_OTTLA_TLS_${kind.code}`,
    retriable: kind === undefined || kind.retriable === true,
    cause: error,
  })
}

/** Why an answer of the user's own check lets nobody in that is no Error. Not the value, which may be a secret. */
export function identityFault(answer: unknown): string {
  const kind = answer === null ? 'null' : `a value of type ${typeof answer}`
  const what = isPromised(answer) ? 'a promise' : kind
  return `it returned ${what}, and must return an Error or undefined`
}

/** The user's own check has refused, or thrown. */
export function identityRefused(
  address: Address,
  thrown: unknown,
  words = 'it threw',
): ConnectionError {
  const { host, port } = address
  const cause = isThrown(thrown, Error) ? thrown : undefined
  return new ConnectionError(
    `no TLS connection to ${formatAddress({ host, port })}: tls.checkServerIdentity refuses its certificate (${thrownWords(thrown, () => words)})`,
    { host, port, phase: 'tls', code: 'ERR_OTTLA_TLS_IDENTITY_REFUSED', retriable: false, cause },
  )
}

function isOfTls(error: Error): boolean {
  const { code = '', library = '' } = error as { code?: string; library?: string }
  return /^ERR_(?:SSL|TLS|OSSL)/.test(code) || library.startsWith('SSL')
}

function textOf(error: Error): string {
  const { code = '', reason = '' } = error as { code?: string; reason?: string }
  return `${code} ${reason} ${error.message}`
}

/**
 * Kafka before 3.0 refuses our certificate with an alert that is not encrypted as TLS 1.3 wants it:
 * before the broker's first answer, a record that cannot be read is that alert.
 */
function withoutGarble(text: string): string {
  return /decryption failed or bad record mac/i.test(text) ? `${text} bad certificate` : text
}

/** OpenSSL's reason without its pointers and file names. */
function alertOf(error: Error): string {
  const { reason, code } = error as { reason?: string; code?: string }
  return reason ?? code ?? error.message
}

function shown({ certificate }: TlsFacts): string {
  if (certificate === undefined) return ''
  const { subject, issuer } = certificate
  return ` (issued to ${oneLine(subject)} by ${oneLine(issuer)})`
}

function namesOf(certificate: X509Certificate | undefined): string {
  if (certificate === undefined) return 'another name'
  return oneLine(certificate.subjectAltName ?? certificate.subject) || 'no name at all'
}

function datesOf({ certificate, nowMs }: TlsFacts): string {
  const clock = `the clock here says ${new Date(nowMs).toISOString()}`
  if (certificate === undefined) return clock
  return `valid from ${certificate.validFrom} to ${certificate.validTo}; ${clock}`
}

const MAX_NAME_CHARS = 300

/** Anybody may have written it: one line, no control characters, and not too long. */
function oneLine(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ', ').slice(0, MAX_NAME_CHARS)
}
