/**
 * Requests that wait while a connection logs in again, and who waits for it to be idle first.
 *
 *   OFF ──begin──> ON: requests are kept ──end──> OFF: the kept ones, to be sent in their order
 *    └── a request finds the session over: it is renewed ──┘
 *
 * Neighbours: connection.ts is its only user; sasl/session.ts decides when.
 */
import type { OttlaError } from '../../errors.js'
import type { ConnectionSession } from './connection-contract.js'

/** A request that was not sent yet. */
export interface HeldRequest {
  send(): void
  onFailure(error: OttlaError): void
}

/** One for each connection. */
export class RequestHold {
  /** Undefined while nothing is held. */
  #held: HeldRequest[] | undefined
  #onIdle: ((closeReason: OttlaError | null) => void) | undefined
  /** What keeps the connection logged in; undefined without a login. */
  #session: ConnectionSession | undefined

  /** The connection is logged in. */
  use(session: ConnectionSession | undefined): void {
    this.#session = session
  }

  /** The connection is closed: it is not logged in again. */
  stopSession(): void {
    this.#session?.stop()
  }

  /** A login is on, or must come first. It may close the connection, which is asked whether it `isOpen`. */
  mustWait(isOpen: boolean): boolean {
    const isOver = isOpen && this.#held === undefined && this.#session?.isOver === true
    if (isOver && this.#session?.renew() === true) this.begin()
    return this.isOn
  }

  get isOn(): boolean {
    return this.#held !== undefined
  }

  begin(): void {
    this.#held ??= []
  }

  keep(request: HeldRequest): void {
    this.#held?.push(request)
  }

  /** Ends it; returns what was kept. */
  end(): readonly HeldRequest[] {
    const held = this.#held ?? []
    this.#held = undefined
    return held
  }

  /** Resolves when the connection has no request in flight; rejects when it is closed. */
  untilIdle(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onIdle = (closeReason) => (closeReason === null ? resolve() : reject(closeReason))
    })
  }

  /** The connection is idle, or closed for a reason. */
  settle(closeReason: OttlaError | null): void {
    this.#onIdle?.(closeReason)
    this.#onIdle = undefined
  }
}
