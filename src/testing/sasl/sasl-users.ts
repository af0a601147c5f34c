/**
 * Who may log in with a password, and what SCRAM keeps of it: salt, iterations, and two keys.
 *
 * Neighbours: plain-server.ts and scram-server.ts ask; test-sasl.ts changes them.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import { Secret } from '../../secret.js'
import type { DelegationToken } from './sasl-options.js'

/** A hash as SCRAM's names have it. */
export type ScramHash = 'sha256' | 'sha512'

/** What a broker knows of a user of SCRAM. */
export interface ScramCredential {
  readonly salt: Buffer
  readonly iterations: number
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

const SALT_BYTES = 16
const HASH_BYTES = { sha256: 32, sha512: 64 } as const

/** One per cluster. */
export class SaslUsers {
  readonly #passwords = new Map<string, Secret<string>>()
  readonly #tokens: ReadonlyMap<string, DelegationToken>
  readonly #iterations: number
  /** By hash, user and password: a salt stays while the password does. */
  readonly #credentials = new Map<string, ScramCredential>()

  constructor(
    users: Readonly<Record<string, string>>,
    tokens: Readonly<Record<string, DelegationToken>>,
    iterations: number,
  ) {
    for (const [user, password] of Object.entries(users)) this.set(user, password)
    this.#tokens = new Map(Object.entries(tokens))
    this.#iterations = iterations
  }

  /** A new user, or another password for one. */
  set(user: string, password: string): void {
    this.#passwords.set(user, new Secret(password))
    this.#forget(user)
  }

  remove(user: string): void {
    this.#passwords.delete(user)
    this.#forget(user)
  }

  isPassword(user: string, password: string): boolean {
    const known = this.#passwords.get(user)?.reveal()
    return known !== undefined && timingSafeEqual(digest(known), digest(password))
  }

  delegationToken(id: string): DelegationToken | undefined {
    return this.#tokens.get(id)
  }

  /** What SCRAM needs of a user; undefined for one that there is not. */
  scramCredential(user: string, hash: ScramHash): ScramCredential | undefined {
    const password = this.#passwords.get(user)
    return password === undefined ? undefined : this.#credential(user, hash, password.reveal())
  }

  /** What SCRAM needs of a delegation token. */
  tokenCredential(id: string, hash: ScramHash): ScramCredential | undefined {
    const token = this.#tokens.get(id)
    return token === undefined ? undefined : this.#credential(`\0${id}`, hash, token.hmac)
  }

  #credential(owner: string, hash: ScramHash, password: string): ScramCredential {
    const key = `${hash}\0${owner}`
    const known = this.#credentials.get(key) ?? makeCredential(hash, password, this.#iterations)
    this.#credentials.set(key, known)
    return known
  }

  #forget(user: string): void {
    this.#credentials.delete(`sha256\0${user}`)
    this.#credentials.delete(`sha512\0${user}`)
  }
}

function makeCredential(hash: ScramHash, password: string, iterations: number): ScramCredential {
  const salt = randomBytes(SALT_BYTES)
  const salted = pbkdf2Sync(password, salt, iterations, HASH_BYTES[hash], hash)
  const clientKey = createHmac(hash, salted).update('Client Key').digest()
  const storedKey = createHash(hash).update(clientKey).digest()
  const serverKey = createHmac(hash, salted).update('Server Key').digest()
  return { salt, iterations, storedKey, serverKey }
}

/** So that what is compared is of one length. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
