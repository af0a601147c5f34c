/**
 * FindCoordinator as a broker answers it: the broker that coordinates a group or a transactional id.
 *
 * Spec: Kafka's KafkaApis.handleFindCoordinatorRequest; KIP-98, KIP-699. Neighbours: services.ts;
 * transactions/placement.ts decides.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import {
  CoordinatorTypes,
  type Coordinator,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
} from '../../protocol/messages/find-coordinator.js'
import type { Exchange } from './handler.js'

const NOBODY = { nodeId: -1, host: '', port: -1 }

export function answerFindCoordinator(
  exchange: Exchange<FindCoordinatorRequest>,
): FindCoordinatorResponse {
  const { request, faults } = exchange
  return {
    throttleTimeMs: faults.throttleMs,
    coordinators: request.coordinatorKeys.map((key) => find(exchange, key)),
  }
}

function find(
  { cluster, request, faults }: Exchange<FindCoordinatorRequest>,
  key: string,
): Coordinator {
  const { error } = faults
  if (error !== undefined && 'errorCode' in error) {
    return refused(key, error.errorCode, error.errorMessage)
  }
  const { group, transaction } = CoordinatorTypes
  if (request.keyType !== group && request.keyType !== transaction) {
    return refused(key, ErrorCodes.INVALID_REQUEST)
  }
  const broker = cluster.placement.of(request.keyType === group ? 'group' : 'transaction', key)
  if (broker === null) return refused(key, ErrorCodes.COORDINATOR_NOT_AVAILABLE)
  const { id: nodeId, host, port } = broker
  return { key, nodeId, host, port, errorCode: ErrorCodes.NONE, errorMessage: null }
}

function refused(key: string, errorCode: number, errorMessage: string | null = null): Coordinator {
  return { key, ...NOBODY, errorCode, errorMessage }
}
