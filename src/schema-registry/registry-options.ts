/**
 * The options of a registry's client.
 *
 * Neighbours: resolve-registry-options.ts checks them.
 */
import type { TlsOptions } from '../tls/tls-options.js'

/** A token, and when it ends: what `oidcToken()` of Ottla answers with, too. */
export interface BearerToken {
  readonly token: string
  /** Milliseconds since 1970; left out, the token is asked for again at every request. */
  readonly expiresAtMs?: number | undefined
}

/** A token, or a function that gives one; it may be async. */
export type BearerSource = string | (() => string | BearerToken | Promise<string | BearerToken>)

/** How to log in: one of the two. */
export interface RegistryAuth {
  readonly basic?: { readonly username: string; readonly password: string } | undefined
  /**
   * For OAuth client credentials: `bearer: oidcToken({ tokenUrl, clientId, clientSecret })`. A token
   * with an end is used until 5 minutes before it, or for four fifths of its life if that is short.
   */
  readonly bearer?: BearerSource | undefined
}

/**
 * TLS to the registry, whose addresses all begin with `https:` then: the producer's settings, but for
 * `checkServerIdentity`. A file (`{ path }`) is read when the client is made.
 */
export type RegistryTlsOptions = Omit<TlsOptions, 'checkServerIdentity'>

/** Where a registry is, and how it is asked. */
export interface SchemaRegistryOptions {
  /** One or more, separated by commas or as a list; `https://user:password@host` logs in by basic. */
  readonly url: string | readonly string[]
  readonly auth?: RegistryAuth | undefined
  /** Sent with each request, e.g. Confluent Cloud's `target-sr-cluster`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly tls?: RegistryTlsOptions | undefined
  /** Within which all subjects and ids are, e.g. `.mycontext`. Default none: the default context. */
  readonly context?: string | undefined
  /** For one request and its answer, of which 8 are under way at a time. Default 10 000. */
  readonly requestTimeoutMs?: number | undefined
  /**
   * For a call with all its requests and pauses. A record waits for it, so it is shorter than the
   * producer's `maxBlockMs`, and its error says why. Default 30 000.
   */
  readonly timeoutMs?: number | undefined
  /**
   * Times that each URL is asked again after 408, 429, 500, 502, 503, 504 or no answer: the others
   * first, then a pause. Default 3 (Java's `max.retries`).
   */
  readonly retries?: number | undefined
  /**
   * The first pause, which doubles from one to the next; each lasts a part of that drawn at random.
   * Default 1 000 (Java's `retries.wait.ms`).
   */
  readonly retryBackoffMs?: number | undefined
  /** What it doubles up to. Default 20 000 (Java's `retries.max.wait.ms`). */
  readonly retryBackoffMaxMs?: number | undefined
  /** Answers kept of each kind (by id, by guid, looked up, registered), 1 and up. Default 1 000. */
  readonly cacheSize?: number | undefined
  /**
   * How long the latest version of a subject is used before it is asked for again, in the background.
   * Infinity: for ever, as Java's serializers. Default 60 000.
   */
  readonly latestCacheMs?: number | undefined
}
