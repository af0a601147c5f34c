/**
 * InitProducerId as a broker answers a producer without transactions: always a new id, whatever id
 * it had before. The test cluster has no transactions, and says so to who asks for one.
 *
 * Spec: Kafka's TransactionCoordinator.handleInitProducerId; KIP-98, KIP-360. Neighbours:
 * services.ts.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from '../../protocol/messages/init-producer-id.js'
import type { Exchange } from './handler.js'

export function answerInitProducerId(
  { cluster, broker, request, faults }: Exchange<InitProducerIdRequest>,
  respond: (answer: InitProducerIdResponse) => void,
): void {
  const { withoutProducerIds } = broker
  if (withoutProducerIds === 'silent') return
  const throttleTimeMs = faults.throttleMs
  const errorCode = withoutProducerIds ?? errorOf(request, faults.error)
  const isGiven = errorCode === ErrorCodes.NONE
  const producerId = isGiven ? cluster.newProducerId() : -1n
  respond({ throttleTimeMs, errorCode, producerId, producerEpoch: isGiven ? 0 : -1 })
}

function errorOf(
  { transactionalId, producerId, producerEpoch }: InitProducerIdRequest,
  fault: Exchange<unknown>['faults']['error'],
): number {
  if (fault !== undefined && 'errorCode' in fault) return fault.errorCode
  if (transactionalId !== null) return ErrorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  const isHalf = (producerId === -1n) !== (producerEpoch === -1)
  return isHalf ? ErrorCodes.INVALID_REQUEST : ErrorCodes.NONE
}
