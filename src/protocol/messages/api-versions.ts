/**
 * ApiVersions (key 18, v0–4): which versions of which APIs a broker speaks, and its features.
 * The first request on every connection.
 *
 *   Request => clientSoftwareName clientSoftwareVersion      // v0–2 have an empty body
 *     clientSoftwareName     string  v3+  // letters, digits, inner '-' and '.'; else INVALID_REQUEST
 *     clientSoftwareVersion  string  v3+  // the same
 *
 *   Response => errorCode [apiKeys] throttleTimeMs tags
 *     errorCode      int16                // UNSUPPORTED_VERSION is answered in v0, whatever was asked
 *     apiKeys        [apiKey minVersion maxVersion]
 *       apiKey       int16
 *       minVersion   int16
 *       maxVersion   int16
 *     throttleTimeMs int32    v1+
 *     tags (v3+):
 *       0 supportedFeatures       [name string, minVersion int16, maxVersion int16]
 *       1 finalizedFeaturesEpoch  int64
 *       2 finalizedFeatures       [name string, maxVersionLevel int16, minVersionLevel int16]
 *       3 zkMigrationReady        boolean
 *
 * v2: the broker answers before it throttles. v3 is flexible, with a v0 response header (header.ts).
 * v4: a feature's minVersion may be 0 (KAFKA-17011).
 *
 * Spec: ApiVersionsRequest.json, ApiVersionsResponse.json; KIP-511, KIP-584.
 * Neighbours: network/ negotiates by it.
 */

import type { Api } from '../api.js'
import type { Reader } from '../reader.js'
import { taggedField } from '../writer.js'
import type { TaggedField, Writer } from '../writer.js'

export interface ApiVersionsRequest {
  readonly clientSoftwareName: string
  readonly clientSoftwareVersion: string
}

export interface ApiVersionsResponse {
  readonly errorCode: number
  readonly apiKeys: readonly ApiVersion[]
  readonly throttleTimeMs: number
  readonly supportedFeatures: readonly SupportedFeatureKey[]
  /** -1n: unknown. */
  readonly finalizedFeaturesEpoch: bigint
  readonly finalizedFeatures: readonly FinalizedFeatureKey[]
  readonly zkMigrationReady: boolean
}

/** The versions of one API, both ends included. */
export interface ApiVersion {
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
}

/** The levels of one feature that the broker supports, both ends included. */
export interface SupportedFeatureKey {
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
}

/** The levels of one feature that the whole cluster has agreed on. */
export interface FinalizedFeatureKey {
  readonly name: string
  readonly maxVersionLevel: number
  readonly minVersionLevel: number
}

const UNKNOWN_EPOCH = -1n
const API_VERSION_BYTES = 6
const FEATURE_BYTES = 6 // an empty name, two int16 and a tag section

const Tag = {
  supportedFeatures: 0,
  finalizedFeaturesEpoch: 1,
  finalizedFeatures: 2,
  zkMigrationReady: 3,
} as const

function encodeRequest(writer: Writer, request: ApiVersionsRequest, version: number): void {
  if (version >= 3) {
    writer.writeString(request.clientSoftwareName, true)
    writer.writeString(request.clientSoftwareVersion, true)
    writer.writeTaggedFields()
  }
}

function decodeRequest(reader: Reader, version: number): ApiVersionsRequest {
  const flexible = version >= 3
  const request = {
    clientSoftwareName: version >= 3 ? reader.readString(flexible) : '',
    clientSoftwareVersion: version >= 3 ? reader.readString(flexible) : '',
  }
  if (flexible) reader.readTaggedFields()
  return request
}

function encodeResponse(writer: Writer, response: ApiVersionsResponse, version: number): void {
  const flexible = version >= 3
  writer.writeInt16(response.errorCode)
  writer.writeArray(response.apiKeys, flexible, (api) => {
    writer.writeInt16(api.apiKey)
    writer.writeInt16(api.minVersion)
    writer.writeInt16(api.maxVersion)
    if (flexible) writer.writeTaggedFields()
  })
  if (version >= 1) writer.writeInt32(response.throttleTimeMs)
  if (flexible) writer.writeTaggedFields(responseTags(response))
}

/** Only what differs from the default is sent. */
function responseTags(response: ApiVersionsResponse): TaggedField[] {
  const { supportedFeatures, finalizedFeaturesEpoch, finalizedFeatures } = response
  const tags: TaggedField[] = []
  if (supportedFeatures.length > 0) {
    tags.push(taggedField(Tag.supportedFeatures, (w) => encodeSupported(w, supportedFeatures)))
  }
  if (finalizedFeaturesEpoch !== UNKNOWN_EPOCH) {
    tags.push(taggedField(Tag.finalizedFeaturesEpoch, (w) => w.writeInt64(finalizedFeaturesEpoch)))
  }
  if (finalizedFeatures.length > 0) {
    tags.push(taggedField(Tag.finalizedFeatures, (w) => encodeFinalized(w, finalizedFeatures)))
  }
  if (response.zkMigrationReady) {
    tags.push(taggedField(Tag.zkMigrationReady, (w) => w.writeBoolean(true)))
  }
  return tags
}

function encodeSupported(writer: Writer, features: readonly SupportedFeatureKey[]): void {
  writer.writeArray(features, true, (feature) => {
    writer.writeString(feature.name, true)
    writer.writeInt16(feature.minVersion)
    writer.writeInt16(feature.maxVersion)
    writer.writeTaggedFields()
  })
}

function encodeFinalized(writer: Writer, features: readonly FinalizedFeatureKey[]): void {
  writer.writeArray(features, true, (feature) => {
    writer.writeString(feature.name, true)
    writer.writeInt16(feature.maxVersionLevel)
    writer.writeInt16(feature.minVersionLevel)
    writer.writeTaggedFields()
  })
}

function decodeResponse(reader: Reader, version: number): ApiVersionsResponse {
  const flexible = version >= 3
  const response = {
    errorCode: reader.readInt16(),
    apiKeys: reader.readArray(flexible, () => decodeApi(reader, flexible), API_VERSION_BYTES),
    throttleTimeMs: version >= 1 ? reader.readInt32() : 0,
    supportedFeatures: [] as SupportedFeatureKey[],
    finalizedFeaturesEpoch: UNKNOWN_EPOCH,
    finalizedFeatures: [] as FinalizedFeatureKey[],
    zkMigrationReady: false,
  }
  if (!flexible) return response
  reader.readTaggedFields((tag, field) => {
    if (tag === Tag.supportedFeatures) response.supportedFeatures = decodeSupported(field)
    else if (tag === Tag.finalizedFeaturesEpoch) response.finalizedFeaturesEpoch = field.readInt64()
    else if (tag === Tag.finalizedFeatures) response.finalizedFeatures = decodeFinalized(field)
    else if (tag === Tag.zkMigrationReady) response.zkMigrationReady = field.readBoolean()
    else return false
    return true
  })
  return response
}

function decodeApi(reader: Reader, flexible: boolean): ApiVersion {
  const api = {
    apiKey: reader.readInt16(),
    minVersion: reader.readInt16(),
    maxVersion: reader.readInt16(),
  }
  if (flexible) reader.readTaggedFields()
  return api
}

function decodeSupported(reader: Reader): SupportedFeatureKey[] {
  const decodeFeature = () => {
    const feature = {
      name: reader.readString(true),
      minVersion: reader.readInt16(),
      maxVersion: reader.readInt16(),
    }
    reader.readTaggedFields()
    return feature
  }
  return reader.readArray(true, decodeFeature, FEATURE_BYTES)
}

function decodeFinalized(reader: Reader): FinalizedFeatureKey[] {
  const decodeFeature = () => {
    const feature = {
      name: reader.readString(true),
      maxVersionLevel: reader.readInt16(),
      minVersionLevel: reader.readInt16(),
    }
    reader.readTaggedFields()
    return feature
  }
  return reader.readArray(true, decodeFeature, FEATURE_BYTES)
}

export const apiVersions: Api<ApiVersionsRequest, ApiVersionsResponse> = {
  name: 'ApiVersions',
  key: 18,
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 3,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
}
