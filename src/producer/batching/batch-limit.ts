/**
 * How large a batch one topic's brokers take (max.message.bytes), which they do not say: they refuse
 * what is larger, and take the rest. So it is searched for, between the largest batch that was
 * taken and the smallest that was refused:
 *
 *   | taken: sizes that pass      | nobody knows       | refused
 *                                 ^ safe: the usual batch
 *                                            ^ a probe: one batch, after 4 full ones
 *                                                       ^ where the two are close: after 256
 *
 * A refused probe is split, which costs a round trip and a batch or two more: one beyond the limit
 * is rare enough to stay below 1 % of the batches, and is how a limit that was raised is found out.
 *
 * A refusal of what was taken before is not believed the first time: it may be a passing fault, or
 * one broker whose settings are about to change. The second time the limit was lowered.
 *
 * Sizes are of batches as they travel; what compression makes of them is batch-fill.ts's to know.
 * Before: delivery reports what was taken and refused. After: batch-fill.ts.
 */
import { RECORD_BATCH_HEADER_BYTES } from '../../protocol/record-batch.js'

/** Where nothing is known to be taken, a size this much smaller than what was refused comes next. */
const DESCENT = 4
/** Taken and refused this close to each other (batches come out at about this of what is aimed at). */
const CLOSE = 7 / 8
/** A probe for a raised limit is to come out no smaller than what was refused before. */
const BEYOND = 9 / 8
const BATCHES_BEFORE_PROBE = 4
const BATCHES_BEFORE_PROBE_BEYOND = 256

/** A batch that may find out a limit. */
export interface SizedBatch {
  /** Calls back when it is done. */
  onDone(listener: () => void): void
}

export class BatchLimit {
  readonly #usualBytes: number
  #safeBytes: number
  #takenBytes = 0
  #refusedBytes = Infinity
  /** Smaller than what was taken, and refused once. */
  #doubtedBytes = Infinity
  /** Full batches that were taken since the last refusal or probe. */
  #fullBatches = 0
  /** A probe is under way. It is not held: a batch that is done would stay, with its buffer, with each topic. */
  #isProbing = false
  /** Probes that told nothing, in a row: they came out no larger than what is taken anyway. */
  #idleProbes = 0

  /** `usualBytes`: the size of a batch while none was refused. */
  constructor(usualBytes: number) {
    this.#usualBytes = usualBytes
    this.#safeBytes = usualBytes
  }

  /** Bytes of a batch that is expected to be taken. */
  get safeBytes(): number {
    return this.#safeBytes
  }

  /** Bytes of the batch that is opened next: now and then one that finds out more. */
  get nextBytes(): number {
    return this.#isProbeDue ? this.#probeBytes : this.#safeBytes
  }

  /** `batch` was opened for `nextBytes`. */
  opened(batch: SizedBatch): void {
    if (!this.#isProbeDue) return
    this.#isProbing = true
    batch.onDone(() => (this.#isProbing = false))
    this.#fullBatches = 0
    this.#idleProbes++ // until it tells something
  }

  /** A batch of `sizeBytes` is in the log. */
  taken(sizeBytes: number): void {
    if (sizeBytes >= this.#doubtedBytes) this.#doubtedBytes = Infinity
    if (sizeBytes >= this.#refusedBytes) this.#forgetRefusal()
    if (sizeBytes > this.#takenBytes) this.#takenBytes = sizeBytes
    if (sizeBytes >= this.#safeBytes / 2) this.#fullBatches++
    if (sizeBytes > this.#safeBytes) {
      this.#safeBytes = this.#atMostUsual(sizeBytes)
      this.#idleProbes = 0
    }
  }

  #forgetRefusal(): void {
    this.#refusedBytes = Infinity
    this.#idleProbes = 0
  }

  /** A batch of `sizeBytes` was refused for its size. */
  refused(sizeBytes: number): void {
    if (sizeBytes <= this.#takenBytes && this.#doubtedBytes === Infinity) {
      this.#doubtedBytes = sizeBytes
      return
    }
    if (sizeBytes <= this.#takenBytes) this.#takenBytes = 0 // no longer true
    this.#refusedBytes = Math.min(this.#refusedBytes, sizeBytes, this.#doubtedBytes)
    this.#doubtedBytes = Infinity
    this.#fullBatches = 0
    this.#idleProbes = 0
    if (this.#refusedBytes <= this.#safeBytes) this.#safeBytes = this.#belowRefused()
  }

  #belowRefused(): number {
    const leastBytes = Math.min(this.#usualBytes, RECORD_BATCH_HEADER_BYTES)
    return Math.max(leastBytes, this.#takenBytes, Math.floor(this.#refusedBytes / DESCENT))
  }

  /** Probes come out a little smaller than they might be. */
  #atMostUsual(sizeBytes: number): number {
    const isUsual = this.#refusedBytes === Infinity && sizeBytes >= this.#usualBytes * CLOSE
    return isUsual ? this.#usualBytes : Math.min(this.#usualBytes, sizeBytes)
  }

  get #isProbeDue(): boolean {
    if (this.#safeBytes >= this.#usualBytes) return false
    if (this.#isProbing) return false
    const batches = this.#isFound ? BATCHES_BEFORE_PROBE_BEYOND : BATCHES_BEFORE_PROBE
    return this.#fullBatches >= batches
  }

  /** As close as records allow: a probe in between tells nothing, or would not. */
  get #isFound(): boolean {
    return this.#idleProbes > 0 || this.#safeBytes >= this.#refusedBytes * CLOSE
  }

  get #probeBytes(): number {
    const aimedBytes = this.#isFound
      ? this.#refusedBytes * BEYOND * 2 ** this.#idleProbes // large records: further, to hold one more
      : Math.sqrt(this.#safeBytes * this.#refusedBytes) // Infinity: nothing speaks against the usual
    return Math.floor(Math.min(this.#usualBytes, aimedBytes))
  }
}
