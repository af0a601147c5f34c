/**
 * Asks the cluster everything but Produce: metadata, producer ids, coordinators.
 *
 *   ask(api, request, 'any')        to one broker after the other, until one answers
 *   … { broker: nodeId }            to that one, and nobody else
 *   … { address }                   to the one at that address
 *   … { coordinator: key, type }    to the one that keeps it: any broker is asked which (FindCoordinator)
 *
 * `'any'` begins with the broker that answered last; on failure or silence the other brokers and the
 * bootstrap addresses are asked in turn (control-addresses.ts), those that failed most recently last.
 *
 * Not a schedule: one call is one pass over the addresses, and each of them has `connectionTimeoutMs` and
 * the time limit of the request. Who asks decides when to try again.
 *
 * Neighbours: metadata.ts and the producer's ids ask; control-addresses.ts takes the question to brokers.
 */
import { BrokerError, ClosedError } from '../../errors.js'
import type { ConnectionError, OttlaError } from '../../errors.js'
import { atHome } from '../../home-context.js'
import type { Api } from '../../protocol/api.js'
import { BrokerList } from '../brokers/broker-list.js'
import type { Connection, ConnectionTarget } from '../connection/connection.js'
import type { NetworkContext } from '../context.js'
import { ControlAddresses } from './control-addresses.js'
import { notListed, requireAccepted, requireCoordinator, requireWhole } from './control-errors.js'
import type {
  AskOptions,
  ControlAnswer,
  ControlTarget,
  CoordinatorTarget,
} from './control-question.js'
import { Coordinators, coordinatorRequest, findCoordinatorUpTo5 } from './coordinators.js'

/** Called with what becomes of questions. Must not throw. */
export interface ControlListener {
  /** One was not answered, or refused: brokers may have gone, or the whole cluster. Not of a discovery. */
  onFailure(): void
  /** A connection of the control plane has come up: what its broker speaks is known. */
  onOpened?(connection: Connection): void
}

/** A broker has answered, if only to refuse for good. */
type Outcome<Response> =
  ControlAnswer<Response> | { readonly connection: Connection; readonly refusal: BrokerError }

type Put<Response> = (connection: Connection) => Promise<Outcome<Response>>

/** One for each producer. */
export class ControlPlane {
  /** The cluster's present brokers; metadata says which. */
  readonly brokers: BrokerList
  readonly #context: NetworkContext
  readonly #listener: ControlListener
  readonly #addresses: ControlAddresses
  readonly #coordinators = new Coordinators()

  constructor({ listener, ...context }: NetworkContext & { readonly listener: ControlListener }) {
    this.#context = context
    this.#listener = listener
    this.brokers = new BrokerList(context.random)
    this.#addresses = new ControlAddresses(context, this.brokers, (connection) =>
      listener.onOpened?.(connection),
    )
  }

  /**
   * Asks; the request may go to several brokers. Rejects with ConnectionError, naming each address and
   * its failure, and retriable unless no retry can fix any of them; with BrokerError where a broker
   * refuses for good, or all of them do for the moment; with AuthenticationError where the login has
   * never worked; with ClosedError when closed.
   */
  ask<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    target: ControlTarget,
    options: AskOptions<Response> = {},
  ): Promise<ControlAnswer<Response>> {
    // A connection that is opened for it, and its login, are for others, too.
    return atHome(() => this.#ask(api, request, target, options))
  }

  async #ask<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    target: ControlTarget,
    options: AskOptions<Response>,
  ): Promise<ControlAnswer<Response>> {
    const { isDiscovery = false } = options
    const put: Put<Response> = (connection) => this.#put(connection, api, request, options)
    try {
      const outcome = await this.#route(target, put)
      if (target === 'any' && !isDiscovery) this.rest()
      return answerOf(outcome)
    } catch (error) {
      const isClosed = this.#addresses.closeReason !== undefined
      if (!isDiscovery && !isClosed) this.#listener.onFailure()
      throw error
    }
  }

  /** The answer did not help: the next question goes to another broker. */
  turnFrom(connection: Connection): void {
    this.#addresses.turnFrom(connection)
  }

  /** The broker wants no request for so long (KIP-219): others are asked until then. */
  pause(connection: Connection, pauseMs: number): void {
    this.#addresses.pause(connection, pauseMs)
  }

  /** Monotonic: until when every address wants a pause; 0 where one does not. */
  get pausingUntilMs(): number {
    return this.#addresses.pausingUntilMs
  }

  /** Nothing is missing: one connection is enough, beside those of brokers that were asked alone. */
  rest(): void {
    this.#addresses.rest()
  }

  /** Why none of the addresses tried has answered; null where none was tried. */
  failure(): ConnectionError | null {
    return this.#addresses.failure()
  }

  /** What became of each address tried, for messages. */
  describeAttempts(): string {
    return this.#addresses.describeAttempts()
  }

  /** Closes every connection and forgets the brokers: only the bootstrap addresses are left. */
  startOver(reason: OttlaError): void {
    this.brokers.clear()
    this.#coordinators.clear()
    this.#addresses.startOver(reason)
  }

  /** Stops for good; leaves no socket and no timer. What is being asked is rejected with ClosedError. */
  close(): void {
    const cause = this.failure() ?? undefined
    this.#addresses.close(new ClosedError('the producer is closed', { cause }))
  }

  #route<Response>(target: ControlTarget, put: Put<Response>): Promise<Outcome<Response>> {
    if (target === 'any') return this.#addresses.askAny(put)
    if ('coordinator' in target) return this.#askCoordinator(target, put)
    if ('address' in target) return this.#addresses.askOne(target.address, put)
    const broker = this.brokers.get(target.broker)
    if (broker !== undefined) return this.#addresses.askOne(broker, put)
    return Promise.reject(this.#addresses.closeReason ?? notListed(target.broker))
  }

  /** Once: where it is another one by now, the next question looks for it anew. */
  async #askCoordinator<Response>(
    target: CoordinatorTarget,
    put: Put<Response>,
  ): Promise<Outcome<Response>> {
    const broker = this.#coordinators.get(target) ?? (await this.#findCoordinator(target))
    try {
      return await this.#addresses.askOne(broker, put)
    } catch (error) {
      this.#coordinators.failed(target, error)
      throw error
    }
  }

  async #findCoordinator(target: CoordinatorTarget): Promise<ConnectionTarget> {
    const request = coordinatorRequest(target)
    const outcome = await this.#addresses.askAny((connection) =>
      this.#put(connection, findCoordinatorUpTo5, request, { check: requireCoordinator }),
    )
    const { response, connection } = answerOf(outcome)
    return this.#coordinators.learn(target, requireCoordinator(response, connection))
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
      requireWhole(api, connection, request, response)
      if (check === undefined) requireAccepted(api, connection, response)
      else check(response, connection)
      return { connection, response, tookMs: clock.monotonicMs() - askedMs }
    } catch (error) {
      if (isDiscovery || !(error instanceof BrokerError) || error.retriable) throw error
      return { connection, refusal: error }
    }
  }
}

function answerOf<Response>(outcome: Outcome<Response>): ControlAnswer<Response> {
  if ('refusal' in outcome) throw outcome.refusal
  return outcome
}
