/**
 * One login at a broker, as its mechanism sees it: the client's bytes in, what to say out. No socket,
 * no clock, no frames.
 *
 * Neighbours: plain-server.ts, scram-server.ts and oauthbearer-server.ts are the mechanisms;
 * sasl-session.ts asks them.
 */

/** What a message of the client comes to. */
export type ServerStep =
  /** The exchange goes on with these bytes. */
  | { readonly kind: 'challenge'; readonly bytes: Uint8Array }
  /** Logged in; the last bytes, and how long the credentials themselves last, where they end. */
  | {
      readonly kind: 'done'
      readonly principal: string
      readonly bytes: Uint8Array
      readonly lifetimeMs?: number | undefined
    }
  /** Refused, in the words for the client; without words: Kafka's for credentials that do not fit. */
  | { readonly kind: 'refused'; readonly message?: string }

/** One login; `step` is called with each message of the client. */
export interface ServerMechanism {
  step(message: Buffer): ServerStep
}

/** Refused without words of its own. */
export const REFUSED: ServerStep = { kind: 'refused' }
