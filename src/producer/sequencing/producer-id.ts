/**
 * Where the producer id of an idempotent producer comes from: InitProducerId, asked of any broker
 * (KIP-98), tried again with growing pauses until it is there or the cluster says no for good.
 *
 *   none --acquire--> asking --answer--> known --renew--> asking …
 *    ^                  | refused (authorization): reported to the producer, back to none
 *    └── forget: another cluster has other ids; an answer that is still to come is ignored
 *   known --retire--> known, under a later epoch; or none, where the epochs are used up
 *
 * Several brokers may be asked at once, and give an id each: the first to come is used, the others
 * go unused.
 *
 * Before: numbering.ts, which needs an identity before a first batch is sent. After: any broker.
 */
import type { Clock, Timer } from '../../clock.js'
import { BrokerError, ConnectionError, TimeoutError, type OttlaError } from '../../errors.js'
import type { Log } from '../../logger.js'
import { backoffMs, refusedBackoffMs } from '../../network/backoff.js'
import { isRefusedLogin } from '../../network/metadata/metadata-errors.js'
import { OutageLog, PATIENCE_MS } from '../../network/outage-log.js'
import {
  initProducerId,
  type InitProducerIdRequest,
  type InitProducerIdResponse,
} from '../../protocol/messages/init-producer-id.js'
import { authorizationError, forbiddenBy } from '../completing/authorization.js'
import type { Identities } from './numbering.js'
import { MAX_PRODUCER_EPOCH, type ProducerIdentity } from './partition-sequence.js'

/** Kafka wants a transaction timeout even of producers that have no transactions. */
const NO_TRANSACTION_TIMEOUT_MS = 2 ** 31 - 1

const ANY_ID: InitProducerIdRequest = {
  transactionalId: null,
  transactionTimeoutMs: NO_TRANSACTION_TIMEOUT_MS,
  producerId: -1n,
  producerEpoch: -1,
}

type Renewal = (identity: ProducerIdentity | null) => void

export interface ProducerIdOptions {
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
}

export interface ProducerIdParts {
  readonly clock: Clock
  readonly logger: Log
  readonly random: () => number
  /** Of whichever broker answers; rejects with BrokerError where it is refused. */
  readonly ask: (
    api: typeof initProducerId,
    request: InitProducerIdRequest,
  ) => Promise<InitProducerIdResponse>
  /** The identity is there. */
  readonly onIdentity: () => void
  /** The cluster refuses to give one; asked again at the next `acquire`. */
  readonly onRefused: (error: OttlaError) => void
}

export class ProducerIdSource implements Identities {
  readonly #options: ProducerIdOptions
  readonly #parts: ProducerIdParts
  readonly #outage: OutageLog
  /** Why the last question brought none; null once one is known. */
  #lastError: OttlaError | null = null
  #mustBeginAtZero = false
  #identity: ProducerIdentity | null = null
  #isAsking = false
  /** Monotonic: since when it is asked for. */
  #askingSinceMs = 0
  #isClosed = false
  /** Numbers the questions: only the latest one's answer counts. */
  #question = 0
  #attempts = 0
  #timer: Timer | null = null
  #renewals: Renewal[] = []

  constructor(options: ProducerIdOptions, parts: ProducerIdParts) {
    this.#options = options
    this.#parts = parts
    this.#outage = new OutageLog(parts, {}, PATIENCE_MS)
  }

  /** Producer id and first epoch; null until they are known. */
  get identity(): ProducerIdentity | null {
    return this.#identity
  }

  /** A broker may know an earlier epoch of this id: numbers begin at 0, whatever a test wants. */
  get mustBeginAtZero(): boolean {
    return this.#mustBeginAtZero
  }

  /** Why there is none; null where there is one. */
  whyNone(): OttlaError | null {
    if (this.#identity !== null) return null
    return (
      this.#lastError ??
      new TimeoutError('no producer id: a broker was asked for one, and has not answered')
    )
  }

  /** Asks for an identity unless one is known or asked for. */
  acquire(): void {
    if (this.#identity !== null || this.#isAsking || this.#isClosed) return
    this.#isAsking = true
    this.#askingSinceMs = this.#parts.clock.monotonicMs()
    void this.#ask()
  }

  /**
   * `used` has no epoch left, or is refused: calls back with another identity, which all new partitions get too, or
   * with null where the cluster refuses.
   */
  renew(used: ProducerIdentity, onIdentity: Renewal): void {
    if (this.#identity !== null && this.#identity.producerId !== used.producerId) {
      onIdentity(this.#identity)
      return
    }
    this.#identity = null
    this.#renewals.push(onIdentity)
    this.acquire()
  }

  /** The cluster that gave the id, or was asked for one, is gone: so is whoever waits for it. */
  forget(): void {
    this.#question++
    this.#timer?.clear()
    this.#stopAsking()
    this.#identity = null
    this.#renewals = []
  }

  /**
   * Partitions that were numbered under `used`, and of which nothing is unresolved, are forgotten. Who
   * begins from now on may be one of them: it begins under a later epoch. To a broker that remembers
   * the partition's last batches, sequence 0 of the same epoch would be a repetition, acknowledged and
   * not stored; of a later epoch it is the only beginning that it takes (KIP-360).
   */
  retire({ producerId, producerEpoch }: ProducerIdentity): void {
    const current = this.#identity
    if (current?.producerId !== producerId || current.producerEpoch > producerEpoch) return
    const isUsedUp = producerEpoch >= MAX_PRODUCER_EPOCH
    this.#identity = isUsedUp ? null : { producerId, producerEpoch: producerEpoch + 1 }
    this.#mustBeginAtZero = true
  }

  close(): void {
    this.#isClosed = true
    this.forget()
  }

  async #ask(): Promise<void> {
    const question = ++this.#question
    try {
      const answer = await this.#parts.ask(initProducerId, ANY_ID)
      if (question !== this.#question) return
      this.#adopt({ producerId: answer.producerId, producerEpoch: answer.producerEpoch })
    } catch (error) {
      if (question === this.#question) this.#failed(inOurWords(error as OttlaError))
    }
  }

  #adopt(identity: ProducerIdentity): void {
    this.#isAsking = false
    this.#attempts = 0
    this.#lastError = null
    this.#outage.over('there is a producer id')
    this.#identity = identity
    this.#mustBeginAtZero = false
    this.#tellRenewals(identity)
    this.#parts.onIdentity()
  }

  #stopAsking(): void {
    this.#isAsking = false
    this.#outage.over('a producer id is not asked for any longer')
  }

  #tellRenewals(identity: ProducerIdentity | null): void {
    const renewals = this.#renewals
    this.#renewals = []
    for (const onIdentity of renewals) onIdentity(identity)
  }

  #failed(error: OttlaError): void {
    this.#lastError = error
    if (!error.retriable) {
      this.#stopAsking()
      this.#tellRenewals(null)
      this.#parts.onRefused(withAdvice(error))
      return
    }
    const message = 'no producer id; records wait, and it is asked for again'
    this.#outage.failed(error, message, this.#askingSinceMs)
    const { retryBackoffMs, retryBackoffMaxMs } = this.#options
    const range = { initialMs: retryBackoffMs, maxMs: retryBackoffMaxMs }
    const waitMs = isRefusedLogin(error) ? refusedBackoffMs : backoffMs
    const pauseMs = waitMs(range, ++this.#attempts, this.#parts.random)
    this.#timer = this.#parts.clock.setTimer(() => void this.#ask(), pauseMs, { keepAlive: false })
  }
}

/** The error of a record that never got its numbers. */
function inOurWords(error: OttlaError): OttlaError {
  const message = `no producer id: ${error.message}`
  if (error instanceof ConnectionError) {
    const { host, port, phase, retriable } = error
    return new ConnectionError(message, { host, port, phase, retriable, cause: error })
  }
  if (!(error instanceof BrokerError)) return error
  const { apiName, errorCode, errorName, retriable } = error
  return new BrokerError(message, { apiName, errorCode, errorName, retriable, cause: error })
}

/** A refusal, with what a user can do about it. */
function withAdvice(error: OttlaError): OttlaError {
  if (!(error instanceof BrokerError)) return error
  const forbidden = forbiddenBy(error.cause, {})
  if (forbidden !== undefined) {
    return authorizationError(`${error.message}; an idempotent producer needs one`, forbidden)
  }
  const { apiName, errorCode, errorName, retriable } = error
  return new BrokerError(
    `${error.message}; an idempotent producer needs a producer id (Kafka 0.11 or later has them): correct that, or set idempotence: false`,
    { apiName, errorCode, errorName, retriable, cause: error },
  )
}
