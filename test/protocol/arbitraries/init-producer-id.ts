/** Random InitProducerId messages that a version can carry whole. */

import type fc from 'fast-check'
import type {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from '../../../src/protocol/messages/init-producer-id.js'
import { int16, int32, int64, nullable, record, text, when } from './primitives.js'

export function initProducerIdRequest(version: number): fc.Arbitrary<InitProducerIdRequest> {
  return record({
    transactionalId: nullable(text),
    transactionTimeoutMs: int32,
    producerId: when(version >= 3, int64, -1n),
    producerEpoch: when(version >= 3, int16, -1),
  })
}

export function initProducerIdResponse(): fc.Arbitrary<InitProducerIdResponse> {
  return record({
    throttleTimeMs: int32,
    errorCode: int16,
    producerId: int64,
    producerEpoch: int16,
  })
}
