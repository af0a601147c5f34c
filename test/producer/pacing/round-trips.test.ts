import t from 'tap'
import { RoundTrips } from '../../../src/producer/pacing/round-trips.js'
import { seededRandom } from '../support/pieces.js'

/** What is known after answers of this work, one request at a time, over a way of `networkMs`. */
function after(networkMs: number, brokerTimesMs: readonly number[]): RoundTrips {
  const trips = new RoundTrips()
  trips.opened(networkMs)
  let nowMs = 1_000
  for (const brokerMs of brokerTimesMs) {
    trips.answered(nowMs, nowMs + networkMs + brokerMs)
    nowMs += 1_000
  }
  return trips
}

t.test('before the first answer nothing is sent beside a request', async (t) => {
  const trips = new RoundTrips()
  t.equal(trips.sendAtMs(0, 0, 5), Infinity)
  trips.opened(40)
  t.equal(trips.sendAtMs(0, 0, 5), Infinity)
  t.equal(trips.inTransit, 0)
})

t.test('a round trip is the way and the work', async (t) => {
  const trips = after(40, Array<number>(50).fill(3))
  t.equal(trips.networkMs, 40)
  t.ok(Math.abs(trips.brokerMs - 3) < 0.01)
  const erratic = after(40, [2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4])
  t.ok(erratic.brokerMs > 4, 'its spread counts, twice')
})

t.test('a request leaves when the broker is free again, spread over the round trip', async (t) => {
  const times = Array<number>(50).fill(10)
  const near = (trips: RoundTrips, lastMs: number): number => Math.round(trips.sendAtMs(0, lastMs, 5))
  t.equal(near(after(20, times), 0), 10, 'the work is longer than a fifth of 30 ms')
  t.equal(near(after(90, times), 0), 20, 'a fifth of 100 ms is longer than the work')
  t.equal(near(after(90, times), 80), 100)
  t.equal(near(after(90, times), 81), Infinity, 'then the oldest answer is due')
}) // prettier-ignore

t.test('where the broker takes longer than the way, its answer is waited for', async (t) => {
  t.equal(after(0.2, [2, 5, 3, 9, 2, 4, 6, 2, 3]).sendAtMs(0, 0, 5), Infinity)
})

t.test('what lay behind another request was not worked on meanwhile', async (t) => {
  const trips = new RoundTrips()
  trips.opened(10)
  for (let i = 0; i < 40; i++) {
    // Two at once, 5 ms of work each: the second is answered 5 ms after the first.
    trips.answered(i * 100, i * 100 + 15)
    trips.answered(i * 100, i * 100 + 20)
  }
  t.ok(Math.abs(trips.brokerMs - 5) < 0.01, `${trips.brokerMs}`)
})

t.test('the way may become longer and shorter, a slow broker is not a long way', async (t) => {
  const trips = after(10, Array<number>(30).fill(3))
  let nowMs = 50_000
  const answers = (count: number, networkMs: number, brokerMs: () => number): void => {
    for (let i = 0; i < count; i++) trips.answered((nowMs += 500), nowMs + networkMs + brokerMs())
  }
  answers(200, 60, () => 3)
  t.ok(Math.abs(trips.networkMs - 60) < 1, `${trips.networkMs}`)
  trips.opened(900)
  t.ok(Math.abs(trips.networkMs - 60) < 1, 'a broker that has just started is slow')
  answers(1, 20, () => 3)
  t.ok(trips.networkMs <= 23)
  const random = seededRandom(7)
  const slow = after(0.2, Array<number>(30).fill(2))
  for (let i = 0; i < 500; i++) slow.answered(i * 1_000, i * 1_000 + 20 + 100 * random())
  t.equal(slow.sendAtMs(0, 0, 5), Infinity, 'nothing is sent beside what it times on')
})
