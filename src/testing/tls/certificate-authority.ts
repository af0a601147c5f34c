/**
 * A certificate authority of one test: certificates for brokers and clients, right ones and wrong
 * ones. Each has keys of its own, which exist in this process alone.
 *
 *   const authority = new CertificateAuthority()
 *   authority.issue({ hosts: ['other.test'] })                  // not for this host
 *   authority.issue({ notAfterMs: Date.now() - 1000 })          // expired
 *   new CertificateAuthority().issue({ commonName: 'alice' })   // of somebody nobody knows
 *   authority.intermediate().issue()                            // `cert` has the intermediate, too
 *
 * Neighbours: certificate.ts makes the bytes; server-tls.ts lets brokers use them.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { systemClock } from '../../system-clock.js'
import { makeCertificate } from './certificate.js'

/** What `issue` takes; all may be left out. */
export interface CertificateOptions {
  /** CN of the owner; of a client, Kafka's name for it is `User:CN=<this>`. Default `localhost`. */
  readonly commonName?: string | undefined
  /** Names and addresses it is good for. Default `localhost`, `127.0.0.1` and `::1`. */
  readonly hosts?: readonly string[] | undefined
  /** Milliseconds since 1970. Default a day ago. */
  readonly notBeforeMs?: number | undefined
  /** Milliseconds since 1970. Default in a year. */
  readonly notAfterMs?: number | undefined
  /** True: signed by its own key instead, so that it is its own authority. Default false. */
  readonly selfSigned?: boolean | undefined
}

/** A certificate and its key, as the `cert` and `key` of TLS options. */
export interface IssuedCertificate {
  /** PEM; with the intermediate authorities behind it, the root left out. */
  readonly cert: string
  /** PEM (PKCS#8), without a passphrase. */
  readonly key: string
}

interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** Who signs an authority that is no root. */
interface Superior {
  readonly name: string
  readonly keys: KeyPair
  /** PEM of the intermediates from that one up. */
  readonly chain: string
}

const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1']
const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS

let authoritiesMade = 0

/** Signs certificates. Each has a key of its own. */
export class CertificateAuthority {
  /** PEM of its own certificate: what the other side takes as `ca`. */
  readonly certificate: string
  readonly #name: string
  readonly #keys = newKeys()
  /** PEM of the intermediates from this one up, without the root. */
  readonly #chain: string

  /** A root, unless `superior` signs it (`intermediate`). Default name: another one each time. */
  constructor(name?: string)
  /** @internal */
  constructor(name: string | undefined, superior: Superior)
  constructor(name = `ottla-test-authority-${++authoritiesMade}`, superior?: Superior) {
    this.#name = name
    const issuer = superior ?? { name, keys: this.#keys }
    this.certificate = certify(name, this.#keys, issuer, { hosts: [] }, true)
    this.#chain = superior === undefined ? '' : this.certificate + superior.chain
  }

  /** An authority that this one vouches for; what it issues has its certificate behind its own. */
  intermediate(name?: string): CertificateAuthority {
    const superior = { name: this.#name, keys: this.#keys, chain: this.#chain }
    return new CertificateAuthority(name, superior)
  }

  /** A certificate for a broker or a client, with a new key. */
  issue(options: CertificateOptions = {}): IssuedCertificate {
    const { commonName = 'localhost', selfSigned = false } = options
    const keys = newKeys()
    const issuer = selfSigned ? { name: commonName, keys } : { name: this.#name, keys: this.#keys }
    const cert = certify(commonName, keys, issuer, options, false)
    const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' })
    return { cert: selfSigned ? cert : cert + this.#chain, key: key.toString() }
  }
}

function certify(
  subject: string,
  { publicKey }: KeyPair,
  issuer: Pick<Superior, 'name' | 'keys'>,
  { hosts = LOCAL_HOSTS, notBeforeMs, notAfterMs }: CertificateOptions,
  isAuthority: boolean,
): string {
  const nowMs = systemClock().now()
  return makeCertificate({
    ...{ subject, publicKey, hosts, isAuthority },
    issuer: issuer.name,
    issuerKey: issuer.keys,
    // Before the end, where that is in the past.
    notBeforeMs: notBeforeMs ?? Math.min(nowMs, notAfterMs ?? nowMs) - DAY_MS,
    notAfterMs: notAfterMs ?? nowMs + YEAR_MS,
  })
}

function newKeys(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}
