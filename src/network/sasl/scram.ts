/**
 * SCRAM-SHA-256 and SCRAM-SHA-512: both sides prove that they know the password, and neither says it.
 *
 *   start ──► first ──► final ──► done
 *
 * A login has not succeeded before the broker's signature was checked: without it nobody would know
 * whether the broker ever had the password. Delegation tokens (KIP-48) log in by the same way: the
 * user is the token's id, the password its HMAC, and `tokenauth` says so.
 *
 *   SaltedPassword = Hi(password, salt, i)         StoredKey = H(ClientKey)
 *   ClientKey      = HMAC(SaltedPassword, "Client Key")
 *   ServerKey      = HMAC(SaltedPassword, "Server Key")
 *   AuthMessage    = client-first-bare , server-first , client-final-bare
 *   proof          = ClientKey XOR HMAC(StoredKey, AuthMessage)
 *   signature      = HMAC(ServerKey, AuthMessage)
 *
 * Spec: RFC 5802, RFC 7677; Kafka's ScramSaslClient. Neighbours: scram-messages.ts, salted-password.ts.
 */
import { assert } from '../../assert.js'
import { AuthenticationError } from '../../errors.js'
import { withoutSecrets, type Secret } from '../../secret.js'
import { cleanText } from './clean-text.js'
import type { Credentials } from './credentials.js'
import type { SaslContext, SaslExchange, SaslMechanism } from './mechanism.js'
import { nodeCrypto } from '../../late-modules.js'
import { SaltedPassword } from './salted-password.js'
import * as messages from './scram-messages.js'

/** How the two mechanisms differ. */
const HASHES = {
  'SCRAM-SHA-256': { hash: 'sha256', sizeBytes: 32 },
  'SCRAM-SHA-512': { hash: 'sha512', sizeBytes: 64 },
} as const

export type ScramName = keyof typeof HASHES

/** What both exchanges of one mechanism share. */
interface Scram {
  readonly name: ScramName
  readonly hash: string
  readonly credentials: Credentials
  readonly saltedPassword: SaltedPassword
  readonly isDelegationToken: boolean
  readonly makeNonce: () => string
}

const NONCE_BYTES = 24
/** Printable ASCII without a comma, as base64 is. */
const randomNonce = (): string => nodeCrypto().randomBytes(NONCE_BYTES).toString('base64')

/** `makeNonce`: for tests with the vectors of an RFC. */
export function scramMechanism(
  name: ScramName,
  credentials: Credentials,
  isDelegationToken = false,
  makeNonce = randomNonce,
): SaslMechanism {
  const { hash, sizeBytes } = HASHES[name]
  const saltedPassword = new SaltedPassword(hash, sizeBytes)
  const scram = { name, hash, credentials, saltedPassword, isDelegationToken, makeNonce }
  return { name, isClearText: false, start: (context) => new ScramExchange(scram, context) }
}

type State = 'start' | 'first' | 'final' | 'done'

class ScramExchange implements SaslExchange {
  readonly #scram: Scram
  readonly #context: SaslContext
  #state: State = 'start'
  #password: Secret<string> | undefined
  #clientNonce = ''
  #clientFirst = ''
  #signature: Buffer = Buffer.alloc(0)
  user: string | undefined
  /** The HMAC of a delegation token is known to the broker. */
  secrets: readonly Secret<string>[] = []

  constructor(scram: Scram, context: SaslContext) {
    this.#scram = scram
    this.#context = context
  }

  async step(challenge: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (challenge === undefined) return this.#first()
    try {
      if (this.#state === 'first') return await this.#answerFirst(challenge)
      assert(this.#state === 'final', `SCRAM was given an answer while ${this.#state}`)
      return this.#checkFinal(challenge)
    } catch (error) {
      throw error instanceof messages.ScramFault ? this.#refusal(error.message) : error
    }
  }

  async #first(): Promise<Uint8Array> {
    assert(this.#state === 'start', 'a SCRAM exchange was started twice')
    const { credentials, isDelegationToken, makeNonce } = this.#scram
    const { username, password } = await credentials.resolve(this.#context)
    this.user = username
    this.#password = password
    if (isDelegationToken) this.secrets = [password]
    this.#clientNonce = makeNonce()
    this.#clientFirst = messages.clientFirstBare(username, this.#clientNonce, isDelegationToken)
    this.#state = 'first'
    return Buffer.from(messages.GS2_HEADER + this.#clientFirst, 'latin1')
  }

  async #answerFirst(challenge: Uint8Array): Promise<Uint8Array> {
    const { nonce, salt, iterations, text } = messages.parseServerFirst(challenge, this.#clientNonce) // prettier-ignore
    assert(this.#password !== undefined, 'a SCRAM exchange has no password')
    const salted = await this.#scram.saltedPassword.of(this.#password, salt, iterations)
    this.#password = undefined
    const clientFinal = messages.clientFinalBare(nonce)
    const authMessage = Buffer.from(`${this.#clientFirst},${text},${clientFinal}`, 'latin1')
    const clientKey = this.#hmac(salted.reveal(), 'Client Key')
    const storedKey = nodeCrypto().createHash(this.#scram.hash).update(clientKey).digest()
    const proof = xor(clientKey, this.#hmac(storedKey, authMessage))
    this.#signature = this.#hmac(this.#hmac(salted.reveal(), 'Server Key'), authMessage)
    this.#state = 'final'
    return Buffer.from(`${clientFinal},p=${proof.toString('base64')}`, 'latin1')
  }

  #checkFinal(challenge: Uint8Array): undefined {
    const signature = messages.parseServerFinal(challenge)
    const isTrue =
      signature.length === this.#signature.length &&
      nodeCrypto().timingSafeEqual(signature, this.#signature)
    if (!isTrue) throw new messages.ScramFault('does not know the password: its signature is wrong')
    this.#state = 'done'
  }

  #hmac(key: Buffer, data: string | Buffer): Buffer {
    return nodeCrypto().createHmac(this.#scram.hash, key).update(data).digest()
  }

  #refusal(why: string): AuthenticationError {
    const { host, port } = this.#context
    const mechanism = this.#scram.name
    return new AuthenticationError(
      `cannot log in by ${mechanism}: the broker ${host}:${port} ${cleanText(withoutSecrets(why, this.secrets))}`,
      {
        // prettier-ignore
        host,
        port,
        mechanism,
        user: this.user,
      },
    )
  }
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)))
}
