/**
 * TxnOffsetCommit as a broker answers it: the offsets of a group wait for the marker of the transaction.
 * The group's coordinator asks that of the transaction first, and then the group; from v5 on it adds the
 * group to the transaction itself.
 *
 * Spec: Kafka's KafkaApis.handleTxnOffsetCommitRequest, GroupCoordinatorService; KIP-98, KIP-447,
 * KIP-890. Neighbours: services.ts; transactions/consumer-groups.ts.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type {
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from '../../protocol/messages/txn-offset-commit.js'
import type { FaultTarget } from '../fault-script.js'
import { askCoordinator, toldToProducer } from '../transactions/leader-verification.js'
import type { OffsetCommit } from '../transactions/offsets-partition.js'
import type { Exchange } from './handler.js'
import { answerOrFault, faultOf } from './transactional.js'

const FIRST_ADDING = 5
const FIRST_ABORTABLE = 4
/** Kafka's `offset.metadata.max.bytes`. */
const MAX_METADATA_BYTES = 4096

export function txnOffsetCommitTargets(request: TxnOffsetCommitRequest): FaultTarget[] {
  return commitsOf(request)
}

export function answerTxnOffsetCommit(
  exchange: Exchange<TxnOffsetCommitRequest>,
  respond: (answer: TxnOffsetCommitResponse) => void,
): void {
  const tell = (errorCode: number): void => respond(assemble(exchange, errorCode))
  answerOrFault(
    exchange.faults,
    (done: (errorCode: number) => void) => carryOut(exchange, done),
    tell,
    tell,
  )
}

/** Stores what can be stored; calls back with the error code of all that can. */
function carryOut(
  exchange: Exchange<TxnOffsetCommitRequest>,
  done: (errorCode: number) => void,
): void {
  const { cluster, broker, request, version } = exchange
  const sound = commitsOf(request).filter(
    (it) => errorOf(exchange, it, ErrorCodes.NONE) === ErrorCodes.NONE,
  )
  const { groupId } = request
  if (sound.length === 0) return done(ErrorCodes.NONE)
  if (groupId === '') return done(ErrorCodes.INVALID_GROUP_ID)
  if (cluster.placement.of('group', groupId) !== broker) return done(ErrorCodes.NOT_COORDINATOR)
  const offsets = cluster.groups.offsetsOf(groupId)
  const finish = (errorCode: number): void => {
    const told = toldByGroup(errorCode, version)
    const checked = told === ErrorCodes.NONE ? cluster.groups.check(request) : told
    if (checked === ErrorCodes.NONE) offsets.store(request, sound)
    done(checked)
  }
  const standing = offsets.standingOf(request)
  if (standing === 'fenced') return done(ErrorCodes.INVALID_PRODUCER_EPOCH)
  if (standing === 'open') return finish(ErrorCodes.NONE)
  const place = cluster.groups.partitionOf(groupId)
  const { transactionalId, producerId, producerEpoch } = request
  const identity = { transactionalId, producerId, producerEpoch }
  const addition = { ...identity, partitions: [place], isAdding: version >= FIRST_ADDING }
  askCoordinator(cluster, broker.id, addition, (of) => finish(of(place)))
}

/** The coordinator's word as the group's coordinator tells it. */
function toldByGroup(errorCode: number, version: number): number {
  if (errorCode === ErrorCodes.NETWORK_EXCEPTION) return ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS
  return toldToProducer(errorCode, version >= FIRST_ABORTABLE)
}

function commitsOf({ groupId, topics }: TxnOffsetCommitRequest): OffsetCommit[] {
  return topics.flatMap(({ name: topic, partitions }) =>
    partitions.map((it) => ({
      groupId,
      topic,
      partition: it.partitionIndex,
      offset: it.committedOffset,
      leaderEpoch: it.committedLeaderEpoch,
      metadata: it.committedMetadata,
    })),
  )
}

/** Of one partition, where the others come to `rest`; null: it is left out of the answer. */
function errorOf(
  { cluster, faults }: Exchange<TxnOffsetCommitRequest>,
  { topic, partition, metadata }: OffsetCommit,
  rest: number,
): number | null {
  const fault = faultOf(faults, { topic, partition })
  if (fault !== undefined) return 'errorCode' in fault ? fault.errorCode : null
  if (cluster.topics.get(topic)?.partitions[partition] === undefined) {
    return ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION
  }
  if (rest !== ErrorCodes.NONE) return rest
  const isTooLarge = (metadata ?? '').length > MAX_METADATA_BYTES
  return isTooLarge ? ErrorCodes.OFFSET_METADATA_TOO_LARGE : ErrorCodes.NONE
}

function assemble(
  exchange: Exchange<TxnOffsetCommitRequest>,
  rest: number,
): TxnOffsetCommitResponse {
  const { request, faults } = exchange
  const commits = commitsOf(request)
  const topics = request.topics.map(({ name }) => ({
    name,
    partitions: commits
      .filter(({ topic }) => topic === name)
      .flatMap((commit) => {
        const errorCode = errorOf(exchange, commit, rest)
        return errorCode === null ? [] : [{ partitionIndex: commit.partition, errorCode }]
      }),
  }))
  return { throttleTimeMs: faults.throttleMs, topics }
}
