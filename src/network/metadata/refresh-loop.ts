/**
 * When metadata is refreshed, and of which topics: the loop around the questions.
 *
 *   request, new topic, age ──> wait (RefreshSchedule) ──> refresh(question) ──> again, if need be
 *
 * One refresh is under way at a time. It asks for the topics that are unknown, missing or without a
 * leader somewhere and for those that a refresh was requested of, or for all wanted topics where it is
 * due by age.
 *
 * Neighbours: metadata.ts owns it, and asks.
 */
import { atHome } from '../../home-context.js'
import type { NetworkContext } from '../context.js'
import { WakeTimer } from '../wake-timer.js'
import type { Question } from './metadata-question.js'
import { RefreshRequests } from './refresh-requests.js'
import { RefreshSchedule } from './refresh-schedule.js'
import type { WantedTopics } from './wanted-topics.js'

/** What the loop works with. */
export interface RefreshLoopParts {
  readonly context: Pick<NetworkContext, 'clock' | 'options' | 'random'>
  readonly topics: WantedTopics
  /** Some broker has answered before. */
  readonly hasAnswered: () => boolean
  /** Somebody waits for the first answer. */
  readonly isAwaited: () => boolean
  /** Monotonic: until when every address wants no question; 0 where one may be asked. */
  readonly pausingUntilMs: () => number
  /** Asks, and reads the answer, then calls `finished` or `failed`. Never rejects. */
  readonly refresh: (question: Question) => Promise<void>
}

/** One for each cache. */
export class RefreshLoop {
  readonly #parts: RefreshLoopParts
  readonly #schedule: RefreshSchedule
  readonly #requests = new RefreshRequests()
  readonly #timer: WakeTimer
  #isRefreshing = false
  #isClosed = false
  #lastFullMs: number
  /** When the last refresh began. */
  #startedMs = 0

  constructor(parts: RefreshLoopParts) {
    const { clock, options, random } = parts.context
    this.#parts = parts
    this.#schedule = new RefreshSchedule(options, random)
    this.#lastFullMs = clock.monotonicMs()
    this.#timer = new WakeTimer(clock, () => this.wake())
  }

  /** How long the refresh under way has taken so far, in ms; 0 where none is. */
  get askingForMs(): number {
    return this.#isRefreshing ? this.#nowMs() - this.#startedMs : 0
  }

  /** A topic is wanted that was not. */
  newTopic(): void {
    this.#requests.addNew()
    this.wake()
  }

  /** Something has failed, with these topics. Default: all of them. Acts at the next `wake`. */
  request(topics?: Iterable<string>): void {
    this.#requests.add(topics)
  }

  /** The one place that decides: refresh now, or when to look again. */
  wake(): void {
    if (this.#isClosed || this.#isRefreshing) return
    const dueMs = this.#dueMs()
    if (dueMs > this.#nowMs()) {
      // Called with each batch that is refused: a timer that is set already stays, even if it is early.
      this.#timer.wakeAt(dueMs)
      this.#timer.keepAlive(this.#isAwaited())
      return
    }
    this.#timer.clear()
    void atHome(() => this.#refresh())
  }

  /** A question was answered, after `tookMs`. */
  finished({ broughtNews, tookMs }: { broughtNews: boolean; tookMs: number }): void {
    const { hasUnresolved, hasIncomplete } = this.#parts.topics
    this.#schedule.finish(this.#nowMs(), {
      broughtNews,
      isUnsettled: hasUnresolved,
      isUrgent: this.#requests.isRequested || hasIncomplete || !hasUnresolved,
      tookMs,
    })
  }

  /** No question was answered. */
  failed(isRefusedLogin: boolean): void {
    this.#schedule.finish(this.#nowMs(), {
      broughtNews: false,
      isUnsettled: true,
      isUrgent: !isRefusedLogin,
      tookMs: 0,
      isRefused: isRefusedLogin,
    })
  }

  /** All topics were asked for, if it was that question. */
  answered({ isFull }: Question): void {
    if (isFull) this.#lastFullMs = this.#startedMs
  }

  /** A question is to be asked again. `isRequested`: as something that has failed. */
  putBack(question: Question, isRequested: boolean): void {
    this.#requests.putBack(question, isRequested)
  }

  /** Stops for good; leaves no timer. */
  close(): void {
    this.#isClosed = true
    this.#timer.clear()
  }

  async #refresh(): Promise<void> {
    const { topics, refresh } = this.#parts
    this.#isRefreshing = true
    this.#startedMs = this.#nowMs()
    topics.dropIdle(this.#startedMs)
    const isAged = this.#startedMs >= this.#agedMs
    const question = this.#requests.take(topics.all, isAged)
    this.#schedule.start(this.#startedMs)
    try {
      await refresh(question)
    } finally {
      this.#isRefreshing = false
      this.wake()
    }
  }

  #dueMs(): number {
    return Math.max(this.#neededAtMs(), this.#parts.pausingUntilMs())
  }

  /** Topics never asked for need not wait for others' backoff. */
  #neededAtMs(): number {
    const { topics, hasAnswered, isAwaited } = this.#parts
    if (this.#requests.hasNewTopics && hasAnswered()) return 0
    const isNeeded = this.#requests.isRequested || isAwaited() || topics.hasUnresolved
    const { earliestMs } = this.#schedule
    return isNeeded ? earliestMs : Math.max(this.#agedMs, earliestMs)
  }

  get #agedMs(): number {
    return this.#lastFullMs + this.#parts.context.options.metadataMaxAgeMs
  }

  /** Somebody waits for what the next refresh may bring. */
  #isAwaited(): boolean {
    const { topics, isAwaited } = this.#parts
    return isAwaited() || topics.isAwaited
  }

  #nowMs(): number {
    return this.#parts.context.clock.monotonicMs()
  }
}
