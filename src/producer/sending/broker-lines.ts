/**
 * The partitions of one broker that have something to send, each in one of two lines and there once:
 *
 *   probes:  p5              a retry to a leader that has acknowledged nothing since: alone, and first
 *   ready:   p3  p0  p7 ...  a partition sends one batch with each request, then lines up again
 *
 * A partition stands in a line only while this broker leads it and it has something to send: else the
 * broker would be dialled, and looked for, for nothing. Whoever does not belong there is passed over as
 * soon as it is in front: it may have moved to another line, here or at another broker, or have lost its
 * leader, or its batches may have run out of time. Partitions are looked at only there and when
 * something has happened to them, so that ten thousand idle ones cost nothing.
 *
 * Before: broker-sink.ts lists. After: request-builder.ts takes them in turn.
 */
import type { BatchQueue } from '../batching/batch.js'
import { Deque } from '../collections/deque.js'

export class BrokerLines {
  readonly #nodeId: number
  readonly #onElsewhere: (queue: BatchQueue) => void
  readonly #ready = new Deque<BatchQueue>()
  readonly #probes = new Deque<BatchQueue>()
  /** Of those in line, the partitions whose next batch gains nothing by waiting. */
  readonly #full = new Set<BatchQueue>()
  /** Partitions that probed when last seen: in line, in a pause, or with their batch in flight. */
  readonly #probing = new Set<BatchQueue>()

  /** `onElsewhere` is called with a partition that has something to send, and must line up elsewhere. */
  constructor(nodeId: number, onElsewhere: (queue: BatchQueue) => void) {
    this.#nodeId = nodeId
    this.#onElsewhere = onElsewhere
  }

  get hasReady(): boolean {
    return this.#first(this.#ready) !== undefined
  }

  get hasProbes(): boolean {
    return this.#first(this.#probes) !== undefined
  }

  /** Some partition in line has a batch that gains nothing by waiting. */
  get hasFull(): boolean {
    return this.#full.size > 0
  }

  /** Lines the partition up, unless it stands there; in another line it will be passed over. */
  list(queue: BatchQueue): void {
    if (queue.isNextFull) this.#full.add(queue)
    const line = this.#lineOf(queue)
    if (queue.line === line) return
    queue.line = line
    line.push(queue)
  }

  /** The partition that is next in one of the lines; undefined: nobody stands there. */
  take(isProbe: boolean): BatchQueue | undefined {
    const line = isProbe ? this.#probes : this.#ready
    const queue = this.#first(line)
    if (queue === undefined) return undefined
    line.shift()
    this.#full.delete(queue)
    queue.line = null
    return queue
  }

  /** The first of the line who belongs there; those before it are passed over. */
  #first(line: Deque<BatchQueue>): BatchQueue | undefined {
    for (let queue = line.peek(); queue !== undefined; queue = line.peek()) {
      if (queue.line === line && this.#belongs(queue, line)) return queue
      line.shift()
      this.#passOver(queue, line)
    }
    return undefined
  }

  #belongs(queue: BatchQueue, line: Deque<BatchQueue>): boolean {
    const isProbe = line === this.#probes
    return queue.hasNext && queue.leaderId === this.#nodeId && queue.isProbing === isProbe
  }

  #passOver(queue: BatchQueue, line: Deque<BatchQueue>): void {
    const hasStoodHere = queue.line === line
    if (hasStoodHere) queue.line = null
    if (queue.line !== this.#ready) this.#full.delete(queue)
    if (!this.#isProbed(queue)) this.#probing.delete(queue)
    if (hasStoodHere && queue.hasNext) this.#onElsewhere(queue)
  }

  /** Puts a partition back in front: there was no room for its batch in this request. */
  putBack(queue: BatchQueue): void {
    this.#full.add(queue) // there is more than one request can take
    const line = this.#lineOf(queue)
    queue.line = line
    line.unshift(queue)
  }

  /** Some partition of this broker is probing; those that no longer are get forgotten here. */
  isProbing(): boolean {
    for (const queue of this.#probing) {
      if (this.#isProbed(queue)) return true
      this.#probing.delete(queue)
    }
    return false
  }

  #isProbed(queue: BatchQueue): boolean {
    return queue.isProbing && queue.leaderId === this.#nodeId
  }

  /** Batches are to be smaller: those of the partitions in line, too. */
  limitOpen(): void {
    for (const queue of this.#ready) queue.limitOpen()
  }

  #lineOf(queue: BatchQueue): Deque<BatchQueue> {
    if (!queue.isProbing) return this.#ready
    this.#probing.add(queue)
    return this.#probes
  }
}
