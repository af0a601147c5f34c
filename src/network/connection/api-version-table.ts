/**
 * Which version of each API one broker and Ottla have in common (KIP-35, KIP-511).
 *
 * Not the handshake: handshake.ts asks the broker, this remembers the answer. Brokers of one
 * cluster may differ during an upgrade, so there is one table per connection.
 *
 * Neighbours: handshake.ts makes it; connection.ts and the producer's sender ask it.
 */
import { BrokerError } from '../../errors.js'
import { ErrorCodes } from '../../protocol/error-codes.js'

/** The part of an `Api` that negotiation looks at. */
export interface ApiIdentity {
  readonly name: string
  readonly key: number
  readonly minVersion: number
  readonly maxVersion: number
}

/** A broker's range for one API, as in the ApiVersions response. */
export interface BrokerApiRange {
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
}

/** What a broker and Ottla have in common. */
export interface CommonVersions {
  /** The highest version for use. Throws BrokerError UNSUPPORTED_VERSION, not retriable, without one. */
  version(api: ApiIdentity): number
}

/** The common versions of one connection. */
export class ApiVersionTable implements CommonVersions {
  readonly #ranges: ReadonlyMap<number, BrokerApiRange>
  readonly #caps: Readonly<Record<string, number>>
  readonly #where: string

  /** `caps`: highest version to use by API name; `where`: the broker's address, for messages. */
  constructor(
    ranges: readonly BrokerApiRange[],
    caps: Readonly<Record<string, number>>,
    where: string,
  ) {
    this.#ranges = new Map(ranges.map((range) => [range.apiKey, range]))
    this.#caps = caps
    this.#where = where
  }

  /**
   * The highest version that the broker, Ottla and the caps allow. Throws BrokerError
   * UNSUPPORTED_VERSION, not retriable, naming both ranges, where there is none.
   */
  version(api: ApiIdentity): number {
    const range = this.#ranges.get(api.key)
    const ours = Math.min(api.maxVersion, this.#caps[api.name] ?? api.maxVersion)
    if (range === undefined) throw this.#unsupported(api, ours, 'does not have it')
    const version = Math.min(ours, range.maxVersion)
    if (version < api.minVersion || version < range.minVersion) {
      throw this.#unsupported(api, ours, `speaks ${range.minVersion} to ${range.maxVersion}`)
    }
    return version
  }

  /** Whether there is a common version at all. */
  has(api: ApiIdentity): boolean {
    const range = this.#ranges.get(api.key)
    if (range === undefined) return false
    const highest = Math.min(
      api.maxVersion,
      this.#caps[api.name] ?? api.maxVersion,
      range.maxVersion,
    )
    return highest >= Math.max(api.minVersion, range.minVersion)
  }

  #unsupported(api: ApiIdentity, highest: number, theirs: string): BrokerError {
    const cap = highest < api.maxVersion ? ` (capped at ${highest} by option apiVersions)` : ''
    return new BrokerError(
      `no common version of ${api.name}: Ottla speaks ${api.minVersion} to ${api.maxVersion}${cap}, ` +
        `the broker at ${this.#where} ${theirs}`,
      {
        apiName: api.name,
        errorCode: ErrorCodes.UNSUPPORTED_VERSION,
        errorName: 'UNSUPPORTED_VERSION',
      },
    )
  }
}
