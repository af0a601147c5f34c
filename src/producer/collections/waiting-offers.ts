/**
 * The records that a transaction's streams and sources were given, have found no room for, and will offer
 * again: one of each at most. They were given before a commit that comes now, so it waits for them.
 *
 * Before: transaction.ts tells of them. After: transaction-ending.ts waits.
 */
export class WaitingOffers {
  readonly #offering = new Set<WaitingOffer>()
  #listeners: (() => void)[] = []

  get isEmpty(): boolean {
    return this.#offering.size === 0
  }

  /** That of another stream, or source. */
  open(): WaitingOffer {
    return new WaitingOffer(this)
  }

  /** Calls `listener` once none is left: at once where none is. */
  whenEmpty(listener: () => void): void {
    if (this.isEmpty) listener()
    else this.#listeners.push(listener)
  }

  begin(offer: WaitingOffer): void {
    this.#offering.add(offer)
  }

  end(offer: WaitingOffer): void {
    this.#offering.delete(offer)
    if (!this.isEmpty) return
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }
}

/** Of one stream, or source. */
export class WaitingOffer {
  readonly #all: WaitingOffers
  /** Its record has found no room. */
  isWaiting = false

  constructor(all: WaitingOffers) {
    this.#all = all
  }

  /** Its record was taken, or has found no room. */
  offered(isTaken: boolean): void {
    if (isTaken !== this.isWaiting) return
    this.isWaiting = !isTaken
    if (isTaken) this.#all.end(this)
    else this.#all.begin(this)
  }
}
