/**
 * Produce as a broker answers it: each partition's batch is appended or refused, and, with acks
 * all, waited for. With acks 0 there is no answer, and after an error no connection. What is part of a
 * transaction is asked for first.
 *
 * Spec: Kafka's KafkaApis.handleProduceRequest; KIP-951 for the leaders in the answer. Neighbours:
 * leader-append.ts appends; pending-produce.ts waits; transactions/leader-verification.ts asks.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type {
  LeaderIdAndEpoch,
  NodeEndpoint,
  PartitionProduceData,
  PartitionProduceResponse,
  ProduceRequest,
  ProduceResponse,
  TopicProduceData,
} from '../../protocol/messages/produce.js'
import { ZERO_UUID } from '../../protocol/uuid.js'
import { refusal, refuseRequest, transactionalHeader, type Refusal } from '../batch-check.js'
import type { ClusterState } from '../cluster-state.js'
import type { FaultTarget } from '../fault-script.js'
import { ACKS_ALL, appendAsLeader, notAppended, type AppendResult } from '../leader-append.js'
import type { Partition } from '../partition.js'
import { whenReplicated } from '../pending-produce.js'
import { isInternalTopic } from '../topic-fault.js'
import type { Topic } from '../topic.js'
import {
  verifyBatches,
  type TransactionalBatch,
  type Verifications,
} from '../transactions/leader-verification.js'
import { HANG_UP, NO_ANSWER, type Answer, type Exchange } from './handler.js'

const FIRST_VERSION_WITH_LEADERS = 10
const FIRST_VERSION_WITH_IDS = 13
const NO_LEADER: LeaderIdAndEpoch = { leaderId: -1, leaderEpoch: -1 }

/** What one partition's part of the request has come to. */
interface Outcome {
  readonly data: TopicProduceData
  readonly index: number
  readonly topic: Topic | undefined
  readonly partition: Partition | undefined
  result: Omit<AppendResult, 'upToOffset'> & Partial<Pick<AppendResult, 'upToOffset'>>
}

export function produceTargets(request: ProduceRequest, cluster: ClusterState): FaultTarget[] {
  return request.topicData.flatMap((data) => {
    const topic = nameOf(data, cluster)
    return data.partitionData.map(({ index }) => ({ topic, partition: index }))
  })
}

export function answerProduce(
  exchange: Exchange<ProduceRequest>,
  respond: (answer: Answer<ProduceResponse>) => void,
): void {
  const { request, version } = exchange
  const { transactionalId } = request
  const parts = request.topicData.flatMap(({ partitionData }) => partitionData)
  const refused = refuseRequest(
    parts.map(({ records }) => records),
    version,
    transactionalId,
  )
  if (refused !== null || transactionalId === null) {
    carryOut(exchange, { refused, verifications: new Map() }, respond)
    return
  }
  const source = { version, transactionalId, leaderId: exchange.broker.id }
  verifyBatches(exchange.cluster, source, transactionalBatches(exchange), (verifications) => {
    carryOut(exchange, { refused, verifications }, respond)
  })
}

/** What is known of the batches before any is appended. */
interface Findings {
  /** Why all of the request is refused. */
  readonly refused: Refusal | null
  readonly verifications: Verifications
}

/** Those that this broker would append. */
function transactionalBatches(exchange: Exchange<ProduceRequest>): TransactionalBatch[] {
  const { broker, cluster, faults } = exchange
  return exchange.request.topicData.flatMap((data) =>
    data.partitionData.flatMap(({ index, records }) => {
      const topic = findTopic(exchange, data)
      const partition = topic?.partitions[index]
      const header = transactionalHeader(records)
      const fault = faults.errorOf(nameOf(data, cluster), index)
      const isAppended = fault === undefined || ('appended' in fault && fault.appended)
      if (!topic || !partition || header === null || !isAppended) return []
      if (partition.leaderId !== broker.id) return []
      return [{ place: { topic: topic.name, partition: index }, partition, ...header }]
    }),
  )
}

function carryOut(
  exchange: Exchange<ProduceRequest>,
  findings: Findings,
  respond: (answer: Answer<ProduceResponse>) => void,
): void {
  const { cluster, broker, request } = exchange
  const outcomes = request.topicData.flatMap((data) =>
    data.partitionData.flatMap((part) => produceOne(exchange, data, part, findings) ?? []),
  )
  if (request.acks === 0) {
    applyQuota(exchange)
    const isRefused = outcomes.some(({ result }) => result.errorCode !== ErrorCodes.NONE)
    respond(isRefused ? HANG_UP : NO_ANSWER)
    return
  }
  const waiting = outcomes.flatMap((outcome) => {
    const { topic, partition, result } = outcome
    const { upToOffset = -1 } = result
    if (request.acks !== ACKS_ALL || upToOffset < 0 || !topic || !partition) return []
    const { minInSyncReplicas } = topic
    return [{ outcome, partition, brokerId: broker.id, upToOffset, minInSyncReplicas }]
  })
  whenReplicated(cluster.settings.clock, request.timeoutMs, waiting, (errorCodes) => {
    waiting.forEach(({ outcome }, i) => {
      const errorCode = errorCodes[i] ?? ErrorCodes.NONE
      if (errorCode !== ErrorCodes.NONE) outcome.result = notAppended(refusal(errorCode))
    })
    applyQuota(exchange)
    respond(assemble(exchange, outcomes))
  })
}

/** Counts the request when it is answered, as Kafka does: a wait for replicas counts as a pause. */
function applyQuota(exchange: Exchange<ProduceRequest>): void {
  const { cluster, broker, clientId, sizeBytes, throttle } = exchange
  if (cluster.producerByteRate === null) return
  const nowMs = cluster.settings.clock.monotonicMs()
  const rate = broker.producedRate(clientId)
  throttle.ms = Math.max(throttle.ms, rate.record(sizeBytes, nowMs, cluster.producerByteRate))
}

/** Null where a fault leaves the partition out of the answer. */
function produceOne(
  exchange: Exchange<ProduceRequest>,
  data: TopicProduceData,
  { index, records }: PartitionProduceData,
  { refused, verifications }: Findings,
): Outcome | null {
  const { cluster, broker, version, request, faults } = exchange
  const topic = findTopic(exchange, data)
  const partition = topic?.partitions[index]
  const fault = faults.errorOf(nameOf(data, cluster), index)
  const append = (): AppendResult => {
    if (refused !== null) return notAppended(refused)
    if (isInternalTopic(nameOf(data, cluster))) {
      return notAppended(refusal(ErrorCodes.INVALID_TOPIC_EXCEPTION))
    }
    if (topic === undefined || partition === undefined) return unknown(version, topic)
    const { acks } = request
    const { guard = null, refusal: unverified = null } = verifications.get(partition) ?? {}
    if (unverified !== null) return notAppended(unverified)
    const nowMs = cluster.settings.clock.now()
    const context = { version, acks, brokerId: broker.id, nowMs, guard }
    return appendAsLeader(topic, partition, records, context)
  }
  const place = { data, index, topic, partition }
  if (fault === undefined) return { ...place, result: append() }
  if ('omitted' in fault) return null
  if (fault.appended === true) append()
  const { errorCode, errorMessage = null } = fault
  return { ...place, result: notAppended({ errorCode, errorMessage, recordErrors: [] }) }
}

function findTopic(
  { cluster, version }: Exchange<ProduceRequest>,
  { name, topicId }: TopicProduceData,
): Topic | undefined {
  return version >= FIRST_VERSION_WITH_IDS ? cluster.topicById(topicId) : cluster.topics.get(name)
}

function unknown(version: number, topic: Topic | undefined): AppendResult {
  const isIdUnknown = version >= FIRST_VERSION_WITH_IDS && topic === undefined
  const { UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCodes
  return notAppended(refusal(isIdUnknown ? UNKNOWN_TOPIC_ID : UNKNOWN_TOPIC_OR_PARTITION))
}

function nameOf({ name, topicId }: TopicProduceData, cluster: ClusterState): string {
  return topicId === ZERO_UUID ? name : (cluster.topicById(topicId)?.name ?? '')
}

function assemble(
  exchange: Exchange<ProduceRequest>,
  outcomes: readonly Outcome[],
): ProduceResponse {
  const { request, throttle } = exchange
  const leaders = new Map<number, NodeEndpoint>()
  const responses = request.topicData.map((data) => ({
    name: data.name,
    topicId: data.topicId,
    partitionResponses: outcomes
      .filter((outcome) => outcome.data === data)
      .map((outcome) => describe(exchange, outcome, leaders)),
  }))
  return {
    responses: responses.filter(({ partitionResponses }) => partitionResponses.length > 0),
    throttleTimeMs: throttle.ms,
    nodeEndpoints: [...leaders.values()],
  }
}

function describe(
  { cluster, version }: Exchange<ProduceRequest>,
  { index, partition, result }: Outcome,
  leaders: Map<number, NodeEndpoint>,
): PartitionProduceResponse {
  const { errorCode, errorMessage, recordErrors } = result
  const isMoved = errorCode === ErrorCodes.NOT_LEADER_OR_FOLLOWER
  const mayName = isMoved && version >= FIRST_VERSION_WITH_LEADERS && partition?.namesLeader
  const leader = mayName ? cluster.brokers.get(partition.leaderId) : undefined
  if (leader?.isListed) {
    const { id: nodeId, host, port, rack } = leader
    leaders.set(nodeId, { nodeId, host, port, rack })
  }
  const currentLeader = mayName
    ? { leaderId: partition.leaderId, leaderEpoch: partition.leaderEpoch }
    : NO_LEADER
  return {
    index,
    errorCode,
    errorMessage,
    recordErrors,
    baseOffset: BigInt(result.baseOffset),
    logAppendTimeMs: BigInt(result.logAppendTimeMs),
    logStartOffset: BigInt(result.logStartOffset),
    currentLeader,
  }
}
