/**
 * Warns, by a warning of the Node.js process, that nothing can be reached: for producers without a
 * logger, whose user would hear nothing before records fail, which takes minutes. Once in a producer's
 * life, when an attempt has brought nothing for some seconds.
 *
 * Neighbours: pipeline.ts says what is attempted, and what has come of it.
 */
import type { Clock, Timer } from '../clock.js'
import type { OttlaError } from '../errors.js'

/** A healthy cluster, even a far one, answers within that; a newcomer waits no longer. */
const SILENCE_MS = 3000

/** What is attempted: to ask any broker for metadata, or to connect to a leader. */
export type Attempt = 'metadata' | 'leaders'

export class OutageNotice {
  readonly #clock: Clock
  readonly #hasRecords: () => boolean
  readonly #warn: typeof warnProcess
  readonly #timers = new Map<Attempt, Timer>()
  #isOver = false

  /** `hasRecords`: some wait for the brokers. */
  constructor(clock: Clock, hasRecords: () => boolean, warn = warnProcess) {
    this.#clock = clock
    this.#hasRecords = hasRecords
    this.#warn = warn
  }

  /** From now on an answer is awaited; `why` says later what keeps it, or null where nothing does. */
  attempted(attempt: Attempt, why: () => OttlaError | null): void {
    if (this.#isOver || this.#timers.has(attempt)) return
    const onSilence = (): void => {
      this.#timers.delete(attempt)
      this.#tell(why())
    }
    const timer = this.#clock.setTimer(onSilence, SILENCE_MS, { keepAlive: false })
    this.#timers.set(attempt, timer)
  }

  succeeded(attempt: Attempt): void {
    this.#timers.get(attempt)?.clear()
    this.#timers.delete(attempt)
  }

  /** Says nothing from now on. */
  close(): void {
    this.#isOver = true
    for (const timer of this.#timers.values()) timer.clear()
    this.#timers.clear()
  }

  #tell(error: OttlaError | null): void {
    if (error === null) return
    this.close()
    this.#warn(error, this.#hasRecords())
  }
}

function warnProcess(error: OttlaError, hasRecords: boolean): void {
  const wait = hasRecords ? ', and records wait' : ''
  process.emitWarning(
    `no Kafka broker can be reached${wait}: ${error.message} (said once; set the option logger to learn more)`,
    { type: 'OttlaWarning', code: 'OTTLA_UNREACHABLE' },
  )
}
