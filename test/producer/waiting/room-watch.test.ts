/** Who waits to be told of room: how many are told, in which order, and that nobody is left behind. */
import t from 'tap'
import { MemoryBudget, MemoryShare } from '../../../src/producer/batching/memory-budget.js'
import { NO_OBSERVER } from '../../../src/producer/observer.js'
import type { ProducerTopic } from '../../../src/producer/partitioning/topic.js'
import { NOT_ITS_TURN, RoomWatch } from '../../../src/producer/waiting/room-watch.js'
import { ManualClock } from '../../support/manual-clock.js'
import { topicOf } from '../support/pieces.js'

const ROOMS = 100

interface Rig {
  readonly clock: ManualClock
  readonly room: RoomWatch
  /** Ids of those that have got room, in order. */
  readonly served: number[]
  /** How often somebody has tried. */
  tries(): number
  /** Ids of those whose time was up. */
  readonly late: number[]
  /** `id` tries, and waits for room where there is none: until it has some. */
  serve(id: number): void
  /** So many rooms are free again. */
  free(count: number): void
}

/** A full buffer of ROOMS rooms of a byte each; whoever comes for `dead` stands behind others. */
function rig(dead?: ProducerTopic): Rig {
  const clock = new ManualClock()
  const budget = new MemoryBudget(ROOMS)
  const share = new MemoryShare()
  budget.tryTake(ROOMS, share)
  const topic = topicOf([1])
  const lot = { isCrowded: false, mustWait: (it: ProducerTopic) => it === dead } as never
  const parts = { clock, budget, lot, observer: NO_OBSERVER }
  const room = new RoomWatch({ maxBlockMs: 1000 }, parts)
  const served: number[] = []
  const late: number[] = []
  let tries = 0
  const serve = (id: number): void => {
    tries++
    if (budget.tryTake(1, share)) {
      served.push(id)
      return
    }
    room.refused(topic, { refusedBytes: 1, isHeldBack: false })
    room.onWritable((isInTime) => (isInTime ? serve(id) : late.push(id)))
  }
  const free = (count: number): void => {
    budget.give(count, share)
    room.look()
    clock.runDeferred()
  }
  return { clock, room, served, late, tries: () => tries, serve, free }
}

t.test('no more are told than twice those whom the room is for, and a few', async (t) => {
  for (const count of [1, 16, 40, ROOMS]) {
    const { serve, served, free, tries } = rig()
    for (let id = 0; id < 5000; id++) serve(id)
    free(count)
    t.equal(served.length, count)
    t.strictSame(
      served,
      Array.from({ length: count }, (_, id) => id),
    )
    t.ok(tries() - 5000 <= 2 * count + 16, `${tries() - 5000} tried, of whom ${count} got room`)
  }
})

t.test('everybody gets room at last', async (t) => {
  const { serve, served, free, clock } = rig()
  for (let id = 0; id < 1000; id++) serve(id)
  for (let round = 0; round < 1000 / 20; round++) free(20)
  t.strictSame(served.toSorted((a, b) => a - b), Array.from({ length: 1000 }, (_, id) => id)) // prettier-ignore
  t.equal(clock.timerCount, 0)
})

t.test('room that nobody takes is passed on, until all are told', async (t) => {
  const { room, clock, serve, free } = rig()
  serve(-1)
  const told: number[] = []
  for (let id = 0; id < 1000; id++) room.onWritable(() => told.push(id))
  free(2)
  t.strictSame(
    told,
    Array.from({ length: 1000 }, (_, id) => id),
  )
  t.equal(clock.timerCount, 0)
})

t.test('who comes while there is room is told in the next turn, behind those before him', async (t) => {
  const { room, clock, served, serve, free } = rig()
  for (let id = 0; id < 3; id++) serve(id)
  free(ROOMS)
  t.equal(served.length, 3)
  const told: number[] = []
  for (const id of [1, 2]) room.onWritable(() => told.push(id))
  t.strictSame(told, [], 'never during the call')
  clock.runDeferred()
  t.strictSame(told, [1, 2])
}) // prettier-ignore

t.test('each has his time, and one timer serves all', async (t) => {
  const { clock, serve, late, free, served } = rig()
  for (let id = 0; id < 100; id++) {
    serve(id)
    clock.advance(1)
  }
  t.equal(clock.timerCount, 1)
  clock.advance(1000 - 60)
  t.strictSame(
    late,
    Array.from({ length: 41 }, (_, id) => id),
  )
  free(1)
  t.strictSame(served, [41])
  clock.advance(44)
  t.strictSame(
    late.slice(41),
    Array.from({ length: 43 - 15 }, (_, i) => 57 + i),
    'those who were refused again wait anew',
  )
  clock.advance(2000)
  t.equal(late.length, 99)
  t.equal(clock.timerCount, 0)
})

t.test('all are told at once where nothing can come of it any more', async (t) => {
  const { clock, room, serve } = rig()
  serve(0)
  let told = 0
  for (let id = 0; id < 100; id++) room.onWritable(() => told++)
  room.wake()
  t.equal(told, 100)
  t.equal(clock.timerCount, 1, 'that of the one who was refused again')
})

t.test('who waits again without a word is not told again before there is room', async (t) => {
  const { room, clock, serve, free } = rig()
  serve(-1)
  let told = 0
  const waitsOn = (): void =>
    room.onWritable(() => {
      told++
      waitsOn()
    })
  for (let id = 0; id < 50; id++) waitsOn()
  free(1) // which the first one takes
  t.ok(told <= 50, `${told}`)
  t.equal(clock.deferredCount, 0)
})

t.test(
  'a topic that has to wait, and was refused last, holds up nobody of another one',
  async (t) => {
    const dead = topicOf([1])
    const { room, clock, serve, served, late, free } = rig(dead)
    serve(1)
    const told: boolean[] = []
    room.refused(dead, NOT_ITS_TURN)
    room.onWritable((isInTime) => told.push(isInTime))
    t.equal(clock.timerCount, 1)
    free(1)
    t.strictSame([served, told], [[1], []])
    clock.advance(1000)
    t.strictSame([late, told], [[], [false]])
    t.equal(clock.timerCount, 0)
  },
)
