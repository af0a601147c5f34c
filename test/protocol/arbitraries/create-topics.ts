/** Random CreateTopics messages that a version can carry whole. */

import fc from 'fast-check'
import type {
  CreateTopicsRequest,
  CreateTopicsResponse,
} from '../../../src/protocol/messages/create-topics.js'
import { ZERO_UUID } from '../../../src/protocol/uuid.js'
import { int16, int32, int8, list, nullable, record, text, uuid, when } from './primitives.js'

export function createTopicsRequest(): fc.Arbitrary<CreateTopicsRequest> {
  const topic = record({
    name: text,
    numPartitions: int32,
    replicationFactor: int16,
    assignments: list(record({ partitionIndex: int32, brokerIds: list(int32) })),
    configs: list(record({ name: text, value: nullable(text) })),
  })
  return record({ topics: list(topic), timeoutMs: int32, validateOnly: fc.boolean() })
}

export function createTopicsResponse(version: number): fc.Arbitrary<CreateTopicsResponse> {
  const config = record({
    name: text,
    value: nullable(text),
    readOnly: fc.boolean(),
    configSource: int8,
    isSensitive: fc.boolean(),
  })
  const topic = record({
    name: text,
    topicId: when(version >= 7, uuid, ZERO_UUID),
    errorCode: int16,
    errorMessage: nullable(text),
    topicConfigErrorCode: when(version >= 5, int16, 0),
    numPartitions: when(version >= 5, int32, -1),
    replicationFactor: when(version >= 5, int16, -1),
    configs: when(version >= 5, nullable(list(config)), []),
  })
  return record({ throttleTimeMs: int32, topics: list(topic) })
}
