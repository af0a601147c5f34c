/**
 * What a Metadata answer refuses, put into words: the whole of it, or one topic.
 *
 * Neighbours: metadata.ts throws and reports them.
 */
import { AuthenticationError, BrokerError, ConnectionError, ProtocolError } from '../../errors.js'
import { ErrorCodes, errorCode } from '../../protocol/error-codes.js'
import { metadata } from '../../protocol/messages/metadata.js'
import type { MetadataResponse } from '../../protocol/messages/metadata.js'
import { formatAddress } from '../address.js'
import { addressFault, nodeIdFault } from '../brokers/broker.js'
import { someCause } from '../causes.js'
import type { Address } from '../transport/transport.js'
import type { TopicMetadata } from './topic-metadata.js'

/** Answers that are of no use are failures of the broker that gave them: another one is asked. */
export function requireUsable(
  address: Address,
  { brokers, errorCode: code }: MetadataResponse,
): void {
  const where = formatAddress(address)
  if (code !== ErrorCodes.NONE && code !== ErrorCodes.REBOOTSTRAP_REQUIRED) {
    const { name, description, retriable } = errorCode(code)
    const message = `the broker at ${where} refuses metadata: ${name}, ${description}`
    throw new BrokerError(message, {
      apiName: metadata.name,
      errorCode: code,
      errorName: name,
      retriable,
    })
  }
  if (brokers.length === 0 && code === ErrorCodes.NONE) {
    const message = `the broker at ${where} lists no broker: it is starting, or leaving its cluster`
    throw new ProtocolError(message, { apiName: metadata.name, retriable: true })
  }
  requireAddresses(where, brokers)
}

/** Credentials go wherever metadata points: what can be no cluster is nobody's answer. */
function requireAddresses(where: string, brokers: MetadataResponse['brokers']): void {
  const ids = new Set(brokers.map(({ nodeId }) => nodeId))
  const faults = brokers.flatMap((broker) => {
    const fault = nodeIdFault(broker.nodeId) ?? addressFault(broker)
    return fault === undefined ? [] : [`broker ${broker.nodeId} has ${fault}`]
  })
  if (ids.size < brokers.length) faults.push('two brokers have the same id')
  const [fault] = faults
  if (fault === undefined) return
  const message = `the metadata of the broker at ${where} cannot be used: ${fault}`
  throw new ProtocolError(message, { apiName: metadata.name, retriable: true })
}

/**
 * What no other broker would say otherwise, nor this one later: the name, or a right. Of all else only
 * time can tell: a broker that is starting refuses known topics with INVALID_REPLICATION_FACTOR
 * (KAFKA-15161), and some with UNKNOWN_SERVER_ERROR, whatever Kafka's table says of these codes.
 */
const FINAL_REFUSALS: ReadonlySet<number> = new Set([
  ErrorCodes.INVALID_TOPIC_EXCEPTION,
  ErrorCodes.TOPIC_AUTHORIZATION_FAILED,
  ErrorCodes.POLICY_VIOLATION,
])

/** One topic is refused, for now or for good. */
export function topicError(topic: string, code: number, createTopics: boolean): BrokerError {
  const { name, description } = errorCode(code)
  const hint = hintAt(code, createTopics)
  return new BrokerError(`topic ${JSON.stringify(topic)}: ${name}, ${description}${hint}`, {
    apiName: metadata.name,
    errorCode: code,
    errorName: name,
    retriable: !FINAL_REFUSALS.has(code),
  })
}

function hintAt(code: number, createTopics: boolean): string {
  if (code === ErrorCodes.INVALID_REPLICATION_FACTOR)
    return " (the brokers' default.replication.factor, or some of them have yet to start)"
  const isNobodys = code === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION && !createTopics
  return isNobodys ? ' (createTopics is false: nobody makes it for you)' : ''
}

/** Partitions have no leader, or one that the cluster does not list. */
export function leaderlessTopic(
  { name, partitions }: TopicMetadata,
  brokerIds: ReadonlySet<number>,
): BrokerError {
  const missing = partitions.filter(({ leaderId }) => !brokerIds.has(leaderId))
  const numbers = missing.slice(0, 5).map(({ partition }) => partition)
  const which = numbers.join(', ') + (missing.length > numbers.length ? ', …' : '')
  const { name: errorName, retriable } = errorCode(ErrorCodes.LEADER_NOT_AVAILABLE)
  return new BrokerError(
    `topic ${JSON.stringify(name)}: ${errorName}, ${missing.length} of ${partitions.length} partitions (${which}) have no leader`,
    { apiName: metadata.name, errorCode: ErrorCodes.LEADER_NOT_AVAILABLE, errorName, retriable },
  )
}

/** An answer leaves it out, or some of its partitions. */
export function incompleteTopic(topic: string): ProtocolError {
  const message = `topic ${JSON.stringify(topic)}: the brokers' answers leave it out, or partitions of it`
  return new ProtocolError(message, { apiName: metadata.name, retriable: true })
}

/** The cluster wants its clients to begin again with their bootstrap addresses (KIP-1102). */
export function rebootstrapRequired(address: Address): BrokerError {
  const { name, description } = errorCode(ErrorCodes.REBOOTSTRAP_REQUIRED)
  const message = `the broker at ${formatAddress(address)} asks to start over: ${name}, ${description}`
  return new BrokerError(message, {
    apiName: metadata.name,
    errorCode: ErrorCodes.REBOOTSTRAP_REQUIRED,
    errorName: name,
    retriable: true,
  })
}

/** A login that has never worked was refused: the credentials are wrong, whatever other brokers would say. */
export function isFinalRefusal(error: unknown): error is AuthenticationError {
  return error instanceof AuthenticationError && !error.retriable
}

/** A login was refused, at this address or at one of several that were asked. */
export function isRefusedLogin(error: unknown): boolean {
  // Of a connection that says it in other words, too.
  return someCause(error, (one) => one instanceof AuthenticationError, ConnectionError)
}
