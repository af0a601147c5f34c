import fc from 'fast-check'
import t from 'tap'
import {
  MAX_PRODUCER_EPOCH,
  PartitionSequence,
  sequenceAfter,
} from '../../../src/producer/sequencing/partition-sequence.js'

const IDENTITY = { producerId: 2n ** 60n, producerEpoch: 3 }

t.test('numbers follow one another, one for each record', async (t) => {
  const sequence = new PartitionSequence(IDENTITY)
  t.strictSame(sequence.take(10), { ...IDENTITY, baseSequence: 0 })
  t.strictSame(sequence.take(1), { ...IDENTITY, baseSequence: 10 })
  t.strictSame(sequence.take(5), { ...IDENTITY, baseSequence: 11 })
})

t.test('2^31-1 is followed by 0', async (t) => {
  t.equal(sequenceAfter(2 ** 31 - 1, 1), 0)
  t.equal(sequenceAfter(2 ** 31 - 2, 1), 2 ** 31 - 1)
  t.equal(sequenceAfter(2 ** 31 - 3, 10), 7)
  const sequence = new PartitionSequence(IDENTITY)
  sequence.take(2 ** 31 - 2)
  t.equal(sequence.take(4).baseSequence, 2 ** 31 - 2)
  t.equal(sequence.take(1).baseSequence, 2)
})

t.test('every number fits an int32 and is not negative', async () => {
  const sequence = fc.integer({ min: 0, max: 2 ** 31 - 1 })
  fc.assert(
    fc.property(sequence, fc.integer({ min: 1, max: 2 ** 31 - 1 }), (from, count) => {
      const after = sequenceAfter(from, count)
      return after >= 0 && after < 2 ** 31 && BigInt(after) === (BigInt(from) + BigInt(count)) % 2n ** 31n
    }),
  )
}) // prettier-ignore

t.test('a restart begins at 0 under the next epoch', async (t) => {
  const sequence = new PartitionSequence(IDENTITY)
  sequence.take(10)
  sequence.lost(4)
  t.equal(sequence.restart(), true)
  t.equal(sequence.hasGap, false)
  t.strictSame(sequence.take(1), { ...IDENTITY, producerEpoch: 4, baseSequence: 0 })
})

t.test('epoch 32767 is the last: a restart needs another producer id', async (t) => {
  const sequence = new PartitionSequence({ ...IDENTITY, producerEpoch: MAX_PRODUCER_EPOCH - 1 })
  t.equal(sequence.restart(), true)
  t.equal(sequence.identity.producerEpoch, 32767)
  sequence.take(5)
  t.equal(sequence.restart(), false)
  t.equal(sequence.take(1).baseSequence, 5, 'a refused restart changes nothing')
  sequence.adopt({ producerId: 9n, producerEpoch: 0 })
  t.strictSame(sequence.take(1), { producerId: 9n, producerEpoch: 0, baseSequence: 0 })
})

t.test(
  'a lost batch leaves a gap, which one behind it closes and one before it does not',
  async (t) => {
    const sequence = new PartitionSequence(IDENTITY)
    t.equal(sequence.hasGap, false)
    sequence.lost(5)
    t.equal(sequence.hasGap, true)
    sequence.acknowledged(4)
    t.equal(sequence.hasGap, true)
    sequence.acknowledged(6)
    t.equal(sequence.hasGap, false)
  },
)

t.test('of two gaps the later one counts', async (t) => {
  const sequence = new PartitionSequence(IDENTITY)
  sequence.lost(7)
  sequence.lost(5)
  sequence.acknowledged(6)
  t.equal(sequence.hasGap, true)
  sequence.acknowledged(8)
  t.equal(sequence.hasGap, false)
})

t.test('the very first batch can be lost', async (t) => {
  const sequence = new PartitionSequence(IDENTITY)
  sequence.lost(0)
  t.equal(sequence.hasGap, true)
})

t.test('batches of another queue are counted from 0: those before them do not count', async (t) => {
  const sequence = new PartitionSequence(IDENTITY)
  sequence.take(1)
  sequence.acknowledged(7)
  t.equal(sequence.isOvertaken(0), true, 'of the same queue')
  sequence.beginOrdinals()
  t.equal(sequence.isOvertaken(0), false)
  sequence.acknowledged(1)
  t.equal(sequence.isOvertaken(0), true)
})

t.test('a gap that another queue finds stays one, whatever it has acknowledged', async (t) => {
  const sequence = new PartitionSequence(IDENTITY)
  sequence.lost(3)
  sequence.beginOrdinals()
  t.equal(sequence.hasGap, true)
  sequence.acknowledged(9)
  t.equal(sequence.hasGap, true)
})
