/**
 * Our messages and Kafka's JSON of the same: how to turn one into the other, and where they differ.
 *
 * Kafka's JSON of a message has only the fields that its version carries, and of the tagged ones
 * only those that differ from their default; ours always have all. So a field that Kafka's JSON
 * lacks must have Kafka's default in ours: DEFAULTS, copied from its message definitions.
 */
import { isDeepStrictEqual } from 'node:util'
import { OPERATIONS_NOT_ASKED } from '../../src/protocol/messages/metadata.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import type { MessageId } from './oracle.js'

const NO_LEADER = { leaderId: -1, leaderEpoch: -1 }

const DEFAULTS: Readonly<Record<string, unknown>> = {
  allowAutoTopicCreation: true,
  clientSoftwareName: '',
  clientSoftwareVersion: '',
  clusterAuthorizedOperations: OPERATIONS_NOT_ASKED,
  clusterId: null,
  configs: [],
  controllerId: -1,
  currentLeader: NO_LEADER,
  errorCode: 0,
  errorMessage: null,
  committedLeaderEpoch: -1,
  finalizedFeatures: [],
  finalizedFeaturesEpoch: -1n,
  generationId: -1,
  groupInstanceId: null,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
  isInternal: false,
  keyType: 0,
  leaderEpoch: -1,
  memberId: '',
  logStartOffset: -1n,
  name: '',
  nodeEndpoints: [],
  numPartitions: -1,
  offlineReplicas: [],
  producerEpoch: -1,
  producerId: -1n,
  rack: null,
  recordErrors: [],
  replicationFactor: -1,
  sessionLifetimeMs: 0n,
  supportedFeatures: [],
  throttleTimeMs: 0,
  topicAuthorizedOperations: OPERATIONS_NOT_ASKED,
  topicConfigErrorCode: 0,
  topicId: ZERO_UUID,
  zkMigrationReady: false,
}

/** Fields of text that are no text to Kafka. */
const UUIDS: readonly string[] = ['topicId', 'clientInstanceId']

/** Where our fields are not Kafka's: ours have one shape in all versions. */
type Reshape = (message: Record<string, unknown>, version: number) => Record<string, unknown>

const RESHAPES: Readonly<Record<string, Reshape>> = {
  AddPartitionsToTxnRequest: ({ transactionalId, producerId, producerEpoch, topics }) => ({
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: topics,
  }),
  AddPartitionsToTxnResponse: ({ results, ...rest }) => ({
    ...rest,
    resultsByTopicV3AndBelow: results,
  }),
  FindCoordinatorRequest: (message, version) => {
    if (hasCoordinatorLists(version)) return message
    const { coordinatorKeys, ...rest } = message
    return { ...rest, key: (coordinatorKeys as unknown[])[0] }
  },
  FindCoordinatorResponse: (message, version) => {
    if (hasCoordinatorLists(version)) return message
    const { coordinators, ...rest } = message
    const [{ key: _, ...coordinator } = {}] = coordinators as Record<string, unknown>[]
    return { ...rest, ...coordinator }
  },
}

/** FindCoordinator v4 on; before, Kafka has fields for one key and one coordinator. */
export function hasCoordinatorLists(version: number): boolean {
  return version >= 4
}

/** A message in Kafka's shape and with Kafka's names. */
export function kafkaShape({ name, version }: MessageId, message: unknown): unknown {
  return RESHAPES[name]?.(message as Record<string, unknown>, version) ?? message
}

/**
 * A message as Kafka's JSON reader wants it. The current leader is left out where it is not known, as
 * that reader refuses the struct in versions that have no such field.
 */
export function kafkaJson(id: MessageId, message: unknown): unknown {
  return mapObjects(kafkaShape(id, message), ([name, value]) =>
    name === 'currentLeader' && isDeepStrictEqual(value, NO_LEADER) ? [] : [[name, value]],
  )
}

/** Where a message of ours differs from Kafka's JSON (numbers as text), or null. */
export function difference(ours: unknown, kafkas: unknown, path = '$'): string | null {
  if (Array.isArray(ours) && Array.isArray(kafkas)) return differenceOfLists(ours, kafkas, path)
  if (isStruct(ours) && isStruct(kafkas)) return differenceOfStructs(ours, kafkas, path)
  const text = scalar(ours)
  return text === kafkas ? null : `${path}: ours ${String(text)}, Kafka's ${String(kafkas)}`
}

/**
 * The same message with its strings passed through `change`, but for ids and empty strings: a version
 * that does not carry a string has it empty.
 */
export function mapStrings<T>(message: T, change: (text: string) => string): T {
  return mapObjects(message, ([name, value]) => [[name, mapText(name, value, change)]]) as T
}

function mapText(name: string, value: unknown, change: (text: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => mapText(name, item, change))
  return isText(name, value) ? change(value) : value
}

function isText(name: string, value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !UUIDS.includes(name)
}

/** What JavaScript writes for text with lone surrogates: each becomes U+FFFD. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString()
}

function differenceOfLists(
  ours: readonly unknown[],
  kafkas: readonly unknown[],
  path: string,
): string | null {
  if (ours.length !== kafkas.length) {
    return `${path}: ours has ${ours.length} items, Kafka's ${kafkas.length}`
  }
  return firstOf(ours, (item, index) => difference(item, kafkas[index], `${path}[${index}]`))
}

function differenceOfStructs(
  ours: Readonly<Record<string, unknown>>,
  kafkas: Readonly<Record<string, unknown>>,
  path: string,
): string | null {
  const names = [...new Set([...Object.keys(ours), ...Object.keys(kafkas)])]
  return firstOf(names, (name) => {
    const field = `${path}.${name}`
    if (!Object.hasOwn(ours, name)) return `${field}: only Kafka has it`
    if (Object.hasOwn(kafkas, name)) return difference(ours[name], kafkas[name], field)
    const isDefault = name in DEFAULTS && isDeepStrictEqual(ours[name], DEFAULTS[name])
    return isDefault ? null : `${field}: only ours has it, and not at its default`
  })
}

function firstOf<T>(items: readonly T[], check: (item: T, index: number) => string | null) {
  for (const [index, item] of items.entries()) {
    const found = check(item, index)
    if (found !== null) return found
  }
  return null
}

/** Numbers as text and bytes as base64, as the oracle answers them. */
function scalar(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}

function isStruct(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
}

/** Rebuilds every object, all the way down, from what `change` makes of each of its fields. */
export function mapObjects(
  value: unknown,
  change: (entry: [string, unknown]) => [string, unknown][],
): unknown {
  if (Array.isArray(value)) return value.map((item) => mapObjects(item, change))
  if (!isStruct(value)) return value
  const entries = Object.entries(value).flatMap(change)
  return Object.fromEntries(entries.map(([name, field]) => [name, mapObjects(field, change)]))
}
