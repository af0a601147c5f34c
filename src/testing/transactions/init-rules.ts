/**
 * What becomes of an InitProducerId: the next epoch, another producer id, or why not. Pure.
 *
 *   a step is pending          CONCURRENT_TRANSACTIONS
 *   another id, or old epoch   PRODUCER_FENCED
 *   Prepare*                   CONCURRENT_TRANSACTIONS
 *   Ongoing                    it is aborted under a raised epoch; CONCURRENT_TRANSACTIONS
 *   the epochs ran out         a new producer id, epoch 0
 *   the last epoch again       the answer of before (its answer was lost)
 *   else                       the next epoch
 *
 * Spec: Kafka's TransactionCoordinator.prepareInitProducerIdTransit; KIP-360. Neighbours: coordinator.ts.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import {
  isEpochExhausted,
  NO_PRODUCER_EPOCH,
  type TransactionMetadata,
  type Transition,
} from './transaction-metadata.js'

/** The identity that a producer has, or believes to have. */
export interface ProducerIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** An error code, a step, or that what is open is to be aborted first. */
export type InitDecision =
  { readonly errorCode: number } | { readonly transition: Transition } | { readonly fence: true }

/** `expected`: null from a producer without an identity. */
export function decideInit(
  metadata: TransactionMetadata,
  expected: ProducerIdentity | null,
  timeoutMs: number,
  newProducerId: () => bigint,
): InitDecision {
  if (metadata.pending !== null) return { errorCode: ErrorCodes.CONCURRENT_TRANSACTIONS }
  if (expected !== null && !isKnown(metadata, expected)) {
    return { errorCode: ErrorCodes.PRODUCER_FENCED }
  }
  if (metadata.isEnding) return { errorCode: ErrorCodes.CONCURRENT_TRANSACTIONS }
  if (metadata.state === 'Ongoing') return { fence: true }
  const epochs = nextEpochs(metadata, expected, newProducerId)
  if (epochs === null) return { errorCode: ErrorCodes.PRODUCER_FENCED }
  return { transition: { state: 'Empty', ...epochs, timeoutMs, partitions: [], startMs: -1 } }
}

/** The id is the current one, or that of before the epochs ran out. */
function isKnown(metadata: TransactionMetadata, expected: ProducerIdentity): boolean {
  const { producerId, producerEpoch } = expected
  if (metadata.producerEpoch === NO_PRODUCER_EPOCH || producerId === metadata.producerId)
    return true
  return producerId === metadata.previousProducerId && isEpochExhausted(producerEpoch)
}

/** Null where the epoch is neither the current nor the last one. */
function nextEpochs(
  { producerEpoch: current, lastProducerEpoch: last }: TransactionMetadata,
  expected: ProducerIdentity | null,
  newProducerId: () => bigint,
): Omit<Transition, 'state'> | null {
  const epoch = expected?.producerEpoch ?? null
  if (isEpochExhausted(current) && (epoch === null || epoch === current)) {
    const lastProducerEpoch = epoch === null ? NO_PRODUCER_EPOCH : current
    return { producerId: newProducerId(), producerEpoch: 0, lastProducerEpoch }
  }
  if (epoch === null) {
    return { producerEpoch: current + 1, lastProducerEpoch: NO_PRODUCER_EPOCH }
  }
  if (current === NO_PRODUCER_EPOCH || epoch === current) {
    return { producerEpoch: current + 1, lastProducerEpoch: current }
  }
  return epoch === last ? { producerEpoch: current, lastProducerEpoch: last } : null
}
