/**
 * CreateTopics as a broker answers it.
 *
 * Spec: Kafka's ReplicationControlManager.createTopics. Neighbours: services.ts; cluster-state.ts
 * makes the topic.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type {
  CreatableTopic,
  CreatableTopicResult,
  CreateTopicsRequest,
  CreateTopicsResponse,
} from '../../protocol/messages/create-topics.js'
import { ZERO_UUID } from '../../protocol/uuid.js'
import type { ClusterState } from '../cluster-state.js'
import type { FaultTarget } from '../fault-script.js'
import type { Exchange } from './handler.js'

const DEFAULT = -1

export function createTopicsTargets(request: CreateTopicsRequest): FaultTarget[] {
  return request.topics.map(({ name }) => ({ topic: name, partition: -1 }))
}

export function answerCreateTopics(exchange: Exchange<CreateTopicsRequest>): CreateTopicsResponse {
  const { request, faults } = exchange
  return {
    throttleTimeMs: faults.throttleMs,
    topics: request.topics.flatMap((topic) => {
      const fault = faults.errorOf(topic.name)
      if (fault === undefined) return [create(exchange, topic)]
      if ('omitted' in fault) return []
      return [failed(topic.name, fault.errorCode, fault.errorMessage ?? null)]
    }),
  }
}

function create(
  { cluster, request }: Exchange<CreateTopicsRequest>,
  topic: CreatableTopic,
): CreatableTopicResult {
  const settings = Object.fromEntries(topic.configs.map(({ name, value }) => [name, value ?? '']))
  const plan = { name: topic.name, ...sizes(cluster, topic), settings }
  const fault = cluster.topicFault(plan)
  if (fault !== null) return failed(topic.name, fault.errorCode, fault.errorMessage)
  const topicId = request.validateOnly ? ZERO_UUID : cluster.createTopic(plan).id
  return {
    ...failed(topic.name, ErrorCodes.NONE, null),
    topicId,
    numPartitions: plan.partitions,
    replicationFactor: plan.replicationFactor,
    configs: topic.configs.map(({ name, value }) => ({
      name,
      value,
      readOnly: false,
      configSource: 1, // of the topic itself
      isSensitive: false,
    })),
  }
}

function sizes(
  { settings, defaultReplicationFactor }: ClusterState,
  { numPartitions, replicationFactor, assignments }: CreatableTopic,
): { readonly partitions: number; readonly replicationFactor: number } {
  if (assignments.length > 0) {
    return {
      partitions: assignments.length,
      replicationFactor: assignments[0]?.brokerIds.length ?? 1,
    }
  }
  return {
    partitions: numPartitions === DEFAULT ? settings.defaultPartitions : numPartitions,
    replicationFactor: replicationFactor === DEFAULT ? defaultReplicationFactor : replicationFactor,
  }
}

function failed(
  name: string,
  errorCode: number,
  errorMessage: string | null,
): CreatableTopicResult {
  return {
    name,
    topicId: ZERO_UUID,
    errorCode,
    errorMessage,
    topicConfigErrorCode: 0,
    numPartitions: -1,
    replicationFactor: -1,
    configs: [],
  }
}
