/**
 * What the leader of a partition does before it appends a batch of a transaction that is not open there
 * yet: it asks the coordinator. For a producer up to Produce v11 it asks whether the partition was added;
 * for v12 and later it adds it. Brokers before Kafka 3.6 ask nothing of the former.
 *
 * Spec: Kafka's ReplicaManager.handleProduceAppend, AddPartitionsToTxnManager; KIP-890. Neighbours:
 * handlers/produce.ts and handlers/txn-offset-commit.ts ask, through verification-queue.ts;
 * coordinator.ts answers.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import { refusal, type Refusal, type TransactionalHeader } from '../batch-check.js'
import type { Broker } from '../broker.js'
import type { ClusterState } from '../cluster-state.js'
import type { Partition } from '../partition.js'
import type { AppendGuard } from './append-guards.js'
import type { Addition } from './coordinator.js'
import type { TransactionPartition } from './transaction-metadata.js'
import { WaitingJob } from './waiting-job.js'

/** A batch of a transaction, and where it is to go. */
export interface TransactionalBatch extends TransactionalHeader {
  readonly place: TransactionPartition
  readonly partition: Partition
}

/** The request that has it. */
export interface TransactionalRequest {
  readonly version: number
  readonly transactionalId: string
  /** Node id of the broker that was asked. */
  readonly leaderId: number
}

/** What a batch has come to before it is appended. */
export interface Verification {
  readonly guard: AppendGuard | null
  readonly refusal: Refusal | null
}

/** Of the partitions that had to be asked for. */
export type Verifications = ReadonlyMap<Partition, Verification>

/** The first Produce that adds partitions. */
const FIRST_ADDING = 12
/** The first that may be told TRANSACTION_ABORTABLE. */
const FIRST_ABORTABLE = 11
const RETRY_MS = 20
const RETRY_FOR_MS = 100
/** Kafka's `request.timeout.ms` of brokers among themselves. */
const REQUEST_TIMEOUT_MS = 30_000

/** Asks for all batches of a request; calls back at once where nothing is to be asked. */
export function verifyBatches(
  cluster: ClusterState,
  request: TransactionalRequest,
  batches: readonly TransactionalBatch[],
  done: (verifications: Verifications) => void,
): void {
  const { clock } = cluster.settings
  const endMs = clock.monotonicMs() + (request.version >= FIRST_ADDING ? RETRY_FOR_MS : 0)
  const attempt = (): void => {
    verifyOnce(cluster, request, batches, (verifications, isConcurrent) => {
      if (!isConcurrent || clock.monotonicMs() >= endMs) return done(verifications)
      clock.setTimer(attempt, RETRY_MS, { keepAlive: false })
    })
  }
  attempt()
}

function verifyOnce(
  cluster: ClusterState,
  request: TransactionalRequest,
  batches: readonly TransactionalBatch[],
  done: (verifications: Verifications, isConcurrent: boolean) => void,
): void {
  const verifications = new Map<Partition, Verification>()
  const isAdding = request.version >= FIRST_ADDING
  const isAsking = isAdding || cluster.settings.transactionKnobs.partitionVerification
  const asked: { batch: TransactionalBatch; guard: AppendGuard }[] = []
  for (const batch of batches) {
    const { partition, producerId, producerEpoch: epoch, baseSequence: lowestSequence } = batch
    const { producers } = partition.log
    if (producers.isFenced(producerId, epoch)) {
      const refused = refusal(ErrorCodes.INVALID_PRODUCER_EPOCH)
      verifications.set(partition, { guard: null, refusal: refused })
    } else if (!producers.isOpen(producerId, epoch)) {
      const place = { lowestSequence, epoch, raisesEpochs: isAdding }
      const guard = producers.guards.ask(producerId, place)
      if (isAsking) asked.push({ batch, guard })
      else verifications.set(partition, { guard, refusal: null })
    }
  }
  const [first] = asked
  if (first === undefined) return done(verifications, false)
  const partitions = asked.map(({ batch }) => batch.place)
  const { producerId, producerEpoch } = first.batch
  const { transactionalId, leaderId, version } = request
  const addition = { transactionalId, producerId, producerEpoch, partitions, isAdding }
  askCoordinator(cluster, leaderId, addition, (errorOf) => {
    for (const { batch, guard } of asked) {
      const refused = told(errorOf(batch.place), version)
      verifications.set(batch.partition, { guard, refusal: refused })
    }
    const isConcurrent = partitions.some((it) => errorOf(it) === ErrorCodes.CONCURRENT_TRANSACTIONS)
    done(verifications, isConcurrent)
  })
}

/** Adds partitions, or asks whether they were added; calls back with the error code of each. */
export function askCoordinator(
  cluster: ClusterState,
  leaderId: number,
  { isAdding, ...addition }: Addition & { readonly isAdding: boolean },
  done: (errorOf: (partition: TransactionPartition) => number) => void,
): void {
  const { transactionalId, producerEpoch } = addition
  const { placement, transactions } = cluster
  const coordinator = placement.of('transaction', transactionalId)
  if (coordinator === null) return done(() => ErrorCodes.COORDINATOR_NOT_AVAILABLE)
  const put = (answered: (errorOf: (partition: TransactionPartition) => number) => void): void => {
    if (isAdding) transactions.add(null, addition, (code) => answered(() => code))
    else answered((partition) => transactions.verify(transactionalId, addition, partition))
  }
  const ask = (answered: () => void): void => {
    reach(cluster, coordinator, (errorCode) => {
      const tell = (errorOf: (partition: TransactionPartition) => number): void => {
        answered()
        done(errorOf)
      }
      if (errorCode === ErrorCodes.NONE) put(tell)
      else tell(() => errorCode)
    })
  }
  const refuse = (errorCode: number): void => done(() => errorCode)
  const question = { transactionalId, producerEpoch, ask, refuse }
  cluster.verifications.put(leaderId, coordinator.id, question)
}

/** Calls back when a broker hears: with NONE, or after a request's time with NETWORK_EXCEPTION. */
function reach(
  { settings: { clock } }: ClusterState,
  broker: Broker,
  done: (errorCode: number) => void,
): void {
  const endMs = clock.monotonicMs() + REQUEST_TIMEOUT_MS
  const hears = (): boolean => broker.isRunning && !broker.isFrozen
  const isReady = (): boolean => hears() || clock.monotonicMs() >= endMs
  const tell = (): void => done(hears() ? ErrorCodes.NONE : ErrorCodes.NETWORK_EXCEPTION)
  new WaitingJob(clock, 0, isReady, tell).start()
}

const UNREACHABLE: ReadonlySet<number> = new Set([
  ErrorCodes.NETWORK_EXCEPTION,
  ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCodes.COORDINATOR_NOT_AVAILABLE,
  ErrorCodes.NOT_COORDINATOR,
])

/** The coordinator's word as the leader tells it to a producer. */
function told(errorCode: number, version: number): Refusal | null {
  const code = toldToProducer(errorCode, version >= FIRST_ABORTABLE)
  if (code === ErrorCodes.NONE) return null
  if (code === ErrorCodes.INVALID_TXN_STATE) {
    return explained(code, 'Partition was not added to the transaction')
  }
  const isConcurrent = code === ErrorCodes.CONCURRENT_TRANSACTIONS && version < FIRST_ADDING
  if (!isConcurrent && !UNREACHABLE.has(code)) return refusal(code)
  const why = `Unable to verify the partition has been added to the transaction. Underlying error: ${code}`
  return explained(ErrorCodes.NOT_ENOUGH_REPLICAS, why)
}

/** Fenced is an invalid epoch to who writes; what can be aborted is an invalid state to older clients. */
export function toldToProducer(errorCode: number, knowsAbortable: boolean): number {
  if (errorCode === ErrorCodes.PRODUCER_FENCED) return ErrorCodes.INVALID_PRODUCER_EPOCH
  const isAbortable = errorCode === ErrorCodes.TRANSACTION_ABORTABLE
  return isAbortable && !knowsAbortable ? ErrorCodes.INVALID_TXN_STATE : errorCode
}

function explained(errorCode: number, errorMessage: string): Refusal {
  return { errorCode, errorMessage, recordErrors: [] }
}
