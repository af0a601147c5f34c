/**
 * PLAIN: user name and password as they are, in one message.
 *
 *   message = NUL username NUL password     // UTF-8; the identity to act as, in front, stays empty
 *
 * Whoever reads the connection has the password: this belongs under TLS.
 *
 * Spec: RFC 4616; Kafka's PlainSaslServer. Neighbours: credentials.ts.
 */
import type { Secret } from '../../secret.js'
import type { Credentials } from './credentials.js'
import type { SaslContext, SaslExchange, SaslMechanism } from './mechanism.js'

export function plainMechanism(credentials: Credentials): SaslMechanism {
  return {
    name: 'PLAIN',
    isClearText: true,
    start: (context) => new PlainExchange(credentials, context),
  }
}

class PlainExchange implements SaslExchange {
  readonly #credentials: Credentials
  readonly #context: SaslContext
  user: string | undefined
  secrets: readonly Secret<string>[] = []

  constructor(credentials: Credentials, context: SaslContext) {
    this.#credentials = credentials
    this.#context = context
  }

  /** Whatever is answered without an error code is success: PLAIN has no proof of the broker's. */
  async step(challenge: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (challenge !== undefined) return undefined
    const { username, password } = await this.#credentials.resolve(this.#context)
    this.user = username
    this.secrets = [password]
    return Buffer.from(`\0${username}\0${password.reveal()}`)
  }
}
