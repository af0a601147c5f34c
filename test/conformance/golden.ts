/**
 * The fixtures in test/fixtures/protocol: their names, what each holds, and how to read one.
 * make-fixtures.ts writes them from Kafka's codec; test/protocol/golden.test.ts holds ours to them.
 */
import { readFileSync } from 'node:fs'
import { COMPRESSION_NAMES } from '../../src/compression/codec.js'
import { projectFile } from '../broker/project.js'
import { SAMPLE_RECORDS } from './batches.js'
import { GOLDEN_VALUES } from './golden-values.js'
import { MESSAGES, type MessageSpec } from './messages.js'
import type { BatchPlan, EndMarkerPlan } from './oracle.js'

/** A message in one version. */
export interface GoldenMessage {
  readonly fixture: string
  readonly spec: MessageSpec
  readonly version: number
  readonly message: unknown
  /** With it, every struct has a field that nobody knows: to be read, never written. */
  readonly unknownTag?: Buffer
}

/** A batch of `SAMPLE_RECORDS`. */
export interface GoldenBatch {
  readonly fixture: string
  readonly plan: Omit<BatchPlan, 'records'>
}

/** The control batch that ends a transaction. */
export interface GoldenMarker {
  readonly fixture: string
  readonly plan: EndMarkerPlan
}

/** A header by itself. */
export interface GoldenHeader {
  readonly fixture: string
  /** Kafka's name of it. */
  readonly name: 'RequestHeader' | 'ResponseHeader'
  readonly version: number
  readonly json: object
}

export const GOLDEN_RECORDS = SAMPLE_RECORDS

/** What the idempotent batch is stamped with. */
export const GOLDEN_STAMP = {
  producerId: 9_007_199_254_740_993n,
  producerEpoch: 12,
  baseSequence: 2_147_483_647,
}

/** `<api>.v<version>.<case>` of every message. */
export const GOLDEN_MESSAGES: readonly GoldenMessage[] = MESSAGES.flatMap((spec) =>
  spec.versions.flatMap((version) => goldenMessagesOf(spec, version)),
)

export const GOLDEN_BATCHES: readonly GoldenBatch[] = [
  ...COMPRESSION_NAMES.map((compression) => ({
    fixture: `record-batch.v2.${compression}`,
    plan: { compression },
  })),
  { fixture: 'record-batch.v2.idempotent', plan: GOLDEN_STAMP },
  { fixture: 'record-batch.v2.transactional', plan: { ...GOLDEN_STAMP, isTransactional: true } },
  {
    fixture: 'record-batch.v2.log-append-time',
    plan: { baseOffset: 42n, partitionLeaderEpoch: 7, logAppendTime: 1_700_000_111_222 },
  },
]

/** What lies in a partition behind a transaction. */
export const GOLDEN_MARKERS: readonly GoldenMarker[] = [
  { fixture: 'record-batch.v2.commit-marker', plan: markerPlan(true) },
  { fixture: 'record-batch.v2.abort-marker', plan: markerPlan(false) },
]

const REQUEST = { requestApiKey: 3, requestApiVersion: 9, correlationId: -2 }

export const GOLDEN_HEADERS: readonly GoldenHeader[] = [
  header('header.v1.request', 'RequestHeader', 1, { ...REQUEST, clientId: 'ottla' }),
  header('header.v1.request-nameless', 'RequestHeader', 1, { ...REQUEST, clientId: null }),
  header('header.v2.request', 'RequestHeader', 2, { ...REQUEST, clientId: 'ottla' }),
  header('header.v2.request-nameless', 'RequestHeader', 2, { ...REQUEST, clientId: null }),
  header('header.v0.response', 'ResponseHeader', 0, { correlationId: -2 }),
  header('header.v1.response', 'ResponseHeader', 1, { correlationId: -2 }),
]

/** Where a fixture lies. */
export function fixtureFile(fixture: string): string {
  return projectFile('test', 'fixtures', 'protocol', `${fixture}.hex`)
}

/** The bytes of a fixture. */
export function goldenBytes(fixture: string): Buffer {
  const text = readFileSync(fixtureFile(fixture), 'latin1')
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
}

function goldenMessagesOf(spec: MessageSpec, version: number): GoldenMessage[] {
  const values = GOLDEN_VALUES[spec.name]
  if (values === undefined) throw new Error(`${spec.name} has no values in golden-values.ts`)
  const { full, empty } = values(version)
  const kind = spec.name.endsWith('Request') ? 'request' : 'response'
  const stem = `${kebabCase(spec.api.name)}.v${version}.${kind}`
  const shared = { spec, version }
  const messages: GoldenMessage[] = [
    { ...shared, fixture: stem, message: full },
    { ...shared, fixture: `${stem}-empty`, message: empty },
  ]
  if (version < spec.api.flexibleFrom) return messages
  const later = { fixture: `${stem}-later`, message: full, unknownTag: Buffer.from('later') }
  return [...messages, { ...shared, ...later }]
}

/** `InitProducerId` -> `init-producer-id`, as the files in src/protocol/messages are named. */
function kebabCase(name: string): string {
  return name.replaceAll(/(?<=[a-z])[A-Z]/g, (capital) => `-${capital}`).toLowerCase()
}

function markerPlan(isCommit: boolean): EndMarkerPlan {
  const { producerId, producerEpoch } = GOLDEN_STAMP
  return {
    ...{ producerId, producerEpoch, isCommit },
    ...{ baseOffset: 42n, partitionLeaderEpoch: 7, coordinatorEpoch: 5 },
    timestamp: 1_700_000_111_222,
  }
}

function header(
  fixture: string,
  name: GoldenHeader['name'],
  version: number,
  json: object,
): GoldenHeader {
  return { fixture, name, version, json }
}
