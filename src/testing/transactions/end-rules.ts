/**
 * What becomes of an EndTxn: the step to Prepare*, success without one, or why not. Pure. A request up
 * to v4 leaves the epoch as it is; v5 raises it, so that a repetition can be told from the next end.
 *
 * Spec: Kafka's TransactionCoordinator.endTransaction and endTransactionWithTV1; KIP-890. Neighbours:
 * coordinator.ts.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type { ProducerIdentity } from './init-rules.js'
import {
  isEpochExhausted,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  type TransactionMetadata,
  type Transition,
} from './transaction-metadata.js'

/** How a transaction is to end. */
export interface End extends ProducerIdentity {
  readonly committed: boolean
  /** 2: EndTxn v5. */
  readonly clientVersion: 0 | 2
}

/** What else a step needs. */
export interface EndMeans {
  readonly nowMs: number
  readonly newProducerId: () => bigint
}

/** An error code (NONE: it was ended before), or a step. */
export type EndDecision = { readonly errorCode: number } | { readonly transition: Transition }

const { CONCURRENT_TRANSACTIONS, INVALID_PRODUCER_ID_MAPPING, INVALID_TXN_STATE } = ErrorCodes
const { NONE, PRODUCER_FENCED } = ErrorCodes
const LARGEST_EPOCH_OF_PRODUCER = 32_766

export function decideEnd(metadata: TransactionMetadata, end: End, means: EndMeans): EndDecision {
  return end.clientVersion === 2
    ? decideEndRaising(metadata, end, means)
    : decideEndPlainly(metadata, end)
}

/** Up to v4. */
function decideEndPlainly(metadata: TransactionMetadata, end: End): EndDecision {
  if (metadata.producerId !== end.producerId) return refuse(INVALID_PRODUCER_ID_MAPPING)
  if (metadata.producerEpoch !== end.producerEpoch) return refuse(PRODUCER_FENCED)
  if (metadata.pending !== null) return refuse(CONCURRENT_TRANSACTIONS)
  if (metadata.state === 'Ongoing') {
    const state = end.committed ? 'PrepareCommit' : 'PrepareAbort'
    return { transition: { state, nextProducerId: NO_PRODUCER_ID, clientVersion: 0 } }
  }
  return refuse(repeated(metadata, end.committed))
}

/** v5. */
function decideEndRaising(metadata: TransactionMetadata, end: End, means: EndMeans): EndDecision {
  if (metadata.pending !== null) return refuse(CONCURRENT_TRANSACTIONS)
  const isOverflow = isRepeatedOverflow(metadata, end)
  if (metadata.producerId !== end.producerId && !isOverflow) {
    return refuse(INVALID_PRODUCER_ID_MAPPING)
  }
  const { producerEpoch, state } = metadata
  const isRepeated = isOverflow || producerEpoch === end.producerEpoch + 1
  if (isRepeated && state !== 'Empty' && state !== 'Ongoing') {
    return refuse(repeated(metadata, end.committed))
  }
  if (producerEpoch !== end.producerEpoch || metadata.isEnding) return refuse(PRODUCER_FENCED)
  if (state === 'Ongoing') return { transition: raised(metadata, end.committed, means) }
  // Nothing is open: there is nothing to commit, but an abort is taken and raises the epoch.
  if (end.committed) return refuse(INVALID_TXN_STATE)
  return { transition: { ...raised(metadata, false, means), startMs: means.nowMs } }
}

/** The request before the producer id was replaced, once more. */
function isRepeatedOverflow(metadata: TransactionMetadata, end: End): boolean {
  return (
    metadata.previousProducerId === end.producerId &&
    end.producerEpoch === LARGEST_EPOCH_OF_PRODUCER &&
    metadata.producerEpoch === 0
  )
}

/** Of an EndTxn that is, or would be, the second of its kind. */
function repeated({ state }: TransactionMetadata, committed: boolean): number {
  const [prepare, complete] = committed
    ? ['PrepareCommit', 'CompleteCommit']
    : ['PrepareAbort', 'CompleteAbort']
  if (state === prepare) return CONCURRENT_TRANSACTIONS
  return state === complete ? NONE : INVALID_TXN_STATE
}

function raised(
  { producerEpoch }: TransactionMetadata,
  committed: boolean,
  { newProducerId }: EndMeans,
): Transition {
  return {
    state: committed ? 'PrepareCommit' : 'PrepareAbort',
    producerEpoch: producerEpoch + 1,
    lastProducerEpoch: producerEpoch,
    nextProducerId: isEpochExhausted(producerEpoch) ? newProducerId() : NO_PRODUCER_ID,
    clientVersion: 2,
  }
}

/**
 * The step by which the coordinator itself aborts what is open, for a timeout or a new instance. The
 * old producer is fenced by the epoch; at level 2 the last one is remembered, so that it may go on.
 */
export function fencing(
  metadata: TransactionMetadata,
  transactionVersion: number,
  means: EndMeans,
): Transition {
  if (transactionVersion >= 2) return raised(metadata, false, means)
  return {
    state: 'PrepareAbort',
    producerEpoch: metadata.producerEpoch + 1,
    lastProducerEpoch: NO_PRODUCER_EPOCH,
    nextProducerId: NO_PRODUCER_ID,
    clientVersion: 0,
  }
}

function refuse(errorCode: number): EndDecision {
  return { errorCode }
}
