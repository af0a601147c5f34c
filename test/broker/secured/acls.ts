/**
 * ACLs of a broker, given and taken over the wire in milliseconds; Kafka's AclCommand would start a
 * JVM for each.
 *
 *   CreateAcls v1    request  [ resource, principal, host string, operation, permission int8 ]
 *                    response throttle int32 [ errorCode int16, errorMessage nullable string ]
 *   DeleteAcls v1    request  [ filter: the same, each but the resource's type may be null ]
 *                    response throttle int32 [ errorCode, errorMessage, [ what was deleted ] ]
 *   DescribeAcls v1  request  filter
 *                    response throttle int32 errorCode errorMessage [ resource [ entry ] ]
 *   resource = type int8, name string, pattern type int8 (KIP-290)
 *
 * Spec: CreateAclsRequest.json, DeleteAclsRequest.json, DescribeAclsRequest.json; not flexible.
 */
import type { Reader } from '../../../src/protocol/reader.js'
import type { Writer } from '../../../src/protocol/writer.js'
import { ask, type ClientApi } from '../ask.js'
import { waitUntil } from '../wait.js'

const VERSION = 1
const WAIT_TIMEOUT_MS = 20_000

const RESOURCE_TYPES = { topic: 2, group: 3, cluster: 4, transactionalId: 5 } as const
const OPERATIONS = {
  ...{ all: 2, read: 3, write: 4, create: 5, delete: 6, alter: 7, describe: 8 },
  ...{ describeConfigs: 10, alterConfigs: 11, idempotentWrite: 12 },
} as const
const PATTERN_TYPES = { literal: 3, prefixed: 4 } as const
const PERMISSIONS = { deny: 2, allow: 3 } as const

/** The only name that a resource of type `cluster` has. */
export const CLUSTER_NAME = 'kafka-cluster'

/** Who may do what, or may not. */
export interface Acl {
  /** `User:bob`, or `User:CN=dave` for a certificate's. */
  readonly principal: string
  readonly operation: keyof typeof OPERATIONS
  readonly resourceType: keyof typeof RESOURCE_TYPES
  /** `CLUSTER_NAME` for the cluster. */
  readonly resourceName: string
  /** Default `literal`. */
  readonly patternType?: keyof typeof PATTERN_TYPES
  /** Default `allow`. */
  readonly permission?: keyof typeof PERMISSIONS
}

/** Adds it; resolves when this broker judges by it. */
export async function createAcl(address: string, acl: Acl): Promise<void> {
  refuse(await ask(address, createAcls, VERSION, acl), acl)
  await untilKnown(address, acl, true)
}

/** Takes it away; resolves when this broker no longer judges by it. */
export async function deleteAcl(address: string, acl: Acl): Promise<void> {
  refuse(await ask(address, deleteAcls, VERSION, acl), acl)
  await untilKnown(address, acl, false)
}

function refuse({ errorCode, message }: AclAnswer, acl: Acl): void {
  if (errorCode !== 0) throw new Error(`${JSON.stringify(acl)}: error ${errorCode}, ${message}`)
}

/** The controller answers; the broker learns of it a moment later. */
async function untilKnown(address: string, acl: Acl, isKnown: boolean): Promise<void> {
  await waitUntil(async () => (await ask(address, describeAcls, VERSION, acl)) === isKnown, {
    what: `${address} to know that ${JSON.stringify(acl)} is ${isKnown ? 'there' : 'gone'}`,
    timeoutMs: WAIT_TIMEOUT_MS,
    intervalMs: 10,
  })
}

interface AclAnswer {
  readonly errorCode: number
  readonly message: string | null
}

/** A filter that fits exactly one ACL has the same bytes as that ACL. */
function writeAcl(writer: Writer, acl: Acl): void {
  writer.writeInt8(RESOURCE_TYPES[acl.resourceType])
  writer.writeString(acl.resourceName, false)
  writer.writeInt8(PATTERN_TYPES[acl.patternType ?? 'literal'])
  writer.writeString(acl.principal, false)
  writer.writeString('*', false)
  writer.writeInt8(OPERATIONS[acl.operation])
  writer.writeInt8(PERMISSIONS[acl.permission ?? 'allow'])
}

/** The first result's; what else it tells is left unread. */
function readAnswer(reader: Reader): AclAnswer {
  reader.readInt32() // throttle
  reader.readInt32() // one result, for one ACL
  return { errorCode: reader.readInt16(), message: reader.readNullableString(false) }
}

const VERSIONS = { minVersion: VERSION, maxVersion: VERSION, flexibleFrom: 2 }

const createAcls: ClientApi<Acl, AclAnswer> = {
  ...VERSIONS,
  name: 'CreateAcls',
  key: 30,
  encodeRequest: (writer, acl) => writer.writeArray([acl], false, (it) => writeAcl(writer, it)),
  decodeResponse: readAnswer,
}

const deleteAcls: ClientApi<Acl, AclAnswer> = { ...createAcls, name: 'DeleteAcls', key: 31 }

/** Whether there is such an ACL. */
const describeAcls: ClientApi<Acl, boolean> = {
  ...VERSIONS,
  name: 'DescribeAcls',
  key: 29,
  encodeRequest: writeAcl,
  decodeResponse(reader) {
    reader.readInt32() // throttle
    const errorCode = reader.readInt16()
    const message = reader.readNullableString(false)
    if (errorCode !== 0) throw new Error(`DescribeAcls: error ${errorCode}, ${String(message)}`)
    return reader.readInt32() > 0
  },
}
