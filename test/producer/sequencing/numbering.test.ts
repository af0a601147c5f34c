import t from 'tap'
import type { NumberedBatch } from '../../../src/producer/batching/queued-batch.js'
import {
  IdempotentNumbering,
  UNNUMBERED,
  type Identities,
  type NumberedPartition,
} from '../../../src/producer/sequencing/numbering.js'
import type { ProducerIdentity } from '../../../src/producer/sequencing/partition-sequence.js'
import { IdempotentSequencer, NO_SEQUENCER } from '../../../src/producer/sequencing/sequencer.js'
import { NO_PRODUCER, type ProducerStamp } from '../../../src/protocol/record-batch.js'

/** A batch, as far as numbers are concerned. */
class Batch implements NumberedBatch {
  readonly recordCount: number
  ordinal = -1
  stamp: ProducerStamp = NO_PRODUCER
  renumbered = 0

  constructor(recordCount = 1) {
    this.recordCount = recordCount
  }

  number(stamp: ProducerStamp): void {
    this.stamp = stamp
  }

  renumber(stamp: ProducerStamp): void {
    this.stamp = stamp
    this.renumbered++
  }
}

type Renewal = (identity: ProducerIdentity | null) => void

/** A partition and a source of producer ids that do what the test says. */
function setUp(identity: ProducerIdentity | null = { producerId: 7n, producerEpoch: 0 }) {
  const told: string[] = []
  const sent: Batch[] = []
  const partition = {
    owesAnswers: false as boolean,
    get hasSent() {
      return sent.length > 0
    },
    failDoubtful: () => void told.push('doubtful fail'),
    sentBatches: () => sent,
    numbersBeganAnew: () => void told.push('go on'),
    topic: { name: 'orders' },
    partition: 0,
    forgetProof: () => void told.push('forget proof'),
    mayGoOn: () => void told.push('may go on'),
  } satisfies NumberedPartition
  const renewals: Renewal[] = []
  const identities = {
    identity,
    mustBeginAtZero: false,
    acquire: () => void told.push('acquire'),
    renew: (_used: ProducerIdentity, onIdentity: Renewal) => void renewals.push(onIdentity),
    retire: (used: ProducerIdentity) => void told.push(`retire ${used.producerId}`),
  } satisfies Identities
  const waits = (): void => void told.push('waits')
  const numbering = new IdempotentNumbering(partition, identities, 0, waits)
  /** A batch is sent for the first time. */
  const send = (recordCount = 1): Batch => {
    const batch = new Batch(recordCount)
    numbering.stamp(batch)
    batch.ordinal = sent.reduce((sum, other) => sum + other.recordCount, 0)
    sent.push(batch)
    return batch
  }
  return { told, sent, partition, renewals, identities, numbering, send }
}

t.test('without a producer id a partition asks for one, waits, and then counts', async (t) => {
  const { told, numbering, identities, send } = setUp(null)
  numbering.want()
  t.strictSame(told, ['acquire'])
  t.match(numbering, { hold: 'identity', isNumbered: false, needsIdentity: false })
  numbering.proceed()
  t.strictSame(told, ['acquire', 'waits', 'acquire'])
  t.equal(numbering.needsIdentity, true)
  identities.identity = { producerId: 9n, producerEpoch: 3 }
  numbering.identityCame()
  t.equal(told.at(-1), 'go on')
  numbering.proceed()
  t.match(numbering, { hold: null, isNumbered: true, needsIdentity: false })
  t.strictSame(send(4).stamp, { producerId: 9n, producerEpoch: 3, baseSequence: 0 })
  t.equal(send().stamp.baseSequence, 4)
})

t.test('a batch keeps its numbers through every retry', async (t) => {
  const { numbering, send } = setUp()
  numbering.proceed()
  const batch = send(3)
  const { stamp } = batch
  numbering.stamp(batch)
  t.equal(batch.stamp, stamp)
})

t.test('refused numbers begin anew once no answer is owed, in the next epoch', async (t) => {
  const { told, numbering, partition, send } = setUp()
  numbering.proceed()
  const [first, second] = [send(2), send(5)]
  partition.owesAnswers = true
  numbering.restart()
  t.match(numbering, { hold: 'restart', needsIdentity: true })
  t.strictSame(told, [], 'a batch in flight may still be written')
  numbering.proceed()
  t.equal(numbering.hold, 'restart')
  partition.owesAnswers = false
  numbering.proceed()
  t.strictSame(told, ['doubtful fail', 'go on'])
  t.equal(numbering.hold, null)
  const epoch = { producerId: 7n, producerEpoch: 1 }
  t.strictSame([first.stamp, second.stamp], [{ ...epoch, baseSequence: 0 }, { ...epoch, baseSequence: 2 }])
}) // prettier-ignore

t.test('a gap holds back new batches until nothing sent is unresolved', async (t) => {
  const { told, sent, numbering, send } = setUp()
  numbering.proceed()
  const [lost, later] = [send(), send()]
  numbering.failed(lost)
  t.equal(numbering.hold, 'gap')
  numbering.closeGap()
  t.strictSame(told, [], 'the later one may yet be acknowledged')
  numbering.acknowledged(later)
  t.equal(numbering.hold, null, 'the broker has gone past the gap')
  t.equal(numbering.isOvertaken(lost), true)
  numbering.failed(send())
  sent.length = 0
  numbering.closeGap()
  t.strictSame(told, ['doubtful fail', 'go on'])
  t.equal(send().stamp.producerEpoch, 1)
})

t.test('a batch that fails before it had numbers leaves no gap', async (t) => {
  const { numbering } = setUp()
  numbering.proceed()
  numbering.failed(new Batch())
  t.equal(numbering.hold, null)
})

t.test('after the last epoch another producer id is asked for', async (t) => {
  const { told, numbering, renewals, send } = setUp({ producerId: 7n, producerEpoch: 32_767 })
  numbering.proceed()
  const batch = send()
  numbering.restart()
  t.match(numbering, { hold: 'identity', needsIdentity: true })
  renewals[0]?.(null)
  t.equal(numbering.hold, 'restart', 'refused: asked for again at the next look')
  numbering.proceed()
  t.equal(renewals.length, 2)
  renewals[1]?.({ producerId: 8n, producerEpoch: 0 })
  t.strictSame(batch.stamp, { producerId: 8n, producerEpoch: 0, baseSequence: 0 })
  t.equal(told.at(-1), 'go on')
})

t.test('an id that is refused is not begun anew under another epoch', async (t) => {
  const { numbering, renewals, send } = setUp()
  numbering.proceed()
  const batch = send()
  numbering.refused('producer')
  numbering.restart()
  renewals[0]?.(null)
  numbering.proceed()
  t.equal(renewals.length, 2, 'still, where no other one was to be had')
  renewals[1]?.({ producerId: 8n, producerEpoch: 0 })
  t.strictSame(batch.stamp, { producerId: 8n, producerEpoch: 0, baseSequence: 0 })
  numbering.restart()
  t.equal(batch.stamp.producerEpoch, 1, 'the next one is as good as any')
})

t.test('numbers of a raised epoch that are refused at once need another id', async (t) => {
  const { numbering, renewals, send } = setUp()
  numbering.proceed()
  const batch = send()
  const refuse = (): void => {
    numbering.refused('numbers')
    numbering.restart()
  }
  refuse()
  t.equal(batch.stamp.producerEpoch, 1)
  numbering.acknowledged(batch)
  refuse()
  t.equal(batch.stamp.producerEpoch, 2, 'the broker has taken a raised epoch')
  refuse()
  t.match(numbering, { hold: 'identity' })
  t.equal(renewals.length, 1)
})

t.test('another cluster: the numbers are forgotten, and what was sent gets others', async (t) => {
  const { told, numbering, identities, renewals, send } = setUp({ producerId: 7n, producerEpoch: 32_767 })
  numbering.proceed()
  const batch = send(2)
  numbering.restart()
  numbering.renounce()
  t.match(numbering, { hold: 'identity', isNumbered: false })
  t.strictSame(told, ['doubtful fail', 'doubtful fail'])
  renewals[0]?.({ producerId: 666n, producerEpoch: 0 })
  t.equal(numbering.isNumbered, false, 'a late answer of the old cluster is ignored')
  identities.identity = { producerId: 1n, producerEpoch: 0 }
  numbering.proceed()
  t.strictSame(batch.stamp, { producerId: 1n, producerEpoch: 0, baseSequence: 0 })
  numbering.retire()
  t.equal(told.at(-1), 'retire 1')
}) // prettier-ignore

t.test('where a broker may know an earlier epoch numbers begin at 0', async (t) => {
  const { identities, partition } = setUp()
  const first = (mustBeginAtZero: boolean): number => {
    const numbering = new IdempotentNumbering(partition, { ...identities, mustBeginAtZero }, 99, () => {})
    numbering.proceed()
    const batch = new Batch()
    numbering.stamp(batch)
    return batch.stamp.baseSequence
  }
  t.strictSame([first(false), first(true)], [99, 0])
}) // prettier-ignore

t.test('without idempotence there are no numbers, and nothing waits for any', async (t) => {
  const batch = new Batch()
  UNNUMBERED.proceed()
  UNNUMBERED.stamp(batch)
  UNNUMBERED.restart()
  t.equal(batch.stamp, NO_PRODUCER)
  t.match(UNNUMBERED, { hold: null, isNumbered: false, needsIdentity: false })
  t.equal(NO_SEQUENCER.numberingOf(setUp().partition), UNNUMBERED)
  t.equal(NO_SEQUENCER.whyNoIdentity(), null)
})

t.test('a sequencer lets all partitions that waited go on, once', async (t) => {
  const one = setUp(null)
  const source = { ...one.identities, whyNone: () => null, forget() {}, close() {} }
  const sequencer = new IdempotentSequencer(source)
  const two = setUp(null)
  const numberings = [one, two].map(({ partition }) => sequencer.numberingOf(partition))
  for (const numbering of numberings) numbering.proceed()
  sequencer.identityRefused()
  t.strictSame(numberings.map(({ needsIdentity }) => needsIdentity), [false, false])
  t.notOk(two.told.includes('go on'), 'nobody goes on without one')
  numberings[0]?.proceed()
  sequencer.identityCame()
  sequencer.identityCame()
  t.equal(one.told.filter((what) => what === 'go on').length, 1)
}) // prettier-ignore
