/**
 * One question about metadata: for which topics, and why.
 *
 * Neighbours: refresh-requests.ts makes it; metadata.ts asks it.
 */
import type { MetadataRequest } from '../../protocol/messages/metadata.js'
import { ZERO_UUID } from '../../protocol/uuid.js'
import type { WantedTopic } from './wanted-topic.js'

/** One refresh. */
export interface Question {
  readonly topics: readonly WantedTopic[]
  /** Of all topics. */
  readonly isFull: boolean
  /** Because something has failed. */
  readonly isRequested: boolean
}

/** The same as it travels. `createTopics`: the broker may make those that it does not know. */
export function requestOf({ topics }: Question, createTopics: boolean): MetadataRequest {
  return {
    // By name: brokers look at ids from v12 only, and an id would miss a topic made anew.
    topics: topics.map(({ name }) => ({ name, topicId: ZERO_UUID })),
    allowAutoTopicCreation: createTopics,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  }
}
