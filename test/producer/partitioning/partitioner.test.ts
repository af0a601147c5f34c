import t from 'tap'
import { InvalidRecordError } from '../../../src/errors.js'
import { murmur2 } from '../../../src/producer/partitioning/murmur2.js'
import {
  choosePartition,
  type Partitioner,
  type PartitionerInput,
} from '../../../src/producer/partitioning/partitioner.js'
import { STICKY } from '../../../src/producer/partitioning/undecided.js'
import { preparedRecord, topicOf } from '../support/pieces.js'

const topic = topicOf([1, -1, 2, 1])
const key = Buffer.from('user-1')
const keyed = preparedRecord(topic, { key })
const keyless = preparedRecord(topic)
const KEY_PARTITION = (murmur2(key) & 0x7fffffff) % 4

t.test('the partition that a record names comes before everything', async (t) => {
  const record = preparedRecord(topic, { key, partition: 2 })
  const partitioner = (): number => t.fail('must not be asked') as unknown as number
  t.equal(choosePartition(record, partitioner, false), 2)
  t.equal(choosePartition(preparedRecord(topic, { partition: 0 }), partitioner, true), 0)
})

t.test('a key goes by its hash, over all partitions, leaders or not', async (t) => {
  t.equal(choosePartition(keyed, undefined, false), KEY_PARTITION)
  const scratch = { ...keyed, key: Buffer.from('user-1 and rubbish'), keyLength: 6 }
  t.equal(choosePartition(scratch, undefined, false), KEY_PARTITION)
})

t.test('no key, or keys ignored, is the sticky partitioner’s', async (t) => {
  t.equal(choosePartition(keyless, undefined, false), STICKY)
  t.equal(choosePartition(keyed, undefined, true), STICKY)
  const empty = preparedRecord(topic, { key: Buffer.alloc(0), keyLength: 0 })
  t.not(choosePartition(empty, undefined, false), STICKY, 'an empty key is a key')
})

t.test('a user’s partitioner is told of the record, its topic and the leaders', async (t) => {
  const asked: PartitionerInput[] = []
  const partitioner: Partitioner = (input) => {
    asked.push(input)
    return 3
  }
  const record = { ...keyed, key: Buffer.from('user-1 and rubbish'), keyLength: 6 }
  t.equal(choosePartition(record, partitioner, false), 3)
  t.equal(choosePartition(keyless, partitioner, false), 3)
  t.match(asked[0], { topic: 'orders', value: 'value', partitionCount: 4 })
  t.strictSame(asked[0]?.availablePartitions, [0, 2, 3])
  t.strictSame(asked[0]?.key, key)
  t.equal(asked[1]?.key, null)
})

t.test('undefined leaves it to the key, or to the sticky partitioner', async (t) => {
  t.equal(
    choosePartition(keyed, () => undefined, false),
    KEY_PARTITION,
  )
  t.equal(
    choosePartition(keyless, () => undefined, false),
    STICKY,
  )
})

t.test('a partition that there is not is refused', async (t) => {
  for (const chosen of [-1, 4, 1.5, NaN, Infinity, '1', null, {}]) {
    const partitioner = (() => chosen) as unknown as Partitioner
    t.throws(
      () => choosePartition(keyed, partitioner, false),
      { name: 'InvalidRecordError', message: /from 0 to 3/, topic: 'orders', outcome: 'not-written' },
      String(chosen),
    )
  }
}) // prettier-ignore

t.test('one that is async fails the record, and what it rejects with ends nothing', async (t) => {
  const ended: unknown[] = []
  const onUnhandled = (reason: unknown): void => void ended.push(reason)
  process.on('unhandledRejection', onUnhandled)
  t.teardown(() => process.off('unhandledRejection', onUnhandled))
  const partitioner = (() => Promise.reject(new Error('boom'))) as unknown as Partitioner
  t.throws(() => choosePartition(keyed, partitioner, false), {
    name: 'InvalidRecordError',
    message: /the partitioner returned a promise for topic "orders": it must be an integer/,
  })
  await new Promise((resolve) => setTimeout(resolve)) // Node tells of them once the turn has ended
  t.strictSame(ended, [])
})

t.test('what it throws fails the record, and is the cause', async (t) => {
  const cause = new Error('boom')
  const error = t.throws(
    () => choosePartition(keyed, () => { throw cause }, false),
    InvalidRecordError,
  ) as InvalidRecordError
  t.equal(error.cause, cause)
  t.match(error.message, /orders.*boom/)
  t.throws(() => choosePartition(keyed, () => { throw 'text' }, false), { message: /text/ }) // eslint-disable-line @typescript-eslint/only-throw-error -- users do
}) // prettier-ignore
