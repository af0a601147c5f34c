/**
 * What a user says of TLS: the public types, and the check of names and types.
 *
 * Nothing is read here, and no value is ever shown in a message: any of them may be a secret that
 * stands in the wrong place.
 *
 * Before: the producer's option-checks.ts, and the schema registry's tls-settings.ts. After:
 * key-material.ts reads.
 */
import { isIP } from 'node:net'
import { isBytes } from '../any-bytes.js'
import { ConfigError } from '../errors.js'
import { nearest } from '../nearest.js'
import { checkPlain } from '../plain-options.js'
import { hostFault } from '../host-fault.js'

/** PEM (or for `pfx` PKCS12) as text, as bytes, or in a file, which is read again when it changes. */
export type TlsInput = string | Uint8Array | { readonly path: string }

/** Settings of TLS, by Node's names. All may be left out. */
export interface TlsOptions {
  /**
   * Whom to trust: one or several authorities in PEM. They replace those that Node brings along.
   * Java: ssl.truststore.location, as PEM.
   */
  readonly ca?: TlsInput | readonly TlsInput[] | undefined
  /** Our own certificate in PEM, with what stands between it and the broker's authority. Java: ssl.keystore.location. */
  readonly cert?: TlsInput | undefined
  /** The private key of `cert`, in PEM. Java: ssl.keystore.key. */
  readonly key?: TlsInput | undefined
  /** Opens an encrypted `key` or `pfx`. Java: ssl.key.password. */
  readonly passphrase?: string | undefined
  /** Certificate and key in one, as PKCS12; instead of `cert` and `key`. Java: ssl.keystore.location with type PKCS12. */
  readonly pfx?: TlsInput | undefined
  /** Lists of revoked certificates, in PEM. An authority without a list is then refused. */
  readonly crl?: TlsInput | readonly TlsInput[] | undefined
  /**
   * Name for SNI and for the check of the certificate, in place of the name of each connection: only
   * for brokers that are reached by other names than their certificates have.
   */
  readonly servername?: string | undefined
  /** Lowest version to speak. Default 'TLSv1.2'. Java: ssl.enabled.protocols. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /**
   * Replaces the check of the broker's name against its certificate (Node's legacy form of it); an
   * Error refuses. Java: ssl.endpoint.identification.algorithm.
   */
  readonly checkServerIdentity?:
    ((host: string, certificate: object) => Error | undefined) | undefined
  /** False: anybody may be the broker. Default true; false is logged as a warning. */
  readonly rejectUnauthorized?: boolean | undefined
}

/**
 * `true`: TLS with Node's authorities; `false`: none; settings; or a function that gives them, asked
 * before each dial and bound by its time limit: what it last gave stays in force while it fails.
 */
export type TlsOption = boolean | TlsOptions | (() => TlsOptions | PromiseLike<TlsOptions>)

type Check = (name: string, value: unknown) => void

const text: Check = (name, value) => {
  if (typeof value === 'string' && value !== '') return
  throw new ConfigError(`option ${name} is ${kindOf(value)}: give a string that is not empty`)
}

const input: Check = (name, value) => {
  if (typeof value === 'string' || isBytes(value)) return
  const { path } = (typeof value === 'object' && value !== null ? value : {}) as { path?: unknown }
  if (typeof path === 'string' && path !== '') return
  throw new ConfigError(
    `option ${name} is ${kindOf(value)}: give its content as text or bytes, or { path: '…' } of a file`,
  )
}

const inputs: Check = (name, value) => {
  if (!Array.isArray(value)) input(name, value)
  else if (value.length === 0)
    throw new ConfigError(`option ${name} is an empty array: leave it out`)
  else for (const [index, item] of value.entries()) input(`${name}[${index}]`, item)
}

const servername: Check = (name, value) => {
  text(name, value)
  const fault = hostFault(value as string)
  if (fault !== undefined) throw new ConfigError(`option ${name} is ${fault}: give the name in the certificates`) // prettier-ignore
  if (isIP(value as string) === 0) return
  throw new ConfigError(`option ${name} is an IP address, which TLS does not send: give a name, or leave it out`) // prettier-ignore
}

const minVersion: Check = (name, value) => {
  if (value === 'TLSv1.2' || value === 'TLSv1.3') return
  throw new ConfigError(`option ${name} is ${kindOf(value)} of another kind: give 'TLSv1.2' or 'TLSv1.3'`) // prettier-ignore
}

const aFunction: Check = (name, value) => {
  if (typeof value === 'function') return
  throw new ConfigError(
    `option ${name} is ${kindOf(value)}: give (host, certificate) => Error | undefined`,
  )
}

const boolean: Check = (name, value) => {
  if (typeof value === 'boolean') return
  throw new ConfigError(`option ${name} is ${kindOf(value)}: give true or false`)
}

const CHECKS: Readonly<Record<string, Check>> = {
  ca: inputs,
  cert: input,
  key: input,
  passphrase: text,
  pfx: input,
  crl: inputs,
  servername,
  minVersion,
  checkServerIdentity: aFunction,
  rejectUnauthorized: boolean,
}

/** Names of other clients and of Node whose meaning is one of ours. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  password: 'passphrase',
  keypassword: 'passphrase',
  truststore: 'ca',
  keystore: 'pfx',
  privatekey: 'key',
  host: 'servername',
  endpointidentificationalgorithm: 'checkServerIdentity',
  protocol: 'minVersion',
}

/** Throws ConfigError unless it is settings of TLS, with known names and fitting types; `what` it is. */
export function checkTlsShape(
  given: unknown,
  what = 'option tls',
  without: readonly (keyof TlsOptions)[] = [],
): asserts given is TlsOptions {
  const known = Object.keys(CHECKS).filter((name) => !without.some((it) => it === name))
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const mend = what === 'option tls' ? "give true, { ca: { path: 'ca.pem' } }, or a function that returns such an object" : "give e.g. { ca: { path: 'ca.pem' } }" // prettier-ignore
    throw new ConfigError(`${what} is ${kindOf(given)}: ${mend}`)
  }
  checkPlain(what, given, known)
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const check = known.includes(name) ? CHECKS[name] : undefined
    if (check === undefined) throw new ConfigError(`unknown option ${shown(name)}${near(name, known)}`) // prettier-ignore
    check(`tls.${name}`, value)
  }
  checkTogether(given)
}

function checkTogether({ cert, key, pfx, passphrase }: TlsOptions): void {
  if (pfx !== undefined && (cert !== undefined || key !== undefined)) {
    throw new ConfigError('options tls.pfx and tls.cert with tls.key say the same twice: leave out one of them') // prettier-ignore
  }
  if (cert !== undefined && key === undefined) {
    throw new ConfigError('option tls.cert is set without tls.key: give its private key too')
  }
  if (key !== undefined && cert === undefined) {
    throw new ConfigError('option tls.key is set without tls.cert: give its certificate too')
  }
  if (passphrase !== undefined && key === undefined && pfx === undefined) {
    throw new ConfigError('option tls.passphrase is set without tls.key or tls.pfx: there is nothing to open with it') // prettier-ignore
  }
}

function near(name: string, known: readonly string[]): string {
  const wanted = name.toLowerCase().replace(/[^a-z]/g, '')
  const found = Object.hasOwn(OTHER_NAMES, wanted) ? OTHER_NAMES[wanted] : nearest(name, known)
  if (found === undefined || !known.includes(found)) return `: those of tls are ${known.join(', ')}`
  return `: did you mean tls.${found}?`
}

/** A name that is far too long is no name, and may be a key. */
function shown(name: string): string {
  return name.length > 40 ? 'in tls' : `tls.${name}`
}

/** Never the value itself. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (value === '') return 'an empty string'
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object'
  return `a ${typeof value}`
}
