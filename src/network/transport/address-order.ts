/**
 * In which order the addresses of a name are tried: those that were of no use last time go last.
 *
 *   DNS says a, b, c;  a refused, b was mute under the handshake  ──>  c, a, b
 *
 * A name may stand for several brokers, or for one by several ways. Connecting proves little: what
 * listens may be a proxy without a broker behind it, or a process that has come to a halt.
 *
 * Not a resolver and no retry: tcp.ts asks for the order at each dial, and says what came of it.
 *
 * Neighbours: tcp.ts owns one; open-connection.ts reports whether the handshake went well.
 */

/** Names kept; one more, and the name that failed longest ago is forgotten. */
const MOST_NAMES = 1000

/** What failed under which name. */
export class AddressOrder {
  /** By `host:port`: the addresses that failed, the latest last. */
  readonly #failed = new Map<string, Set<string>>()

  /** The addresses in the order to try them. What the name no longer stands for is forgotten. */
  sort<Target extends { readonly address: string }>(
    name: string,
    targets: readonly Target[],
  ): readonly Target[] {
    const failed = this.#failed.get(name)
    if (failed === undefined) return targets
    for (const address of failed) {
      if (!targets.some((target) => target.address === address)) this.worked(name, address)
    }
    const places = new Map([...failed].map((address, index) => [address, index]))
    const placeOf = ({ address }: Target): number => places.get(address) ?? -1
    return [...targets].sort((a, b) => placeOf(a) - placeOf(b))
  }

  /** No connection to this address came of it: it goes last. */
  failed(name: string, address: string): void {
    const failed = this.#failed.get(name) ?? new Set()
    failed.delete(address)
    failed.add(address)
    this.#failed.delete(name)
    this.#failed.set(name, failed)
    const [oldest] = this.#failed.keys()
    if (this.#failed.size > MOST_NAMES && oldest !== undefined) this.#failed.delete(oldest)
  }

  /** A connection came of it, or the name no longer stands for it. */
  worked(name: string, address: string): void {
    const failed = this.#failed.get(name)
    failed?.delete(address)
    if (failed?.size === 0) this.#failed.delete(name)
  }
}
