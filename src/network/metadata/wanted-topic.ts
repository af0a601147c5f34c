/**
 * A topic that somebody wants to know of, and what is known of it so far.
 *
 * Neighbours: wanted-topics.ts keeps one for each; metadata-question.ts asks for some.
 */
import type { FormerLife } from './former-life.js'
import type { TopicMetadata } from './topic-metadata.js'
import type { TopicOutage } from './topic-outage.js'

export interface WantedTopic {
  readonly name: string
  lastUsedMs: number
  known: TopicMetadata | undefined
  /**
   * Unknown, or the last answer left it out, had an error for it, a partition without leader, or
   * none of the brokers that leads one. wanted-topics.ts alone writes it.
   */
  isUnresolved: boolean
  /** The last answer had an error for it: the listener has it from `onTopicError`. */
  hasError: boolean
  /** Whether what is known of it is over. */
  readonly formerLife: FormerLife
  /** What is logged while it is unresolved. */
  readonly outage: TopicOutage
}
