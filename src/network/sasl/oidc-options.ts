/**
 * The options of `oidcToken`. Types alone: what is checked of them, and how, is oidc-plan.ts.
 *
 * Neighbours: oidc-token.ts.
 */
import type { SaslCredential } from './credentials.js'
import type { TokenFetch } from './token-request.js'

/** How an assertion is signed. */
export type AssertionAlgorithm = 'RS256' | 'ES256'

/** How to get tokens from an OpenID Connect provider. */
export interface OidcTokenOptions {
  /** The provider's token endpoint: https, or http to this machine. */
  readonly tokenUrl: string
  /**
   * `client_credentials` (default; KIP-768), or `jwt-bearer`, by which the signed `assertion` is
   * exchanged for a token (RFC 7523; KIP-1139).
   */
  readonly grantType?: 'client_credentials' | 'jwt-bearer' | undefined
  readonly clientId?: string | undefined
  /** A value, or a function that is called at every request and may be async. */
  readonly clientSecret?: SaslCredential | undefined
  /** Several are parted by spaces. Default: the provider's. */
  readonly scope?: string | undefined
  /**
   * Encodes id and secret before they are joined, as RFC 6749 has it and most providers do not care.
   * Default false (Java: sasl.oauthbearer.header.urlencode).
   */
  readonly urlEncodeCredentials?: boolean | undefined
  /**
   * A signed JWT that says who we are. With `client_credentials` it takes the place of the secret
   * (`client_assertion`).
   */
  readonly assertion?: OidcAssertionOptions | undefined
  /** Sent to the broker beside the token (KIP-342), e.g. `{ logicalCluster: 'lkc-1' }`. */
  readonly extensions?: Readonly<Record<string, string>> | undefined
  /** For all tries of one token together, in ms. Default 10000. */
  readonly timeoutMs?: number | undefined
  /**
   * What sends the request; for a proxy or a certificate authority of your own. Default: the global
   * `fetch`.
   */
  readonly fetch?: TokenFetch | undefined
}

/** Either `file`, or `algorithm`, `key` and what is to be claimed. */
export interface OidcAssertionOptions {
  /** Path of a ready assertion, read again when it changes. */
  readonly file?: string | undefined
  readonly algorithm?: AssertionAlgorithm | undefined
  /** The private key as PEM, or the path of one, read again when it changes. */
  readonly key?: string | Uint8Array | { readonly path: string } | undefined
  readonly passphrase?: string | undefined
  /** `iss`, `sub`, `aud` and whatever else the provider wants. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  /** Path of a JSON file with `{ header, payload }`, read again when it changes; it wins over `claims`. */
  readonly templateFile?: string | undefined
  /** Life of an assertion, in s. Default 300. */
  readonly expirySeconds?: number | undefined
  /** How long before now it is valid, in s, for clocks that differ. Default 60. */
  readonly notBeforeSeconds?: number | undefined
  /** Gives each assertion an id (`jti`). Default false. */
  readonly includeJwtId?: boolean | undefined
}
