/**
 * SCRAM-SHA-256 and SCRAM-SHA-512, the broker's side.
 *
 *   n,,n=USER,r=CLIENT[,tokenauth=true]   ──>
 *                                         <──   r=CLIENT SERVER,s=SALT,i=ITERATIONS
 *   c=biws,r=CLIENT SERVER,p=PROOF        ──>
 *                                         <──   v=SIGNATURE
 *
 * As in Kafka an unknown user is refused at the first message, a wrong password at the second, in the
 * same words; and names are taken as they are, without SASLprep.
 *
 * Spec: RFC 5802, RFC 7677; Kafka's ScramSaslServer; KIP-48 for tokens. Neighbours: sasl-users.ts has
 * the keys.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { SaslUsers, ScramCredential, ScramHash } from './sasl-users.js'
import { REFUSED, type ServerMechanism, type ServerStep } from './server-mechanism.js'

/** Who a name stands for. */
interface Owner {
  readonly principal: string
  readonly lifetimeMs: number | undefined
  readonly credential: ScramCredential
}

/** What the first message has told. */
interface Begun extends Owner {
  /** The client's first message without its header, and the broker's. */
  readonly clientFirst: string
  readonly serverFirst: string
  /** The client's, with the broker's behind it. */
  readonly nonce: string
}

const NONCE_BYTES = 18 // 24 characters without padding
const FIRST = /^n,(?:a=[^,]*)?,(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)((?:,[^,]+)*))$/
const FINAL = /^(c=biws,r=([^,]+)(?:,[^,]+)*?),p=([A-Za-z0-9+/]+={0,2})$/
const TOKEN_EXTENSION = ',tokenauth=true'
const ENCODED = /=(?:2C|3D)/g

export function scramServer(users: SaslUsers, hash: ScramHash): ServerMechanism {
  let begun: Begun | null = null
  return {
    step(message) {
      if (begun !== null) return finish(begun, hash, message.toString('utf8'))
      begun = begin(users, hash, message.toString('utf8'))
      if (begun === null) return REFUSED
      return { kind: 'challenge', bytes: Buffer.from(begun.serverFirst) }
    },
  }
}

/** Null for nobody, or no such message. */
function begin(users: SaslUsers, hash: ScramHash, message: string): Begun | null {
  const [, bare = '', encodedName = '', clientNonce = '', extensions = ''] =
    FIRST.exec(message) ?? []
  const name = decodeName(encodedName)
  if (name === null) return null
  const isToken = extensions.includes(TOKEN_EXTENSION)
  const owner = isToken ? ownerOfToken(users, hash, name) : ownerOfPassword(users, hash, name)
  if (owner === null) return null
  const { credential } = owner
  const nonce = clientNonce + randomBytes(NONCE_BYTES).toString('base64')
  const salt = credential.salt.toString('base64')
  return {
    ...owner,
    nonce,
    clientFirst: bare,
    serverFirst: `r=${nonce},s=${salt},i=${credential.iterations}`,
  }
}

function ownerOfPassword(users: SaslUsers, hash: ScramHash, name: string): Owner | null {
  const credential = users.scramCredential(name, hash)
  return credential === undefined ? null : { principal: name, lifetimeMs: undefined, credential }
}

function ownerOfToken(users: SaslUsers, hash: ScramHash, id: string): Owner | null {
  const token = users.delegationToken(id)
  const credential = users.tokenCredential(id, hash)
  if (token === undefined || credential === undefined) return null
  return { principal: token.owner, lifetimeMs: token.lifetimeMs, credential }
}

/** Null for an empty name, or one with a bare `=`. */
function decodeName(encoded: string): string | null {
  if (encoded === '' || encoded.replaceAll(ENCODED, '').includes('=')) return null
  return encoded.replaceAll(ENCODED, (code) => (code === '=2C' ? ',' : '='))
}

function finish(begun: Begun, hash: ScramHash, message: string): ServerStep {
  const [, withoutProof, nonce, proofText = ''] = FINAL.exec(message) ?? []
  if (withoutProof === undefined || nonce !== begun.nonce) return REFUSED
  const { storedKey, serverKey } = begun.credential
  const authMessage = `${begun.clientFirst},${begun.serverFirst},${withoutProof}`
  const signature = createHmac(hash, storedKey).update(authMessage).digest()
  const proof = Buffer.from(proofText, 'base64')
  if (proof.length !== signature.length) return REFUSED
  const clientKey = proof.map((byte, i) => byte ^ (signature[i] ?? 0))
  if (!timingSafeEqual(createHash(hash).update(clientKey).digest(), storedKey)) return REFUSED
  const { principal, lifetimeMs } = begun
  const verifier = createHmac(hash, serverKey).update(authMessage).digest('base64')
  return { kind: 'done', principal, lifetimeMs, bytes: Buffer.from(`v=${verifier}`) }
}
