/**
 * OAUTHBEARER: a bearer token in one message.
 *
 *   first    n,, SOH auth=Bearer TOKEN SOH (name=value SOH)* SOH         // SOH is 0x01
 *   answer   empty: success; else JSON that says why not, with error code 0
 *   second   SOH                                                         // only after JSON
 *
 *   start ──► sent ──► done
 *              └─JSON──► refused ──► (the broker answers error code 58)
 *
 * A client that takes the JSON for success believes it is logged in: so a success that follows it is
 * refused here.
 *
 * Spec: RFC 7628; KIP-255, KIP-342. Neighbours: token-source.ts.
 */
import { assert } from '../../assert.js'
import { AuthenticationError } from '../../errors.js'
import { withoutSecrets, type Secret } from '../../secret.js'
import { cleanText } from './clean-text.js'
import type { SaslContext, SaslEnvironment, SaslExchange, SaslMechanism } from './mechanism.js'
import { describeToken, type CheckedToken, type SaslTokenFunction } from './oauth-token.js'
import { TokenSource } from './token-source.js'

const NAME = 'OAUTHBEARER'
const SOH = '\x01'

export function oauthBearerMechanism(
  fetch: SaslTokenFunction,
  environment: SaslEnvironment,
): SaslMechanism {
  const tokens = new TokenSource(fetch, environment)
  return {
    name: NAME,
    isClearText: true,
    start: (context) => new OauthBearerExchange(tokens, context, () => environment.clock.now()),
  }
}

class OauthBearerExchange implements SaslExchange {
  readonly #tokens: TokenSource
  readonly #context: SaslContext
  readonly #now: () => number
  #token: CheckedToken | undefined
  #refusal: string | undefined
  readonly user = undefined

  constructor(tokens: TokenSource, context: SaslContext, now: () => number) {
    this.#tokens = tokens
    this.#context = context
    this.#now = now
  }

  get secrets(): readonly Secret<string>[] {
    return this.#token === undefined ? [] : [this.#token.token]
  }

  /** The token's claims, and the broker's reason where it gave one. */
  get hint(): string | undefined {
    const claims = this.#token === undefined ? undefined : describeToken(this.#token, this.#now())
    const parts = [this.#refusal, claims].filter((part) => part !== undefined)
    return parts.length === 0 ? undefined : parts.join('; ')
  }

  /**
   * A refusal has no error code: it is JSON in an answer that says "no error". Only an empty one is
   * success.
   */
  async step(challenge: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (challenge === undefined) {
      this.#token = await this.#tokens.get(this.#context)
      return firstMessage(this.#token)
    }
    if (this.#refusal !== undefined) throw this.#untrue()
    if (challenge.length === 0) return undefined
    assert(this.#token !== undefined, 'OAUTHBEARER was given an answer before it asked')
    this.#tokens.refused(this.#token.token)
    const words = withoutSecrets(Buffer.from(challenge).toString(), this.secrets)
    this.#refusal = `the broker says ${cleanText(words)}`
    return Buffer.from(SOH)
  }

  #untrue(): AuthenticationError {
    const { host, port } = this.#context
    const why = `the broker ${host}:${port} refused the token and went on as if it had not`
    return new AuthenticationError(`cannot log in by ${NAME}: ${why} (${this.hint ?? ''})`, {
      host,
      port,
      mechanism: NAME,
    })
  }
}

function firstMessage({ token, extensions }: CheckedToken): Buffer {
  const pairs = extensions.map(([name, value]) => `${name}=${value}${SOH}`).join('')
  return Buffer.from(`n,,${SOH}auth=Bearer ${token.reveal()}${SOH}${pairs}${SOH}`)
}
