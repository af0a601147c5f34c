import t from 'tap'
import { MeasuredPace } from '../../../src/producer/pacing/pace.js'

/** A pace that has measured a network of `networkMs`, and a broker that takes 10 ms. */
function measured(networkMs: number): MeasuredPace {
  const pace = new MeasuredPace()
  pace.opened(networkMs)
  for (let i = 0; i < 50; i++) pace.answered({ sentAtMs: i * 1_000 }, i * 1_000 + networkMs + 10)
  return pace
}

t.test('two requests at the most beside a probe, and more over a long network', async (t) => {
  t.equal(measured(1).inFlightLimit(5, false), 5)
  t.equal(measured(1).inFlightLimit(5, true), 2)
  t.equal(measured(1).inFlightLimit(1, true), 1)
  t.equal(measured(25).inFlightLimit(5, true), 4)
})

t.test('when what is not full had better leave', async (t) => {
  const pace = measured(30)
  t.equal(pace.nextAtMs([], 5), 0, 'nothing is in flight')
  t.equal(Math.round(pace.nextAtMs([{ sentAtMs: 100 }], 5)), 110)
  const both = [{ sentAtMs: 100 }, { sentAtMs: 135 }]
  t.equal(pace.nextAtMs(both, 5), Infinity, 'the first answer is due before')
})

t.test('a broker that throttles gets one small request at a time, until it stops', async (t) => {
  const pace = measured(1)
  pace.notThrottled(1_000_000)
  t.equal(pace.limitBytes, Infinity)
  pace.throttled(100_000, 10_000)
  t.equal(pace.limitBytes, 10_000)
  t.equal(pace.inFlightLimit(5, false), 1)
  for (let i = 0; i < 7; i++) pace.notThrottled(1_000_000)
  t.equal(pace.limitBytes, Infinity)
  t.equal(pace.inFlightLimit(5, false), 5)
})
