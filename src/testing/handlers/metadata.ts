/**
 * Metadata as a broker answers it: the brokers, and who leads which partition, now or at the moment
 * that is held. Unknown topics are made where both sides allow it; the answer that makes one still
 * calls it unknown, as Kafka's does.
 *
 * Spec: Kafka's KafkaApis.handleTopicMetadataRequest and KRaftMetadataCache. Neighbours:
 * services.ts; cluster-state.ts has the view.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import {
  OPERATIONS_NOT_ASKED,
  type MetadataRequest,
  type MetadataRequestTopic,
  type MetadataResponse,
  type MetadataResponsePartition,
  type MetadataResponseTopic,
} from '../../protocol/messages/metadata.js'
import { ZERO_UUID } from '../../protocol/uuid.js'
import type { ClusterState } from '../cluster-state.js'
import type { ErrorFault, FaultTarget } from '../fault-script.js'
import type { MetadataView, PartitionView, TopicView } from '../metadata-view.js'
import { isInternalTopic, isTopicName } from '../topic-fault.js'
import type { Exchange } from './handler.js'

const FIRST_VERSION_WITH_IDS = 12
const NO_LEADER = -1
/** Faults that concern a Metadata answer as a whole, where its version can say so. */
const WHOLE_ANSWER_ERRORS: ReadonlySet<number> = new Set([
  ErrorCodes.REBOOTSTRAP_REQUIRED,
  ErrorCodes.ILLEGAL_SASL_STATE,
])

export function metadataTargets(request: MetadataRequest, cluster: ClusterState): FaultTarget[] {
  const names = request.topics?.map((asked) => asked.name ?? cluster.topicById(asked.topicId)?.name)
  return (names ?? [...cluster.topics.keys()]).map((topic) => ({
    topic: topic ?? '',
    partition: -1,
  }))
}

export function answerMetadata(exchange: Exchange<MetadataRequest>): MetadataResponse {
  const { cluster, broker, version, request, faults } = exchange
  const view = broker.heldView ?? cluster.view()
  const error = faults.error
  const wholeError =
    error !== undefined && 'errorCode' in error && WHOLE_ANSWER_ERRORS.has(error.errorCode)
      ? error.errorCode
      : ErrorCodes.NONE
  const isEverythingAsked =
    request.topics === null || (version === 0 && request.topics.length === 0)
  const asked = isEverythingAsked
    ? [...view.topics.values()].map(({ name }) => ({ name, topicId: ZERO_UUID }))
    : request.topics
  // Who is not logged in is told nothing; old versions cannot say why.
  const brokers = wholeError === ErrorCodes.ILLEGAL_SASL_STATE ? [] : view.brokers
  return {
    throttleTimeMs: faults.throttleMs,
    brokers: brokers.map(({ id, host, port, rack }) => ({ nodeId: id, host, port, rack })),
    clusterId: cluster.clusterId,
    controllerId: view.brokers[0]?.id ?? -1,
    topics: wholeError === 0 ? asked.flatMap((topic) => answerTopic(exchange, view, topic)) : [],
    clusterAuthorizedOperations: OPERATIONS_NOT_ASKED,
    errorCode: wholeError,
  }
}

/** One topic's part of the answer; none where a fault omits it. */
function answerTopic(
  exchange: Exchange<MetadataRequest>,
  view: MetadataView,
  asked: MetadataRequestTopic,
): MetadataResponseTopic[] {
  const { version, faults } = exchange
  const isById = asked.name === null && version >= FIRST_VERSION_WITH_IDS
  const known = isById ? byId(view, asked.topicId) : view.topics.get(asked.name ?? '')
  const name = known?.name ?? asked.name
  const fault = faults.errorOf(name ?? '')
  if (fault !== undefined) return told(fault, name, known)
  if (known !== undefined) return [describe(known, view)]
  if (isById) return [failed(ErrorCodes.UNKNOWN_TOPIC_ID, null, asked.topicId)]
  return [failed(missing(exchange, name ?? ''), name, ZERO_UUID)]
}

function byId(view: MetadataView, id: string): TopicView | undefined {
  return [...view.topics.values()].find((topic) => topic.id === id)
}

function told(
  fault: ErrorFault,
  name: string | null,
  known: TopicView | undefined,
): MetadataResponseTopic[] {
  if ('omitted' in fault) return []
  return [failed(fault.errorCode, name, known?.id ?? ZERO_UUID)]
}

/** Makes the topic where that is allowed; the error that this answer has for it either way. */
function missing({ cluster, request }: Exchange<MetadataRequest>, name: string): number {
  if (!isTopicName(name)) return ErrorCodes.INVALID_TOPIC_EXCEPTION
  const { settings } = cluster
  const mayCreate = settings.autoCreateTopics && request.allowAutoTopicCreation
  const { defaultPartitions: partitions } = settings
  const { defaultReplicationFactor: replicationFactor } = cluster
  const plan = { name, partitions, replicationFactor, settings: {} }
  // One that cannot be made stays unknown: its maker is another than who answers.
  if (mayCreate && cluster.topicFault(plan) === null) cluster.createTopic(plan)
  return ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION
}

function describe({ name, id, partitions }: TopicView, view: MetadataView): MetadataResponseTopic {
  const alive = new Set(view.brokers.map((broker) => broker.id))
  return {
    errorCode: ErrorCodes.NONE,
    name,
    topicId: id,
    isInternal: isInternalTopic(name),
    partitions: partitions.map((partition) => describePartition(partition, alive)),
    topicAuthorizedOperations: OPERATIONS_NOT_ASKED,
  }
}

function describePartition(
  { index, leaderId, leaderEpoch, replicas, isr }: PartitionView,
  alive: ReadonlySet<number>,
): MetadataResponsePartition {
  const isLed = alive.has(leaderId)
  return {
    errorCode: isLed ? ErrorCodes.NONE : ErrorCodes.LEADER_NOT_AVAILABLE,
    partitionIndex: index,
    leaderId: isLed ? leaderId : NO_LEADER,
    leaderEpoch,
    replicaNodes: replicas,
    isrNodes: isr,
    offlineReplicas: replicas.filter((id) => !alive.has(id)),
  }
}

function failed(errorCode: number, name: string | null, topicId: string): MetadataResponseTopic {
  return {
    errorCode,
    name,
    topicId,
    isInternal: false,
    partitions: [],
    topicAuthorizedOperations: OPERATIONS_NOT_ASKED,
  }
}
