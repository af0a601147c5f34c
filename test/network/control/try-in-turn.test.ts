import t from 'tap'
import { tryInTurn } from '../../../src/network/control/try-in-turn.js'
import { ManualClock } from '../../support/manual-clock.js'

type Fate = '!' | '?' | '?!' | ''

/** Places that answer ('A!'), fail ('A?'), decide ('A?!') or keep silent ('A'), a number of ms after the question. */
function setUp(places: Readonly<Record<string, readonly [fate: Fate, ms: number]>>) {
  const clock = new ManualClock()
  const events: string[] = []
  const answer = tryInTurn(Object.keys(places), {
    clock,
    hedgeMs: 500,
    pauseMs: (failures) => 50 * failures,
    ask: (place) => {
      events.push(`ask ${place} at ${clock.monotonicMs()}`)
      const [fate, ms] = places[place] ?? ['', 0]
      return new Promise((resolve, reject) => {
        if (fate === '!') clock.setTimer(() => resolve(place), ms)
        if (fate.startsWith('?')) clock.setTimer(() => reject(new Error(`${place} failed`)), ms)
      })
    },
    isDecisive: (error) => places[(error as Error).message.charAt(0)]?.[0] === '?!',
    onFailure: (place) => events.push(`failure of ${place}`),
    onSilent: (place) => events.push(`silence of ${place}`),
  })
  return { clock, events, answer }
}

t.test('asks one place only where it answers in time', async (t) => {
  const { clock, events, answer } = setUp({ A: ['!', 499], B: ['!', 0] })
  await clock.advanceSettled(499)
  t.equal(await answer, 'A')
  t.strictSame(events, ['ask A at 0'])
  t.equal(clock.timerCount, 0)
})

t.test('asks the next at once where one fails', async (t) => {
  const { clock, events, answer } = setUp({ A: ['?', 10], B: ['!', 10] })
  await clock.advanceSettled(20)
  t.equal(await answer, 'B')
  t.strictSame(events, ['ask A at 0', 'failure of A', 'ask B at 10'])
})

t.test(
  'asks the next as well where one is silent, and takes whichever answers first',
  async (t) => {
    const { clock, events, answer } = setUp({ A: ['!', 600], B: ['!', 200], C: ['!', 0] })
    await clock.advanceSettled(600)
    t.equal(await answer, 'A')
    t.strictSame(events, ['ask A at 0', 'ask B at 500', 'silence of B'])
    await clock.advanceSettled(1000)
    t.equal(events.length, 3, 'a late answer changes nothing')
  },
)

t.test('rejects with every error, in the order of the places, when all have failed', async (t) => {
  const { clock, answer } = setUp({ A: ['?', 900], B: ['?', 10], C: ['?', 10] })
  const check = t.rejects(answer, {
    errors: [{ message: 'A failed' }, { message: 'B failed' }, { message: 'C failed' }],
  })
  await clock.advanceSettled(900)
  await check
  t.equal(clock.timerCount, 0)
})

t.test('asks what failed again while another place is silent, ever less often', async (t) => {
  const { clock, events, answer } = setUp({ A: ['?', 2000], B: ['?', 10] })
  const check = t.rejects(answer, { message: 'no address has answered' })
  await clock.advanceSettled(1000)
  const asked = events.filter((event) => event.startsWith('ask B'))
  t.strictSame(asked, ['500', '560', '670', '830'].map((ms) => `ask B at ${ms}`)) // prettier-ignore
  await clock.advanceSettled(1000)
  await check
  t.equal(clock.timerCount, 0)
})

t.test('takes the answer of a place that failed at first', async (t) => {
  const fates: Record<string, readonly ['!' | '?' | '', number]> = { A: ['', 0], B: ['?', 10] }
  const { clock, events, answer } = setUp(fates)
  await clock.advanceSettled(600)
  fates['B'] = ['!', 10]
  await clock.advanceSettled(200)
  t.equal(await answer, 'B')
  t.equal(events.at(-1), 'silence of A')
  t.equal(clock.timerCount, 0)
})

t.test('rejects where there is nobody to ask', async (t) => {
  await t.rejects(setUp({}).answer, { message: 'there is no address to ask' })
})

t.test(
  'after a failure that decides the others are asked once, who has failed so is not',
  async (t) => {
    const { clock, events, answer } = setUp({ A: ['', 0], B: ['?!', 10], C: ['?', 10] })
    const check = t.rejects(answer, { message: 'no address has answered' })
    await clock.advanceSettled(500)
    await clock.advanceSettled(10)
    t.strictSame(events.slice(-2), ['failure of B', 'ask C at 510'])
    await clock.advanceSettled(500)
    await check
    t.equal(events.filter((event) => event.startsWith('ask B')).length, 1)
    t.equal(clock.timerCount, 0)
  },
)
