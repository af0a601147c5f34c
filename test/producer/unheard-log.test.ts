/** Failures that nobody else hears of: told at once, then by the second, and none is left out. */
import t from 'tap'
import { BufferFullError, ClosedError } from '../../src/index.js'
import { UnheardLog } from '../../src/producer/unheard-log.js'
import { ManualClock } from '../support/manual-clock.js'

interface Told {
  readonly topic: unknown
  readonly recordCount: unknown
}

function newLog(): { clock: ManualClock; log: UnheardLog; told: Told[] } {
  const clock = new ManualClock()
  const told: Told[] = []
  const log = new UnheardLog(clock, {
    error: ({ topic, recordCount }) => void told.push({ topic, recordCount }),
  })
  return { clock, log, told }
}

const full = new BufferFullError('full')

t.test('each kind for itself, by topic and class of error', async (t) => {
  const { clock, log, told } = newLog()
  for (const topic of ['a', 'b', 'a', 'a', 'b']) log.error({ topic, err: full }, 'not delivered')
  log.error({ topic: 'a', err: new ClosedError('closed') }, 'not delivered')
  t.strictSame(told.splice(0), [
    { topic: 'a', recordCount: 1 },
    { topic: 'b', recordCount: 1 },
    { topic: 'a', recordCount: 1 },
  ])
  clock.advance(1000)
  t.strictSame(told.splice(0), [
    { topic: 'a', recordCount: 2 },
    { topic: 'b', recordCount: 1 },
  ])
  t.equal(clock.timerCount, 0)
})

t.test(
  'batches count with all their records; after a quiet second the next is told at once',
  async (t) => {
    const { clock, log, told } = newLog()
    log.error({ topic: 'a', recordCount: 10, err: full }, 'not delivered')
    clock.advance(1500)
    log.error({ topic: 'a', recordCount: 20, err: full }, 'not delivered')
    log.error({ topic: 'a', recordCount: 30, err: full }, 'not delivered')
    t.strictSame(told.map(({ recordCount }) => recordCount), [10, 20]) // prettier-ignore
    log.close()
    t.strictSame(told.map(({ recordCount }) => recordCount), [10, 20, 30]) // prettier-ignore
    t.equal(clock.timerCount, 0)
  },
)

t.test('after close nothing is timed, and the next line has the number', async (t) => {
  const { clock, log, told } = newLog()
  log.close()
  for (let i = 0; i < 4; i++) log.error({ err: full }, 'not accepted')
  t.equal(clock.timerCount, 0)
  clock.advance(1000)
  log.error({ err: full }, 'not accepted')
  t.strictSame(told.map(({ recordCount }) => recordCount), [1, 4]) // prettier-ignore
  t.equal(clock.timerCount, 0)
})
