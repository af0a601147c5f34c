/**
 * The loop that moves batches from the partitions' queues to their brokers. Everything that happens
 * (a batch is full, a leader is known, an answer came, time has passed) only notes a fact and calls
 * `wake`; `runOnce(nowMs)` alone acts:
 *
 *   runOnce:  expire -> end of linger -> end of pauses -> leave frozen leaders -> each broker's turn
 *
 * Before: the accumulator, and queues that may go on. After: broker-sink.ts, one for each broker.
 */
import type { Clock, Timer } from '../../clock.js'
import type { Accumulator } from '../batching/accumulator.js'
import type { BatchQueue, ProducerBatch } from '../batching/batch.js'
import type { BrokerPace } from '../pacing/pace.js'
import { BrokerSink, type SinkOptions, type SinkParts, type SinkScheduler } from './broker-sink.js'
import { LeaderSearch, type LeaderQuestions } from './leader-search.js'
import type { QueueScheduler } from '../queueing/partition-queue.js'
import { Pauses } from './pauses.js'

/** What the sender works with; all made by the producer. */
export interface SenderParts extends Omit<SinkParts, 'scheduler' | 'completion'> {
  readonly clock: Clock
  readonly accumulator: Accumulator
  readonly metadata: LeaderQuestions
  readonly completion: SinkParts['completion'] & {
    /** `deliveryTimeoutMs` is over. */
    expired(batch: ProducerBatch, nowMs: number): void
  }
  /** One for each broker; the sender alone adds to it. */
  readonly sinks: Map<number, BrokerSink>
  /** The pace of each broker. */
  newPace(): BrokerPace
}

export class Sender implements QueueScheduler<ProducerBatch>, SinkScheduler {
  readonly #options: SinkOptions
  readonly #parts: SenderParts
  readonly #sinkParts: SinkParts
  readonly #clock: Clock
  readonly #sinks: Map<number, BrokerSink>
  readonly #pauses = new Pauses()
  readonly #leaderSearch: LeaderSearch
  /** Of the cluster's present brokers; null until they are known. */
  #listedIds: ReadonlySet<number> | null = null
  #isScheduled = false
  #isClosed = false
  #timer: Timer | null = null
  #timerAtMs = Infinity

  constructor(options: SinkOptions, parts: SenderParts) {
    this.#options = options
    this.#parts = parts
    this.#sinkParts = { ...parts, scheduler: this }
    this.#clock = parts.clock
    this.#sinks = parts.sinks
    this.#leaderSearch = new LeaderSearch(parts.metadata)
  }

  /**
   * Something may be sent for this partition: it lines up for its leader's next request, and the loop
   * runs soon. Without a leader metadata is asked for one, and it is considered again then.
   */
  consider(queue: BatchQueue): void {
    if (queue.leaderId < 0) this.#leaderSearch.miss(queue)
    else this.#sink(queue.leaderId).list(queue)
    this.wake() // without a leader too: the batch has a deadline
  }

  /** Runs the loop soon, once however often it is called. */
  wake(): void {
    if (this.#isScheduled || this.#isClosed) return
    this.#isScheduled = true
    this.#clock.defer(this.#run)
  }

  /** Runs the loop at `atMs` (monotonic) at the latest. */
  wakeAt(atMs: number): void {
    // A timer that fires too early costs one empty turn; setting it anew each time costs more.
    if (this.#isClosed) return
    if (this.#timer !== null && this.#timerAtMs <= atMs) {
      this.#timer.keepAlive(true)
      return
    }
    this.#timer?.clear()
    this.#timerAtMs = atMs
    this.#timer = this.#clock.setTimer(this.#onTimer, atMs - this.#clock.monotonicMs())
  }

  readonly #run = (): void => {
    this.#isScheduled = false
    if (this.#isClosed) return
    try {
      this.runOnce(this.#clock.monotonicMs())
    } catch (error) {
      this.#parts.onBroken(error) // a defect of ours ends the producer, not the user's process
    }
  }

  /** One turn of the loop at monotonic time `nowMs`. */
  runOnce(nowMs: number): void {
    this.#expire(this.#clock.readUntilMs())
    this.#parts.accumulator.releaseLingering(nowMs)
    for (const queue of this.#pauses.end(nowMs)) this.consider(queue)
    for (const sink of this.#sinks.values()) sink.leaveIfDue()
    for (const sink of this.#sinks.values()) sink.turn(nowMs)
    this.#dropUnlisted()
    this.#setTimer(nowMs)
  }

  /** A partition has another leader, or had none. */
  leaderChanged(queue: BatchQueue): void {
    const { leaderId, inFlightNodeId } = queue
    if (inFlightNodeId >= 0 && inFlightNodeId !== leaderId) this.#sink(inFlightNodeId).movedAway()
    if (queue.retryAtMs > 0) this.#pauses.add(queue) // it may end sooner now
    this.#parts.network.forgiveFailures(leaderId)
    this.consider(queue)
  }

  /** The cluster has other brokers: who has left it may be forgotten, and others have been waited for. */
  brokersChanged(ids: ReadonlySet<number>): void {
    this.#listedIds = ids
    this.wake()
  }

  /** Whoever is not listed any longer, once it owes nothing. */
  #dropUnlisted(): void {
    const { size } = this.#listedIds ?? this.#sinks
    if (this.#sinks.size <= size) return // the usual case
    for (const [nodeId, { inFlight, hasWork }] of this.#sinks) {
      const isIdle = inFlight.length === 0 && !hasWork
      if (isIdle && this.#listedIds?.has(nodeId) === false) this.#sinks.delete(nodeId)
    }
  }

  /** The partition pauses until its `retryAtMs`. */
  pause(queue: BatchQueue): void {
    this.#pauses.add(queue)
    this.wake()
  }

  /** What pauses for this broker need not wait for the end of a long pause. */
  recovered(nodeId: number): void {
    if (this.#pauses.recovered(nodeId)) this.wake()
  }

  /** Nothing more can be done now: sets the time of the next turn, unless there will be one soon. */
  rest(nowMs: number): void {
    if (!this.#isScheduled && !this.#isClosed) this.#setTimer(nowMs)
  }

  /** Stops the loop; what is in flight is the network's to fail. */
  close(): void {
    this.#isClosed = true
    this.#timer?.clear()
    this.#timer = null
  }

  #sink(nodeId: number): BrokerSink {
    let sink = this.#sinks.get(nodeId)
    if (sink === undefined) {
      sink = new BrokerSink(nodeId, this.#parts.newPace(), this.#options, this.#sinkParts)
      this.#sinks.set(nodeId, sink)
    }
    return sink
  }

  #expire(nowMs: number): void {
    const { accumulator, completion } = this.#parts
    if (accumulator.nextExpiryMs() > nowMs) return
    for (const batch of accumulator.expired(nowMs)) completion.expired(batch, nowMs)
  }

  #setTimer(nowMs: number): void {
    this.#leaderSearch.look(this.#sinks, nowMs)
    const { accumulator } = this.#parts
    let atMs = Math.min(accumulator.nextLingerMs(), accumulator.nextExpiryMs())
    atMs = Math.min(atMs, this.#pauses.nextMs, this.#leaderSearch.nextMs)
    for (const { leaveAtMs } of this.#sinks.values()) atMs = Math.min(atMs, leaveAtMs)
    if (atMs < Infinity) {
      this.wakeAt(atMs)
    } else {
      this.#timer?.keepAlive(false) // nothing is unresolved: it may fire for nothing, or never
    }
  }

  readonly #onTimer = (): void => {
    this.#timer = null
    this.#run()
  }
}
