/**
 * One broker of the pool: its connection, or the attempts to open one. The state machine is drawn in
 * broker-pool.ts, which holds one of these per broker.
 *
 * Neighbours: open-connection.ts dials; backoff.ts says how long to wait.
 */
import type { Timer } from '../../clock.js'
import { AuthenticationError, ConnectionError, OttlaError, ProtocolError } from '../../errors.js'
import { formatAddress } from '../address.js'
import { backoffMs, refusedBackoffMs } from '../backoff.js'
import type { Broker } from './broker.js'
import type { PoolListener } from './pool-listener.js'
import type { Connection } from '../connection/connection.js'
import type { ConnectionListener, ConnectionTarget } from '../connection/connection-contract.js'
import { openConnection } from '../connection/open-connection.js'
import type { NetworkContext } from '../context.js'
import { OutageLog } from '../outage-log.js'

/** What is wrong most often with an address that has never answered. */
const LISTENER_ADVICE =
  '; the broker itself gives this address to its clients: if this machine cannot reach it, correct advertised.listeners on the broker'

/** A broker that takes no request, and says so by hanging up, has done it by then. */
const QUIET_MS = 3000

/** A broker at one address. */
export class BrokerLink implements ConnectionListener {
  readonly broker: Broker
  readonly #context: NetworkContext
  readonly #listener: PoolListener
  /** Why there is no connection; null while there is one, and before the first. */
  #lastError: OttlaError | null = null
  /** Until a request is answered: a connection that is closed under each of them is none. */
  readonly #outage: OutageLog
  #quiet: Timer | undefined
  #hasBeenOpen = false
  #connection: Connection | undefined
  #dialling: AbortController | undefined
  #timer: Timer | undefined
  #failures = 0
  #dialNotBeforeMs = 0
  #closed = false
  #onRetired: (() => void) | undefined

  constructor(context: NetworkContext, broker: Broker, listener: PoolListener) {
    this.#context = context
    this.broker = broker
    this.#listener = listener
    this.#outage = new OutageLog(context, this.#facts)
  }

  /** The connection, if it takes requests. */
  get connection(): Connection | undefined {
    return this.#connection?.isOpen === true ? this.#connection : undefined
  }

  /** Why requests cannot be sent; null while they can, or where nobody has tried. */
  whyUnreachable(): ConnectionError | null {
    const error = this.#lastError !== null && isIdleClose(this.#lastError) ? null : this.#lastError
    const isSought = error !== null || this.#isUnderway
    return this.connection === undefined && isSought ? this.#unreachable(error) : null
  }

  #unreachable(error: OttlaError | null): ConnectionError {
    const what = error?.message ?? 'it is being connected to, and has not answered'
    const { host, port } = this.broker
    const phase = error instanceof ConnectionError ? error.phase : 'connect'
    return new ConnectionError(
      `${this.#name} cannot be reached: ${what}${this.#hasBeenOpen ? '' : LISTENER_ADVICE}`,
      { host, port, phase, retriable: error?.retriable ?? true, cause: error ?? undefined },
    )
  }

  /** As `connection`, and sees to it that there will be one. */
  ensure(): Connection | undefined {
    if (this.#connection === undefined && !this.#isUnderway && !this.#closed) this.#dialSoon()
    return this.connection
  }

  /** Something speaks for the broker's being there: a dial need not wait any longer. */
  forgiveFailures(): void {
    this.#failures = 0
    this.#dialNotBeforeMs = 0
    if (this.#timer === undefined) return
    this.#timer.clear()
    this.#timer = undefined
    this.#dial()
  }

  /** Closes what there is; `ensure` dials again after the backoff. */
  drop(reason: OttlaError): void {
    this.#connection?.close(reason)
    this.#dialling?.abort()
  }

  /** Closes for good; whoever waits for the connection gets the error. */
  close(reason: OttlaError): void {
    const wasUnderway = this.#isUnderway
    this.#end()
    this.#timer?.clear()
    this.drop(reason)
    if (wasUnderway) this.#listener.onLost(this.broker.nodeId, reason)
  }

  /** Closes for good as soon as no answer is awaited, then calls back. */
  closeWhenIdle(reason: OttlaError, onClosed: () => void): void {
    this.#listener.onLost(this.broker.nodeId, reason)
    this.#end()
    this.#timer?.clear()
    this.#dialling?.abort()
    if (this.#connection === undefined) {
      onClosed()
      return
    }
    this.#onRetired = onClosed
    this.#connection.closeWhenIdle(reason)
  }

  /** Not for callers: the connection's. */
  onWritable(): void {
    this.#listener.onWritable(this.broker.nodeId)
  }

  /** Not for callers: the connection's. */
  onAnswered(connection: ConnectionTarget): void {
    if (connection === this.#connection && this.#outage.error !== null) this.#back()
  }

  /** Not for callers: the connection's. */
  onClose(connection: ConnectionTarget, reason: OttlaError): void {
    if (connection !== this.#connection) return
    this.#connection = undefined
    if (this.#onRetired !== undefined) this.#onRetired()
    else this.#lost(reason, isIdleClose(reason) ? 0 : 1)
  }

  get #isUnderway(): boolean {
    return this.#dialling !== undefined || this.#timer !== undefined
  }

  #dialSoon(): void {
    const waitMs = this.#dialNotBeforeMs - this.#context.clock.monotonicMs()
    if (waitMs <= 0) {
      this.#dial()
      return
    }
    // Keeps the process alive, as the dial itself does: somebody waits for this broker.
    this.#timer = this.#context.clock.setTimer(() => {
      this.#timer = undefined
      this.#dial()
    }, waitMs)
  }

  #dial(): void {
    const dialling = new AbortController()
    this.#dialling = dialling
    this.#listener.onDialling?.(this.broker.nodeId)
    openConnection({
      context: this.#context,
      target: this.broker,
      listener: this,
      signal: dialling.signal,
      isForProducing: true,
    }).then(
      (connection) => {
        this.#dialling = undefined
        this.#opened(connection)
      },
      (error: unknown) => {
        this.#dialling = undefined
        if (!this.#closed) this.#lost(asOttlaError(error), this.#failures + 1)
      },
    )
  }

  #opened(connection: Connection): void {
    const { host, port } = this.broker
    const gone = new ConnectionError('closed while it was opened', { host, port, phase: 'connect' })
    if (this.#closed) {
      connection.close(gone)
      return
    }
    if (!connection.isOpen) {
      this.#lost(connection.closeReason ?? gone, this.#failures + 1)
      return
    }
    this.#connection = connection
    this.#lastError = null
    this.#hasBeenOpen = true
    this.#context.logger.debug(this.#facts, `connected to ${this.#name}`)
    if (this.#outage.error !== null) this.#awaitQuiet(connection)
    this.#listener.onReady(this.broker.nodeId)
  }

  /** `failures`: in a row, which decides how long the next dial has to wait. */
  #lost(reason: OttlaError, failures: number): void {
    const { clock, options, random } = this.#context
    const range = { initialMs: options.reconnectBackoffMs, maxMs: options.reconnectBackoffMaxMs }
    this.#failures = failures
    this.#lastError = reason
    this.#quiet?.clear()
    this.#context.cluster.connectionLost()
    const wait = reason instanceof AuthenticationError ? refusedBackoffMs : backoffMs
    this.#dialNotBeforeMs = clock.monotonicMs() + wait(range, failures, random)
    this.#tellLost(reason)
    this.#listener.onLost(this.broker.nodeId, reason)
  }

  #tellLost(reason: OttlaError): void {
    const isMissed = !this.#closed && !isIdleClose(reason)
    if (isMissed) this.#outage.failed(reason, `lost ${this.#name}`)
    else this.#context.logger.debug({ ...this.#facts, err: reason }, `left ${this.#name}`)
  }

  /** It may have nothing to answer: with acks 0, or because nothing is left for it. */
  #awaitQuiet(connection: Connection): void {
    const { clock } = this.#context
    const openedMs = clock.monotonicMs()
    const onQuiet = (): void => {
      if (connection.inFlightCount === 0) this.#back(openedMs)
    }
    this.#quiet = clock.setTimer(onQuiet, QUIET_MS, { keepAlive: false })
  }

  /** `atMs`: monotonic, since when. */
  #back(atMs?: number): void {
    this.#quiet?.clear()
    this.#outage.over(`${this.#name} is back`, atMs)
  }

  /** Nobody asks for it any more: a loss that was logged ends here. */
  #end(): void {
    this.#closed = true
    this.#quiet?.clear()
    this.#outage.over(`${this.#name} is not looked for any longer`)
  }

  get #name(): string {
    return `broker ${this.broker.nodeId} at ${formatAddress(this.broker)}`
  }

  get #facts(): { readonly nodeId: number; readonly host: string; readonly port: number } {
    const { nodeId, host, port } = this.broker
    return { nodeId, host, port }
  }
}

/** Nobody used the connection, or the broker closed it while nothing was due. */
function isIdleClose(reason: OttlaError): boolean {
  return reason instanceof ConnectionError && reason.phase === 'idle'
}

function asOttlaError(error: unknown): OttlaError {
  if (error instanceof OttlaError) return error
  return new ProtocolError(`a connection could not be opened: ${String(error)}`, { cause: error })
}
