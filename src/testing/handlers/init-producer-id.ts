/**
 * InitProducerId as a broker answers it: always a new id to a producer without transactions, whatever id
 * it had before; to one with them, what the coordinator of its transactional id says.
 *
 * Spec: Kafka's KafkaApis.handleInitProducerIdRequest, TransactionCoordinator.handleInitProducerId;
 * KIP-98, KIP-360. Neighbours: services.ts; transactions/coordinator.ts.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from '../../protocol/messages/init-producer-id.js'
import type { IdentityAnswer } from '../transactions/coordinator.js'
import type { Exchange } from './handler.js'
import { answerOrFault, fencedBelow } from './transactional.js'

/** Below it PRODUCER_FENCED is told as INVALID_PRODUCER_EPOCH. */
const FIRST_WITH_FENCED = 4
const NO_IDENTITY = { producerId: -1n, producerEpoch: -1 }

export function answerInitProducerId(
  exchange: Exchange<InitProducerIdRequest>,
  respond: (answer: InitProducerIdResponse) => void,
): void {
  const { broker, faults, version } = exchange
  const { withoutProducerIds } = broker
  if (withoutProducerIds === 'silent') return
  const tell = ({ errorCode, ...identity }: IdentityAnswer): void => {
    const told = fencedBelow(FIRST_WITH_FENCED, version, errorCode)
    respond({ throttleTimeMs: faults.throttleMs, errorCode: told, ...identity })
  }
  const refuse = (errorCode: number): void => tell({ errorCode, ...NO_IDENTITY })
  if (withoutProducerIds !== null) return refuse(withoutProducerIds)
  answerOrFault(faults, (done) => give(exchange, done), tell, refuse)
}

function give(
  { cluster, broker, request }: Exchange<InitProducerIdRequest>,
  done: (answer: IdentityAnswer) => void,
): void {
  const { transactionalId, transactionTimeoutMs: timeoutMs, producerId, producerEpoch } = request
  const isHalf = (producerId === -1n) !== (producerEpoch === -1)
  if (isHalf) return done({ errorCode: ErrorCodes.INVALID_REQUEST, ...NO_IDENTITY })
  if (transactionalId === null) {
    const newId = cluster.newProducerId()
    return done({ errorCode: ErrorCodes.NONE, producerId: newId, producerEpoch: 0 })
  }
  const expected = producerId === -1n ? null : { producerId, producerEpoch }
  cluster.transactions.init(broker, { transactionalId, timeoutMs, expected }, done)
}
