/** The partition of a key against Kafka's Utils.murmur2 and BuiltInPartitioner. */
import fc from 'fast-check'
import t from 'tap'
import { murmur2, partitionForKey } from '../../src/producer/partitioning/murmur2.js'
import { sample, SEED } from './messages.js'
import { oracleTest } from './oracle.js'

const PARTITION_COUNTS = [1, 2, 3, 6, 7, 12, 100, 1000, 65_536, 2_147_483_647]
const KEYS_PER_COUNT = 1000

t.comment(`seed ${SEED} (OTTLA_SEED=${SEED} repeats this run)`)

/** Bytes, text, and every length around the hash's words of four bytes. */
const key = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 200, maxLength: 300 }),
  fc.string({ unit: 'binary', maxLength: 30 }).map((text) => Buffer.from(text)),
  fc.nat(17).map((length) => Buffer.alloc(length, 0xff)),
)

await oracleTest('a key goes to the partition to which Kafka sends it', async (t, oracle) => {
  for (const partitionCount of PARTITION_COUNTS) {
    const keys = sample(key, KEYS_PER_COUNT, partitionCount)
    const kafkas = await oracle.partitions(keys, partitionCount)
    const ours = keys.map((bytes) => ({
      murmur2: murmur2(bytes),
      partition: partitionForKey(bytes, bytes.length, partitionCount),
    }))
    t.strictSame(ours, kafkas, `${keys.length} keys over ${partitionCount} partitions`)
  }
})

await oracleTest('only the first bytes of a scratch buffer count', async (t, oracle) => {
  const keys = sample(key, KEYS_PER_COUNT, 0)
  const kafkas = await oracle.partitions(keys, 12)
  const ours = keys.map((bytes) => {
    const scratch = Buffer.concat([bytes, Buffer.alloc(9, 0xaa)])
    const partition = partitionForKey(scratch, bytes.length, 12)
    return { murmur2: murmur2(scratch, bytes.length), partition }
  })
  t.strictSame(ours, kafkas)
})
