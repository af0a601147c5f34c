import t from 'tap'
import { Outages } from './outages.js'

t.test('an outage lasts until a probe is taken', async (t) => {
  const outages = new Outages()
  t.equal(outages.note('a/0', true, 10), null)
  t.strictSame(outages.of('a/0', 10), [])
  t.equal(outages.note('a/0', false, 20), null, 'nobody to probe')
  const first = outages.note('a/0', true, 30)
  t.equal(outages.note('a/0', true, 35), null, 'one probe at a time')
  first?.(false, 40)
  const second = outages.note('a/0', true, 45)
  second?.(true, 50)
  t.strictSame(outages.of('a/0', 99), [{ fromMs: 20, servedMs: 30, takenMs: 50 }])
  t.strictSame(outages.of('a/1', 99), [], 'of that partition alone')
})

t.test('service that goes away again counts from its return', async (t) => {
  const outages = new Outages()
  outages.note('a/0', false, 10)
  const early = outages.note('a/0', true, 20)
  outages.note('a/0', false, 30)
  early?.(false, 35)
  outages.note('a/0', true, 40)?.(true, 45)
  t.strictSame(outages.of('a/0', 99), [{ fromMs: 10, servedMs: 40, takenMs: 45 }])
})

t.test('one that is not over ends with the run', async (t) => {
  const outages = new Outages()
  outages.note('a/0', false, 10)
  t.strictSame(outages.of('a/0', 60), [{ fromMs: 10, servedMs: 60, takenMs: 60 }])
  outages.note('a/0', true, 70)
  t.strictSame(outages.of('a/0', 90), [{ fromMs: 10, servedMs: 70, takenMs: 90 }])
})

t.test('outages follow one another', async (t) => {
  const outages = new Outages()
  for (const fromMs of [10, 110]) {
    outages.note('a/0', false, fromMs)
    outages.note('a/0', true, fromMs + 10)?.(true, fromMs + 20)
  }
  t.strictSame(
    outages.of('a/0', 999).map(({ fromMs, takenMs }) => [fromMs, takenMs]),
    [
      [10, 30],
      [110, 130],
    ],
  )
})
