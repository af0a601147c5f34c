/** Random FindCoordinator messages that a version can carry whole. */

import type fc from 'fast-check'
import type {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from '../../../src/protocol/messages/find-coordinator.js'
import { int16, int32, int8, nullable, record, text, when } from './primitives.js'

export function findCoordinatorRequest(version: number): fc.Arbitrary<FindCoordinatorRequest> {
  return record({ key: text, keyType: when(version >= 1, int8, 0) })
}

export function findCoordinatorResponse(version: number): fc.Arbitrary<FindCoordinatorResponse> {
  return record({
    throttleTimeMs: when(version >= 1, int32, 0),
    errorCode: int16,
    errorMessage: when(version >= 1, nullable(text), null),
    nodeId: int32,
    host: text,
    port: int32,
  })
}
