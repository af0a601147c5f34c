/**
 * The connection for small questions (metadata, producer ids): to any broker that answers.
 *
 * It is a connection of its own, never one that records are produced on: those may be blocked behind
 * acks, or belong to a broker that is frozen. Every question goes to the connection that answered
 * last; on failure or silence the other brokers and the bootstrap addresses are asked in turn
 * (try-in-turn.ts), those that failed most recently last. Bootstrap addresses are resolved anew by
 * each dial, so that a cluster that has moved is found again (KIP-899).
 *
 *   answered ──────────────> asked first next time
 *   answered, to no avail ─> asked last: it may have an old view, or be no help for now
 *   refused for the moment > the same, and another one is asked at once
 *   refused for good ──────> that is the answer
 *   login refused ──────────> the others have half a second, then this pass is over: refusals are
 *                            counted by directories, and whoever is silent says no more by waiting
 *   … and never one taken ──> that is the answer
 *
 * Not a schedule: one call is one pass over the addresses. metadata.ts decides when to try again.
 *
 * Neighbours: metadata.ts owns it; open-connection.ts opens.
 */
import { AuthenticationError, BrokerError, ConnectionError, OttlaError } from '../../errors.js'
import type { OttlaErrorOptions } from '../../errors.js'
import type { Api } from '../../protocol/api.js'
import { ErrorCodes, errorCode } from '../../protocol/error-codes.js'
import { formatAddress } from '../address.js'
import { backoffMs } from '../backoff.js'
import type { BackoffRange } from '../backoff.js'
import { UNKNOWN_NODE_ID } from '../brokers/broker.js'
import type { Broker } from '../brokers/broker.js'
import type { Connection, ConnectionTarget } from '../connection/connection.js'
import { isFinalRefusal } from '../metadata/metadata-errors.js'
import { openConnection } from '../connection/open-connection.js'
import type { NetworkContext } from '../context.js'
import { lookAgain } from '../transport/second-look.js'
import { shuffle } from '../shuffle.js'
import type { Address } from '../transport/transport.js'
import { tryInTurn } from './try-in-turn.js'

/** Silence after which another broker is asked as well: longer than any healthy answer takes. */
const HEDGE_MS = 500

const NEVER_MS = -1

/** While one address is silent, the pauses between tries at one that fails. */
const PAUSE: BackoffRange = { initialMs: 50, maxMs: 250 }

/** Connections kept while one broker after the other is asked; the one that answered longest ago goes. */
const MOST_CONNECTIONS = 4

/** An answer and where it came from. */
export interface ControlAnswer<Result> {
  readonly connection: Connection
  readonly result: Result
}

/** An address being dialled or connected to. */
interface Line {
  readonly dialling: AbortController
  readonly opened: Promise<Connection>
  connection?: Connection
}

/** Asks whichever broker answers. */
export class ControlPlane {
  readonly #context: NetworkContext
  readonly #bootstrap: readonly ConnectionTarget[]
  /** By address; the one that answered last is the last. */
  readonly #lines = new Map<string, Line>()
  /** What became of the last attempt at each address: its time, and in words. */
  readonly #attempts = new Map<string, { readonly failedAtMs: number; readonly fate: string }>()
  /** No longer asked anything; open until their last answers are in. */
  readonly #retiring = new Set<Connection>()
  /** Ends the second looks that are under way. */
  readonly #looking = new AbortController()
  #brokers: readonly ConnectionTarget[] = []
  #current: Connection | undefined
  #closeReason: OttlaError | undefined

  constructor(context: NetworkContext) {
    this.#context = context
    const targets = context.options.bootstrap.map(({ host, port }) => {
      return { nodeId: UNKNOWN_NODE_ID, host, port }
    })
    this.#bootstrap = shuffle(targets, context.random)
  }

  /** Takes the cluster's present brokers, all of them. */
  setBrokers(brokers: readonly Broker[]): void {
    this.#brokers = shuffle(brokers, this.#context.random)
  }

  /** Closes every connection and forgets the brokers: only the bootstrap addresses are left. */
  forgetBrokers(reason: OttlaError): void {
    this.#brokers = []
    this.#attempts.clear()
    for (const address of [...this.#lines.keys()]) this.#hangUp(address, reason)
    for (const connection of [...this.#retiring]) connection.close(reason)
  }

  /**
   * Puts a question to one broker after the other until one answers. `question` may be called with
   * several connections. Rejects with ConnectionError, naming each address and its failure, and
   * retriable unless no retry can mend any of them.
   */
  async ask<Result>(
    question: (connection: Connection) => Promise<Result>,
  ): Promise<ControlAnswer<Result>> {
    const targets = this.#targets()
    try {
      const answer = await tryInTurn(targets, {
        clock: this.#context.clock,
        hedgeMs: HEDGE_MS,
        pauseMs: (failures) => backoffMs(PAUSE, failures, this.#context.random),
        ask: (target) => this.#askOne(target, question),
        isDecisive: (error) => error instanceof AuthenticationError,
        onFailure: (target, error) => {
          this.#failed(target, error instanceof Error ? error.message : String(error), error)
        },
        onSilent: (target) => {
          this.#leave(target, 'no answer in time')
        },
      })
      this.#adopt(answer.connection)
      return answer
    } catch (error) {
      throw this.#closeReason ?? this.#nobodyAnswers(targets, error)
    }
  }

  /**
   * As `ask`, with a request that any broker may answer: a silent broker costs half a second, and one
   * that refuses for the moment (COORDINATOR_LOAD_IN_PROGRESS) no more than its answer. Rejects with
   * BrokerError where a broker refuses for good, or all of them do for the moment.
   */
  async request<Request, Response extends { readonly errorCode: number }>(
    api: Api<Request, Response>,
    request: Request,
  ): Promise<Response> {
    const { cluster } = this.#context
    const { result } = await this.ask(async (connection): Promise<Response | BrokerError> => {
      try {
        await cluster.check(connection, connection.versions, undefined)
        const response = await connection.request(api, request)
        return requireAccepted(api, connection, response)
      } catch (error) {
        if (error instanceof BrokerError && !error.retriable) return error
        throw error
      }
    })
    this.rest()
    if (result instanceof BrokerError) throw result
    return result
  }

  /** The answer did not help: the next question goes to another broker. */
  turnFrom(connection: Connection): void {
    const failedAtMs = this.#context.clock.monotonicMs()
    this.#attempts.set(formatAddress(connection), { failedAtMs, fate: 'it answers nothing new' })
    if (this.#current === connection) this.#current = undefined
  }

  /** Nothing is missing: one connection is enough. */
  rest(): void {
    for (const { connection } of [...this.#lines.values()]) {
      if (connection !== undefined && connection !== this.#current) this.#retire(connection)
    }
  }

  /** Why none of the addresses tried has answered; null where none was tried. */
  failure(): ConnectionError | null {
    const [target] = this.#targets()
    if (target === undefined || this.#attempts.size === 0) return null
    return this.#noAnswer(target)
  }

  /** What became of each address tried, for messages. */
  describeAttempts(): string {
    const fates = [...this.#attempts].map(([address, { fate }]) => `${address} (${fate})`)
    return fates.join('; ')
  }

  /** Closes everything; what is being asked is rejected with `reason`. */
  close(reason: OttlaError): void {
    this.#closeReason = reason
    this.#looking.abort()
    this.forgetBrokers(reason)
  }

  /** The current connection's first; then the least recently failed. */
  #targets(): readonly ConnectionTarget[] {
    const targets = new Map<string, ConnectionTarget>()
    const current = this.#current?.isOpen === true ? [this.#current] : []
    const others = [...this.#brokers, ...this.#bootstrap]
    others.sort((a, b) => this.#failedAtMs(a) - this.#failedAtMs(b))
    for (const target of [...current, ...others]) {
      const address = formatAddress(target)
      if (!targets.has(address)) targets.set(address, target)
    }
    return [...targets.values()]
  }

  #failedAtMs(target: ConnectionTarget): number {
    return this.#attempts.get(formatAddress(target))?.failedAtMs ?? NEVER_MS
  }

  async #askOne<Result>(
    target: ConnectionTarget,
    question: (connection: Connection) => Promise<Result>,
  ): Promise<ControlAnswer<Result>> {
    if (this.#closeReason !== undefined) throw this.#closeReason
    const address = formatAddress(target)
    // What failed before says more than that this try is under way.
    const fate = this.#attempts.get(address)?.fate ?? 'no answer yet'
    this.#attempts.set(address, { failedAtMs: NEVER_MS, fate })
    const line = this.#lines.get(address) ?? this.#dial(address, target)
    try {
      const connection = await line.opened
      return { connection, result: await question(connection) }
    } catch (error) {
      const { signal } = this.#looking
      throw await lookAgain(error, { context: this.#context, target, signal })
    }
  }

  #dial(address: string, { nodeId, host, port }: ConnectionTarget): Line {
    const dialling = new AbortController()
    const opened = openConnection({
      context: this.#context,
      target: { nodeId, host, port },
      signal: dialling.signal,
      listener: {
        onWritable: () => {},
        onClose: () => {
          if (line.connection !== undefined) this.#forget(address, line.connection)
        },
      },
    })
    const line: Line = { dialling, opened }
    this.#lines.set(address, line)
    opened.then(
      (connection) => {
        line.connection = connection
        if (this.#lines.get(address) !== line) connection.close(this.#unneeded(connection))
        else if (!connection.isOpen) this.#lines.delete(address)
      },
      () => {
        if (this.#lines.get(address) === line) this.#lines.delete(address)
      },
    )
    return line
  }

  #forget(address: string, connection: Connection): void {
    if (this.#lines.get(address)?.connection === connection) {
      this.#lines.delete(address)
      this.#context.cluster.connectionLost()
    }
    if (this.#current === connection) this.#current = undefined
    this.#retiring.delete(connection)
  }

  #retire(connection: Connection): void {
    const address = formatAddress(connection)
    if (this.#lines.get(address)?.connection === connection) this.#lines.delete(address)
    this.#forget(address, connection)
    this.#retiring.add(connection)
    connection.closeWhenIdle(this.#unneeded(connection))
  }

  /** From now on questions go to this one first. */
  #adopt(connection: Connection): void {
    const address = formatAddress(connection)
    this.#attempts.delete(address)
    this.#current = connection
    const line = this.#lines.get(address)
    if (line?.connection === connection) {
      this.#lines.delete(address)
      this.#lines.set(address, line)
    }
    const open = [...this.#lines.values()].flatMap(({ connection }) => connection ?? [])
    for (const spare of open.slice(0, -MOST_CONNECTIONS)) this.#retire(spare)
  }

  /** Remembers why an address was of no use. One that has refused keeps its connection. */
  #failed(target: ConnectionTarget, fate: string, error: unknown): void {
    const line = this.#lines.get(formatAddress(target))
    if (line?.connection?.isOpen !== true) {
      this.#leave(target, fate, error)
      return
    }
    this.#note(target, fate, error)
    if (this.#current === line.connection) this.#current = undefined
  }

  /** As `#failed`, and leaves it to answer what else it was asked. */
  #leave(target: ConnectionTarget, fate: string, error?: unknown): void {
    this.#note(target, fate, error)
    const address = formatAddress(target)
    const line = this.#lines.get(address)
    this.#lines.delete(address)
    if (line?.connection === undefined) line?.dialling.abort()
    else this.#retire(line.connection)
  }

  #note(target: ConnectionTarget, fate: string, error?: unknown): void {
    const address = formatAddress(target)
    this.#attempts.set(address, { failedAtMs: this.#context.clock.monotonicMs(), fate })
    const { host, port } = target
    const err = error ?? fate
    this.#context.logger.debug({ host, port, err }, 'a broker did not answer a control request')
  }

  #hangUp(address: string, reason: OttlaError): void {
    const line = this.#lines.get(address)
    this.#lines.delete(address)
    line?.dialling.abort()
    line?.connection?.close(reason)
  }

  #unneeded({ host, port }: ConnectionTarget): ConnectionError {
    const message = `control requests no longer go to ${formatAddress({ host, port })}`
    return new ConnectionError(message, { host, port, phase: 'close' })
  }

  #nobodyAnswers(targets: readonly ConnectionTarget[], cause: unknown): OttlaError {
    const errors: unknown[] = cause instanceof AggregateError ? cause.errors : [cause]
    const refusal = errors.find(isFinalRefusal)
    if (refusal !== undefined) return refusal
    const [first] = errors
    if (first instanceof BrokerError && errors.every(isRefusal)) return first
    const retriable = errors.some((error) => !(error instanceof OttlaError) || error.retriable)
    const code = commonCode(errors)
    return this.#noAnswer(targets[0] ?? { host: '', port: 0 }, { retriable, cause, code })
  }

  #noAnswer(
    { host, port }: Address,
    options: OttlaErrorOptions & { readonly code?: string | undefined } = {},
  ): ConnectionError {
    const message = `no broker answers: ${this.describeAttempts()}`
    return new ConnectionError(message, { host, port, phase: 'connect', ...options })
  }
}

/** The kind of failure, where it was the same at every address. */
function commonCode(errors: readonly unknown[]): string | undefined {
  const codes = new Set(
    errors.map((error) => (error instanceof ConnectionError ? error.code : undefined)),
  )
  return codes.size === 1 ? [...codes][0] : undefined
}

function isRefusal(error: unknown): boolean {
  return error instanceof BrokerError
}

/** The response, if it is one. Throws BrokerError where it carries an error code. */
function requireAccepted<Response extends { readonly errorCode: number }>(
  api: { readonly name: string },
  connection: Connection,
  response: Response,
): Response {
  if (response.errorCode === ErrorCodes.NONE) return response
  const { code, name, description, retriable } = errorCode(response.errorCode)
  throw new BrokerError(`${name}, ${description} (${api.name} at ${formatAddress(connection)})`, {
    apiName: api.name,
    errorCode: code,
    errorName: name,
    retriable,
  })
}
