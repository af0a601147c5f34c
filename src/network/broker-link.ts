/**
 * One broker of the pool: its connection, or the way to it. The state machine is drawn in
 * broker-pool.ts, which holds one of these per broker.
 *
 * Neighbours: open-connection.ts dials; backoff.ts says how long to wait.
 */
import type { Timer } from '../clock.js'
import { ConnectionError, OttlaError, ProtocolError } from '../errors.js'
import { backoffMs } from './backoff.js'
import type { Broker } from './broker.js'
import type { PoolListener } from './broker-pool.js'
import type { Connection, ConnectionListener } from './connection.js'
import { openConnection } from './open-connection.js'
import type { NetworkContext } from './options.js'

/** A broker at one address. */
export class BrokerLink implements ConnectionListener {
  readonly broker: Broker
  readonly #context: NetworkContext
  readonly #listener: PoolListener
  /** Why there is no connection; null while there is one, and before the first. */
  lastError: OttlaError | null = null
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
  }

  /** The connection, if it takes requests. */
  get connection(): Connection | undefined {
    return this.#connection?.isOpen === true ? this.#connection : undefined
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

  /** Closes for good; whoever waits for the connection is told. */
  close(reason: OttlaError): void {
    const wasUnderway = this.#isUnderway
    this.#closed = true
    this.#timer?.clear()
    this.drop(reason)
    if (wasUnderway) this.#listener.onLost(this.broker.nodeId, reason)
  }

  /** Closes for good as soon as no answer is awaited, then calls back. */
  closeWhenIdle(reason: OttlaError, onClosed: () => void): void {
    this.#listener.onLost(this.broker.nodeId, reason)
    this.#closed = true
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
  onClose(connection: Connection, reason: OttlaError): void {
    if (connection !== this.#connection) return
    this.#connection = undefined
    const isIdleClose = reason instanceof ConnectionError && reason.phase === 'idle'
    if (this.#onRetired !== undefined) this.#onRetired()
    else this.#lost(reason, isIdleClose ? 0 : 1)
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
      this.#lost(gone, this.#failures + 1)
      return
    }
    this.#connection = connection
    this.lastError = null
    this.#context.logger.debug({ broker: this.broker }, 'connected to a broker')
    this.#listener.onReady(this.broker.nodeId)
  }

  /** `failures`: in a row, which decides how long the next dial has to wait. */
  #lost(reason: OttlaError, failures: number): void {
    const { clock, options, random, logger } = this.#context
    const range = { initialMs: options.reconnectBackoffMs, maxMs: options.reconnectBackoffMaxMs }
    this.#failures = failures
    this.lastError = reason
    this.#context.cluster.connectionLost()
    this.#dialNotBeforeMs = clock.monotonicMs() + backoffMs(range, failures, random)
    logger.debug({ broker: this.broker, error: reason }, 'the way to a broker is lost')
    this.#listener.onLost(this.broker.nodeId, reason)
  }
}

function asOttlaError(error: unknown): OttlaError {
  if (error instanceof OttlaError) return error
  return new ProtocolError(`a connection could not be opened: ${String(error)}`, { cause: error })
}
