// The rules of the clock, on a machine whose loop turns when the test says so.
import t from 'tap'
import { LoopClock, type Machine, type MachineTimer } from '../src/loop-clock.js'

interface Pending {
  readonly atMs: number
  readonly callback: () => void
}

/** Node's loop: timers, then I/O, then immediates. */
class ManualLoop implements Machine {
  nowMs = 0
  readonly timers = new Set<Pending>()
  readonly immediates = new Set<Pending>()
  /** What the next poll finds. */
  onPoll = (): void => {}

  now(): number {
    return this.nowMs
  }

  stopwatchMs(): number {
    return this.nowMs
  }

  setTimeout(callback: () => void, delayMs: number): MachineTimer {
    return add(this.timers, { atMs: this.nowMs + Math.max(1, delayMs), callback })
  }

  setImmediate(callback: () => void): MachineTimer {
    return add(this.immediates, { atMs: 0, callback })
  }

  setShortTimeout(callback: () => void, delayMs: number): MachineTimer {
    return add(this.timers, { atMs: this.nowMs + delayMs, callback })
  }

  /** One turn, `ms` after the last: the program has computed for so long, or nothing was to be done. */
  turn(ms: number): void {
    this.nowMs += ms
    const due = [...this.timers].filter(({ atMs }) => atMs <= this.nowMs)
    due.sort((a, b) => a.atMs - b.atMs)
    run(this.timers, due)
    this.onPoll()
    run(this.immediates, [...this.immediates])
  }

  /** Turns without a stall. */
  idle(ms: number): void {
    for (let i = 0; i < ms; i++) this.turn(1)
  }
}

function add(pending: Set<Pending>, entry: Pending): MachineTimer {
  pending.add(entry)
  return { clear: () => pending.delete(entry), keepAlive: () => {} }
}

function run(pending: Set<Pending>, entries: readonly Pending[]): void {
  for (const entry of entries) if (pending.delete(entry)) entry.callback()
}

t.test('what has arrived is read before a timer calls back', async (t) => {
  const loop = new ManualLoop()
  const clock = new LoopClock(loop)
  const order: string[] = []
  clock.setTimer(() => order.push('timer'), 10)
  loop.onPoll = () => order.push('poll')
  loop.turn(10)
  t.strictSame(order, ['poll', 'timer'])
})

t.test('nothing counts as read that came after the timeout had fired', async (t) => {
  const loop = new ManualLoop()
  const clock = new LoopClock(loop)
  let readUntilMs = -1
  clock.setTimer(() => (readUntilMs = clock.readUntilMs()), 10)
  loop.onPoll = () => (loop.nowMs += 30) // somebody else's callback computes
  loop.turn(10)
  t.equal(readUntilMs, 10)
  t.equal(clock.monotonicMs(), 40)
})

t.test('a timer can be cleared between its timeout and its callback', async (t) => {
  const loop = new ManualLoop()
  const timer = new LoopClock(loop).setTimer(() => t.fail('cleared'), 10)
  loop.onPoll = () => timer.clear()
  loop.turn(10)
  t.equal(loop.timers.size + loop.immediates.size, 0, 'nor does the beat go on')
})

t.test('without stalls a timer takes its time', async (t) => {
  const loop = new ManualLoop()
  let isOver = false
  new LoopClock(loop).setTimer(() => (isOver = true), 1000)
  loop.idle(999)
  t.notOk(isOver)
  loop.idle(1)
  t.ok(isOver)
})

t.test('a turn counts 100 ms at most, and the timer waits for what is left', async (t) => {
  const loop = new ManualLoop()
  const clock = new LoopClock(loop)
  let isOver = false
  clock.setTimer(() => (isOver = true), 1000)
  for (let i = 0; i < 9; i++) loop.turn(5000)
  t.notOk(isOver)
  t.equal(clock.monotonicMs(), 900)
  loop.idle(99)
  t.notOk(isOver)
  loop.idle(2)
  t.ok(isOver)
  t.equal(clock.stopwatchMs(), 45_101, 'but the stopwatch has run on')
})

t.test(
  'for a limit that is kept elsewhere every stall counts, and what has arrived is read first',
  async (t) => {
    const loop = new ManualLoop()
    const clock = new LoopClock(loop)
    const order: string[] = []
    clock.setTimer(() => order.push('timer'), 1000, { countsStalls: true })
    for (let i = 0; i < 3; i++) loop.turn(300)
    t.strictSame(order, [])
    loop.onPoll = () => order.push('poll')
    loop.turn(300)
    t.strictSame(order, ['poll', 'timer'])
    t.ok(clock.monotonicMs() < 500)
  },
)

t.test('time never goes back, and a wait always ends', async (t) => {
  const loop = new ManualLoop()
  const clock = new LoopClock(loop)
  const over: true[] = []
  clock.setTimer(() => over.push(true), 5000)
  let beforeMs = 0
  for (let i = 0; i < 50 && over.length === 0; i++) {
    loop.turn([1, 40, 700, 90_000][i % 4] as number)
    t.ok(clock.monotonicMs() >= beforeMs)
    beforeMs = clock.monotonicMs()
    if (i % 7 === 0) clock.setTimer(() => {}, 10)
  }
  loop.idle(5000)
  t.equal(over.length, 1)
})

t.test('there is no beat for waits of minutes, and none without a timer', async (t) => {
  const loop = new ManualLoop()
  const clock = new LoopClock(loop)
  const long = clock.setTimer(() => {}, 300_000)
  t.equal(loop.timers.size, 1)
  clock.setTimer(() => {}, 20)
  t.equal(loop.timers.size, 3)
  loop.idle(100)
  t.equal(loop.timers.size, 1, 'nobody waits for anything soon')
  long.clear()
  t.equal(loop.timers.size, 0)
})

t.test('where only timeouts are mocked, a timer that fires calls back', async (t) => {
  const loop = new ManualLoop()
  let isOver = false
  new LoopClock(loop).setTimer(() => (isOver = true), 60_000)
  for (let i = 0; i < 1300; i++) {
    const due = [...loop.timers].sort((a, b) => a.atMs - b.atMs)
    run(loop.timers, due.slice(0, 1)) // in order, while the stopwatch stands still
    if (loop.immediates.size > 0) break
    run(loop.timers, [...loop.timers])
  }
  run(loop.immediates, [...loop.immediates])
  t.ok(isOver)
})

/** Node counts whole milliseconds since its own beginning: timeouts are early by a fraction of one. */
class EarlyLoop extends ManualLoop {
  override setTimeout(callback: () => void, delayMs: number): MachineTimer {
    const atMs = Math.floor(this.nowMs) + Math.max(1, delayMs)
    return add(this.timers, { atMs, callback })
  }
}

t.test(
  'who is called back finds that the time has come, however early the timeout was',
  async (t) => {
    for (const countsStalls of [false, true]) {
      for (let tenth = 0; tenth < 10; tenth++) {
        const loop = new EarlyLoop()
        loop.nowMs = 5 + tenth / 10
        const clock = new LoopClock(loop)
        const untilMs = clock.monotonicMs() + 20.4
        let lateMs = -1
        const callback = (): void => void (lateMs = clock.monotonicMs() - untilMs)
        clock.setTimer(callback, untilMs - clock.monotonicMs(), { countsStalls })
        for (let i = 0; i < 230 && lateMs === -1; i++) loop.turn(0.1)
        t.ok(lateMs >= -1e-9 && lateMs < 2, `${tenth / 10}: ${lateMs}`)
      }
    }
  },
)

t.test('nor is it early after a stall', async (t) => {
  for (let tenth = 0; tenth < 10; tenth++) {
    const loop = new EarlyLoop()
    const clock = new LoopClock(loop)
    const untilMs = clock.monotonicMs() + 200
    let isOver = false
    clock.setTimer(() => (isOver = clock.monotonicMs() >= untilMs - 1e-9), 200)
    loop.turn(150 + tenth / 10) // of it 100 count
    for (let i = 0; i < 1000; i++) loop.turn(0.3)
    t.ok(isOver)
  }
})
