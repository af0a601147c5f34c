/**
 * Record batches cut short or with their insides damaged: refused with ProtocolError, and nothing
 * else. (The messages' own truncation is in test/protocol/messages.) Needs no Java.
 */
import t, { type Test } from 'tap'
import { COMPRESSION_NAMES } from '../../src/compression/codec.js'
import { createCodec } from '../../src/compression/create-codec.js'
import { ProtocolError } from '../../src/errors.js'
import { RECORD_BATCH_HEADER_BYTES } from '../../src/protocol/record-batch.js'
import {
  anyRecords,
  buildCompressed,
  buildOurs,
  readOurs,
  reseal,
  SAMPLE_RECORDS,
} from './batches.js'
import { sample, SEED } from './messages.js'

t.comment(`seed ${SEED} (OTTLA_SEED=${SEED} repeats this run)`)

t.test('every prefix of a batch is refused', async (t) => {
  const batches = [SAMPLE_RECORDS, ...sample(anyRecords, 30, 0)].map((it) => buildOurs(it))
  for (const batch of batches) refusesEveryPrefix(t, batch, (prefix) => prefix)
})

t.test('every prefix of the records is refused, though the checksum holds', async (t) => {
  for (const records of [SAMPLE_RECORDS, ...sample(anyRecords, 30, 1)]) {
    refusesEveryPrefix(t, buildOurs(records), reseal, RECORD_BATCH_HEADER_BYTES)
  }
})

for (const name of COMPRESSION_NAMES) {
  t.test(`every prefix of records in ${name} is refused, though the checksum holds`, async (t) => {
    const codec = createCodec(name)
    for (const records of [SAMPLE_RECORDS, ...sample(anyRecords, 3, 2)]) {
      refusesEveryPrefix(t, buildCompressed(records, codec), reseal, RECORD_BATCH_HEADER_BYTES)
    }
  })
}

t.test('records with a byte too many are refused', async (t) => {
  const tooLong = Buffer.concat([buildOurs(SAMPLE_RECORDS), Buffer.of(0)])
  t.throws(() => readOurs(reseal(tooLong)), ProtocolError)
})

t.test('each byte of the records may be any byte: they are read or refused', async (t) => {
  const batch = buildOurs(SAMPLE_RECORDS)
  const others: string[] = []
  for (let at = RECORD_BATCH_HEADER_BYTES; at < batch.length; at++) {
    for (let byte = 0; byte < 256; byte++) {
      const damaged = Buffer.from(batch)
      damaged[at] = byte
      const outcome = outcomeOf(reseal(damaged))
      if (outcome !== 'read' && outcome !== 'refused') others.push(`${byte} at ${at}: ${outcome}`)
    }
  }
  t.strictSame(others, [])
})

/** `change` makes of a prefix what is read. */
function refusesEveryPrefix(
  t: Test,
  whole: Buffer,
  change: (prefix: Buffer) => Buffer,
  from = 0,
): void {
  const others: string[] = []
  for (let size = from; size < whole.length; size++) {
    const outcome = outcomeOf(change(whole.subarray(0, size)))
    if (outcome !== 'refused') others.push(`${size} of ${whole.length} bytes: ${outcome}`)
  }
  t.strictSame(others, [])
}

function outcomeOf(batch: Buffer): string {
  try {
    readOurs(batch)
    return 'read'
  } catch (error) {
    return error instanceof ProtocolError ? 'refused' : String(error)
  }
}
