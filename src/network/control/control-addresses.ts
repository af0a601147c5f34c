/**
 * Puts a question to addresses: to one after the other until one answers, or to one alone.
 *
 *   answered ──────────────> asked first next time
 *   answered, to no avail ─> asked last: it may have an old view, or be no help for now
 *   … and wants a pause ───> not asked until then, but where every address does
 *   refused for the moment > the same, and another one is asked at once
 *   refused for good ──────> that is the answer
 *   login refused ──────────> the others have half a second, then this pass is over: refusals are
 *                            counted by directories, and whoever is silent says no more by waiting
 *   … and never one taken ──> that is the answer
 *
 * Bootstrap addresses are asked beside the brokers, and resolved anew by each dial, so that a cluster that
 * has moved is found again (KIP-899).
 *
 * Neighbours: control-plane.ts is the only user; try-in-turn.ts takes turns, control-connections.ts
 * connects, attempts.ts and address-pauses.ts remember.
 */
import { AuthenticationError, BrokerError } from '../../errors.js'
import type { ConnectionError, OttlaError } from '../../errors.js'
import { backoffMs } from '../backoff.js'
import type { BackoffRange } from '../backoff.js'
import { UNKNOWN_NODE_ID } from '../brokers/broker.js'
import type { BrokerList } from '../brokers/broker-list.js'
import type { Connection, ConnectionTarget } from '../connection/connection.js'
import type { NetworkContext } from '../context.js'
import { shuffle } from '../shuffle.js'
import { lookAgain } from '../transport/second-look.js'
import { AddressPauses } from './address-pauses.js'
import { Attempts, onceEach } from './attempts.js'
import { ControlConnections } from './control-connections.js'
import { noAnswer, nobodyAnswers } from './control-errors.js'
import { tryInTurn } from './try-in-turn.js'

/** Silence after which another broker is asked as well: longer than any healthy answer takes. */
const HEDGE_MS = 500

/** While one address is silent, the pauses between tries at one that fails. */
const PAUSE: BackoffRange = { initialMs: 50, maxMs: 250 }

/** What is done on a connection; may be called with several. */
type Question<Answer> = (connection: Connection) => Promise<Answer>

/** One for each control plane. */
export class ControlAddresses {
  readonly #context: NetworkContext
  readonly #brokers: BrokerList
  readonly #bootstrap: readonly ConnectionTarget[]
  readonly #connections: ControlConnections
  readonly #attempts: Attempts
  readonly #pauses: AddressPauses
  /** Ends the second looks that are under way. */
  readonly #looking = new AbortController()
  #closeReason: OttlaError | undefined

  /** `onOpened` is called with each connection that has come up. */
  constructor(
    context: NetworkContext,
    brokers: BrokerList,
    onOpened: (connection: Connection) => void,
  ) {
    this.#context = context
    this.#brokers = brokers
    this.#connections = new ControlConnections(context, onOpened)
    this.#attempts = new Attempts(context.clock)
    this.#pauses = new AddressPauses(context.clock)
    const targets = context.options.bootstrap.map(({ host, port }) => {
      return { nodeId: UNKNOWN_NODE_ID, host, port }
    })
    this.#bootstrap = shuffle(targets, context.random)
  }

  /** Set once it is closed. */
  get closeReason(): OttlaError | undefined {
    return this.#closeReason
  }

  /** Asks one after the other until one answers; each address has failed once where it rejects. */
  async askAny<Answer extends { readonly connection: Connection }>(
    question: Question<Answer>,
  ): Promise<Answer> {
    const targets = this.#targets()
    try {
      const answer = await tryInTurn(targets, {
        clock: this.#context.clock,
        hedgeMs: HEDGE_MS,
        pauseMs: (failures) => backoffMs(PAUSE, failures, this.#context.random),
        ask: (target) => this.#ask(target, question, false),
        isDecisive: (error) => error instanceof AuthenticationError,
        onFailure: (target, error) => this.#failed(target, error),
        onSilent: (target) => {
          this.#note(target, 'no answer in time')
          this.#connections.leave(target)
        },
      })
      this.#attempts.answered(answer.connection)
      this.#connections.adopt(answer.connection)
      return answer
    } catch (error) {
      const address = targets[0] ?? { host: '', port: 0 }
      throw this.#closeReason ?? nobodyAnswers(address, this.describeAttempts(), error)
    }
  }

  /** Asks this one alone; its connection outlasts the question. */
  async askOne<Answer>(target: ConnectionTarget, question: Question<Answer>): Promise<Answer> {
    try {
      const answer = await this.#ask(target, question, true)
      this.#attempts.answered(target)
      return answer
    } catch (error) {
      if (error instanceof BrokerError) this.#attempts.answered(target)
      else this.#failed(target, error)
      throw this.#closeReason ?? error
    }
  }

  /** The answer did not help: the next question goes to another one. */
  turnFrom(connection: Connection): void {
    this.#attempts.failed(connection, 'it answers nothing new')
    this.#connections.turnFrom(connection)
  }

  /** The broker wants no request for so long: others are asked until then. */
  pause(connection: Connection, pauseMs: number): void {
    connection.throttle(pauseMs)
    this.#pauses.begin(connection, pauseMs)
  }

  /** Monotonic: until when every address wants a pause; 0 where one does not. */
  get pausingUntilMs(): number {
    return this.#pauses.endMs(this.#known())
  }

  /** One connection is enough, beside those of brokers that were asked alone. */
  rest(): void {
    this.#connections.rest()
  }

  /** Why none of the addresses tried has answered; null where none was tried. */
  failure(): ConnectionError | null {
    const [target] = this.#targets()
    if (target === undefined || this.#attempts.isEmpty) return null
    return noAnswer(target, this.describeAttempts())
  }

  /** What became of each address tried that is still one to ask, for messages. */
  describeAttempts(): string {
    this.#forgetGone()
    return this.#attempts.describe()
  }

  /** Closes every connection, and knows nothing of any address. */
  startOver(reason: OttlaError): void {
    this.#attempts.clear()
    this.#connections.closeAll(reason)
  }

  /** Stops for good; leaves no socket and no timer. What is being asked is rejected with `reason`. */
  close(reason: OttlaError): void {
    this.#closeReason = reason
    this.#looking.abort()
    this.startOver(reason)
  }

  /** Those that want no pause, as far as there are any. */
  #targets(): readonly ConnectionTarget[] {
    return this.#pauses.without(this.#known())
  }

  /** The connection that answered last first; then the least recently failed. */
  #known(): ConnectionTarget[] {
    this.#forgetGone()
    const { first } = this.#connections
    const others = this.#attempts.sort([...this.#brokers.shuffled, ...this.#bootstrap])
    return onceEach(first === undefined ? others : [first, ...others])
  }

  /** Brokers move, and their old addresses are not asked any more: what failed there explains nothing. */
  #forgetGone(): void {
    const { first } = this.#connections
    const others = [...this.#brokers.shuffled, ...this.#bootstrap]
    this.#attempts.keep(first === undefined ? others : [first, ...others])
  }

  async #ask<Answer>(
    target: ConnectionTarget,
    question: Question<Answer>,
    isKept: boolean,
  ): Promise<Answer> {
    if (this.#closeReason !== undefined) throw this.#closeReason
    this.#attempts.begun(target)
    try {
      return await question(await this.#connections.open(target, isKept))
    } catch (error) {
      const { signal } = this.#looking
      throw await lookAgain(error, { context: this.#context, target, signal })
    }
  }

  /** Remembers why an address was of no use. One that has refused keeps its connection. */
  #failed(target: ConnectionTarget, error: unknown): void {
    this.#note(target, error instanceof Error ? error.message : String(error), error)
    this.#connections.failed(target)
  }

  #note(target: ConnectionTarget, fate: string, error?: unknown): void {
    this.#attempts.failed(target, fate)
    const { host, port } = target
    const err = error ?? fate
    this.#context.logger.debug({ host, port, err }, 'a broker did not answer a control request')
  }
}
