/**
 * What the cluster forbids: which of a broker's refusals are its authorizer's, in words that name the
 * operation, the resource and the command that grants it.
 *
 * Nothing is remembered here or anywhere: a topic that metadata refuses is asked for anew by the next
 * record, one that Produce refuses is tried by the next batch, and so is a producer id. What is granted
 * works with the next record.
 *
 * Spec: Kafka's AclEntry and KafkaApis; KIP-679 for producer ids. Neighbours: topic-directory.ts,
 * delivery-errors.ts and producer-id.ts fail with it.
 */
import { AuthorizationError, BrokerError } from '../../errors.js'
import type { AuthorizationErrorOptions, DeliveryErrorOptions } from '../../errors.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import { initProducerId } from '../../protocol/messages/init-producer-id.js'
import { metadata } from '../../protocol/messages/metadata.js'
import { txnOffsetCommit } from '../../protocol/messages/txn-offset-commit.js'

/** Kafka's name of the one resource of its kind. */
const CLUSTER = 'kafka-cluster'

const KIND = { Topic: 'topic', TransactionalId: 'transactional id', Group: 'group' } as const

/** Names of what the request was about, where it was about any. */
export interface RequestedNames {
  readonly topic?: string | undefined
  readonly transactionalId?: string | undefined
  readonly group?: string | undefined
}

/** A refusal by the authorizer. */
export interface Forbidden extends Pick<
  AuthorizationErrorOptions,
  'operation' | 'resourceType' | 'resourceName'
> {
  /** What to do about it, as the end of a sentence. */
  readonly mend: string
  readonly cause: BrokerError
}

/** What the authorizer has refused; undefined where the error is none of its own. */
export function forbiddenBy(error: unknown, names: RequestedNames): Forbidden | undefined {
  if (!(error instanceof BrokerError)) return undefined
  const { TOPIC_AUTHORIZATION_FAILED, CLUSTER_AUTHORIZATION_FAILED } = ErrorCodes
  const { TRANSACTIONAL_ID_AUTHORIZATION_FAILED, GROUP_AUTHORIZATION_FAILED } = ErrorCodes
  switch (error.errorCode) {
    case TOPIC_AUTHORIZATION_FAILED:
      return ofTopic(error, names.topic ?? '')
    case CLUSTER_AUTHORIZATION_FAILED:
      return ofCluster(error, names.topic)
    case TRANSACTIONAL_ID_AUTHORIZATION_FAILED: {
      const [resourceType, name] = ['TransactionalId', names.transactionalId ?? ''] as const
      const mend = grant(`--operation Write --transactional-id ${quoted(name)}`)
      return { operation: 'Write', resourceType, resourceName: name, mend, cause: error }
    }
    case GROUP_AUTHORIZATION_FAILED: {
      const [resourceType, name] = ['Group', names.group ?? ''] as const
      const mend = grant(`--operation Read --group ${quoted(name)}`)
      return { operation: 'Read', resourceType, resourceName: name, mend, cause: error }
    }
    default:
      return undefined
  }
}

/** The error of a record, or of the producer, whose message begins with what happened. */
export function authorizationError(
  what: string,
  { operation, resourceType, resourceName, mend, cause }: Forbidden,
  options: Omit<DeliveryErrorOptions, 'cause' | 'code' | 'retriable'> = {},
): AuthorizationError {
  const resource =
    resourceType === 'Cluster' ? 'the cluster' : `${KIND[resourceType]} "${resourceName}"`
  return new AuthorizationError(`${what}; ${operation} on ${resource} is not allowed: ${mend}`, {
    ...options,
    ...{ operation, resourceType, resourceName, cause },
  })
}

/**
 * Metadata wants Describe, which Write brings along; a topic that there is not yet wants Create too. Who
 * commits offsets of a topic must be allowed to read it.
 */
function ofTopic(cause: BrokerError, topic: string): Forbidden {
  if (cause.apiName === txnOffsetCommit.name) {
    const mend = grant(`--operation Read --topic ${quoted(topic)}`)
    return { operation: 'Read', resourceType: 'Topic', resourceName: topic, mend, cause }
  }
  const isMetadata = cause.apiName === metadata.name
  const create = isMetadata ? ' (and --operation Create, if the producer is to make it)' : ''
  return {
    operation: isMetadata ? 'Describe' : 'Write',
    resourceType: 'Topic',
    resourceName: topic,
    mend: `${grant(`--operation Write --topic ${quoted(topic)}`)}${create}`,
    cause,
  }
}

/** Of a producer id, or of the batches that carry one: brokers before 2.8 look at both. */
function ofCluster(cause: BrokerError, topic: string | undefined): Forbidden {
  const write =
    cause.apiName === initProducerId.name
      ? `, or Write on any topic (Kafka 2.8 or later${topic === undefined ? '' : `: --operation Write --topic ${quoted(topic)}`})`
      : ''
  return {
    operation: 'IdempotentWrite',
    resourceType: 'Cluster',
    resourceName: CLUSTER,
    mend: `${grant('--operation IdempotentWrite --cluster')}${write}; or set idempotence: false`,
    cause,
  }
}

function grant(what: string): string {
  return `grant it with kafka-acls.sh --bootstrap-server <broker> --add --allow-principal User:<you> ${what}`
}

/** As a shell takes it. */
function quoted(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`
}
