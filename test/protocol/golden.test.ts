/**
 * Our codec against bytes that Kafka's own wrote (test/fixtures/protocol), in every version, without
 * a Java in sight. test/conformance asks Kafka itself, about many more.
 */
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import t from 'tap'
import { COMPRESSION_NAMES } from '../../src/compression/codec.js'
import {
  decodeRequestHeader,
  encodeRequestHeader,
  encodeResponseHeader,
} from '../../src/protocol/header.js'
import { produce } from '../../src/protocol/messages/produce.js'
import { Reader } from '../../src/protocol/reader.js'
import { Writer } from '../../src/protocol/writer.js'
import { buildOurs, plainRecords, readOurs } from '../conformance/batches.js'
import {
  fixtureFile,
  GOLDEN_BATCHES,
  GOLDEN_HEADERS,
  GOLDEN_MARKERS,
  GOLDEN_MESSAGES,
  GOLDEN_RECORDS,
  GOLDEN_STAMP,
  goldenBytes,
} from '../conformance/golden.js'
import { MESSAGES } from '../conformance/messages.js'
import { hex } from './support/codec.js'

for (const spec of MESSAGES) {
  t.test(`${spec.name} is written and read as Kafka does`, async (t) => {
    const ours = GOLDEN_MESSAGES.filter((golden) => golden.spec === spec)
    for (const { fixture, version, message, unknownTag } of ours) {
      const bytes = goldenBytes(fixture)
      t.strictSame(spec.codec.decode(bytes, version), message, `${fixture} is read`)
      if (unknownTag !== undefined) continue
      t.strictSame(spec.codec.encode(message, version), bytes, `${fixture} is written`)
    }
  })
}

t.test('request headers are written and read as Kafka does', async (t) => {
  const header = { apiKey: 3, apiVersion: 9, correlationId: -2 }
  const check = (fixture: string, clientId: string | null, flexible: boolean) => {
    const bytes = goldenBytes(fixture)
    const writer = new Writer()
    encodeRequestHeader(writer, { ...header, clientId }, flexible)
    t.strictSame(writer.toBuffer(), bytes, `${fixture} is written`)
    const reader = new Reader(bytes, { apiName: 'RequestHeader', version: 0 })
    t.strictSame(decodeRequestHeader(reader, flexible), { ...header, clientId })
    t.equal(reader.remaining, 0)
  }
  check('header.v1.request', 'ottla', false)
  check('header.v1.request-nameless', null, false)
  check('header.v2.request', 'ottla', true)
  check('header.v2.request-nameless', null, true)
})

t.test('response headers are written as Kafka does', async (t) => {
  const written = (version: number) => {
    const writer = new Writer()
    encodeResponseHeader(writer, produce, version, -2)
    return writer.toBuffer()
  }
  t.strictSame(written(8), goldenBytes('header.v0.response'))
  t.strictSame(written(9), goldenBytes('header.v1.response'))
})

t.test('record batches are built as Kafka does', async (t) => {
  t.strictSame(buildOurs(GOLDEN_RECORDS), goldenBytes('record-batch.v2.none'))
  const idempotent = buildOurs(GOLDEN_RECORDS, GOLDEN_STAMP)
  t.strictSame(idempotent, goldenBytes('record-batch.v2.idempotent'))
  const transactional = buildOurs(GOLDEN_RECORDS, { ...GOLDEN_STAMP, isTransactional: true })
  t.strictSame(transactional, goldenBytes('record-batch.v2.transactional'))
})

t.test('record batches of Kafka are read, in every codec', async (t) => {
  for (const [codecId, name] of COMPRESSION_NAMES.entries()) {
    const batch = readOurs(goldenBytes(`record-batch.v2.${name}`))
    t.equal(batch.codecId, codecId)
    t.strictSame(batch.records, recordsInLog(0n), name)
  }
  const idempotent = readOurs(goldenBytes('record-batch.v2.idempotent'))
  t.match(idempotent, { ...GOLDEN_STAMP, baseOffset: 0n, recordCount: GOLDEN_RECORDS.length })
  const inLog = readOurs(goldenBytes('record-batch.v2.log-append-time'))
  t.match(inLog, { baseOffset: 42n, partitionLeaderEpoch: 7, hasLogAppendTime: true })
  t.strictSame(inLog.records, recordsInLog(42n, 1_700_000_111_222))
})

t.test('batches of transactions, and the markers behind them, are told apart', async (t) => {
  const read = (name: string) => readOurs(goldenBytes(`record-batch.v2.${name}`))
  t.match(read('idempotent'), { isTransactional: false, isControl: false })
  t.match(read('transactional'), { ...GOLDEN_STAMP, isTransactional: true, isControl: false })
  for (const { fixture, plan } of GOLDEN_MARKERS) {
    const { producerId, producerEpoch, baseOffset, partitionLeaderEpoch, timestamp } = plan
    const marker = readOurs(goldenBytes(fixture))
    t.match(marker, { producerId, producerEpoch, baseOffset, partitionLeaderEpoch })
    t.match(marker, { isTransactional: true, isControl: true, baseSequence: -1, recordCount: 1 })
    // Key: version, then 1 to commit and 0 to abort. Value: version, then the coordinator's epoch.
    const key = hex(plan.isCommit ? '0000 0001' : '0000 0000')
    const record = { offset: baseOffset, timestamp, key, value: hex('0000 00000005'), headers: [] }
    t.strictSame(marker.records, [record])
  }
})

t.test('every fixture is used', async (t) => {
  const files = readdirSync(dirname(fixtureFile('any'))).filter((name) => name.endsWith('.hex'))
  const known = [...GOLDEN_MESSAGES, ...GOLDEN_HEADERS, ...GOLDEN_BATCHES, ...GOLDEN_MARKERS]
  const names = known.map(({ fixture }) => `${fixture}.hex`)
  t.strictSame(files.sort(), names.sort())
})

/** The golden records, as they are read from a log. */
function recordsInLog(baseOffset: bigint, logAppendTime?: number): unknown {
  return plainRecords(GOLDEN_RECORDS).map((record, i) => ({
    ...record,
    offset: baseOffset + BigInt(i),
    timestamp: logAppendTime ?? record.timestamp,
  }))
}
