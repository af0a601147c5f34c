/**
 * What is known of a partition's leader: who it is, whether it is proven (has acknowledged a
 * batch), and until when nothing is sent to it after a failure.
 *
 *   unknown ──> known, unproven ── acknowledges a batch ──> proven ── a batch fails ──> unproven, pausing
 *      ^              ^                                        │                            │
 *      └── no leader ─┴──────── another, or elected again <────┴────────────────────────────┘
 *
 * News of a leader ends a pause, but once for each leader until something is acknowledged: brokers
 * whose answers name one another, or themselves, under higher and higher epochs would be asked without
 * end. From then on such news shortens a pause to its least time, and failures pause as ever.
 *
 * Before and after: partition-queue.ts, which has one.
 */

/** How long to send nothing to a leader after a failure. */
export interface RetryPause {
  /** Monotonic. */
  readonly nowMs: number
  /** Not at all; nor where the leader has moved since the batch left. */
  readonly isImmediate: boolean
  readonly pauseMs: number
  /** At the least, should the broker be known to work again. */
  readonly leastPauseMs: number
}

export class Leadership {
  #leaderId = -1
  #leaderEpoch = -1
  #isProven = false
  #term = 0
  #retryAtMs = 0
  #retryNotBeforeMs = 0
  /** Leaders that ended a pause since something was acknowledged. */
  #tried: Set<number> | null = null
  /** What left before this epoch and failed goes again without a pause. */
  #movedEpoch = -1

  /** Node id; -1 while no leader is known. */
  get leaderId(): number {
    return this.#leaderId
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch
  }

  /**
   * It has acknowledged a batch under the present numbers, and none has failed since. One that
   * knows nothing of us takes any first sequence number: of two batches in flight it may refuse the
   * first (it is not ready yet) and store the second, and then the first can never be stored in
   * order.
   */
  get isProven(): boolean {
    return this.#isProven
  }

  /**
   * Counts the beginnings: another leader, a topic made anew, new sequence numbers. An acknowledgement of what
   * was sent in an earlier term proves nothing.
   */
  get term(): number {
    return this.#term
  }

  /** Monotonic: no attempt before this. */
  get retryAtMs(): number {
    return this.#retryAtMs
  }

  /** True where that is a leader who is new, or elected again: a pause ends, or is shortened. */
  set(leaderId: number, leaderEpoch: number): boolean {
    if (leaderId === this.#leaderId && leaderEpoch === this.#leaderEpoch) return false
    const isNewer = leaderEpoch > this.#leaderEpoch || leaderId !== this.#leaderId
    const hadNone = this.#leaderId < 0
    this.#leaderId = leaderId
    this.#leaderEpoch = leaderEpoch
    this.#movedEpoch = Math.min(this.#movedEpoch, leaderEpoch) // another cluster's are lower
    if (!isNewer) return false
    this.forgetProof()
    if (leaderId < 0) return false
    if (hadNone || this.#isFirstTry(leaderId)) {
      this.#retryAtMs = 0
      this.#movedEpoch = leaderEpoch
    } else this.shortenPause()
    return true
  }

  /** Metadata alone says that there is none, and takes its time: what follows that counts as no try. */
  #isFirstTry(leaderId: number): boolean {
    this.#tried ??= new Set()
    return this.#tried.size < this.#tried.add(leaderId).size
  }

  prove(): void {
    this.#isProven = true
    this.#tried = null
  }

  /** It has to acknowledge a batch, alone, before others follow. */
  forgetProof(): void {
    this.#isProven = false
    this.#term++
  }

  /** A batch that left in `epochAtSend` failed; true where there is a pause. */
  failed(epochAtSend: number, { nowMs, isImmediate, pauseMs, leastPauseMs }: RetryPause): boolean {
    this.#isProven = false
    if (isImmediate || this.#movedEpoch > epochAtSend) return false
    this.#retryAtMs = nowMs + pauseMs
    this.#retryNotBeforeMs = nowMs + leastPauseMs
    return true
  }

  /** The broker is known to work again: a long pause ends at its least time. */
  shortenPause(): void {
    this.#retryAtMs = Math.min(this.#retryAtMs, this.#retryNotBeforeMs)
  }
}
