import t from 'tap'
import { BufferFullError } from '../../../src/errors.js'
import { MemoryBudget } from '../../../src/producer/batching/memory-budget.js'
import { OpenSpans } from '../../../src/producer/collections/open-spans.js'
import type { ParkedRecord } from '../../../src/producer/waiting/parked-record.js'
import {
  PARKED_RECORD_BYTES,
  ParkingLot,
  type Server,
} from '../../../src/producer/waiting/parking-lot.js'
import { Served } from '../../../src/producer/waiting/turns.js'
import { GroupRest } from '../../../src/producer/waiting/group-rest.js'
import { RecordGroup } from '../../../src/producer/records/record-group.js'
import type { ProducerTopic } from '../../../src/producer/partitioning/topic.js'
import {
  bufferSizeFor,
  RECORD_BATCH_HEADER_BYTES,
  recordSizeUpperBound,
} from '../../../src/protocol/record-batch.js'
import { countReads } from '../../support/count-reads.js'
import { ManualClock } from '../../support/manual-clock.js'
import { batchOf, preparedRecord, queueOf, topicOf } from '../support/pieces.js'

const SIZE = recordSizeUpperBound(preparedRecord(topicOf([1]))) + PARKED_RECORD_BYTES

interface Rig {
  readonly lot: ParkingLot
  readonly clock: ManualClock
  readonly budget: MemoryBudget
  readonly topic: ProducerTopic
  /** What is open. */
  readonly spans: OpenSpans
  /** How often lingering batches were told to leave. */
  released(): number
  /** What the records were told, and the log. */
  readonly told: string[]
  freed(): number
  park(name: string, mayWait?: boolean, topic?: ProducerTopic): ParkedRecord | null
  /** One whose serializer is not done. */
  parkUnserialized(name: string): ParkedRecord
}

function rig({
  rooms = 1,
  maxWaitingSends = 10,
  maxRequestSizeBytes = 100_000,
  onFailed = (_recordCount: number): void => {},
} = {}): Rig {
  const clock = new ManualClock()
  const topic = topicOf([1])
  const budget = new MemoryBudget(Math.ceil((rooms === 0 ? 1 : rooms) * SIZE))
  if (rooms === 0) budget.tryTake(SIZE, topic.share)
  const told: string[] = []
  const spans = new OpenSpans()
  let freed = 0
  let released = 0
  const lot = new ParkingLot(
    { maxBlockMs: 1000, maxWaitingSends, maxRequestSizeBytes },
    {
      clock,
      budget,
      accumulator: { spans, releaseLingering: () => void released++ },
      runCallback: (callback, error, metadata) => callback(error, metadata),
      logger: { error: ({ err }) => told.push(`log: ${(err as Error).message}`) },
      errors: {
        timeout: () => new BufferFullError('too late'),
        tooManySends: (_, sends) => new BufferFullError(`${sends} sends wait`),
      },
      onFailed: (_error, _isHeard, recordCount) => onFailed(recordCount),
    },
  )
  lot.attach({ settled: () => freed++ })
  const park = (
    name: string,
    isSerialized: boolean,
    mayWait: boolean,
    of: ProducerTopic,
  ): ParkedRecord | null => {
    const callback = (error: Error | null): void => void told.push(`${name}: ${error?.message}`)
    const record = preparedRecord(of, { callback })
    const parked = lot.park(record, isSerialized, of.taken)
    if (parked !== null || !mayWait) return parked
    return lot.parkWaiting(record, isSerialized, { isHeldBack: lot.isHeldBack })
  }
  return {
    lot,
    clock,
    budget,
    topic,
    spans,
    released: () => released,
    told,
    freed: () => freed,
    park: (name, mayWait = true, of = topic) => park(name, true, mayWait, of),
    parkUnserialized: (name) => park(name, false, true, topic) as ParkedRecord,
  }
}

/** Serves records by `place`; nothing is fed. */
const by = (place: (parked: ParkedRecord) => Served): Server => ({ place, feed: () => {} })

t.test('what a record holds pays for a batch of its own', async (t) => {
  t.ok(PARKED_RECORD_BYTES >= bufferSizeFor(RECORD_BATCH_HEADER_BYTES))
})

t.test(
  'a record holds its bytes where there are some, and waits where there are none',
  async (t) => {
    const { lot, budget, park } = rig({ rooms: 2 })
    t.match(park('a'), { isWaiting: false, reservedBytes: SIZE })
    t.match(park('b'), { isWaiting: false })
    t.equal(budget.availableBytes, 0)
    t.match(park('c'), { isWaiting: true, reservedBytes: 0 })
    t.equal(lot.waitingCount, 1)
    t.equal(park('d', false), null, 'who may not wait is not parked')
    t.equal(lot.refusedBytes, 0, 'it is not its turn')
  },
)

t.test(
  'a record that would fit a batch is taken, though not with what parking costs',
  async (t) => {
    const { budget, park } = rig({ rooms: 0.9 })
    t.match(park('a'), { isWaiting: false })
    t.equal(budget.availableBytes, 0)
  },
)

t.test('nobody is taken while others wait, though there is room again', async (t) => {
  const { budget, park, topic } = rig({ rooms: 1 })
  park('a')
  park('b')
  budget.give(SIZE, topic.share)
  t.match(park('c'), { isWaiting: true })
  t.equal(park('d', false), null)
})

t.test('only so many wait; the next is refused at once', async (t) => {
  const { lot, park } = rig({ rooms: 0, maxWaitingSends: 2 })
  park('a')
  park('b')
  t.throws(() => park('c'), { name: 'BufferFullError', message: '2 sends wait' })
  t.equal(lot.waitingCount, 2)
  const none = rig({ rooms: 0, maxWaitingSends: 0 })
  t.throws(() => none.park('a'), BufferFullError)
})

t.test('each is told after maxBlockMs, in turn, and one timer serves all', async (t) => {
  const { clock, park, told, freed, budget } = rig({ rooms: 1 })
  park('a')
  clock.advance(400)
  park('b')
  t.equal(clock.timerCount, 1)
  await clock.advanceSettled(599)
  t.strictSame(told, [])
  await clock.advanceSettled(1)
  t.strictSame(told, ['a: too late'])
  t.equal(budget.usedBytes, 0, 'its bytes are free')
  t.equal(freed(), 1)
  await clock.advanceSettled(400)
  t.strictSame(told, ['a: too late', 'b: too late'])
  t.equal(clock.timerCount, 0)
})

t.test('the timer goes on for those behind one that was settled early', async (t) => {
  const { lot, clock, park, told } = rig({ rooms: 2 })
  const first = park('a') as ParkedRecord
  clock.advance(400)
  park('b')
  lot.settle(first, new BufferFullError('early'))
  await clock.advanceSettled(999)
  t.strictSame(told, ['a: early'])
  await clock.advanceSettled(1)
  t.strictSame(told, ['a: early', 'b: too late'])
})

t.test('when all are gone no timer is left', async (t) => {
  const { lot, clock, park } = rig({ rooms: 2 })
  const parked = [park('a'), park('b'), park('c')] as ParkedRecord[]
  lot.placed(parked[1] as ParkedRecord, null)
  lot.settle(parked[0] as ParkedRecord, new BufferFullError('x'))
  t.equal(clock.timerCount, 1)
  lot.settle(parked[2] as ParkedRecord, new BufferFullError('x'))
  t.equal(clock.timerCount, 0)
  t.equal(lot.waitingCount, 0)
})

t.test('a record is told once, and never during the call', async (t) => {
  const { lot, park, told, clock } = rig()
  const parked = park('a') as ParkedRecord
  lot.settle(parked, new BufferFullError('first'))
  lot.settle(parked, new BufferFullError('second'))
  t.strictSame(told, [])
  await clock.settle()
  t.strictSame(told, ['a: first'])
})

t.test('a promise is rejected; a record that nobody waits for goes to the log', async (t) => {
  const { lot, told, topic } = rig({ rooms: 2 })
  const promised = new Promise((resolve) => {
    lot.settle(lot.parkWaiting(preparedRecord(topic, { resolve }), true), new BufferFullError('why'))
  })
  await t.rejects(promised, { message: 'why' })
  lot.settle(lot.parkWaiting(preparedRecord(topic), true), new BufferFullError('why'))
  t.strictSame(told, ['log: why'])
}) // prettier-ignore

t.test('those who wait are served in order, until one finds no room', async (t) => {
  const { lot, park } = rig({ rooms: 0 })
  const parked = ['a', 'b', 'c'].map((name) => park(name)) as ParkedRecord[]
  const asked: ParkedRecord[] = []
  const served = by((record) => {
    asked.push(record)
    if (asked.length === 2) return Served.noRoom
    lot.placed(record, null)
    return Served.yes
  })
  lot.serve(served)
  t.strictSame(asked, [parked[0], parked[1]])
  t.equal(lot.waitingCount, 2)
  lot.serve(by((record) => (lot.placed(record, null), Served.yes)))
  t.equal(lot.waitingCount, 0)
  t.equal(lot.hasWaiting, false)
})

t.test('topics take turns, and one that is held back lets the others go', async (t) => {
  const { lot, park, topic } = rig({ rooms: 0, maxWaitingSends: 100 })
  const other = topicOf([1], { name: 'other' })
  const names = new Map<ParkedRecord, string>()
  for (const [name, of] of [['a1', topic], ['a2', topic], ['a3', topic], ['b1', other], ['b2', other]] as const) {
    names.set(park(name, true, of) as ParkedRecord, name)
  }
  const order: (string | undefined)[] = []
  const place = (isHeldBack: (parked: ParkedRecord) => boolean): Server =>
    by((parked) => {
      if (isHeldBack(parked)) return Served.heldBack
      order.push(names.get(parked))
      lot.placed(parked, null)
      return Served.yes
    })
  lot.serve(place((parked) => parked.topic === topic))
  t.strictSame(order, ['b1', 'b2'])
  t.equal(lot.isCrowded, false, 'nobody has to stand behind those who are held back')
  t.equal(lot.mustWait(other), false)
  t.equal(lot.mustWait(topic), true, 'but for those of their own topic')
  for (const name of ['b3', 'b4']) names.set(park(name, true, other) as ParkedRecord, name)
  lot.serve(place(() => false))
  t.strictSame(order.slice(2), ['b3', 'a1', 'b4', 'a2', 'a3'])
}) // prettier-ignore

t.test('one that waits for its topic too is taken when its bytes are there', async (t) => {
  const { lot, park, budget, topic } = rig({ rooms: 1 })
  park('a')
  const waiting = park('b') as ParkedRecord
  const server = by(() => t.fail('it is not ready') as never)
  lot.serve(server)
  t.equal(waiting.isWaiting, true)
  budget.give(SIZE, topic.share)
  lot.serve(server)
  t.match(waiting, { isWaiting: false, reservedBytes: SIZE })
})

t.test('until its serializer is done a record holds what its topic’s take of late', async (t) => {
  const { lot, parkUnserialized, budget } = rig({ rooms: 2000, maxRequestSizeBytes: 50_000 })
  const first = parkUnserialized('a')
  t.equal(budget.usedBytes, 50_000 + PARKED_RECORD_BYTES, 'as large as one may be, at first')
  first.value = 'x'.repeat(5000)
  lot.serialized(first)
  const sizeBytes = recordSizeUpperBound(first) + PARKED_RECORD_BYTES
  t.equal(budget.usedBytes, sizeBytes)
  const second = parkUnserialized('b')
  t.ok(second.reservedBytes >= sizeBytes && second.reservedBytes < 6000)
  lot.placed(first, null)
  lot.placed(second, null)
  t.equal(budget.usedBytes, 0)
})

t.test('one that turns out larger never overdraws: the youngest give way, first in line', async (t) => {
  const { lot, parkUnserialized, topic, budget, park } = rig({ rooms: 29, maxRequestSizeBytes: 1200 })
  const parked = ['a', 'b', 'c', 'd', 'e'].map(parkUnserialized)
  park('waits')
  const first = parked[0] as ParkedRecord
  first.value = 'x'.repeat(3000)
  lot.serialized(first)
  t.ok(budget.availableBytes >= 0)
  t.strictSame(parked.map(({ isWaiting }) => isWaiting), [false, false, false, true, true])
  t.strictSame([...topic.waiting].slice(0, 2), parked.slice(3), 'they keep their order')
  t.equal(lot.waitingCount, 3)
  for (const each of parked) lot.settle(each, new BufferFullError('x'))
  t.equal(budget.usedBytes, 0)
}) // prettier-ignore

t.test('one that turns out larger than all there is waits itself', async (t) => {
  const { lot, parkUnserialized, budget, topic } = rig({ rooms: 10, maxRequestSizeBytes: 800 })
  const other = topicOf([1], { name: 'other' })
  budget.tryTake(budget.availableBytes - 1100, other.share)
  const parked = parkUnserialized('a')
  t.equal(parked.isWaiting, false)
  parked.value = 'x'.repeat(2000)
  lot.serialized(parked)
  t.match(parked, { isWaiting: true, reservedBytes: 0, wasTaken: true })
  t.equal(topic.taken.length, 0)
  t.equal(topic.share.usedBytes, 0)
})

t.test('what is settled lets go of its bytes at once, wherever it stands', async (t) => {
  const { lot, park, topic, told, clock } = rig({ rooms: 5, maxWaitingSends: 100 })
  const parked = Array.from({ length: 10 }, (_, i) => park(String(i)) as ParkedRecord)
  for (const [i, each] of parked.entries()) {
    if (i % 3 === 0) lot.placed(each, null)
    else if (i % 3 === 1) lot.settle(each, new BufferFullError('x'))
  }
  for (const each of parked.filter((_, i) => i % 3 < 2)) {
    const { key, value, headers, callback, resolve } = each
    t.strictSame([key, value, headers, callback, resolve], [null, null, null, null, null])
  }
  await clock.settle()
  t.equal(told.length, 3)
  t.strictSame([...lot], parked.filter((_, i) => i % 3 === 2))
  t.equal(topic.taken.length + topic.waiting.length, 3)
}) // prettier-ignore

t.test('what is left of a group waits as one, and gets its error as one', async (t) => {
  const { lot, clock, topic, freed, park } = rig({ rooms: 0 })
  const results: unknown[] = []
  const group = groupOf(6, (place, error) => results.push([place, error?.message]))
  const rest = new GroupRest(topic, group)
  for (const place of [3, 4, 5]) rest.addUnserialized({ topic: 'orders', value: 'x' }, place, 0)
  lot.parkRest(rest)
  t.equal(lot.waitingCount, 3)
  park('behind')
  clock.advance(900)
  t.equal(rest.take()?.place, 3)
  lot.movedOn(rest)
  lot.fed(rest)
  await clock.advanceSettled(999)
  t.strictSame(results, [], 'its time began anew')
  await clock.advanceSettled(1)
  t.strictSame(results, [[4, 'too late'], [5, 'too late']])
  t.equal(lot.waitingCount, 0)
  t.ok(freed() > 0)
  t.equal(clock.timerCount, 0)
}) // prettier-ignore

t.test('the failure of one group may settle the other: each fails once', async (t) => {
  const failed: number[] = []
  const { lot, clock, topic } = rig({
    rooms: 0,
    onFailed: (recordCount) => {
      failed.push(recordCount)
      lot.settleAll(() => true, () => new BufferFullError('aborted'))
    },
  })
  const told: number[] = []
  const group = groupOf(3, (place) => told.push(place))
  for (const place of [0, 1]) {
    const rest = new GroupRest(topic, group)
    rest.addUnserialized({ topic: 'orders', value: 'x' }, place, 0)
    lot.parkRest(rest)
  }
  await clock.advanceSettled(1000)
  t.strictSame([failed, told], [[1, 1], [0, 1]])
  t.equal(clock.timerCount, 0)
}) // prettier-ignore

t.test('a record is open until it is settled: in its batch, once it is placed', async (t) => {
  const { lot, park, spans } = rig({ rooms: 3 })
  const over: string[] = []
  const first = park('a') as ParkedRecord
  spans.whenOver(() => over.push('a'))
  const second = park('b') as ParkedRecord
  spans.whenOver(() => over.push('b'))
  const third = park('c') as ParkedRecord
  const [batch, later] = [batchOf(queueOf()), batchOf(queueOf())]
  lot.placed(first, batch)
  t.equal(batch.isDue, true, 'it does not linger, since somebody waits')
  lot.settle(second, new BufferFullError('x'))
  t.strictSame(over, [])
  lot.placed(third, later)
  t.equal(later.isDue, false, 'nobody waits for this one')
  batch.fail(() => new Error('x'), () => {}, () => {})
  t.strictSame(over, ['a', 'b'])
  spans.whenOver(() => over.push('c'))
  t.equal(over.length, 2)
  later.fail(() => new Error('x'), () => {}, () => {})
  t.strictSame(over, ['a', 'b', 'c'])
}) // prettier-ignore

t.test('what a group was fed does not linger where somebody has waited since', async (t) => {
  const { lot, clock, topic, spans, released } = rig({ rooms: 2 })
  const group = groupOf(2, () => {})
  const rest = new GroupRest(topic, group)
  for (const place of [0, 1]) rest.addUnserialized({ topic: 'orders', value: 'x' }, place, 0)
  lot.parkRest(rest)
  let isOver = false
  spans.whenOver(() => (isOver = true))
  rest.take()
  const fed = lot.parkFed(preparedRecord(topic), false)
  lot.waitsOn(fed, rest)
  const batch = batchOf(queueOf())
  lot.placed(fed, batch)
  t.equal(batch.isDue, true)
  t.equal(released(), 0)
  rest.take()
  lot.fed(rest)
  t.equal(released(), 1, 'the last ones were appended')
  batch.fail(() => new Error('x'), () => {}, () => {})
  t.equal(isOver, false, 'not before all of the group is settled')
  for (const place of [0, 1]) group.failed(place, new BufferFullError('x'))
  t.equal(isOver, true)
  t.equal(clock.timerCount, 0)
}) // prettier-ignore

/** A group whose outcome nobody hears. */
function groupOf(
  count: number,
  onRecord: (place: number, error: Error | null) => void,
): RecordGroup {
  return new RecordGroup(count, { resolve: () => {}, reject: () => {} }, onRecord)
}

t.test('each group that times out is found without a look at the others', async (t) => {
  const COUNT = 200
  const { lot, clock, topic } = rig({ rooms: 0 })
  let reads = 0
  const failed: number[] = []
  for (let index = 0; index < COUNT; index++) {
    const rest = new GroupRest(topic, groupOf(1, () => failed.push(index)))
    rest.addUnserialized({ topic: 'orders', value: 'x' }, 0, 0)
    lot.parkRest(rest)
    countReads(rest, 'deadlineMs', () => reads++)
    clock.advance(1)
  }
  await clock.advanceSettled(1000)
  t.strictSame(failed, Array.from({ length: COUNT }, (_, index) => index))
  t.ok(reads < 10 * COUNT, `${reads} looks at ${COUNT} groups`)
}) // prettier-ignore

t.test('a topic’s records are settled without a look at those of others', async (t) => {
  const { lot, park, told, clock, topic, freed } = rig({ rooms: 1, maxWaitingSends: 1000 })
  const other = topicOf([1], { name: 'other' })
  let reads = 0
  for (let index = 0; index < 100; index++) {
    const parked = park('stays', true, other) as ParkedRecord
    for (const field of ['topic', 'isSettled', 'line']) countReads(parked, field, () => reads++)
  }
  park('a')
  park('b')
  const rest = new GroupRest(
    topic,
    groupOf(1, (_, error) => told.push(`c: ${error?.message}`)),
  )
  rest.addUnserialized({ topic: 'orders', value: 'x' }, 0, 0)
  lot.parkRest(rest)
  lot.settleTopic(topic, new BufferFullError('no such topic'))
  await clock.settle()
  t.strictSame(told, ['a: no such topic', 'b: no such topic', 'c: no such topic'])
  t.equal(freed(), 1)
  t.ok(reads < 10, `${reads} looks at others, who are 100`)
  t.equal(lot.waitingCount, 99)
})

t.test('some may be settled and the others stay', async (t) => {
  const { lot, park, told, clock } = rig({ rooms: 1 })
  park('taken')
  park('waiting')
  lot.settleAll(
    (waiting) => waiting instanceof GroupRest || waiting.isWaiting,
    () => new BufferFullError('closed'),
  )
  await clock.settle()
  t.strictSame(told, ['waiting: closed'])
  t.equal([...lot].length, 1)
})
