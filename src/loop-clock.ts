/**
 * A clock for a program whose event loop may stall: by which deadlines are kept so that only a peer's
 * silence counts, never our own.
 *
 * Node runs timers before it reads sockets, and setImmediate before timers. A program that computes for
 * seconds would find its deadlines over while the answers lie in the socket. Two rules:
 *
 *   what has arrived is read first:  timeout ──> the loop polls once ──> callback (in setImmediate),
 *                                    and `readUntilMs` is then the time at which the timeout fired
 *   a stall is not counted:          a beat every 50 ms; a turn that makes it late counts 100 ms
 *
 *   real time    |beat  |beat  |....... the program computes ........|beat  |beat
 *   monotonicMs  0      50     100 ─> 200, and stands still          200    250
 *
 * So a wait of several steps (resolve, connect, handshake) has its turns, however long each lasts: a
 * second is ten turns of the loop at least. A timer that was set before a stall is set again for what is
 * left; not so (`countsStalls`) where a peer keeps the same limit, for whom our stall is time. Where only
 * waits of minutes are on (unused connections, metadata's age) there is no beat, so that an idle process
 * sleeps; time runs on then.
 *
 * Node counts whole milliseconds, and a timeout may be early by a fraction of one. A timer never is: who
 * is called back, and looks at the time again, finds that it has come. He may set no other timer.
 *
 * Neighbours: system-clock.ts gives it Node; test/simulation gives it a virtual process.
 */
import type { Clock, Timer, TimerOptions } from './clock.js'

/** A pending timeout or immediate. */
export type MachineTimer = Timer

/** What Node offers. */
export interface Machine {
  now(): number
  stopwatchMs(): number
  /** Before sockets are read, in whole ms. */
  setTimeout(callback: () => void, delayMs: number): MachineTimer
  /** After sockets were read. */
  setImmediate(callback: () => void): MachineTimer
  /** Less than a whole ms, after sockets were read. */
  setShortTimeout(callback: () => void, delayMs: number): MachineTimer
}

const BEAT_MS = 50
/** The most that one turn of the loop counts: a healthy one is far below. */
const LONGEST_TURN_MS = 100
/** Longer waits are for nobody's answer. */
const LONGEST_AWAITED_MS = 60_000
const MAX_DELAY_MS = 2 ** 31 - 1 // Node turns larger delays into 1 ms
/** A timeout is early by less. */
const MOST_EARLY_MS = 1
/** So often at most in a row: where timeouts are a test's, time may stand still. */
const MOST_TRIES = 20

export class LoopClock implements Clock {
  readonly #machine: Machine
  /** All the time that was not counted. */
  #lateMs = 0
  #readUntilMs = 0
  #timerCount = 0
  #beat: MachineTimer | undefined
  /** When the last beat was, by the stopwatch; Infinity where there is none. */
  #beatAtMs = Infinity
  /** Until when somebody waits; monotonic. */
  #awaitedUntilMs = 0

  constructor(machine: Machine) {
    this.#machine = machine
  }

  now(): number {
    return this.#machine.now()
  }

  stopwatchMs(): number {
    return this.#machine.stopwatchMs()
  }

  monotonicMs(): number {
    return Math.min(this.#machine.stopwatchMs(), this.#beatAtMs + LONGEST_TURN_MS) - this.#lateMs
  }

  readUntilMs(): number {
    return this.#readUntilMs
  }

  defer(callback: () => void): void {
    this.#machine.setImmediate(callback)
  }

  setTimer(callback: () => void, delayMs: number, options?: TimerOptions): Timer {
    this.#timerCount++
    return new LoopTimer(this, callback, delayMs, options)
  }

  setShortTimer(callback: () => void, delayMs: number): Timer {
    return this.#machine.setShortTimeout(callback, delayMs)
  }

  /** For its timers: a bare timeout. */
  timeout(callback: () => void, delayMs: number): MachineTimer {
    const wholeMs = Math.min(Math.max(0, Math.ceil(delayMs)), MAX_DELAY_MS)
    if (wholeMs <= LONGEST_AWAITED_MS) this.#beatFor(wholeMs)
    return this.#machine.setTimeout(callback, wholeMs)
  }

  /** For its timers: `judge` runs when what has arrived by now is read. */
  afterReading(judge: () => void): MachineTimer {
    const nowMs = this.monotonicMs()
    const whenRead = (): void => {
      this.#readUntilMs = Math.max(this.#readUntilMs, nowMs)
      judge()
    }
    return this.#machine.setImmediate(whenRead)
  }

  /** For its timers: one is over. */
  dropTimer(): void {
    this.#timerCount--
    if (this.#timerCount === 0) this.#stopBeat()
  }

  /** All the time that was not counted, that of the present turn included. */
  get lateMs(): number {
    return this.#machine.stopwatchMs() - this.monotonicMs()
  }

  #beatFor(delayMs: number): void {
    this.#awaitedUntilMs = Math.max(this.#awaitedUntilMs, this.monotonicMs() + delayMs)
    if (this.#beat === undefined) this.#beatNext()
  }

  #beatNext(): void {
    this.#beatAtMs = this.#machine.stopwatchMs()
    this.#beat = this.#machine.setTimeout(this.#onBeat, BEAT_MS)
    this.#beat.keepAlive(false)
  }

  readonly #onBeat = (): void => {
    this.#stopBeat()
    if (this.monotonicMs() < this.#awaitedUntilMs) this.#beatNext()
  }

  #stopBeat(): void {
    this.#lateMs = this.lateMs
    this.#beat?.clear()
    this.#beat = undefined
    this.#beatAtMs = Infinity
  }
}

/** A timer of a LoopClock: timeout, once more for stalls that do not count, immediate. */
class LoopTimer implements Timer {
  readonly #clock: LoopClock
  readonly #callback: () => void
  readonly #dueMs: number
  readonly #countsStalls: boolean
  #pending: MachineTimer
  /** What had not been counted when the timeout was set. */
  #lateMs: number
  #tries = 0
  #isKeptAlive: boolean
  #isOver = false

  constructor(clock: LoopClock, callback: () => void, delayMs: number, options?: TimerOptions) {
    this.#clock = clock
    this.#callback = callback
    this.#dueMs = clock.monotonicMs() + Math.max(0, delayMs)
    this.#lateMs = clock.lateMs
    this.#countsStalls = options?.countsStalls === true
    this.#isKeptAlive = options?.keepAlive !== false
    this.#pending = clock.timeout(this.#onTimeout, delayMs)
    this.#pending.keepAlive(this.#isKeptAlive)
  }

  clear(): void {
    this.#pending.clear()
    this.#end()
  }

  keepAlive(isWanted: boolean): void {
    this.#isKeptAlive = isWanted
    this.#pending.keepAlive(isWanted)
  }

  readonly #onTimeout = (): void => {
    const moreMs = this.#moreMs()
    this.#pending =
      moreMs > 0
        ? this.#clock.timeout(this.#onTimeout, moreMs)
        : this.#clock.afterReading(this.#onRead)
    this.#pending.keepAlive(this.#isKeptAlive)
  }

  /**
   * For how long to wait on: for what has stalled, where that does not count, and the fraction by which the
   * timeout was early. Where more is left, a test has set it off, and means that it is over.
   */
  #moreMs(): number {
    const stalledMs = this.#countsStalls ? 0 : this.#clock.lateMs - this.#lateMs
    const leftMs = this.#leftMs()
    this.#lateMs += stalledMs
    if (stalledMs >= 1) this.#tries = 0
    if (leftMs >= stalledMs + MOST_EARLY_MS) return stalledMs >= 1 ? stalledMs : 0
    return leftMs > 0 && this.#tries++ < MOST_TRIES ? leftMs : 0
  }

  #leftMs(): number {
    const countedMs = this.#countsStalls ? this.#clock.lateMs - this.#lateMs : 0
    return this.#dueMs - this.#clock.monotonicMs() - countedMs
  }

  readonly #onRead = (): void => {
    this.#end()
    this.#callback()
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#clock.dropTimer()
  }
}
