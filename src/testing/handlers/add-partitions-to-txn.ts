/**
 * AddPartitionsToTxn as a broker answers it: all partitions are added, or none; the coordinator's error
 * stands on every one. Where a topic is unknown, or a fault forbids it, the others are told that nothing
 * was tried.
 *
 * Spec: Kafka's KafkaApis.handleAddPartitionsToTxnRequest; KIP-98. Neighbours: services.ts;
 * transactions/coordinator.ts.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '../../protocol/messages/add-partitions-to-txn.js'
import type { FaultTarget } from '../fault-script.js'
import type { TransactionPartition } from '../transactions/transaction-metadata.js'
import type { Exchange } from './handler.js'
import { answerOrFault, faultOf, fencedBelow } from './transactional.js'

const FIRST_WITH_FENCED = 2

/** The error code of one partition; null: it is left out of the answer. */
type ErrorOf = (partition: TransactionPartition) => number | null

export function addPartitionsTargets(request: AddPartitionsToTxnRequest): FaultTarget[] {
  return partitionsOf(request)
}

export function answerAddPartitionsToTxn(
  exchange: Exchange<AddPartitionsToTxnRequest>,
  respond: (answer: AddPartitionsToTxnResponse) => void,
): void {
  const { cluster, broker, version, request, faults } = exchange
  const tell = (errorOf: ErrorOf): void => respond(assemble(exchange, errorOf))
  const all = (errorCode: number): void => {
    tell(() => fencedBelow(FIRST_WITH_FENCED, version, errorCode))
  }
  const partitions = partitionsOf(request)
  answerOrFault(
    faults,
    (done: (errorOf: ErrorOf) => void) => {
      const failed = partitions.some((it) => errorOfPartition(exchange, it) !== ErrorCodes.NONE)
      if (failed) {
        return done((it) => {
          const errorCode = errorOfPartition(exchange, it)
          return errorCode === ErrorCodes.NONE ? ErrorCodes.OPERATION_NOT_ATTEMPTED : errorCode
        })
      }
      cluster.transactions.add(broker, { ...request, partitions }, (errorCode) => {
        done(() => fencedBelow(FIRST_WITH_FENCED, version, errorCode))
      })
    },
    tell,
    all,
  )
}

function errorOfPartition(
  { cluster, faults }: Exchange<AddPartitionsToTxnRequest>,
  { topic, partition }: TransactionPartition,
): number | null {
  const fault = faultOf(faults, { topic, partition })
  if (fault !== undefined) return 'errorCode' in fault ? fault.errorCode : null
  const isKnown = cluster.topics.get(topic)?.partitions[partition] !== undefined
  return isKnown ? ErrorCodes.NONE : ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION
}

function partitionsOf({ topics }: AddPartitionsToTxnRequest): TransactionPartition[] {
  return topics.flatMap(({ name, partitions }) =>
    partitions.map((partition) => ({ topic: name, partition })),
  )
}

function assemble(
  { request, faults }: Exchange<AddPartitionsToTxnRequest>,
  errorOf: ErrorOf,
): AddPartitionsToTxnResponse {
  const results = request.topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.flatMap((partitionIndex) => {
      const partitionErrorCode = errorOf({ topic: name, partition: partitionIndex })
      return partitionErrorCode === null ? [] : [{ partitionIndex, partitionErrorCode }]
    }),
  }))
  return { throttleTimeMs: faults.throttleMs, results }
}
