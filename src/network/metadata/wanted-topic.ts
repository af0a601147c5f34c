/**
 * A topic that somebody wants to know of, and what is known of it so far.
 *
 * Neighbours: metadata.ts keeps one for each.
 */
import type { MetadataResponse } from '../../protocol/messages/metadata.js'
import type { TopicMetadata } from './topic-metadata.js'

export interface WantedTopic {
  readonly name: string
  lastUsedMs: number
  known: TopicMetadata | undefined
  /**
   * Unknown, or the last answer left it out, had an error for it, a partition without leader, or
   * none of the brokers that leads one.
   */
  isUnresolved: boolean
  /** The last answer had an error for it: the listener thinks so too, until told otherwise. */
  hasError: boolean
  /** The last answer made no sense, and the log was told. */
  hasGaps: boolean
}

/** One refresh. */
export interface Question {
  readonly topics: readonly WantedTopic[]
  /** Of all topics. */
  readonly isFull: boolean
  /** Because something has failed. */
  readonly isRequested: boolean
}

/** An answer, and how long its broker took. */
export interface MetadataAnswer {
  readonly response: MetadataResponse
  readonly tookMs: number
}
