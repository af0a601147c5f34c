/**
 * The process that the producer and its user live in: one event loop, which may stall while the world
 * goes on. What became due meanwhile runs afterwards as Node has it, phase by phase:
 *
 *   ┌─> timers that are due ──> I/O that has arrived ──> immediates ─┐
 *   └────────────────────────────────────────────────────────────────┘
 *
 * Stalls begin in each of the phases in turn: it is somebody else's callback that computes. Without one
 * everything runs when its time comes.
 *
 * Neighbours: simulation.ts puts the producer's clock on it; faults.ts stalls it.
 */
import type { Clock, Timer } from '../../src/clock.js'
import type { Machine } from '../../src/loop-clock.js'
import type { Dial, Transport, TransportHandlers } from '../../src/network/transport/transport.js'
import type { VirtualClock } from './virtual-clock.js'

type Phase = 0 | 1 | 2
const TIMERS: Phase = 0
const POLL: Phase = 1
const CHECK: Phase = 2

/** What Node offers to one party in the process. */
export interface ProcessMachine extends Machine {
  /** Timeouts of this party that are still to come. */
  readonly pending: number
  /** What keeps the process alive: immediates, and those timeouts that are to. */
  readonly keptAlive: number
}

interface Party {
  pending: number
  keptAlive: number
}

export class VirtualProcess {
  readonly #clock: VirtualClock
  /** How far its whole milliseconds are from those of the virtual time. */
  readonly #phaseMs: number
  /** What is ready and could not run yet, by phase. */
  readonly #ready: (() => void)[][] = [[], [], []]
  /** What is left of the present phase. */
  #current: (() => void)[] = []
  #phase: Phase = TIMERS
  /** It stalls, or has not caught up yet. */
  #isBehind = false
  #isDead = false
  readonly #gates = new Set<Gate>()
  #nextStallMs = 0
  /** How long it has stalled in all, and how often. */
  stalledMs = 0
  stallCount = 0

  /** `phaseMs`: from 0 to 1. */
  constructor(clock: VirtualClock, phaseMs: number) {
    this.#clock = clock
    this.#phaseMs = phaseMs
  }

  /** Somebody's callback computes for so long: now, or before the next of those that are ready. */
  stall(ms: number): void {
    this.#nextStallMs += ms
    this.stalledMs += ms
    this.stallCount++
    if (this.#isBehind) return
    this.#isBehind = true
    this.#phase = (this.stallCount % 3) as Phase
    this.#goOn()
  }

  /** It dies: the kernel closes its sockets, and no callback runs any more. */
  kill(): void {
    this.#isDead = true
    this.#current = []
    for (const ready of this.#ready) ready.length = 0
    for (const gate of this.#gates) gate.kill()
  }

  /** A party of its own, as far as what is pending is concerned. */
  machine(): ProcessMachine {
    const party: Party = { pending: 0, keptAlive: 0 }
    const immediates: Party = { pending: 0, keptAlive: 0 }
    return {
      now: () => this.#clock.now(),
      stopwatchMs: () => this.#clock.monotonicMs(),
      setTimeout: (callback, delayMs) => {
        const begin = (ready: () => void): Timer =>
          this.#clock.setTimer(() => this.#happen(TIMERS, ready), this.#timeoutMs(delayMs))
        return once(party, callback, begin)
      },
      setShortTimeout: (callback, delayMs) =>
        once(party, callback, (ready) =>
          this.#clock.setTimer(() => this.#happen(TIMERS, ready), delayMs),
        ),
      // Not pending: it runs in this turn or the next, and leaves nothing (a flush just before the end).
      setImmediate: (callback) => once(immediates, callback, (ready) => this.#immediate(ready)),
      get pending() {
        return party.pending
      },
      get keptAlive() {
        return party.keptAlive + immediates.keptAlive
      },
    }
  }

  /** What the user's code has for a clock: bare timers and setImmediate. */
  userClock(): Clock {
    const machine = this.machine()
    return {
      now: () => machine.now(),
      monotonicMs: () => machine.stopwatchMs(),
      readUntilMs: () => machine.stopwatchMs(),
      stopwatchMs: () => machine.stopwatchMs(),
      setTimer: (callback, delayMs) => machine.setTimeout(callback, delayMs),
      setShortTimer: (callback, delayMs) => machine.setShortTimeout(callback, delayMs),
      defer: (callback) => void machine.setImmediate(callback),
    }
  }

  /** `dial` as this process sees it: whatever comes from outside is I/O; `clock` measures its limit. */
  dial(dial: Dial, clock: Clock): Dial {
    return (address, handlers, { timeoutMs, signal }) =>
      new Promise((resolve, reject) => {
        const giveUp = new AbortController()
        const abort = (): void => giveUp.abort()
        const timer = clock.setTimer(abort, timeoutMs, { keepAlive: false })
        signal?.addEventListener('abort', abort)
        const end = (outcome: () => void): void => {
          timer.clear()
          signal?.removeEventListener('abort', abort)
          this.#happen(POLL, outcome)
        }
        const gate = new Gate(handlers, (callback) => this.#happen(POLL, callback))
        this.#gates.add(gate)
        dial(address, gate, { timeoutMs: Infinity, signal: giveUp.signal }).then(
          (transport) => {
            const attached = gate.attach(transport)
            end(() => resolve(attached))
          },
          (error: unknown) => end(() => reject(error)),
        )
      })
  }

  /** Node counts whole milliseconds, those of its own: a timeout may be early by a fraction of one. */
  #timeoutMs(delayMs: number): number {
    const nowMs = this.#clock.monotonicMs() + this.#phaseMs
    const wholeMs = Math.floor(nowMs + 1e-6) // sums of fractions are a little off
    return Math.max(1, Math.ceil(delayMs)) - (nowMs - wholeMs)
  }

  #immediate(ready: () => void): Timer {
    if (!this.#isBehind) return this.#clock.setTimer(() => this.#happen(CHECK, ready), 0)
    this.#ready[CHECK]?.push(ready)
    return { clear: () => {}, keepAlive: () => {} }
  }

  #happen(phase: Phase, callback: () => void): void {
    if (this.#isDead) return
    if (this.#isBehind) this.#ready[phase]?.push(callback)
    else callback()
  }

  /** After the stall, if there is one, the next callback. */
  #goOn(): void {
    const stallMs = this.#nextStallMs
    this.#nextStallMs = 0
    this.#clock.setTimer(this.#runNext, stallMs)
  }

  readonly #runNext = (): void => {
    for (let i = 0; i < 3 && this.#current.length === 0; i++) {
      this.#phase = ((this.#phase + 1) % 3) as Phase
      this.#current = this.#ready[this.#phase]?.splice(0) ?? []
    }
    this.#current.shift()?.()
    this.#isBehind =
      this.#nextStallMs > 0 ||
      this.#current.length > 0 ||
      this.#ready.some((ready) => ready.length > 0)
    if (this.#isBehind) this.#goOn()
  }
}

/** A callback that is counted until it runs or is cleared. */
function once(party: Party, callback: () => void, begin: (ready: () => void) => Timer): Timer {
  let isOver = false
  let isKeptAlive = false
  const keepAlive = (isWanted: boolean): void => {
    if (isOver || isWanted === isKeptAlive) return
    isKeptAlive = isWanted
    party.keptAlive += isWanted ? 1 : -1
  }
  const over = (): boolean => {
    if (isOver) return false
    keepAlive(false)
    isOver = true
    party.pending--
    return true
  }
  party.pending++
  keepAlive(true)
  const timer = begin(() => {
    if (over()) callback()
  })
  return {
    clear: () => {
      timer.clear()
      over()
    },
    keepAlive,
  }
}

/** What a stream tells the process; nothing once it was destroyed. */
class Gate implements TransportHandlers {
  readonly #handlers: TransportHandlers
  readonly #arrive: (callback: () => void) => void
  #transport: Transport | null = null
  #isClosed = false
  #isKilled = false

  constructor(handlers: TransportHandlers, arrive: (callback: () => void) => void) {
    this.#handlers = handlers
    this.#arrive = arrive
  }

  attach(transport: Transport): Transport {
    this.#transport = transport
    if (this.#isKilled) transport.destroy()
    return {
      write: (buffers, onWritten) => transport.write(buffers, () => this.#pass(onWritten)),
      destroy: () => {
        this.#isClosed = true
        transport.destroy()
      },
      ref: () => transport.ref(),
      unref: () => transport.unref(),
    }
  }

  /** Its process is dead. */
  kill(): void {
    this.#isKilled = true
    if (!this.#isClosed) this.#transport?.destroy()
    this.#isClosed = true
  }

  onData(chunk: Buffer): void {
    this.#pass(() => this.#handlers.onData(chunk))
  }

  onClose(error: Error | null): void {
    this.#pass(() => this.#handlers.onClose(error))
  }

  #pass(callback: () => void): void {
    this.#arrive(() => {
      if (!this.#isClosed) callback()
    })
  }
}
