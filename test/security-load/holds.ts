/**
 * How long connections stand still while they log in again: a look into Connection from outside, for
 * the load and its short version in the tests. It changes nothing of what a connection does.
 *
 *   hold() ──drain──> nothing in flight ──login──> release()
 *   |<------------- whole ------------------------------->|
 *                     |<-------- login ----------------->|
 */
import { Connection } from '../../src/network/connection/connection.js'
import { ClosedError, ConnectionError } from '../../src/errors.js'

/** One hold; ms. */
export interface Hold {
  /** By which it has logged in. */
  readonly mechanism: string
  /** From the last answer to what was in flight, to the release. */
  readonly loginMs: number
  /** The drain included. */
  readonly wholeMs: number
  /** The shortest round trip that this connection had seen. */
  readonly shortestRoundTripMs: number
  /** How long each message of the login was under way. */
  readonly exchangesMs: readonly number[]
}

/** Of many. */
export interface HoldSummary {
  readonly count: number
  readonly loginMs: { readonly median: number; readonly longest: number }
  readonly wholeMs: { readonly median: number; readonly longest: number }
  /** Answers of the broker that were waited for one after another: the round trips of a login. */
  readonly roundTrips: number
  /** What of a login was not such a wait, the median. */
  readonly ownMs: number
}

interface Pending {
  readonly startedMs: number
  drainedMs: number
  mechanism: string
  readonly exchangesMs: number[]
}

/** A connection in use that ended, though its producer was not closed. */
export interface Ending {
  /** How old its session was: since the first message of its last login left. */
  readonly sessionMs: number
  readonly why: string
}

/** Notes every hold of every connection from now on, and every connection that is opened or lost. */
export class HoldWatch {
  readonly holds: Hold[] = []
  readonly endings: Ending[] = []
  /** Connections that have been put to use since the beginning. */
  openedCount = 0
  readonly #pending = new WeakMap<Connection, Pending>()
  /** When the first message of the login left that is on, or has succeeded. */
  readonly #loginStartedMs = new WeakMap<Connection, number>()
  readonly #sessionStartedMs = new WeakMap<Connection, number>()
  readonly #restore: () => void

  constructor() {
    this.#restore = restoring([
      'hold',
      'release',
      'exchange',
      'becomeReady',
      'closeWhenIdle',
      'close',
      'onClose',
    ])
    this.#watchHolds()
    this.#watchLives()
  }

  /** Connections are as they were. */
  stop(): void {
    this.#restore()
  }

  #watchHolds(): void {
    const pendings = this.#pending
    const logins = this.#loginStartedMs
    const end = (connection: Connection): void => this.#end(connection)
    const { hold, release, exchange } = Connection.prototype
    const own = Connection.prototype as unknown as Record<string, unknown>
    own.hold = async function (this: Connection) {
      const pending: Pending = {
        startedMs: performance.now(),
        drainedMs: 0,
        mechanism: '',
        exchangesMs: [],
      }
      pendings.set(this, pending)
      const timeoutMs = await hold.call(this)
      pending.drainedMs = performance.now()
      return timeoutMs
    }
    own.release = function (this: Connection) {
      end(this)
      release.call(this)
    }
    own.exchange = async function (this: Connection, ...args: Parameters<typeof exchange>) {
      const startedMs = performance.now()
      const { isLogin = false } = args[3]
      const { mechanism } = args[2] as { mechanism?: string }
      if (isLogin && mechanism !== undefined) logins.set(this, startedMs)
      const pending = isLogin ? pendings.get(this) : undefined
      const answer: unknown = await exchange.apply(this, args)
      pending?.exchangesMs.push(performance.now() - startedMs)
      if (pending !== undefined && mechanism !== undefined) pending.mechanism = mechanism
      return answer
    }
  }

  #watchLives(): void {
    const opened = (connection: Connection): void => {
      this.openedCount++
      this.#loggedIn(connection)
    }
    const ended = (connection: Connection, why: Error): void => this.#ended(connection, why)
    const { becomeReady, closeWhenIdle, close, onClose } = Connection.prototype
    const own = Connection.prototype as unknown as Record<string, unknown>
    own.becomeReady = function (this: Connection, ...args: Parameters<typeof becomeReady>) {
      opened(this)
      becomeReady.apply(this, args)
    }
    own.closeWhenIdle = function (this: Connection, reason: Parameters<typeof close>[0]) {
      if (this.isOpen) ended(this, reason)
      closeWhenIdle.call(this, reason)
    }
    own.close = function (this: Connection, reason: Parameters<typeof close>[0]) {
      if (this.isOpen) ended(this, reason)
      close.call(this, reason)
    }
    own.onClose = function (this: Connection, error: Error | null) {
      if (this.isOpen) ended(this, error ?? new Error('the broker has hung up'))
      onClose.call(this, error)
    }
  }

  #loggedIn(connection: Connection): void {
    const startedMs = this.#loginStartedMs.get(connection)
    if (startedMs !== undefined) this.#sessionStartedMs.set(connection, startedMs)
  }

  #ended(connection: Connection, why: Error): void {
    const startedMs = this.#sessionStartedMs.get(connection)
    if (startedMs === undefined || isOfClose(why)) return
    this.#sessionStartedMs.delete(connection) // closeWhenIdle may call close
    this.endings.push({ sessionMs: performance.now() - startedMs, why: why.message })
  }

  #end(connection: Connection): void {
    const pending = this.#pending.get(connection)
    if (pending === undefined) return
    this.#pending.delete(connection)
    this.#loggedIn(connection)
    const endedMs = performance.now()
    this.holds.push({
      mechanism: pending.mechanism,
      loginMs: endedMs - pending.drainedMs,
      wholeMs: endedMs - pending.startedMs,
      shortestRoundTripMs: connection.shortestRoundTripMs,
      exchangesMs: pending.exchangesMs,
    })
  }
}

/** Gives these methods of Connection back as they are now. */
function restoring(names: readonly (keyof Connection)[]): () => void {
  const own = Connection.prototype
  const methods = Object.fromEntries(names.map((name) => [name, own[name]]))
  return () => Object.assign(own, methods)
}

function isOfClose(why: Error): boolean {
  return why instanceof ClosedError || (why instanceof ConnectionError && why.phase === 'close')
}

/** undefined where there was none. */
export function summarize(holds: readonly Hold[]): HoldSummary | undefined {
  if (holds.length === 0) return undefined
  return {
    count: holds.length,
    loginMs: spread(holds.map(({ loginMs }) => loginMs)),
    wholeMs: spread(holds.map(({ wholeMs }) => wholeMs)),
    roundTrips: Math.max(...holds.map(({ exchangesMs }) => waits(exchangesMs).length)),
    ownMs: median(holds.map(({ loginMs, exchangesMs }) => loginMs - sum(waits(exchangesMs)))),
  }
}

/** SaslHandshake and the first message are under way together: one wait for both. */
function waits([handshake = 0, first = 0, ...later]: readonly number[]): number[] {
  return [Math.max(handshake, first), ...later]
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function spread(values: readonly number[]): { median: number; longest: number } {
  return { median: median(values), longest: Math.max(...values) }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
