/**
 * Asks the cluster all that is no Produce: metadata, producer ids, and whatever else comes.
 *
 *   ask(api, request, 'any')       to one broker after the other, until one answers
 *   ask(api, request, { broker })  to that one, and nobody else
 *
 * `'any'` begins with the broker that answered last; on failure or silence the other brokers and the
 * bootstrap addresses are asked in turn (try-in-turn.ts), those that failed most recently last.
 * Bootstrap addresses are resolved anew by each dial, so that a cluster that has moved is found again
 * (KIP-899).
 *
 *   answered ──────────────> asked first next time
 *   answered, to no avail ─> asked last: it may have an old view, or be no help for now
 *   refused for the moment > the same, and another one is asked at once
 *   refused for good ──────> that is the answer
 *   login refused ──────────> the others have half a second, then this pass is over: refusals are
 *                            counted by directories, and whoever is silent says no more by waiting
 *   … and never one taken ──> that is the answer
 *
 * Not a schedule: one call is one pass over the addresses, and each of them has `connectionTimeoutMs` and
 * the time limit of the request. Who asks decides when to try again.
 *
 * Neighbours: metadata.ts and the producer's ids ask; control-connections.ts has the connections.
 */
import { AuthenticationError, BrokerError, ClosedError } from '../../errors.js'
import type { ConnectionError, OttlaError } from '../../errors.js'
import type { Api } from '../../protocol/api.js'
import { backoffMs } from '../backoff.js'
import type { BackoffRange } from '../backoff.js'
import { UNKNOWN_NODE_ID } from '../brokers/broker.js'
import { BrokerList } from '../brokers/broker-list.js'
import type { Connection, ConnectionTarget } from '../connection/connection.js'
import type { NetworkContext } from '../context.js'
import { shuffle } from '../shuffle.js'
import { lookAgain } from '../transport/second-look.js'
import { Attempts, onceEach } from './attempts.js'
import { ControlConnections } from './control-connections.js'
import { noAnswer, nobodyAnswers, notListed, requireAccepted } from './control-errors.js'
import type { AskOptions, ControlAnswer, ControlTarget } from './control-question.js'
import { tryInTurn } from './try-in-turn.js'

/** Silence after which another broker is asked as well: longer than any healthy answer takes. */
const HEDGE_MS = 500

/** While one address is silent, the pauses between tries at one that fails. */
const PAUSE: BackoffRange = { initialMs: 50, maxMs: 250 }

/** Told of questions. Must not throw. */
export interface ControlListener {
  /** One was not answered, or refused: brokers may have gone, or the whole cluster. Not of a discovery. */
  onFailure(): void
}

/** A broker has answered, if only to refuse for good. */
type Outcome<Response> =
  ControlAnswer<Response> | { readonly connection: Connection; readonly refusal: BrokerError }

type Put<Response> = (connection: Connection) => Promise<Outcome<Response>>

/** One for each producer. */
export class ControlPlane {
  /** The cluster's present brokers; metadata tells which. */
  readonly brokers: BrokerList
  readonly #context: NetworkContext
  readonly #listener: ControlListener
  readonly #bootstrap: readonly ConnectionTarget[]
  readonly #connections: ControlConnections
  readonly #attempts: Attempts
  /** Ends the second looks that are under way. */
  readonly #looking = new AbortController()
  #closeReason: OttlaError | undefined

  constructor({ listener, ...context }: NetworkContext & { readonly listener: ControlListener }) {
    this.#context = context
    this.#listener = listener
    this.#connections = new ControlConnections(context)
    this.#attempts = new Attempts(context.clock)
    this.brokers = new BrokerList(context.random)
    const targets = context.options.bootstrap.map(({ host, port }) => {
      return { nodeId: UNKNOWN_NODE_ID, host, port }
    })
    this.#bootstrap = shuffle(targets, context.random)
  }

  /**
   * Asks; the request may go to several brokers. Rejects with ConnectionError, naming each address and
   * its failure, and retriable unless no retry can mend any of them; with BrokerError where a broker
   * refuses for good, or all of them do for the moment; with AuthenticationError where the login has
   * never worked; with ClosedError when closed.
   */
  async ask<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    target: ControlTarget,
    options: AskOptions<Response> = {},
  ): Promise<ControlAnswer<Response>> {
    const put: Put<Response> = (connection) => this.#put(connection, api, request, options)
    try {
      const isAny = target === 'any'
      const outcome = isAny ? await this.#askAny(put) : await this.#askBroker(target.broker, put)
      if (isAny && options.isDiscovery !== true) this.rest()
      if ('refusal' in outcome) throw outcome.refusal
      return outcome
    } catch (error) {
      if (options.isDiscovery !== true && this.#closeReason === undefined) {
        this.#listener.onFailure()
      }
      throw error
    }
  }

  /** The answer did not help: the next question goes to another broker. */
  turnFrom(connection: Connection): void {
    this.#attempts.failed(connection, 'it answers nothing new')
    this.#connections.turnFrom(connection)
  }

  /** Nothing is missing: one connection is enough. */
  rest(): void {
    this.#connections.rest()
  }

  /** Why none of the addresses tried has answered; null where none was tried. */
  failure(): ConnectionError | null {
    const [target] = this.#targets()
    if (target === undefined || this.#attempts.isEmpty) return null
    return noAnswer(target, this.describeAttempts())
  }

  /** What became of each address tried, for messages. */
  describeAttempts(): string {
    return this.#attempts.describe()
  }

  /** Closes every connection and forgets the brokers: only the bootstrap addresses are left. */
  startOver(reason: OttlaError): void {
    this.brokers.clear()
    this.#attempts.clear()
    this.#connections.closeAll(reason)
  }

  /** Stops for good; leaves no socket and no timer. What is being asked is rejected with ClosedError. */
  close(): void {
    const cause = this.failure() ?? undefined
    this.#closeReason = new ClosedError('the producer is closed', { cause })
    this.#looking.abort()
    this.startOver(this.#closeReason)
  }

  /** The connection that answered last first; then the least recently failed. */
  #targets(): ConnectionTarget[] {
    const { first } = this.#connections
    const others = this.#attempts.sort([...this.brokers.shuffled, ...this.#bootstrap])
    return onceEach(first === undefined ? others : [first, ...others])
  }

  async #askAny<Response>(put: Put<Response>): Promise<Outcome<Response>> {
    const targets = this.#targets()
    try {
      const outcome = await tryInTurn(targets, {
        clock: this.#context.clock,
        hedgeMs: HEDGE_MS,
        pauseMs: (failures) => backoffMs(PAUSE, failures, this.#context.random),
        ask: (target) => this.#askOne(target, put),
        isDecisive: (error) => error instanceof AuthenticationError,
        onFailure: (target, error) => this.#failed(target, error),
        onSilent: (target) => {
          this.#note(target, 'no answer in time')
          this.#connections.leave(target)
        },
      })
      this.#attempts.answered(outcome.connection)
      this.#connections.adopt(outcome.connection)
      return outcome
    } catch (error) {
      const address = targets[0] ?? { host: '', port: 0 }
      throw this.#closeReason ?? nobodyAnswers(address, this.describeAttempts(), error)
    }
  }

  async #askBroker<Response>(nodeId: number, put: Put<Response>): Promise<Outcome<Response>> {
    const broker = this.brokers.get(nodeId)
    if (broker === undefined) throw this.#closeReason ?? notListed(nodeId)
    try {
      const outcome = await this.#askOne(broker, put, true)
      this.#attempts.answered(broker)
      return outcome
    } catch (error) {
      if (error instanceof BrokerError) this.#attempts.answered(broker)
      else this.#failed(broker, error)
      throw this.#closeReason ?? error
    }
  }

  /** `isKept`: its connection outlasts the question. */
  async #askOne<Response>(
    target: ConnectionTarget,
    put: Put<Response>,
    isKept = false,
  ): Promise<Outcome<Response>> {
    if (this.#closeReason !== undefined) throw this.#closeReason
    this.#attempts.begun(target)
    try {
      return await put(await this.#connections.open(target, isKept))
    } catch (error) {
      const { signal } = this.#looking
      throw await lookAgain(error, { context: this.#context, target, signal })
    }
  }

  async #put<Request, Response>(
    connection: Connection,
    api: Api<Request, Response>,
    request: Request,
    { timeoutMs, check, isDiscovery = false }: AskOptions<Response>,
  ): Promise<Outcome<Response>> {
    const { clock, cluster } = this.#context
    const limits = timeoutMs === undefined ? {} : { timeoutMs }
    try {
      if (!isDiscovery) await cluster.check(connection, connection.versions, undefined)
      const askedMs = clock.monotonicMs()
      const response = await connection.request(api, request, limits)
      if (check === undefined) requireAccepted(api, connection, response)
      else check(response, connection)
      return { connection, response, tookMs: clock.monotonicMs() - askedMs }
    } catch (error) {
      if (isDiscovery || !(error instanceof BrokerError) || error.retriable) throw error
      return { connection, refusal: error }
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
