/**
 * The partitions of one broker that have something to send, each in one of two lines and there once:
 *
 *   probes:  p5              a retry to a leader that has acknowledged nothing since: alone, and first
 *   ready:   p3  p0  p7 ...  a partition sends one batch with each request, then lines up again
 *
 * A partition is looked at only when something has happened to it, so that ten thousand idle ones
 * cost nothing. One that has moved to another line, here or at another broker, is passed over where
 * it stood before.
 *
 * Before: broker-sink.ts lists. After: request-builder.ts takes them in turn.
 */
import type { BatchQueue } from '../batching/batch.js'
import { Deque } from '../collections/deque.js'

export class BrokerLines {
  readonly #nodeId: number
  readonly #ready = new Deque<BatchQueue>()
  readonly #probes = new Deque<BatchQueue>()
  /** Of those in line, the partitions whose next batch gains nothing by waiting. */
  readonly #full = new Set<BatchQueue>()
  /** Partitions that probed when last seen: in line, in a pause, or with their batch in flight. */
  readonly #probing = new Set<BatchQueue>()

  constructor(nodeId: number) {
    this.#nodeId = nodeId
  }

  get hasReady(): boolean {
    return this.#ready.length > 0
  }

  get hasProbes(): boolean {
    return this.#probes.length > 0
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
    for (let queue = line.shift(); queue !== undefined; queue = line.shift()) {
      if (queue.line !== this.#ready || line === this.#ready) this.#full.delete(queue)
      if (queue.line !== line) continue
      queue.line = null
      return queue
    }
    return undefined
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
      if (queue.isProbing && queue.leaderId === this.#nodeId) return true
      this.#probing.delete(queue)
    }
    return false
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
