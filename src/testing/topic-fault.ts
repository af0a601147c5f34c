/**
 * Which topics Kafka makes, and which are its own.
 *
 * Spec: Kafka's Topic.validate and ReplicationControlManager.createTopics. Neighbours: cluster-state.ts
 * makes topics; handlers/ tell clients.
 */
import { ErrorCodes } from '../protocol/error-codes.js'
import { readTopicConfig } from './topic-config.js'
import type { TopicPlan } from './topic.js'

const LONGEST_NAME = 249
const LEGAL_NAME = /^[a-zA-Z0-9._-]+$/
/** Their records are the brokers' own. */
const INTERNAL: readonly string[] = [
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
]

/** Why a topic cannot be made, as CreateTopics tells it. */
export interface TopicFault {
  readonly errorCode: number
  readonly errorMessage: string
}

/** True for a name that Kafka takes. */
export function isTopicName(name: string): boolean {
  return LEGAL_NAME.test(name) && name.length <= LONGEST_NAME && name !== '.' && name !== '..'
}

/** True where clients may read, and only brokers write. */
export function isInternalTopic(name: string): boolean {
  return INTERNAL.includes(name)
}

/** Why Kafka would not make this topic beside those that there are; null where it would. */
export function topicFault(
  { name, partitions, replicationFactor, settings }: TopicPlan,
  existing: Iterable<string>,
  brokerCount: number,
): TopicFault | null {
  const { INVALID_TOPIC_EXCEPTION, TOPIC_ALREADY_EXISTS } = ErrorCodes
  if (!isTopicName(name)) return fault(INVALID_TOPIC_EXCEPTION, `Topic name is invalid: '${name}'`)
  const alike = [...existing].filter((it) => withoutDots(it) === withoutDots(name))
  if (alike.includes(name)) return fault(TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
  if (alike.length > 0) {
    return fault(INVALID_TOPIC_EXCEPTION, `Topic '${name}' collides with existing topic: ${alike.join(', ')}`) // prettier-ignore
  }
  if (!isCount(partitions)) {
    return fault(ErrorCodes.INVALID_PARTITIONS, `Number of partitions of '${name}' must be larger than 0, not ${partitions}.`) // prettier-ignore
  }
  if (!isCount(replicationFactor) || replicationFactor > brokerCount) {
    return fault(ErrorCodes.INVALID_REPLICATION_FACTOR, `Unable to replicate a partition of '${name}' ${replicationFactor} time(s): only ${brokerCount} broker(s) are registered.`) // prettier-ignore
  }
  try {
    readTopicConfig(settings)
  } catch (error) {
    return fault(ErrorCodes.INVALID_CONFIG, (error as Error).message)
  }
  return null
}

/** Metrics write dots as underscores: two topics would have one name there. */
function withoutDots(name: string): string {
  return name.replaceAll('.', '_')
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1
}

function fault(errorCode: number, errorMessage: string): TopicFault {
  return { errorCode, errorMessage }
}
