/**
 * When each partition could not be served, from what is seen of it and from the fate of probes. Pure.
 *
 *   | from: not served     | served again: probes go out     | taken: one is acknowledged
 *   | ------ outage, and nobody could be served ------------ |
 *
 * Neighbour: watcher.ts looks and probes.
 */

/** A time without service; milliseconds since 1970. */
export interface Span {
  readonly fromMs: number
  /** A live leader, and two replicas in sync. */
  readonly servedMs: number
  /** A probe was acknowledged. */
  readonly takenMs: number
}

/** An outage that is not over. */
interface Outage {
  readonly fromMs: number
  servedMs: number | null
  /** A probe is under way. */
  isProbing: boolean
}

export class Outages {
  /** Key: topic and partition. */
  readonly #spans = new Map<string, Span[]>()
  readonly #open = new Map<string, Outage>()

  /** What is seen of a partition now. Where a probe is due, returns how to tell what became of it. */
  note(
    key: string,
    isServed: boolean,
    nowMs: number,
  ): ((taken: boolean, nowMs: number) => void) | null {
    const outage = this.#open.get(key)
    if (outage === undefined) {
      if (!isServed) this.#open.set(key, { fromMs: nowMs, servedMs: null, isProbing: false })
      return null
    }
    if (!isServed) outage.servedMs = null
    else outage.servedMs ??= nowMs
    if (!isServed || outage.isProbing) return null
    outage.isProbing = true
    return (taken, atMs) => this.#probed(key, outage, taken, atMs)
  }

  /** All times without service; one that is not over ends now. */
  of(key: string, nowMs: number): readonly Span[] {
    const spans = this.#spans.get(key) ?? []
    const outage = this.#open.get(key)
    return outage === undefined ? spans : [...spans, toSpan(outage, nowMs)]
  }

  /** The outage is over once a probe is taken. */
  #probed(key: string, outage: Outage, taken: boolean, nowMs: number): void {
    outage.isProbing = false
    if (!taken) return
    this.#open.delete(key)
    this.#spans.set(key, [...(this.#spans.get(key) ?? []), toSpan(outage, nowMs)])
  }
}

function toSpan({ fromMs, servedMs }: Outage, nowMs: number): Span {
  return { fromMs, servedMs: servedMs ?? nowMs, takenMs: nowMs }
}
