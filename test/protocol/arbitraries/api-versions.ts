/** Random ApiVersions messages that a version can carry whole. */

import fc from 'fast-check'
import type {
  ApiVersionsRequest,
  ApiVersionsResponse,
} from '../../../src/protocol/messages/api-versions.js'
import { int16, int32, int64, list, record, text, when } from './primitives.js'

export function apiVersionsRequest(version: number): fc.Arbitrary<ApiVersionsRequest> {
  return record({
    clientSoftwareName: when(version >= 3, text, ''),
    clientSoftwareVersion: when(version >= 3, text, ''),
  })
}

export function apiVersionsResponse(version: number): fc.Arbitrary<ApiVersionsResponse> {
  const supported = record({ name: text, minVersion: int16, maxVersion: int16 })
  const finalized = record({ name: text, maxVersionLevel: int16, minVersionLevel: int16 })
  return record({
    errorCode: int16,
    apiKeys: list(record({ apiKey: int16, minVersion: int16, maxVersion: int16 })),
    throttleTimeMs: when(version >= 1, int32, 0),
    supportedFeatures: when(version >= 3, list(supported), []),
    finalizedFeaturesEpoch: when(version >= 3, int64, -1n),
    finalizedFeatures: when(version >= 3, list(finalized), []),
    zkMigrationReady: when(version >= 3, fc.boolean(), false),
  })
}
