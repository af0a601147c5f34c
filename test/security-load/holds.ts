/**
 * How long connections stand still while they log in again: a look into Connection from outside, for
 * the load and its short version in the tests. It changes nothing of what a connection does.
 *
 *   hold() ──drain──> nothing in flight ──login──> release()
 *   |<------------- whole ------------------------------->|
 *                     |<-------- login ----------------->|
 */
import { Connection } from '../../src/network/connection/connection.js'

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

/** Notes every hold of every connection from now on, and every connection that is opened. */
export class HoldWatch {
  readonly holds: Hold[] = []
  /** Connections that have been put to use since the beginning. */
  openedCount = 0
  readonly #pending = new WeakMap<Connection, Pending>()
  readonly #restore: () => void

  constructor() {
    const pendings = this.#pending
    const end = (connection: Connection): void => this.#end(connection)
    const opened = (): number => ++this.openedCount
    const { hold, release, exchange, becomeReady } = Connection.prototype
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
      const pending = args[3].isLogin === true ? pendings.get(this) : undefined
      const answer: unknown = await exchange.apply(this, args)
      pending?.exchangesMs.push(performance.now() - startedMs)
      const { mechanism } = args[2] as { mechanism?: string }
      if (pending !== undefined && mechanism !== undefined) pending.mechanism = mechanism
      return answer
    }
    own.becomeReady = function (this: Connection, ...args: Parameters<typeof becomeReady>) {
      opened()
      becomeReady.apply(this, args)
    }
    this.#restore = () => Object.assign(own, { hold, release, exchange, becomeReady })
  }

  /** Connections are as they were. */
  stop(): void {
    this.#restore()
  }

  #end(connection: Connection): void {
    const pending = this.#pending.get(connection)
    if (pending === undefined) return
    this.#pending.delete(connection)
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
