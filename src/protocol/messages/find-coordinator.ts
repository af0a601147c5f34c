/**
 * FindCoordinator (key 10, v0–6): the broker that keeps a group or a transactional id.
 *
 *   Request v0–3 => key keyType tags
 *     key              string           // a group id, or a transactional id
 *     keyType          int8  v1+        // 0 group, 1 transaction, 2 share (v6+)
 *   Request v4+  => keyType [coordinatorKeys] tags
 *     coordinatorKeys  [string]
 *
 *   Response v0–3 => throttleTimeMs errorCode errorMessage nodeId host port tags
 *     throttleTimeMs  int32            v1+
 *     errorCode       int16
 *     errorMessage    nullable string  v1+
 *     nodeId          int32            // -1 on error
 *     host            string
 *     port            int32
 *   Response v4+  => throttleTimeMs [coordinators] tags
 *     coordinators    [key string, nodeId, host, port, errorCode, errorMessage, tags]
 *
 * Here both forms are one: a list of keys, and a list of coordinators. Before v4 each has exactly one
 * item, and the response does not repeat the key.
 *
 * v2: the broker answers before it throttles. v3 is flexible. v4 takes many keys (KIP-699). v5 may
 * answer TRANSACTION_ABORTABLE. v6 is for share groups (KIP-932).
 *
 * Spec: FindCoordinatorRequest.json, FindCoordinatorResponse.json; KIP-98, KIP-699.
 */

import { ProtocolError } from '../../errors.js'
import { requireDefault } from '../api.js'
import type { Api } from '../api.js'
import type { Reader } from '../reader.js'
import type { Writer } from '../writer.js'

/** What a coordinator keeps, as `keyType` names it. */
export const CoordinatorTypes = { group: 0, transaction: 1 } as const

export interface FindCoordinatorRequest {
  /** One of `CoordinatorTypes`. */
  readonly keyType: number
  /** Group ids or transactional ids; exactly one before v4. */
  readonly coordinatorKeys: readonly string[]
}

export interface FindCoordinatorResponse {
  readonly throttleTimeMs: number
  /** One for each key asked; exactly one before v4. */
  readonly coordinators: readonly Coordinator[]
}

export interface Coordinator {
  /** The key asked for; empty before v4. */
  readonly key: string
  /** -1 on error. */
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly errorCode: number
  readonly errorMessage: string | null
}

/** The first version with lists of keys and coordinators. */
const FIRST_WITH_LISTS = 4

// The least that one item takes in any version.
const KEY_BYTES = 1
const COORDINATOR_BYTES = 14

function encodeRequest(writer: Writer, request: FindCoordinatorRequest, version: number): void {
  const flexible = version >= 3
  const { keyType, coordinatorKeys } = request
  if (version < FIRST_WITH_LISTS) {
    writer.writeString(onlyItem(coordinatorKeys, 'coordinatorKeys', version), flexible)
  }
  if (version >= 1) writer.writeInt8(keyType)
  else {
    const message = { apiName: findCoordinator.name, version }
    requireDefault(message, 'keyType', keyType, CoordinatorTypes.group)
  }
  if (version >= FIRST_WITH_LISTS) {
    writer.writeArray(coordinatorKeys, flexible, (key) => writer.writeString(key, flexible))
  }
  if (flexible) writer.writeTaggedFields()
}

function decodeRequest(reader: Reader, version: number): FindCoordinatorRequest {
  const flexible = version >= 3
  const key = version < FIRST_WITH_LISTS ? reader.readString(flexible) : ''
  const keyType = version >= 1 ? reader.readInt8() : CoordinatorTypes.group
  const coordinatorKeys =
    version < FIRST_WITH_LISTS
      ? [key]
      : reader.readArray(flexible, () => reader.readString(flexible), KEY_BYTES)
  if (flexible) reader.readTaggedFields()
  return { keyType, coordinatorKeys }
}

function encodeResponse(writer: Writer, response: FindCoordinatorResponse, version: number): void {
  const flexible = version >= 3
  const { throttleTimeMs, coordinators } = response
  if (version >= 1) writer.writeInt32(throttleTimeMs)
  if (version < FIRST_WITH_LISTS) {
    encodeOnlyCoordinator(writer, onlyItem(coordinators, 'coordinators', version), version)
  } else {
    writer.writeArray(coordinators, flexible, (coordinator) => {
      encodeCoordinator(writer, coordinator)
    })
  }
  if (flexible) writer.writeTaggedFields()
}

function encodeOnlyCoordinator(writer: Writer, coordinator: Coordinator, version: number): void {
  const flexible = version >= 3
  writer.writeInt16(coordinator.errorCode)
  if (version >= 1) writer.writeNullableString(coordinator.errorMessage, flexible)
  writer.writeInt32(coordinator.nodeId)
  writer.writeString(coordinator.host, flexible)
  writer.writeInt32(coordinator.port)
}

function encodeCoordinator(writer: Writer, coordinator: Coordinator): void {
  writer.writeString(coordinator.key, true)
  writer.writeInt32(coordinator.nodeId)
  writer.writeString(coordinator.host, true)
  writer.writeInt32(coordinator.port)
  writer.writeInt16(coordinator.errorCode)
  writer.writeNullableString(coordinator.errorMessage, true)
  writer.writeTaggedFields()
}

function decodeResponse(reader: Reader, version: number): FindCoordinatorResponse {
  const flexible = version >= 3
  const response = {
    throttleTimeMs: version >= 1 ? reader.readInt32() : 0,
    coordinators:
      version < FIRST_WITH_LISTS
        ? [decodeOnlyCoordinator(reader, version)]
        : reader.readArray(flexible, () => decodeCoordinator(reader), COORDINATOR_BYTES),
  }
  if (flexible) reader.readTaggedFields()
  return response
}

function decodeOnlyCoordinator(reader: Reader, version: number): Coordinator {
  const flexible = version >= 3
  const errorCode = reader.readInt16()
  const errorMessage = version >= 1 ? reader.readNullableString(flexible) : null
  const nodeId = reader.readInt32()
  const host = reader.readString(flexible)
  return { key: '', nodeId, host, port: reader.readInt32(), errorCode, errorMessage }
}

function decodeCoordinator(reader: Reader): Coordinator {
  const coordinator = {
    key: reader.readString(true),
    nodeId: reader.readInt32(),
    host: reader.readString(true),
    port: reader.readInt32(),
    errorCode: reader.readInt16(),
    errorMessage: reader.readNullableString(true),
  }
  reader.readTaggedFields()
  return coordinator
}

/** Before v4 there is room for one. */
function onlyItem<T>(items: readonly T[], field: string, version: number): T {
  const [item] = items
  if (item !== undefined && items.length === 1) return item
  const message = `${findCoordinator.name} v${version} carries one of ${field}, not ${items.length}`
  throw new ProtocolError(message, { apiName: findCoordinator.name, version })
}

/** Before v4 an answer does not say whose coordinator it is. */
function fault(
  { coordinatorKeys }: FindCoordinatorRequest,
  { coordinators }: FindCoordinatorResponse,
): string | undefined {
  const other = coordinators.find(({ key }) => key !== '' && !coordinatorKeys.includes(key))
  return other && `names the coordinator of ${JSON.stringify(other.key)}, which was not asked for`
}

export const findCoordinator: Api<FindCoordinatorRequest, FindCoordinatorResponse> = {
  name: 'FindCoordinator',
  key: 10,
  minVersion: 0,
  maxVersion: 6,
  flexibleFrom: 3,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
  fault,
}
