/**
 * What one broker is to be sent: a queue of the partitions it leads that have a batch for it, each
 * listed once, and the requests that it has not answered.
 *
 *   ready:  p3  p0  p7  ...      a partition sends one batch for each request, then lines up again
 *
 * A partition is looked at only when something happened to it, so that ten thousand idle ones
 * cost nothing.
 */
import { Deque } from './deque.js'
import { NOT_LISTED, type PartitionQueue } from './partition-queue.js'
import type { ProduceRequest } from './produce-request.js'

/**
 * A broker works on one request of a connection at a time (it reads the next when it has answered), so
 * that with one at work and one at hand others only queue there, each for a round trip of replication
 * of its own. Batches that are not full go on filling meanwhile, for a while.
 */
const ENOUGH_IN_FLIGHT = 2
/** How long after the last request; brokers that work on several are not kept waiting much. */
const PATIENCE_MS = 50

export class Outbox {
  readonly nodeId: number
  readonly ready = new Deque<PartitionQueue>()
  /** Of those in line, the queues whose next batch gains nothing by waiting. */
  readonly #full = new Set<PartitionQueue>()
  /** Unanswered requests, oldest first. */
  readonly requests: ProduceRequest[] = []

  constructor(nodeId: number) {
    this.nodeId = nodeId
  }

  /** Lists the queue unless it is; where another outbox lists it, that one will pass it over. */
  list(queue: PartitionQueue): void {
    if (queue.isNextFull) this.#full.add(queue)
    if (queue.listedAt === this.nodeId) return
    queue.listedAt = this.nodeId
    this.ready.push(queue)
  }

  /** Whether some queue in line has a batch that gains nothing by waiting. */
  get hasFull(): boolean {
    return this.#full.size > 0
  }

  /** From when on what is in line had better leave than go on filling; monotonic. */
  get worthAtMs(): number {
    const last = this.requests.at(-1)
    if (last === undefined || this.requests.length < ENOUGH_IN_FLIGHT || this.hasFull) return 0
    return last.sentAtMs + PATIENCE_MS
  }

  /** Takes the queue that is next, or undefined. */
  unlist(): PartitionQueue | undefined {
    for (let queue = this.ready.shift(); queue !== undefined; queue = this.ready.shift()) {
      this.#full.delete(queue)
      if (queue.listedAt !== this.nodeId) continue
      queue.listedAt = NOT_LISTED
      return queue
    }
    return undefined
  }

  /** Puts a queue back in front: there was no room for its batch in this request. */
  relist(queue: PartitionQueue): void {
    queue.listedAt = this.nodeId
    if (queue.isNextFull) this.#full.add(queue)
    this.ready.unshift(queue)
  }
}
