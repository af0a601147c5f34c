import t from 'tap'
import { BufferFullError } from '../../src/errors.js'
import { exactSizeBytes } from '../../src/producer/accumulator.js'
import { MemoryBudget } from '../../src/producer/memory-budget.js'
import type { ParkedRecord } from '../../src/producer/parked-record.js'
import { PARKED_RECORD_BYTES, ParkingLot } from '../../src/producer/parking-lot.js'
import { ManualClock } from '../support/manual-clock.js'
import { batchOf, preparedRecord, queueOf, topicOf } from './support/pieces.js'

const topic = topicOf([1])
const SIZE = exactSizeBytes(preparedRecord(topic)) + PARKED_RECORD_BYTES

interface Rig {
  readonly lot: ParkingLot
  readonly clock: ManualClock
  readonly budget: MemoryBudget
  /** What the records were told, and the log. */
  readonly told: string[]
  freed(): number
  park(name: string, mayWait?: boolean): ParkedRecord | null
}

function rig({ rooms = 1, maxWaitingSends = 10 } = {}): Rig {
  const clock = new ManualClock()
  const budget = new MemoryBudget(Math.ceil((rooms === 0 ? 1 : rooms) * SIZE))
  if (rooms === 0) budget.forceTake(SIZE)
  const told: string[] = []
  let freed = 0
  const lot = new ParkingLot(
    { maxBlockMs: 1000, maxWaitingSends },
    {
      clock,
      budget,
      runCallback: (callback, error, metadata) => callback(error, metadata),
      onUnheard: (error) => told.push(`log: ${error.message}`),
      timeoutError: () => new BufferFullError('too late'),
      onSettled: () => freed++,
    },
  )
  return {
    lot,
    clock,
    budget,
    told,
    freed: () => freed,
    park(name, mayWait = true) {
      const callback = (error: Error | null): void => void told.push(`${name}: ${error?.message}`)
      return lot.park(preparedRecord(topic, { callback }), null, mayWait)
    },
  }
}

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
    t.equal(lot.refusedBytes, SIZE)
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
  const { budget, park } = rig({ rooms: 1 })
  park('a')
  park('b')
  budget.give(SIZE)
  t.match(park('c'), { isWaiting: true })
  t.equal(park('d', false), null)
})

t.test('only so many wait; the next is refused at once', async (t) => {
  const { lot, park } = rig({ rooms: 0, maxWaitingSends: 2 })
  park('a')
  park('b')
  t.throws(() => park('c'), { name: 'BufferFullError', message: /2 sends wait.*maxWaitingSends/ })
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
  const { lot, told } = rig({ rooms: 2 })
  const promised = new Promise((resolve) => {
    const parked = lot.park(preparedRecord(topic, { resolve }), null, true) as ParkedRecord
    lot.settle(parked, new BufferFullError('why'))
  })
  await t.rejects(promised, { message: 'why' })
  lot.settle(lot.park(preparedRecord(topic), null, true) as ParkedRecord, new BufferFullError('why'))
  t.strictSame(told, ['log: why'])
}) // prettier-ignore

t.test('those who wait are served in order, until one finds no room', async (t) => {
  const { lot, park } = rig({ rooms: 0 })
  const parked = ['a', 'b', 'c'].map((name) => park(name)) as ParkedRecord[]
  for (const each of parked) each.isReady = true
  const asked: ParkedRecord[] = []
  lot.serve((record) => {
    asked.push(record)
    if (asked.length === 2) return false
    lot.placed(record, null)
    return true
  })
  t.strictSame(asked, [parked[0], parked[1]])
  t.equal(lot.waitingCount, 2)
  lot.serve((record) => (lot.placed(record, null), true))
  t.equal(lot.waitingCount, 0)
})

t.test('one that waits for its topic too is taken when its bytes are there', async (t) => {
  const { lot, park, budget } = rig({ rooms: 1 })
  park('a')
  const waiting = park('b') as ParkedRecord
  const place = (): boolean => t.fail('it is not ready')
  lot.serve(place)
  t.equal(waiting.isWaiting, true)
  budget.give(SIZE)
  lot.serve(place)
  t.match(waiting, { isWaiting: false, reservedBytes: SIZE })
})

t.test('its bytes follow its size once the serializer is done', async (t) => {
  const { lot, park, budget } = rig({ rooms: 10 })
  const parked = park('a') as ParkedRecord
  parked.value = 'x'.repeat(1000)
  lot.resize(parked)
  t.equal(budget.usedBytes, exactSizeBytes(parked) + PARKED_RECORD_BYTES)
  lot.placed(parked, null)
  t.equal(budget.usedBytes, 0)
})

t.test('who waits to know where it went is told: a batch, or none', async (t) => {
  const { lot, park } = rig({ rooms: 2 })
  const batch = batchOf(queueOf())
  const heard: unknown[] = []
  const parked = [park('a'), park('b')] as ParkedRecord[]
  for (const each of parked) each.placedListeners = [(placed) => heard.push(placed)]
  lot.placed(parked[0] as ParkedRecord, batch)
  lot.settle(parked[1] as ParkedRecord, new BufferFullError('x'))
  t.strictSame(heard, [batch, null])
})

t.test('some may be settled and the others stay', async (t) => {
  const { lot, park, told, clock } = rig({ rooms: 1 })
  park('taken')
  park('waiting')
  lot.settleAll(
    (parked) => parked.isWaiting,
    () => new BufferFullError('closed'),
  )
  await clock.settle()
  t.strictSame(told, ['waiting: closed'])
  t.equal([...lot].length, 1)
})
