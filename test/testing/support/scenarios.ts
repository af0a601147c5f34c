/**
 * Scripts of raw Produce requests that Kafka and the test cluster must answer alike. Each runs on a
 * topic of its own; `expect`, where given, is what the last step must come to on both.
 */
import { ZERO_UUID } from '../../../src/protocol/uuid.js'
import { makeBatch, type BatchPlan } from './batches.js'
import type { RawProduce } from './raw-produce.js'

export type Step = Partial<Omit<RawProduce, 'records' | 'alongside'>> & {
  readonly batch?: BatchPlan
  /** Instead of `batch`. */
  readonly records?: Uint8Array | null
  /** For partition 1, in the same request. */
  readonly alongside?: BatchPlan
}

export interface Scenario {
  readonly config?: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
  /** Default 1. */
  readonly partitions?: number
  /** Errors of the last step's partitions, or `closed`. */
  readonly expect: string
}

const HOUR_MS = 3_600_000
const MAX_SEQUENCE = 0x7fffffff
const PRODUCER_ID = 9_007_199_254_740_993n // 2^53 + 1: no double holds it

const seq = (sequence: number, count = 1, more: Partial<BatchPlan> = {}): Step => ({
  batch: {
    producerId: PRODUCER_ID,
    sequence,
    values: Array.from({ length: count }, () => 'v'),
    ...more,
  },
})
const ten = (from = 0): Step[] => Array.from({ length: 10 }, (_, i) => seq(from + i))
const damaged = (damage: (batch: Buffer) => void, more: Partial<BatchPlan> = {}): Step => ({
  batch: { values: ['a', 'b'], damage, ...more },
})
const versions = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...Object.fromEntries(
    versions.map((version) => [
      `a good batch in v${version}`,
      { steps: [{ version }, { version }], expect: 'NONE' },
    ]),
  ),
  'acks 1': { steps: [{ acks: 1 }], expect: 'NONE' },
  'acks 0': { steps: [{ acks: 0 }, {}], expect: 'NONE' },
  'acks 0 and a bad batch': {
    steps: [{ acks: 0, ...damaged((b) => b.writeInt32BE(7, 23)) }],
    expect: 'closed',
  },
  'acks 2': { steps: [{ acks: 2 }], expect: 'INVALID_REQUIRED_ACKS' },
  'acks 2 and an unknown topic': {
    steps: [{ acks: 2, topic: 'there-is-no-such-topic' }],
    expect: 'UNKNOWN_TOPIC_OR_PARTITION',
  },

  'the first sequence of an unknown producer is 17': { steps: [seq(17)], expect: 'NONE' },
  'sequences in order': { steps: [seq(0, 3), seq(3, 2), seq(5)], expect: 'NONE' },
  'a duplicate of the last batch': { steps: [seq(0, 3), seq(3), seq(3)], expect: 'NONE' },
  'a duplicate of the fifth last batch': { steps: [...ten(), seq(5)], expect: 'NONE' },
  'a duplicate of the sixth last batch': {
    steps: [...ten(), seq(4)],
    expect: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  },
  'a sequence that overlaps the last batch': {
    steps: [seq(0, 3), seq(1, 4)],
    expect: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  },
  'a gap in the sequence': { steps: [seq(0), seq(2)], expect: 'OUT_OF_ORDER_SEQUENCE_NUMBER' },
  'what follows a gap': { steps: [seq(0), seq(2), seq(1)], expect: 'NONE' },
  'sequences wrap to 0': { steps: [seq(MAX_SEQUENCE), seq(0)], expect: 'NONE' },
  'a batch across the wrap': { steps: [seq(MAX_SEQUENCE, 3), seq(2)], expect: 'NONE' },
  'a duplicate across the wrap': {
    steps: [seq(MAX_SEQUENCE, 3), seq(2), seq(MAX_SEQUENCE, 3)],
    expect: 'NONE',
  },
  'sequence 1 instead of 0 after the wrap': {
    steps: [seq(MAX_SEQUENCE), seq(1)],
    expect: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  },
  'a new epoch from 0': { steps: [seq(0), seq(0, 1, { epoch: 1 })], expect: 'NONE' },
  'a new epoch from 1': {
    steps: [seq(0), seq(1, 1, { epoch: 1 })],
    expect: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  },
  'an old epoch': {
    steps: [seq(0, 1, { epoch: 1 }), seq(0)],
    expect: 'INVALID_PRODUCER_EPOCH',
  },
  'a duplicate of an old epoch': {
    steps: [seq(0), seq(0, 1, { epoch: 1 }), seq(0)],
    expect: 'INVALID_PRODUCER_EPOCH',
  },
  'a negative sequence': { steps: [seq(-1)], expect: 'INVALID_RECORD' },
  'a duplicate of a batch on a LogAppendTime topic': {
    config: { 'message.timestamp.type': 'LogAppendTime' },
    steps: [seq(0), seq(0)],
    expect: 'NONE',
  },

  'a wrong checksum': {
    steps: [damaged((b) => b.writeInt32BE(1, 17), { fixCrc: false })],
    expect: 'CORRUPT_MESSAGE',
  },
  'a damaged record': {
    steps: [damaged((b) => b.fill(0xff, 61, 64), { fixCrc: false })],
    expect: 'CORRUPT_MESSAGE',
  },
  'a damaged record under a right checksum': {
    steps: [damaged((b) => b.fill(0xff, 61, 64))],
    expect: 'INVALID_RECORD',
  },
  'no records at all': { steps: [{ records: Buffer.alloc(0) }], expect: 'INVALID_RECORD' },
  'a batch cut short': {
    steps: [{ records: makeBatch().subarray(0, -1) }],
    expect: 'INVALID_RECORD',
  },
  'a few bytes behind the batch': {
    steps: [{ records: Buffer.concat([makeBatch(), Buffer.alloc(8)]) }, {}],
    expect: 'NONE',
  },
  'two batches': {
    steps: [{ records: Buffer.concat([makeBatch(), makeBatch()]) }],
    expect: 'INVALID_RECORD',
  },
  'a length below the smallest': {
    steps: [damaged((b) => b.writeInt32BE(3, 8))],
    expect: 'CORRUPT_MESSAGE',
  },
  'a length below that of a header': {
    steps: [damaged((b) => b.writeInt32BE(30, 8))],
    expect: 'CORRUPT_MESSAGE',
  },
  'magic 1': { steps: [damaged((b) => (b[16] = 1))], expect: 'INVALID_RECORD' },
  'magic 3': { steps: [damaged((b) => (b[16] = 3))], expect: 'CORRUPT_MESSAGE' },
  'a base offset other than 0': {
    steps: [damaged((b) => b.writeBigInt64BE(5n, 0))],
    expect: 'INVALID_RECORD',
  },
  'a last offset delta that is not count - 1': {
    steps: [damaged((b) => b.writeInt32BE(7, 23))],
    expect: 'INVALID_RECORD',
  },
  'a count of 0': {
    steps: [damaged((b) => (b.writeInt32BE(-1, 23), b.writeInt32BE(0, 57)))],
    expect: 'INVALID_RECORD',
  },
  'more records counted than there are': {
    steps: [damaged((b) => (b.writeInt32BE(2, 23), b.writeInt32BE(3, 57)))],
    expect: 'INVALID_RECORD',
  },
  'fewer records counted than there are': {
    steps: [damaged((b) => (b.writeInt32BE(0, 23), b.writeInt32BE(1, 57)))],
    expect: 'INVALID_RECORD',
  },
  'a control batch': { steps: [damaged((b) => (b[22] = 0x20))], expect: 'INVALID_RECORD' },
  'a transactional batch without a transaction': {
    steps: [damaged((b) => (b[22] = 0x10))],
    expect: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  },
  'codec 5': { steps: [damaged((b) => (b[22] = 5))], expect: 'UNKNOWN_SERVER_ERROR' },
  'codec 5 in v6': {
    steps: [{ version: 6, ...damaged((b) => (b[22] = 5)) }],
    expect: 'UNKNOWN_SERVER_ERROR',
  },
  'the LogAppendTime bit on a CreateTime topic': {
    steps: [damaged((b) => (b[22] = 0x08))],
    expect: 'NONE',
  },
  'the LogAppendTime bit on a LogAppendTime topic': {
    config: { 'message.timestamp.type': 'LogAppendTime' },
    steps: [damaged((b) => (b[22] = 0x08))],
    expect: 'INVALID_TIMESTAMP',
  },

  ...Object.fromEntries(
    (['gzip', 'snappy', 'lz4', 'zstd'] as const).flatMap((codec) => [
      [`a batch in ${codec}`, { steps: [{ batch: { codec } }, {}], expect: 'NONE' }],
      [
        `damaged ${codec}`,
        { steps: [damaged((b) => b.fill(0xff, 61), { codec })], expect: 'UNKNOWN_SERVER_ERROR' },
      ],
    ]),
  ),
  'a damaged record in gzip': {
    steps: [{ batch: { codec: 'gzip', damageRecords: (b) => b.fill(0xff, 0, 3) } }],
    expect: 'INVALID_RECORD',
  },
  'two partitions, one with a wrong checksum': {
    partitions: 2,
    steps: [
      { ...damaged((b) => b.writeInt32BE(1, 17), { fixCrc: false }), alongside: { values: ['x'] } },
    ],
    expect: 'CORRUPT_MESSAGE NONE',
  },
  'two partitions, one with bytes that are no batch': {
    partitions: 2,
    steps: [{ ...damaged((b) => (b[16] = 3)), alongside: {} }, {}],
    expect: 'NONE',
  },
  'two partitions, one of them unknown': {
    steps: [{ alongside: {} }],
    expect: 'NONE UNKNOWN_TOPIC_OR_PARTITION',
  },
  'zstd in v6': {
    steps: [{ version: 6, batch: { codec: 'zstd' } }],
    expect: 'UNSUPPORTED_COMPRESSION_TYPE',
  },
  'plain bytes that claim to be gzip': {
    steps: [damaged((b) => (b[22] = 1))],
    expect: 'UNKNOWN_SERVER_ERROR',
  },

  'a batch beyond max.message.bytes': {
    config: { 'max.message.bytes': '200' },
    steps: [{}, { batch: { values: ['x'.repeat(300)] } }],
    expect: 'MESSAGE_TOO_LARGE',
  },
  'a batch of exactly max.message.bytes': {
    config: { 'max.message.bytes': String(makeBatch().length) },
    steps: [{}],
    expect: 'NONE',
  },
  'a batch a byte beyond max.message.bytes': {
    config: { 'max.message.bytes': String(makeBatch().length - 1) },
    steps: [{}],
    expect: 'MESSAGE_TOO_LARGE',
  },
  'a batch too large and corrupt': {
    config: { 'max.message.bytes': '60' },
    steps: [damaged((b) => b.writeInt32BE(1, 17), { fixCrc: false })],
    expect: 'MESSAGE_TOO_LARGE',
  },
  'no key on a compacted topic': {
    config: { 'cleanup.policy': 'compact' },
    steps: [{ batch: { key: null, values: ['a', 'b', 'c'] } }],
    expect: 'INVALID_RECORD',
  },
  'a key on a compacted topic': {
    config: { 'cleanup.policy': 'compact,delete' },
    steps: [{ batch: { values: ['a', null] } }],
    expect: 'NONE',
  },
  'a timestamp two hours ahead': {
    steps: [{ batch: { values: ['a', 'b'], timestamps: [1, Date.now() + 2 * HOUR_MS] } }],
    expect: 'INVALID_TIMESTAMP',
  },
  'a timestamp half an hour ahead': {
    steps: [{ batch: { timestamps: [Date.now() + HOUR_MS / 2] } }],
    expect: 'NONE',
  },
  'a timestamp of 1970': { steps: [{ batch: { timestamps: [0] } }], expect: 'NONE' },
  'an old timestamp where old ones are refused': {
    config: { 'message.timestamp.before.max.ms': '60000' },
    steps: [{ batch: { timestamps: [Date.now() - HOUR_MS] } }],
    expect: 'INVALID_TIMESTAMP',
  },
  'a timestamp two hours ahead where the broker sets it': {
    config: { 'message.timestamp.type': 'LogAppendTime' },
    steps: [{ batch: { timestamps: [Date.now() + 2 * HOUR_MS] } }],
    expect: 'NONE',
  },
  'a bad batch that would be a duplicate': {
    config: { 'cleanup.policy': 'compact' },
    steps: [seq(0), seq(0, 1, { key: null })],
    expect: 'INVALID_RECORD',
  },
  'a bad batch after which the sequence goes on': {
    steps: [seq(0), seq(1, 1, { damage: (b) => b.writeInt32BE(7, 23) }), seq(1)],
    expect: 'NONE',
  },

  'fewer replicas than min.insync.replicas': {
    config: { 'min.insync.replicas': '2' },
    steps: [{}],
    expect: 'NONE', // of one replica no more than one can be asked
  },
  'an unknown topic': {
    steps: [{ topic: 'there-is-no-such-topic' }],
    expect: 'UNKNOWN_TOPIC_OR_PARTITION',
  },
  'an unknown partition': { steps: [{ partition: 7 }], expect: 'UNKNOWN_TOPIC_OR_PARTITION' },
  'an unknown partition in v13': {
    steps: [{ partition: 7, version: 13 }],
    expect: 'UNKNOWN_TOPIC_OR_PARTITION',
  },
  'an unknown topic id': {
    steps: [{ version: 13, topicId: 'b3R0bGEtbm8tc3VjaC1pZA' }],
    expect: 'UNKNOWN_TOPIC_ID',
  },
  'no topic id': { steps: [{ version: 13, topicId: ZERO_UUID }], expect: 'UNKNOWN_TOPIC_ID' },
}
