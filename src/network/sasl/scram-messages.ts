/**
 * The four messages of SCRAM: ours are built, the broker's are parsed, within bounds.
 *
 *   client-first  n,,n=USER,r=CNONCE[,tokenauth=true]
 *   server-first  r=CNONCE SNONCE,s=SALT,i=ITERATIONS[,…]
 *   client-final  c=biws,r=CNONCE SNONCE,p=PROOF
 *   server-final  v=SIGNATURE[,…]                 or  e=ERROR
 *
 * Texts are latin1 here, one character a byte: what is signed are the broker's bytes as they came.
 * Nothing is normalised: Kafka does no SASLprep on either side, and would refuse whoever does.
 *
 * Spec: RFC 5802, section 7; RFC 7677. Neighbours: scram.ts.
 */

const MAX_MESSAGE_BYTES = 64 * 1024
const MAX_SALT_BYTES = 1024
/** The least that RFC 7677 allows. */
const MIN_ITERATIONS = 4096
/** About a second of a processor with SHA-256, three with SHA-512; Kafka's tools make at most 16384. */
const MAX_ITERATIONS = 1_000_000

/** `n,,`: no channel binding, and no other identity to act as. */
export const GS2_HEADER = 'n,,'

/** The broker's message is not one of SCRAM, or beyond a bound; the message ends "the broker …". */
export class ScramFault extends Error {}

/** What the broker's first message says. */
export interface ServerFirst {
  /** Ours and the broker's. */
  readonly nonce: string
  readonly salt: Buffer
  readonly iterations: number
  /** The whole message as it came. */
  readonly text: string
}

/** Client-first without the GS2 header, in latin1. */
export function clientFirstBare(username: string, nonce: string, isToken: boolean): string {
  const name = username.replaceAll('=', '=3D').replaceAll(',', '=2C')
  const bare = `n=${name},r=${nonce}${isToken ? ',tokenauth=true' : ''}`
  return Buffer.from(bare).toString('latin1')
}

/** Client-final without its proof. */
export function clientFinalBare(nonce: string): string {
  return `c=${Buffer.from(GS2_HEADER).toString('base64')},r=${nonce}`
}

/** @throws ScramFault */
export function parseServerFirst(bytes: Uint8Array, clientNonce: string): ServerFirst {
  const text = textOf(bytes)
  refuseError(text)
  const [nonce, salt, iterations] = text.split(',', 3)
  return {
    nonce: checkNonce(attribute('r', nonce, 'first'), clientNonce),
    salt: checkSalt(attribute('s', salt, 'first')),
    iterations: checkIterations(attribute('i', iterations, 'first')),
    text,
  }
}

/** The broker's signature. @throws ScramFault */
export function parseServerFinal(bytes: Uint8Array): Buffer {
  const text = textOf(bytes)
  refuseError(text)
  const [signature] = text.split(',', 1)
  return fromBase64(attribute('v', signature, 'final'), 'signature')
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length > MAX_MESSAGE_BYTES) {
    throw new ScramFault(`sent a message of ${bytes.length} bytes (allowed: ${MAX_MESSAGE_BYTES})`)
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function refuseError(text: string): void {
  if (text.startsWith('e=')) throw new ScramFault(`refused: ${text.slice(2)}`)
  if (text.startsWith('m=')) throw new ScramFault('demands an extension that Ottla does not know')
}

function attribute(name: string, text: string | undefined, message: string): string {
  if (text?.startsWith(`${name}=`) === true) return text.slice(2)
  throw new ScramFault(`sent no ${name}= where its ${message} message must have it`)
}

function checkNonce(nonce: string, clientNonce: string): string {
  if (!nonce.startsWith(clientNonce)) throw new ScramFault('sent a nonce that is not ours')
  if (nonce.length === clientNonce.length) throw new ScramFault('added nothing to our nonce')
  if (!/^[\x21-\x7e]+$/.test(nonce)) throw new ScramFault('sent a nonce that is no printable text')
  return nonce
}

function checkSalt(text: string): Buffer {
  const salt = fromBase64(text, 'salt')
  if (salt.length > 0 && salt.length <= MAX_SALT_BYTES) return salt
  throw new ScramFault(`sent a salt of ${salt.length} bytes (allowed: 1 to ${MAX_SALT_BYTES})`)
}

function checkIterations(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new ScramFault('sent iterations that are no number')
  const iterations = Number(text)
  if (iterations >= MIN_ITERATIONS && iterations <= MAX_ITERATIONS) return iterations
  throw new ScramFault(
    `wants ${iterations} iterations (allowed: ${MIN_ITERATIONS} to ${MAX_ITERATIONS})`,
  )
}

/** Node's decoder passes over what is not base64; only what it would write itself is accepted. */
function fromBase64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') === text) return bytes
  throw new ScramFault(`sent a ${what} that is not base64`)
}
