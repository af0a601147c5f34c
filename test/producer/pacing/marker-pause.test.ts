import fc from 'fast-check'
import t from 'tap'
import { MarkerPause } from '../../../src/producer/pacing/marker-pause.js'

const REFUSED_MS = 20

/** Transactions one after the other, whose markers take so long; how long each waits for its answer. */
function play(markersMs: (index: number) => number, count: number, answerMs = 1): number[] {
  const pause = new MarkerPause()
  let nowMs = 1000
  return Array.from({ length: count }, (_, index) => {
    pause.ended(nowMs)
    const waitMs = pause.begin(nowMs)
    const isEarly = waitMs < markersMs(index)
    pause.sent(nowMs + waitMs)
    const sumMs = waitMs + answerMs + (isEarly ? REFUSED_MS : 0)
    pause.answered(nowMs + sumMs)
    nowMs += sumMs + 1
    return sumMs
  })
}

const meanOf = (values: number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

t.test('a slow cluster that refuses nothing: each pause is tried once', async (t) => {
  const sums = play(() => 0, 1000, 7.5)
  t.strictSame(sums.filter((ms) => ms !== 7.5).map((ms) => Number(ms.toFixed(6))), [7.6, 7.7, 7.8, 8, 8.5, 9.5, 10.5, 12.5]) // prettier-ignore
})

t.test(
  'nothing is refused: none, but for one try of each that is shorter than an answer',
  async (t) => {
    t.equal(play(() => 0, 1000).filter((ms) => ms !== 1).length, 4)
  },
)

t.test('markers take 1.5 ms: nearly all wait for 2 ms, and are answered at once', async (t) => {
  const sums = play(() => 1.5, 2000).slice(100)
  t.ok(meanOf(sums) < 4, `${meanOf(sums)}`)
  t.ok(sums.filter((ms) => ms === 3).length > 0.9 * sums.length)
})

t.test('markers come to take less: so does the pause', async (t) => {
  const sums = play((index) => (index < 1000 ? 7 : 0), 4000)
  t.ok(meanOf(sums.slice(500, 1000)) < 11, `${meanOf(sums.slice(500, 1000))}`)
  t.ok(meanOf(sums.slice(3000)) < 1.5, `${meanOf(sums.slice(3000))}`)
})

t.test('never much worse than the best pause that there is', async () => {
  const markers = fc.array(fc.double({ min: 0, max: 12, noNaN: true }), {
    minLength: 1,
    maxLength: 9,
  })
  const property = fc.property(markers, (markersMs) => {
    // Each in its turn: no length that there may be is divided by 11.
    const markersOf = (index: number): number =>
      markersMs[(index * 11) % markersMs.length] as number
    const found = meanOf(play(markersOf, 3000).slice(300))
    const costs = [0, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 8, 12].map((ms) =>
      meanOf(markersMs.map((markerMs) => ms + 1 + (ms < markerMs ? REFUSED_MS : 0))),
    )
    return found < Math.min(...costs) + 4
  })
  fc.assert(property)
})

t.test('what begins long after the end, and what fails, says nothing', async (t) => {
  const pause = new MarkerPause()
  const play = (beginMs: number, answerMs: number, isAcknowledged = true): void => {
    pause.ended(0)
    pause.begin(beginMs)
    pause.sent(beginMs)
    if (!isAcknowledged) pause.forget()
    pause.answered(beginMs + answerMs)
  }
  play(0, 0.05)
  play(2, 3000)
  play(0, 3000, false)
  pause.ended(9000)
  t.equal(pause.begin(9000), 0)
})

t.test('the pause of one that begins later is what is left of it', async (t) => {
  const pause = new MarkerPause()
  for (const pauseMs of [0, 0.1, 0.2, 0.3, 0.5, 1]) {
    pause.ended(0)
    t.equal(pause.begin(0.5), pauseMs)
    pause.sent(9)
    pause.answered(29)
  }
  pause.ended(0)
  t.equal(pause.begin(1), 2)
  t.equal(pause.begin(1.5), 0.5)
  t.equal(pause.begin(2.5), 0)
})
