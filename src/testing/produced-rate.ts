/**
 * How fast a client produces, and how long a quota makes it pause: Kafka's arithmetic, down to the
 * pause that grows with what one request brings.
 *
 *   | 1 s | 1 s |   … 10 whole samples …   | 0.4 s |      rate = bytes in them / seconds they span
 *                                                         pause = (rate - quota) / quota * span
 *
 * Samples that there are not yet count as empty ones, so that a short burst passes: as much as the
 * quota allows in ten seconds.
 *
 * Spec: Kafka's ClientQuotaManager, metrics.stats.Rate and SampledStat with the defaults of
 * `quota.window.num` (11) and `quota.window.size.seconds` (1); KIP-13, KIP-219. Neighbours:
 * handlers/produce.ts asks; broker.ts has one for each client id.
 */
const SAMPLE_MS = 1000
const SAMPLES = 11

interface Sample {
  readonly startMs: number
  lastMs: number
  sizeBytes: number
}

/** What one client id has produced at one broker lately. */
export class ProducedRate {
  /** Oldest first. */
  #samples: Sample[] = []

  /** Counts a request; the pause, in ms, that brings the rate back to the quota. 0 within it. */
  record(sizeBytes: number, nowMs: number, quotaBytesPerSecond: number): number {
    this.#add(sizeBytes, nowMs)
    // One more than is measured may overlap the window; what had nothing in it is gone.
    this.#samples = this.#samples
      .filter(({ lastMs }) => nowMs - lastMs < SAMPLES * SAMPLE_MS)
      .slice(-(SAMPLES + 1))
    const spanMs = this.#spanMs(nowMs)
    const totalBytes = this.#samples.reduce((sum, sample) => sum + sample.sizeBytes, 0)
    const rate = (totalBytes / spanMs) * 1000
    if (rate <= quotaBytesPerSecond) return 0
    return Math.round(((rate - quotaBytesPerSecond) / quotaBytesPerSecond) * spanMs)
  }

  #add(sizeBytes: number, nowMs: number): void {
    const current = this.#samples.at(-1)
    if (current === undefined || nowMs - current.startMs >= SAMPLE_MS) {
      this.#samples.push({ startMs: nowMs, lastMs: nowMs, sizeBytes })
      return
    }
    current.sizeBytes += sizeBytes
    current.lastMs = nowMs
  }

  /** Since the oldest sample began, and at least ten samples and the current one. */
  #spanMs(nowMs: number): number {
    const elapsedMs = nowMs - (this.#samples[0]?.startMs ?? nowMs)
    const missing = SAMPLES - 1 - Math.floor(elapsedMs / SAMPLE_MS)
    return elapsedMs + Math.max(0, missing) * SAMPLE_MS
  }
}
