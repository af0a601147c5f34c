/**
 * The coordinator of transactions, for all brokers of the test cluster: what it answers to each request,
 * in the order of Kafka's checks, and when it aborts by itself.
 *
 *   request ─> is this broker its coordinator? ─> who asks? ─> decision ─> step ─> answer
 *
 * Spec: Kafka's TransactionCoordinator. Neighbours: handlers/ ask it; init-rules.ts and end-rules.ts
 * decide; coordinated-id.ts takes the steps.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type { Broker } from '../broker.js'
import { CoordinatedId } from './coordinated-id.js'
import { decideEnd, fencing, type End, type EndMeans } from './end-rules.js'
import { decideInit, type ProducerIdentity } from './init-rules.js'
import type { CoordinatorEnvironment } from './environment.js'
import { TransactionMetadata, type TransactionPartition } from './transaction-metadata.js'
import type { Transition } from './transaction-metadata.js'
import type { WriteFate } from './transaction-options.js'
import { TransactionTimeouts } from './transaction-timeouts.js'

/** An answer that gives an identity; -1 on error. */
export interface IdentityAnswer extends ProducerIdentity {
  readonly errorCode: number
}

/** Which partitions a transaction is to have. */
export interface Addition extends ProducerIdentity {
  readonly transactionalId: string
  readonly partitions: readonly TransactionPartition[]
}

const NO_IDENTITY = { producerId: -1n, producerEpoch: -1 }
const { CONCURRENT_TRANSACTIONS, INVALID_PRODUCER_ID_MAPPING, NONE, NOT_COORDINATOR } = ErrorCodes
const { PRODUCER_FENCED } = ErrorCodes

export class TransactionCoordinator {
  readonly #environment: CoordinatorEnvironment
  readonly #ids = new Map<string, CoordinatedId>()
  readonly #timeouts: TransactionTimeouts

  constructor(environment: CoordinatorEnvironment) {
    this.#environment = environment
    const { clock, knobs } = environment
    this.#timeouts = new TransactionTimeouts(clock, knobs, () => this.abortTimedOut())
  }

  /** Every transactional id that is known. */
  get all(): readonly TransactionMetadata[] {
    return [...this.#ids.values()].map(({ metadata }) => metadata)
  }

  /** Undefined for an id that never came, or has expired. */
  get(transactionalId: string): TransactionMetadata | undefined {
    return this.#ids.get(transactionalId)?.metadata
  }

  /** InitProducerId of a transactional id. */
  init(
    broker: Broker,
    { transactionalId, timeoutMs, expected }: InitRequest,
    respond: (answer: IdentityAnswer) => void,
  ): void {
    const refuse = (errorCode: number): void => respond({ errorCode, ...NO_IDENTITY })
    if (transactionalId === '') return refuse(ErrorCodes.INVALID_REQUEST)
    const { knobs, newProducerId } = this.#environment
    if (timeoutMs <= 0 || timeoutMs > knobs.maxTimeoutMs) {
      return refuse(ErrorCodes.INVALID_TRANSACTION_TIMEOUT)
    }
    if (!this.#isAt(broker, transactionalId)) return refuse(NOT_COORDINATOR)
    const id = this.#ids.get(transactionalId) ?? this.#create(transactionalId, timeoutMs)
    const { metadata } = id
    const decision = decideInit(metadata, expected, timeoutMs, newProducerId)
    if ('errorCode' in decision) return refuse(decision.errorCode)
    if ('fence' in decision) {
      return id.end(this.#fencing(metadata), (errorCode) => {
        refuse(errorCode === NONE ? CONCURRENT_TRANSACTIONS : errorCode)
      })
    }
    id.write(decision.transition, (errorCode) => {
      if (errorCode !== NONE) return refuse(errorCode)
      const { producerId, producerEpoch } = metadata
      respond({ errorCode, producerId, producerEpoch })
    })
  }

  /** Makes partitions part of a transaction, beginning it with the first. `broker`: who was asked, if a client. */
  add(broker: Broker | null, addition: Addition, respond: (errorCode: number) => void): void {
    const { transactionalId, partitions } = addition
    if (transactionalId === '') return respond(ErrorCodes.INVALID_REQUEST)
    if (broker !== null && !this.#isAt(broker, transactionalId)) return respond(NOT_COORDINATOR)
    const id = this.#ids.get(transactionalId)
    if (id === undefined) return respond(INVALID_PRODUCER_ID_MAPPING)
    const { metadata } = id
    const errorCode = checkIdentity(metadata, addition)
    if (errorCode !== NONE) return respond(errorCode)
    if (metadata.pending !== null || metadata.isEnding) return respond(CONCURRENT_TRANSACTIONS)
    const isOngoing = metadata.state === 'Ongoing'
    const added = partitions.filter((it) => !metadata.has(it))
    if (isOngoing && added.length === 0) return respond(NONE)
    const startMs = isOngoing ? metadata.startMs : this.#nowMs
    const all = [...metadata.partitions, ...added]
    id.write({ state: 'Ongoing', partitions: all, startMs }, (written) => {
      this.#timeouts.watch()
      respond(written)
    })
  }

  /** Whether a partition is part of the transaction: what a leader asks for a producer up to Produce v11. */
  verify(transactionalId: string, producer: ProducerIdentity, of: TransactionPartition): number {
    const metadata = this.get(transactionalId)
    if (metadata === undefined) return INVALID_PRODUCER_ID_MAPPING
    const errorCode = checkIdentity(metadata, producer)
    if (errorCode !== NONE) return errorCode
    if (metadata.isEnding) return CONCURRENT_TRANSACTIONS
    return metadata.has(of) ? NONE : ErrorCodes.TRANSACTION_ABORTABLE
  }

  /** EndTxn. */
  end(broker: Broker, request: EndRequest, respond: (answer: IdentityAnswer) => void): void {
    const refuse = (errorCode: number): void => respond({ errorCode, ...NO_IDENTITY })
    const { transactionalId } = request
    if (transactionalId === '') return refuse(ErrorCodes.INVALID_REQUEST)
    if (!this.#isAt(broker, transactionalId)) return refuse(NOT_COORDINATOR)
    const id = this.#ids.get(transactionalId)
    if (id === undefined) return refuse(INVALID_PRODUCER_ID_MAPPING)
    const { metadata } = id
    const decision = decideEnd(metadata, request, this.#means)
    if ('transition' in decision) {
      return id.end(decision.transition, (errorCode, next) => {
        if (errorCode === NONE) respond({ errorCode, ...next })
        else refuse(errorCode)
      })
    }
    if (decision.errorCode !== NONE) return refuse(decision.errorCode)
    const { producerId, producerEpoch } = metadata
    respond({ errorCode: NONE, producerId, producerEpoch })
  }

  /** Aborts what has been open for longer than its producer said, as Kafka does every ten seconds. */
  abortTimedOut(): void {
    for (const id of this.#ids.values()) {
      const { metadata } = id
      const isOver = metadata.startMs + metadata.timeoutMs < this.#nowMs
      if (metadata.state !== 'Ongoing' || metadata.pending !== null || !isOver) continue
      if (id.isAble) id.end(this.#fencing(metadata), () => {})
    }
    if (this.all.some(({ state }) => state === 'Ongoing')) this.#timeouts.watch()
  }

  /** Forgets an id, as `transactional.id.expiration.ms` does. False where a transaction is open or ending. */
  expire(transactionalId: string): boolean {
    const id = this.#ids.get(transactionalId)
    if (id === undefined) return true
    const { state, pending } = id.metadata
    if (pending !== null || state === 'Ongoing' || id.metadata.isEnding) return false
    id.metadata.prepare({ state: 'Dead' })
    id.metadata.complete()
    return this.#ids.delete(transactionalId)
  }

  /** Brokers came or went: who coordinates what may be another now. */
  brokersChanged(fate: WriteFate = 'keep'): void {
    for (const [transactionalId, id] of this.#ids) {
      const brokerId = this.#environment.placement.of('transaction', transactionalId)?.id ?? null
      if (brokerId !== id.brokerId) id.takeOver(brokerId, fate)
    }
  }

  /** Forgets everything; who waits for a log write is told that nobody coordinates his transaction. */
  clear(): void {
    const gone = [...this.#ids.values()]
    this.#ids.clear()
    for (const id of gone) id.takeOver(null, 'lose')
    this.#timeouts.stop()
  }

  get #nowMs(): number {
    return this.#environment.clock.monotonicMs()
  }

  get #means(): EndMeans {
    return { nowMs: this.#nowMs, newProducerId: this.#environment.newProducerId }
  }

  #fencing(metadata: TransactionMetadata): Transition {
    return fencing(metadata, this.#environment.transactionVersion(), this.#means)
  }

  #create(transactionalId: string, timeoutMs: number): CoordinatedId {
    const { newProducerId, placement } = this.#environment
    const brokerId = placement.of('transaction', transactionalId)?.id ?? null
    const metadata = new TransactionMetadata(transactionalId, newProducerId(), timeoutMs)
    const coordinated = new CoordinatedId(this.#environment, metadata, brokerId)
    this.#ids.set(transactionalId, coordinated)
    return coordinated
  }

  #isAt(broker: Broker, transactionalId: string): boolean {
    return this.#environment.placement.of('transaction', transactionalId) === broker
  }
}

/** What InitProducerId asks of the coordinator. */
export interface InitRequest {
  readonly transactionalId: string
  readonly timeoutMs: number
  /** Null from a producer without an identity. */
  readonly expected: ProducerIdentity | null
}

/** What EndTxn asks of it. */
export interface EndRequest extends End {
  readonly transactionalId: string
}

function checkIdentity(metadata: TransactionMetadata, producer: ProducerIdentity): number {
  if (metadata.producerId !== producer.producerId) return INVALID_PRODUCER_ID_MAPPING
  return metadata.producerEpoch === producer.producerEpoch ? NONE : PRODUCER_FENCED
}
