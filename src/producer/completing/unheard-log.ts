/**
 * Logs the failures that nobody else hears of: of records without a callback, and of streams that go on
 * after errors with nobody listening. The first at once; of those like it within the next second one line,
 * with their number: a full buffer must not become a full log.
 *
 * Before: whoever settles a record. After: the user's logger.
 */
import type { Clock, Timer } from '../../clock.js'
import { OttlaError } from '../../errors.js'
import type { Log, LogFacts } from '../../logger.js'

const WINDOW_MS = 1000

/** Failures alike: the same topic, the same class of error. */
interface Kind {
  untilMs: number
  /** Since the last line. */
  recordCount: number
  last: LogFacts
  message: string
}

export class UnheardLog implements Pick<Log, 'error'> {
  readonly #clock: Clock
  readonly #logger: Pick<Log, 'error'>
  /** In the order in which their seconds end. */
  readonly #kinds = new Map<string, Kind>()
  #timer: Timer | null = null
  #isClosed = false

  constructor(clock: Clock, logger: Pick<Log, 'error'>) {
    this.#clock = clock
    this.#logger = logger
  }

  error(facts: LogFacts, message: string): void {
    const nowMs = this.#clock.monotonicMs()
    const key = `${message} ${facts.topic ?? ''} ${codeOf(facts.err)}`
    const kind = this.#kinds.get(key)
    const { recordCount = 1 } = facts
    if (kind !== undefined && kind.untilMs > nowMs) {
      kind.recordCount += recordCount
      kind.last = facts
      return
    }
    const untilMs = nowMs + WINDOW_MS
    this.#kinds.delete(key)
    this.#kinds.set(key, { untilMs, recordCount: 0, last: facts, message })
    // After `close` no timer is to be left: the next line has the number of those before it.
    if (this.#isClosed) this.#tell(nowMs)
    else this.#armTimer(WINDOW_MS)
    this.#logger.error({ ...facts, recordCount: recordCount + (kind?.recordCount ?? 0) }, message)
  }

  /** Says what is left. */
  close(): void {
    this.#isClosed = true
    this.#timer?.clear()
    this.#timer = null
    this.#tell(Infinity)
  }

  /** Also where nothing is repeated: what is kept of a failure, with all that it has led to, is let go. */
  #armTimer(delayMs: number): void {
    this.#timer ??= this.#clock.setTimer(this.#onTimer, delayMs, { keepAlive: false })
  }

  readonly #onTimer = (): void => {
    this.#timer = null
    const nowMs = this.#clock.monotonicMs()
    this.#tell(nowMs)
    const [next] = this.#kinds.values()
    if (next !== undefined) this.#armTimer(next.untilMs - nowMs)
  }

  /** Says, and forgets, those whose second is over. */
  #tell(nowMs: number): void {
    const over = [...this.#kinds].filter(([, { untilMs }]) => untilMs <= nowMs)
    for (const [key] of over) this.#kinds.delete(key) // first: a logger may send its lines by this producer
    for (const [, { recordCount, last, message }] of over) {
      if (recordCount > 0) this.#logger.error({ ...last, recordCount }, message)
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof OttlaError ? error.code : String(error)
}
