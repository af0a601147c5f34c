/** Failures that nobody else hears of: told at once, then by the second, and none is left out. */
import t from 'tap'
import { BufferFullError, ClosedError } from '../../../src/index.js'
import { UnheardLog } from '../../../src/producer/completing/unheard-log.js'
import { collectGarbage } from '../../support/collect-garbage.js'
import { ManualClock } from '../../support/manual-clock.js'

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

t.test('a second is that of each kind, and what is not repeated is not kept', async (t) => {
  const { clock, log, told } = newLog()
  log.error({ topic: 'a', err: full }, 'not delivered')
  t.equal(clock.timerCount, 1, 'though nothing was repeated')
  t.equal(clock.keepAliveTimerCount, 0)
  clock.advance(900)
  log.error({ topic: 'b', err: full }, 'not delivered')
  clock.advance(200)
  log.error({ topic: 'b', err: full }, 'not delivered')
  t.equal(told.length, 2)
  clock.advance(800)
  t.strictSame(told.slice(2), [{ topic: 'b', recordCount: 1 }])
  t.equal(clock.timerCount, 0)
})

t.test('the errors of a second ago are let go, also after close', async (t) => {
  for (const isClosed of [false, true]) {
    const { clock, log } = newLog()
    if (isClosed) log.close()
    const known = Array.from({ length: 100 }, (_, i) => {
      const err = new BufferFullError('full')
      log.error({ topic: `topic-${i}`, err }, 'not delivered')
      return new WeakRef(err)
    })
    clock.advance(1000)
    if (isClosed) log.error({ err: full }, 'not accepted')
    await clock.settle()
    collectGarbage()
    const left = known.filter((it) => it.deref() !== undefined)
    t.ok(left.length < 10, `${left.length} are kept`)
  }
})

t.test('a logger that has failures of its own while it is told: there is an end', async (t) => {
  const counts: unknown[] = []
  const log = new UnheardLog(new ManualClock(), {
    error: ({ recordCount }) => {
      counts.push(recordCount)
      if (counts.length > 100) return
      for (let i = 0; i < 2; i++) log.error({ err: full }, 'not accepted')
    },
  })
  log.error({ err: full }, 'not accepted')
  log.close()
  t.strictSame(counts, [1, 2, 1])
})
