/**
 * What one broker is to be sent: the partitions it leads that have a batch for it, each in one of two
 * lines and there once, and the requests that it has not answered.
 *
 *   trials:  p5              its oldest batch goes again, to a leader that has taken none since
 *   ready:   p3  p0  p7 ...  a partition sends one batch for each request, then lines up again
 *
 * A partition is looked at only when something happened to it, so that ten thousand idle ones
 * cost nothing.
 *
 * A broker works on one request of a connection at a time: it reads the next when it has answered, with
 * acks all after a round trip of replication. So a second request is sent beside the first
 *   - where it has a full batch, which gains nothing by waiting, or a trial;
 *   - where it finds the broker free: when the work of the one before has had its time (round-trips.ts).
 * Otherwise it would only lie there: what gathers meanwhile goes in one, when the answer has come.
 * Beside a request that is being made to wait by a quota there is none (throttle-pace.ts).
 */
import type { ProduceConnection } from '../../network/brokers/produce-port.js'
import { Deque } from '../collections/deque.js'
import type { PartitionQueue } from './partition-queue.js'
import type { ProduceRequest } from './produce-request.js'
import { IN_FLIGHT_BESIDE_TRIALS } from '../pacing/pace-constants.js'
import { RoundTrips } from '../pacing/round-trips.js'
import { ThrottlePace } from '../pacing/throttle-pace.js'

export class Outbox {
  readonly nodeId: number
  /** Unanswered requests, oldest first. */
  readonly requests: ProduceRequest[] = []
  readonly roundTrips = new RoundTrips()
  readonly pace = new ThrottlePace()
  readonly #ready = new Deque<PartitionQueue>()
  readonly #trials = new Deque<PartitionQueue>()
  /** Of those in line, the queues whose next batch gains nothing by waiting. */
  readonly #full = new Set<PartitionQueue>()
  /** Queues on trial when last seen: in line, in a pause, or with their batch in the air. */
  readonly #onTrial = new Set<PartitionQueue>()

  #connection: ProduceConnection | null = null

  constructor(nodeId: number) {
    this.nodeId = nodeId
  }

  /** Requests go over this connection from now on. */
  use(connection: ProduceConnection): void {
    if (connection === this.#connection) return
    this.#connection = connection
    this.roundTrips.opened(connection.shortestRoundTripMs)
  }

  /** Some queue is in line, and its line may move. */
  get hasWork(): boolean {
    return this.#ready.length > 0 || this.mayTry
  }

  /** The next request is of queues on trial: they go first, and together, one request at a time. */
  get mayTry(): boolean {
    return this.#trials.length > 0 && !this.requests.some(({ isTrial }) => isTrial)
  }

  /** Some queue in line has a batch that gains nothing by waiting. */
  get hasFull(): boolean {
    return this.#full.size > 0
  }

  /** Lists the queue unless it is; where it stands in another line, that one will pass it over. */
  list(queue: PartitionQueue): void {
    if (queue.isNextFull) this.#full.add(queue)
    queue.leaderPace = this.pace
    const line = this.#lineOf(queue)
    if (queue.line === line) return
    queue.line = line
    line.push(queue)
  }

  /** Takes the queue that is next in one of the lines, or undefined. */
  unlist(isTrial: boolean): PartitionQueue | undefined {
    const line = isTrial ? this.#trials : this.#ready
    for (let queue = line.shift(); queue !== undefined; queue = line.shift()) {
      if (queue.line !== this.#ready || line === this.#ready) this.#full.delete(queue)
      if (queue.line !== line) continue
      queue.line = null
      return queue
    }
    return undefined
  }

  /** Puts a queue back in front: there was no room for its batch in this request. */
  relist(queue: PartitionQueue): void {
    this.#full.add(queue) // there is more than one request can take
    const line = this.#lineOf(queue)
    queue.line = line
    line.unshift(queue)
  }

  /**
   * From when on what is in line had better leave than go on filling: monotonic, 0 for now, Infinity for
   * when an answer comes.
   */
  worthAtMs(maxInFlight: number): number {
    const [oldest] = this.requests
    const last = this.requests.at(-1)
    if (oldest === undefined || last === undefined) return 0
    if (this.mayTry || this.hasFull) return 0
    return this.roundTrips.worthAtMs(oldest.sentAtMs, last.sentAtMs, maxInFlight)
  }

  /** How many requests may be unanswered, of `maxInFlight` at most. */
  limit(maxInFlight: number): number {
    if (this.pace.isThrottling) return 1
    if (!this.#isTrying()) return maxInFlight
    return Math.min(maxInFlight, IN_FLIGHT_BESIDE_TRIALS + this.roundTrips.onTheWay)
  }

  /** The broker wants a pause of `pauseMs` after this request, in which it answers nothing. */
  throttled(request: ProduceRequest, pauseMs: number, nowMs: number): void {
    this.pace.throttled(request.sizeBytes, pauseMs)
    for (const { queue } of request.batches()) queue.curbOpen()
    for (const queue of this.#ready) queue.curbOpen()
    for (const other of this.requests) other.silentSinceMs = nowMs + pauseMs
  }

  #lineOf(queue: PartitionQueue): Deque<PartitionQueue> {
    if (!queue.isOnTrial) return this.#ready
    this.#onTrial.add(queue)
    return this.#trials
  }

  /** Some queue of this broker is on trial; those that are no longer are forgotten on the way. */
  #isTrying(): boolean {
    for (const queue of this.#onTrial) {
      if (queue.isOnTrial && queue.leaderId === this.nodeId) return true
      this.#onTrial.delete(queue)
    }
    return false
  }
}
