/**
 * One direction of a virtual stream: pieces arrive in the order in which they were sent, none before
 * its time.
 *
 * Neighbours: virtual-stream.ts has two.
 */
import type { Clock } from '../clock.js'

type Piece = Buffer | 'end'

/** One direction. */
export class VirtualPipe {
  readonly #clock: Clock
  readonly #delayMs: (sizeBytes: number) => number
  readonly #onBytes: (bytes: Buffer) => void
  readonly #onEnd: () => void
  readonly #underway: Piece[] = []
  #lastArrivalMs = 0
  /** Pieces whose time has come while the pipe is held. */
  #dueCount = 0
  #isHeld = false
  #isClosed = false

  constructor(
    clock: Clock,
    delayMs: (sizeBytes: number) => number,
    onBytes: (bytes: Buffer) => void,
    onEnd: () => void,
  ) {
    this.#clock = clock
    this.#delayMs = delayMs
    this.#onBytes = onBytes
    this.#onEnd = onEnd
  }

  send(piece: Piece): void {
    if (this.#isClosed) return
    const nowMs = this.#clock.monotonicMs()
    const delayMs = this.#delayMs(piece === 'end' ? 0 : piece.length)
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, nowMs + delayMs)
    this.#underway.push(piece)
    const arrive = (): void => {
      this.#dueCount++
      this.#deliver()
    }
    if (this.#lastArrivalMs > nowMs) this.#clock.setTimer(arrive, this.#lastArrivalMs - nowMs)
    else this.#clock.defer(arrive)
  }

  end(): void {
    this.send('end')
  }

  setHeld(isHeld: boolean): void {
    this.#isHeld = isHeld
    if (!isHeld) this.#deliver()
  }

  /** Loses what is on its way; later pieces still pass. */
  clear(): void {
    // Emptied, not removed: each piece has a timer that will come for it.
    this.#underway.fill(Buffer.alloc(0))
  }

  /** Nothing arrives any more. */
  close(): void {
    this.#isClosed = true
    this.#underway.length = 0
  }

  #deliver(): void {
    while (!this.#isHeld && !this.#isClosed && this.#dueCount > 0) {
      this.#dueCount--
      const piece = this.#underway.shift()
      if (piece === 'end') this.#onEnd()
      else if (piece !== undefined && piece.length > 0) this.#onBytes(piece)
    }
  }
}
