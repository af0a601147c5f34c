/**
 * AddOffsetsToTxn as a broker answers it: the group's partition of `__consumer_offsets` becomes part of
 * the transaction.
 *
 * Spec: Kafka's KafkaApis.handleAddOffsetsToTxnRequest; KIP-98. Neighbours: services.ts;
 * transactions/coordinator.ts.
 */
import type {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from '../../protocol/messages/add-offsets-to-txn.js'
import type { Exchange } from './handler.js'
import { answerOrFault, fencedBelow } from './transactional.js'

const FIRST_WITH_FENCED = 2

export function answerAddOffsetsToTxn(
  { cluster, broker, version, request, faults }: Exchange<AddOffsetsToTxnRequest>,
  respond: (answer: AddOffsetsToTxnResponse) => void,
): void {
  const tell = (errorCode: number): void => {
    const told = fencedBelow(FIRST_WITH_FENCED, version, errorCode)
    respond({ throttleTimeMs: faults.throttleMs, errorCode: told })
  }
  const partitions = [cluster.groups.partitionOf(request.groupId)]
  answerOrFault(
    faults,
    (done: (errorCode: number) => void) => {
      cluster.transactions.add(broker, { ...request, partitions }, done)
    },
    tell,
    tell,
  )
}
