/**
 * From settings to bytes that OpenSSL takes: files are read, and everything that can be wrong with
 * keys and certificates is found here and named, with the command that fixes it.
 *
 * OpenSSL itself finds some of it late and in its own words, and ignores a `ca` that is no PEM.
 * No message shows a value, and none has OpenSSL's error as its cause.
 *
 * Neighbours: tls-options.ts has checked names and types; network/tls/secure-context.ts calls at each
 * dial, schema-registry/tls-settings.ts once.
 */
import type { KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { SecureContext, SecureContextOptions } from 'node:tls'
import { isBytes } from '../any-bytes.js'
import { ConfigError } from '../errors.js'
import { nodeCrypto, nodeTls } from '../late-modules.js'
import type { TlsInput, TlsOptions } from './tls-options.js'

const MIN_VERSION = 'TLSv1.2'
const CERTIFICATE =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g
const JKS_MAGIC = 0xfeedfeed
const DER_SEQUENCE = 0x30
const FROM_JKS = 'keytool -importkeystore -srckeystore FILE -destkeystore store.p12 -deststoretype PKCS12' // prettier-ignore

/** Bytes of one input, and where they are from. */
interface Material {
  /** As `tls.ca`. */
  readonly option: string
  readonly bytes: Buffer
}

/** A context, and by what one knows whether another would differ. */
export interface LoadedContext {
  readonly context: SecureContext
  /** A digest of all that went into it. */
  readonly fingerprint: string
}

/** Throws ConfigError where files cannot be read, or keys and certificates cannot be used together. */
export function loadContext(options: TlsOptions): LoadedContext {
  const { passphrase, minVersion = MIN_VERSION } = options
  const ca = readAll('tls.ca', options.ca)
  const crl = readAll('tls.crl', options.crl)
  const cert = readOne('tls.cert', options.cert)
  const key = readOne('tls.key', options.key)
  const pfx = readOne('tls.pfx', options.pfx)
  for (const authority of ca) checkCertificates(authority)
  if (cert !== undefined && key !== undefined) checkPair(cert, key, passphrase)
  if (pfx !== undefined) checkStore(pfx, passphrase)
  checkRevocations(crl)
  const context = makeContext({
    minVersion,
    ...(ca.length > 0 && { ca: ca.map(({ bytes }) => bytes) }),
    ...(crl.length > 0 && { crl: crl.map(({ bytes }) => bytes) }),
    ...(cert !== undefined && { cert: cert.bytes }),
    ...(key !== undefined && { key: key.bytes }),
    ...(pfx !== undefined && { pfx: pfx.bytes }),
    ...(passphrase !== undefined && { passphrase }),
  })
  const parts = [...ca, ...crl, cert, key, pfx]
  return { context, fingerprint: digest([minVersion, passphrase], parts) }
}

/** What a look at the files shows, without reading them; text that differs where they have changed. */
export function stampOf(options: TlsOptions): string {
  const { ca, cert, key, pfx, crl } = options
  return [ca, cert, key, pfx, crl].flat().map(stampOfInput).join()
}

function stampOfInput(input: TlsInput | undefined): string {
  if (input === undefined || typeof input === 'string' || isBytes(input)) return ''
  try {
    const { mtimeNs, size, ino } = statSync(input.path, { bigint: true })
    return `${mtimeNs}:${size}:${ino}`
  } catch (error) {
    return codeOf(error)
  }
}

function readAll(
  option: string,
  given: TlsInput | readonly TlsInput[] | undefined,
): readonly Material[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) return [read(option, given as TlsInput)]
  return given.map((item: TlsInput, index) => read(`${option}[${index}]`, item))
}

function readOne(option: string, given: TlsInput | undefined): Material | undefined {
  return given === undefined ? undefined : read(option, given)
}

function read(option: string, given: TlsInput): Material {
  if (typeof given === 'string') return { option, bytes: Buffer.from(given) }
  if (isBytes(given)) return { option, bytes: Buffer.from(given) }
  try {
    return { option: `${option} (${given.path})`, bytes: readFileSync(given.path) }
  } catch (error) {
    throw new ConfigError(`the file of option ${option}, ${given.path}, cannot be read (${codeOf(error)}): check the path and who may read it`) // prettier-ignore
  }
}

/**
 * Every certificate of a PEM text. Throws ConfigError where there is none, or one is damaged:
 * OpenSSL ignores a `ca` that is no PEM, and everything would fail later with "unknown authority".
 */
function checkCertificates(material: Material): X509Certificate[] {
  const { option, bytes } = material
  const found = bytes.toString('latin1').match(CERTIFICATE) ?? []
  if (found.length === 0) throw noCertificate(material)
  return found.map((pem, index) => {
    try {
      return new (nodeCrypto().X509Certificate)(pem.replaceAll(/(?:X509|TRUSTED) CERT/g, 'CERT'))
    } catch {
      throw new ConfigError(`certificate ${index + 1} of ${found.length} in option ${option} is damaged: take it afresh from where it came`) // prettier-ignore
    }
  })
}

function noCertificate({ option, bytes }: Material): ConfigError {
  const toPem = `openssl pkcs12 -in FILE ${option.startsWith('tls.ca') ? '-nokeys' : '-clcerts -nokeys'} -out cert.pem`
  const what = (is: string, mend: string): ConfigError =>
    new ConfigError(`option ${option} ${is}, where PEM ("-----BEGIN CERTIFICATE-----") is needed: ${mend}`) // prettier-ignore
  if (isJks(bytes)) return what('is a Java key store (JKS)', `${FROM_JKS}, then ${toPem.replace('FILE', 'store.p12')}`) // prettier-ignore
  if (bytes[0] === DER_SEQUENCE) {
    return isDerCertificate(bytes)
      ? what('is a certificate in DER', 'openssl x509 -inform der -in FILE -out cert.pem')
      : what('is a key store in PKCS12', toPem)
  }
  const isPem = bytes.includes('-----BEGIN ')
  if (isPem) return what('has PEM, but no whole certificate', 'give the file of the certificate')
  return what('has no certificate', 'give the text of the file, or { path } if this is its path')
}

function isDerCertificate(bytes: Buffer): boolean {
  try {
    return new (nodeCrypto().X509Certificate)(bytes).subject !== ''
  } catch {
    return false
  }
}

function isJks(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32BE(0) === JKS_MAGIC
}

function checkPair(cert: Material, key: Material, passphrase: string | undefined): void {
  const [own] = checkCertificates(cert)
  const privateKey = checkKey(key, passphrase)
  if (own?.checkPrivateKey(privateKey) === true) return
  throw new ConfigError(
    `option ${key.option} is not the private key of the first certificate in option ${cert.option}: ` +
      'compare "openssl pkey -in KEY -pubout" with "openssl x509 -in CERT -noout -pubkey"; our own certificate stands first, then those above it',
  )
}

function checkKey(material: Material, passphrase: string | undefined): KeyObject {
  const { option, bytes } = material
  const pem = bytes.toString('latin1')
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) throw noKey(material)
  try {
    return nodeCrypto().createPrivateKey({
      key: bytes,
      ...(passphrase !== undefined && { passphrase }),
    })
  } catch {
    if (!/ENCRYPTED/.test(pem)) throw damaged(`option ${option} has a private key that`)
    const why = passphrase === undefined ? 'is encrypted, and option tls.passphrase is not set' : 'does not open with option tls.passphrase' // prettier-ignore
    throw new ConfigError(`option ${option} ${why}: try "openssl pkey -in KEY -noout" with the passphrase`) // prettier-ignore
  }
}

function noKey({ option, bytes }: Material): ConfigError {
  const start = `option ${option} has no private key in PEM ("-----BEGIN PRIVATE KEY-----")`
  if (isJks(bytes)) return new ConfigError(`${start}, but is a Java key store (JKS): ${FROM_JKS}, and give it as tls.pfx`) // prettier-ignore
  if (bytes[0] === DER_SEQUENCE) {
    return new ConfigError(`${start}, but DER or PKCS12: openssl pkey -inform der -in FILE -out key.pem, or give PKCS12 as tls.pfx`) // prettier-ignore
  }
  if (bytes.includes('-----BEGIN CERTIFICATE')) return new ConfigError(`${start}, but a certificate: that is for tls.cert`) // prettier-ignore
  return new ConfigError(`${start}: give the text of the file, or { path } if this is its path`)
}

/** A store that opens and has a key; by OpenSSL's refusal of it. */
function checkStore({ option, bytes }: Material, passphrase: string | undefined): void {
  const refuse = (why: string): never => {
    throw new ConfigError(`option ${option} ${why}`)
  }
  if (isJks(bytes)) refuse(`is a Java key store (JKS): ${FROM_JKS}`)
  if (bytes[0] !== DER_SEQUENCE) refuse('is no PKCS12: give PEM as tls.cert and tls.key')
  try {
    nodeTls().createSecureContext({ pfx: bytes, ...(passphrase !== undefined && { passphrase }) })
  } catch (error) {
    const words = error instanceof Error ? error.message : ''
    if (/private key/i.test(words)) refuse('is a PKCS12 without a private key, such as a Java trust store: openssl pkcs12 -in FILE -nokeys -out ca.pem, and give that as tls.ca') // prettier-ignore
    if (/unsupported/i.test(words)) refuse('is a PKCS12 of the old kind (RC2, 3DES), which OpenSSL no longer takes: openssl pkcs12 -legacy -in FILE -nodes -out all.pem, then openssl pkcs12 -export -in all.pem -out new.p12') // prettier-ignore
    if (/mac verify|mac absent|decrypt/i.test(words)) {
      refuse(passphrase === undefined ? 'wants a passphrase: set tls.passphrase' : 'does not open with option tls.passphrase') // prettier-ignore
    }
    throw damaged(`option ${option} is a PKCS12 that`)
  }
}

function checkRevocations(lists: readonly Material[]): void {
  for (const { option, bytes } of lists) {
    try {
      nodeTls().createSecureContext({ crl: bytes })
    } catch {
      throw new ConfigError(`option ${option} is no list of revoked certificates in PEM ("-----BEGIN X509 CRL-----"): openssl crl -inform der -in FILE -out crl.pem`) // prettier-ignore
    }
  }
}

/** What the checks have let through and OpenSSL refuses all the same, e.g. keys that are too short. */
function makeContext(options: SecureContextOptions): SecureContext {
  try {
    return nodeTls().createSecureContext(options)
  } catch (error) {
    const { reason } = error as { reason?: unknown }
    const why = typeof reason === 'string' ? reason : codeOf(error)
    throw new ConfigError(`options tls.cert, tls.key, tls.pfx or tls.ca are refused by OpenSSL (${why}): make them anew, with keys of today's strength`) // prettier-ignore
  }
}

function damaged(what: string): ConfigError {
  return new ConfigError(`${what} cannot be read: it is damaged, or of a kind that OpenSSL does not know`) // prettier-ignore
}

function digest(
  texts: readonly (string | undefined)[],
  parts: readonly (Material | undefined)[],
): string {
  const hash = nodeCrypto().createHash('sha256')
  for (const text of texts) hash.update(`${text?.length ?? -1}:${text ?? ''}`)
  for (const part of parts) hash.update(`${part?.option}:${part?.bytes.length}:`).update(part?.bytes ?? '') // prettier-ignore
  return hash.digest('hex')
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : 'unknown error'
}
