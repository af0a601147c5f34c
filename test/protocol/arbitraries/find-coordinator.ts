/** Random FindCoordinator messages that a version can carry whole. */

import fc from 'fast-check'
import type {
  Coordinator,
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from '../../../src/protocol/messages/find-coordinator.js'
import { int16, int32, int8, list, nullable, record, text, when } from './primitives.js'

export function findCoordinatorRequest(version: number): fc.Arbitrary<FindCoordinatorRequest> {
  return record({
    keyType: when(version >= 1, int8, 0),
    coordinatorKeys: version >= 4 ? list(text) : exactlyOne(text),
  })
}

export function findCoordinatorResponse(version: number): fc.Arbitrary<FindCoordinatorResponse> {
  const coordinator = record<Coordinator>({
    key: when(version >= 4, text, ''),
    nodeId: int32,
    host: text,
    port: int32,
    errorCode: int16,
    errorMessage: when(version >= 1, nullable(text), null),
  })
  return record({
    throttleTimeMs: when(version >= 1, int32, 0),
    coordinators: version >= 4 ? list(coordinator) : exactlyOne(coordinator),
  })
}

function exactlyOne<T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(item, { minLength: 1, maxLength: 1 })
}
