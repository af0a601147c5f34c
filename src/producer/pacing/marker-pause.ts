/**
 * How long a transaction's first records had better wait after the end of the one before, as measured.
 * The coordinator answers EndTxn while the markers of that transaction are still being written; a leader
 * that asks it meanwhile to add a partition (level 2, KIP-890) is refused, and sleeps before it asks
 * again (add.partitions.to.txn.retry.backoff.ms, 20): records that come a millisecond too early are
 * answered 20 ms later.
 *
 *   EndTxn answered ──pause──> first records sent ──answer──> acknowledged
 *        └──────────────── the sum is to be the shortest ────────┘
 *
 * How long the markers take is not known beforehand: it depends on brokers, replicas and load. So for
 * each of a few pauses the mean time until the answer is kept, and the pause is taken whose sum with it
 * is the least. What has not been tried counts as the best of all, and the next shorter pause comes to
 * look better again with time, so that it is tried now and then. Without refusals there is no pause.
 *
 * Measured on one machine of two cores, 10 records a transaction: 130 transactions/s without a pause, 30 %
 * of them refused; 596 with one of 0.2 ms, 1 %; 395 with one of 1.2 ms (Kafka 4.3.1).
 *
 * Before: transactions/transaction-manager.ts asks, and tells what it sees.
 */

/** ms. More than the last is no use: a refusal costs 20. */
const PAUSES_MS = [0, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 8, 12]
/** A transaction that begins no later than this after the end of the last begins at once. */
const AT_ONCE_MS = 1
/** Answers that a mean looks back on: one that is refused among twenty is no reason to pause. */
const MEMORY = 16
/** How much of what it is worse by a pause is forgiven with each transaction that takes another. */
const FORGIVEN = 1 / 128

/** One that may be taken, and what it has led to. */
interface Candidate {
  readonly pauseMs: number
  /** Mean time from the end of the pause to the answer; null where it was never tried. */
  answerMs: number | null
  tries: number
}

export class MarkerPause {
  readonly #candidates: readonly Candidate[] = PAUSES_MS.map((pauseMs) => ({
    ...{ pauseMs, answerMs: null, tries: 0 },
  }))
  /** The shortest time until an answer, which follows slowly where all take longer. */
  #leastMs: number | null = null
  /** When the last transaction ended; -Infinity before the first. */
  #endedAtMs = -Infinity
  /** The pause of the transaction that began at once; -1 where none did. */
  #taken = -1
  #sentAtMs: number | null = null

  /** EndTxn was answered. */
  ended(nowMs: number): void {
    this.#endedAtMs = nowMs
    this.forget()
  }

  /** A transaction may send: for how many ms it had better not. */
  begin(nowMs: number): number {
    const sinceMs = nowMs - this.#endedAtMs
    const best = this.#best()
    const { pauseMs = 0 } = this.#candidates[best] ?? {}
    this.#taken = sinceMs <= AT_ONCE_MS ? best : -1
    return this.#taken >= 0 ? pauseMs : Math.max(0, pauseMs - sinceMs)
  }

  /** The first records of the transaction leave. */
  sent(nowMs: number): void {
    this.#sentAtMs = nowMs
  }

  /** Records were acknowledged: the first of a transaction, or others. */
  answered(nowMs: number): void {
    if (this.#taken >= 0 && this.#sentAtMs !== null) this.#count(nowMs - this.#sentAtMs)
    this.forget()
  }

  /** What was sent is not acknowledged. */
  forget(): void {
    this.#taken = -1
    this.#sentAtMs = null
  }

  #count(tookMs: number): void {
    this.#leastMs = Math.min(tookMs, mean(this.#leastMs, tookMs, FORGIVEN))
    for (const [index, candidate] of this.#candidates.entries()) {
      const { answerMs } = candidate
      if (index === this.#taken) {
        candidate.tries = Math.min(MEMORY, candidate.tries + 1)
        candidate.answerMs = mean(answerMs, tookMs, 1 / candidate.tries)
      } else if (answerMs !== null && index >= this.#taken - 1) {
        // Were a much shorter pause enough, the next shorter one would be, too.
        candidate.answerMs = mean(answerMs, this.#leastMs, FORGIVEN)
      }
    }
  }

  /** The pause whose sum with its answer is the least. */
  #best(): number {
    let best = 0
    let leastSumMs = Infinity
    for (const [index, { pauseMs, answerMs }] of this.#candidates.entries()) {
      const sumMs = pauseMs + (answerMs ?? 0)
      if (sumMs >= leastSumMs) continue
      best = index
      leastSumMs = sumMs
    }
    return best
  }
}

function mean(beforeMs: number | null, valueMs: number, weight: number): number {
  return beforeMs === null ? valueMs : beforeMs + (valueMs - beforeMs) * weight
}
