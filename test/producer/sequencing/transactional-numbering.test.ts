/** The numbers of a partition within transactions: when it may be sent, under which identity, from where. */
import t from 'tap'
import type { NumberedBatch } from '../../../src/producer/batching/queued-batch.js'
import type { NumberedPartition } from '../../../src/producer/sequencing/numbering.js'
import type { ProducerIdentity } from '../../../src/producer/sequencing/partition-sequence.js'
import type { AddablePartition } from '../../../src/producer/sequencing/transactional-numbering.js'
import { TransactionalSequencer } from '../../../src/producer/sequencing/transactional-sequencer.js'
import { NO_PRODUCER, type ProducerStamp } from '../../../src/protocol/record-batch.js'

class Batch implements NumberedBatch {
  readonly recordCount: number
  ordinal = -1
  stamp: ProducerStamp = NO_PRODUCER

  constructor(recordCount = 1) {
    this.recordCount = recordCount
  }

  number(stamp: ProducerStamp): void {
    this.stamp = stamp
  }

  renumber(): void {
    throw new Error('nothing is renumbered in a transaction')
  }
}

interface FakePartition extends NumberedPartition {
  owesAnswers: boolean
}

/** A gate that a test opens. */
function setUp() {
  const told: string[] = []
  const added: AddablePartition[] = []
  const gate = {
    identity: null as ProducerIdentity | null,
    isSending: false,
    mustAdd: false,
    sendingTransaction: 0,
    gatheringTransaction: 0,
    lastError: null,
    add: (partition: AddablePartition) => void added.push(partition),
    numbered: () => void told.push('numbered'),
    numbersLost: () => void told.push('numbers lost'),
    clusterGone: () => void told.push('cluster gone'),
  }
  const sequencer = new TransactionalSequencer(gate)
  let ordinals = 0
  const partitionOf = (name: string, partition = 0): FakePartition => ({
    topic: { name },
    partition,
    owesAnswers: false,
    hasSent: false,
    sentBatches: () => [],
    failDoubtful: () => void told.push('doubtful fail'),
    numbersBeganAnew: () => void told.push('anew'),
    forgetProof: () => void told.push(`${name} forgets its proof`),
    mayGoOn: () => void told.push(`${name} goes on`),
  })
  const partition = partitionOf('orders')
  const numbering = sequencer.numberingOf(partition)
  /** Opens the gate. */
  const open = (producerEpoch: number, transaction = gate.sendingTransaction): void => {
    gate.identity = { producerId: 9n, producerEpoch }
    gate.isSending = true
    gate.sendingTransaction = gate.gatheringTransaction = transaction
  }
  const send = (recordCount = 1): Batch => {
    const batch = new Batch(recordCount)
    numbering.proceed()
    numbering.stamp(batch)
    batch.ordinal = ordinals++
    return batch
  }
  return { told, added, gate, sequencer, partition, partitionOf, numbering, open, send }
}

t.test('a batch waits for the identity, the transaction and its partition, in that order', async (t) => {
  const { gate, numbering, sequencer, added, told, send } = setUp()
  gate.mustAdd = true
  t.match(numbering, { hold: 'identity', needsIdentity: true, isNumbered: false })
  numbering.proceed()
  gate.identity = { producerId: 9n, producerEpoch: 0 }
  t.match(numbering, { hold: 'transaction', needsIdentity: false })
  gate.isSending = true
  t.equal(numbering.hold, 'partition')
  t.throws(() => numbering.stamp(new Batch()), /within its transaction/)
  numbering.want()
  numbering.want()
  t.equal(added.length, 1, 'wanted once')
  t.match(added[0], { topic: 'orders', partition: 0 })
  sequencer.goOn()
  sequencer.goOn()
  t.strictSame(told, ['orders goes on'], 'who waited looks again, once')
  added[0]?.added(0)
  t.equal(numbering.hold, null)
  t.match(send(3).stamp, { producerId: 9n, producerEpoch: 0, baseSequence: 0, isTransactional: true })
  t.equal(send().stamp.baseSequence, 3)
  t.equal(told.filter((text) => text === 'numbered').length, 2)
}) // prettier-ignore

t.test('a partition is added to each transaction', async (t) => {
  const { gate, numbering, added, open } = setUp()
  gate.mustAdd = true
  open(0, 0)
  numbering.want()
  added[0]?.added(0)
  t.equal(numbering.hold, null)
  open(0, 1)
  t.equal(numbering.hold, 'partition')
  numbering.want()
  t.equal(added.length, 2)
  added[0]?.added(0)
  t.equal(numbering.hold, 'partition', 'an answer of the last one says nothing')
  added[1]?.added(1)
  t.equal(numbering.hold, null)
})

t.test('under level 2 nothing is added', async (t) => {
  const { numbering, open, send } = setUp()
  open(0)
  t.equal(numbering.hold, null)
  t.equal(send().stamp.baseSequence, 0)
})

t.test('numbers run on under one identity, and begin anew under the next', async (t) => {
  const { open, send, told, gate, numbering } = setUp()
  open(4, 0)
  t.equal(send(2).stamp.baseSequence, 0)
  gate.sendingTransaction = 1
  t.match(send(2).stamp, { producerEpoch: 4, baseSequence: 2 })
  open(5, 2)
  t.match(send().stamp, { producerEpoch: 5, baseSequence: 0 })
  t.equal(told.filter((text) => text === 'orders forgets its proof').length, 2)
  const kept = new Batch()
  kept.ordinal = 7
  numbering.stamp(kept)
  t.equal(kept.stamp, NO_PRODUCER, 'a retry keeps its numbers')
})

t.test('a queue that is made anew goes on with the numbers', async (t) => {
  const { open, send, sequencer, partition, numbering } = setUp()
  open(0)
  send(5)
  numbering.retire()
  const again = sequencer.numberingOf(partition)
  again.proceed()
  const batch = new Batch()
  again.stamp(batch)
  t.equal(batch.stamp.baseSequence, 5)
})

t.test('a lost batch is told, leaves a gap, and that ends with its identity', async (t) => {
  const { open, send, numbering, told, sequencer } = setUp()
  open(0)
  const [first, second] = [send(), send()]
  numbering.acknowledged(first)
  numbering.failed(second)
  t.ok(told.includes('numbers lost'))
  t.equal(numbering.hold, 'gap')
  numbering.proceed()
  told.length = 0
  sequencer.goOn()
  t.strictSame(told, [], 'a gap is not waited for')
  numbering.restart()
  numbering.closeGap()
  t.equal(numbering.hold, 'gap', 'no epoch is raised in the middle of a transaction')
  open(1, 1)
  t.equal(numbering.hold, null)
  t.match(send().stamp, { producerEpoch: 1, baseSequence: 0 })
  const unsent = new Batch()
  told.length = 0
  numbering.failed(unsent)
  t.strictSame(told, [], 'one that had no numbers leaves none')
})

t.test('some broker owes an answer', async (t) => {
  const { sequencer, partition, partitionOf } = setUp()
  const other = partitionOf('other')
  const numbering = sequencer.numberingOf(other)
  t.equal(sequencer.owesAnswers, false)
  other.owesAnswers = true
  t.equal(sequencer.owesAnswers, true)
  numbering.retire()
  t.equal(sequencer.owesAnswers, false)
  partition.owesAnswers = true
  t.equal(sequencer.owesAnswers, true)
})

t.test('another cluster: numbers are forgotten', async (t) => {
  const { open, send, numbering, sequencer, told } = setUp()
  open(0)
  const batch = send(3)
  numbering.acknowledged(batch)
  t.equal(numbering.isOvertaken(new Batch()), true)
  sequencer.forget()
  numbering.renounce()
  t.ok(told.includes('cluster gone') && told.includes('doubtful fail'))
  t.equal(numbering.isNumbered, false)
  t.equal(send().stamp.baseSequence, 0)
  t.equal(sequencer.whyNoIdentity(), null)
  sequencer.close()
})

t.test(
  'the numbers of a retired partition are kept for as long as their identity is',
  async (t) => {
    const { gate, sequencer, partitionOf, open } = setUp()
    const use = (name: string): ReturnType<typeof partitionOf> => {
      const partition = partitionOf(name)
      const numbering = sequencer.numberingOf(partition)
      numbering.proceed()
      numbering.stamp(new Batch())
      return partition
    }
    open(0)
    const early = use('early')
    const late = use('late')
    sequencer.retired(early)
    t.ok(sequencer.sequenceOf(early), 'it goes on where it was')
    gate.identity = { producerId: 9n, producerEpoch: 1 }
    sequencer.retired(late)
    t.notOk(sequencer.sequenceOf(late), 'its identity was over')
    use('another')
    t.notOk(sequencer.sequenceOf(early), 'its identity is over now')
    const again = use('early')
    t.ok(sequencer.sequenceOf(again))
    sequencer.retired(again)
    use('another')
    t.ok(sequencer.sequenceOf(again))
  },
)
