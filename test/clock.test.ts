// The machine's clock under the fake timers of a user's tests, which stand still: ours go on.
import { mock } from 'node:test'
import t from 'tap'
import { systemClock } from '../src/system-clock.js'
import { Producer } from '../src/index.js'
import { TestCluster } from '../src/testing/cluster.js'

const FAKED_MS = 1_900_000_000_000
const realMicrotask = globalThis.queueMicrotask

t.beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'], now: FAKED_MS })
  mock.method(performance, 'now', () => 0) // as Jest's and Sinon's have it
  globalThis.queueMicrotask = () => {}
})

t.afterEach(() => {
  globalThis.queueMicrotask = realMicrotask
  mock.restoreAll()
  mock.timers.reset()
})

t.test('timers and the stopwatch are real, the date is the faked one', async (t) => {
  const clock = systemClock()
  const beganMs = clock.stopwatchMs()
  await new Promise<void>((resolve) => clock.setTimer(resolve, 20))
  await new Promise<void>((resolve) => clock.defer(resolve))
  t.ok(clock.stopwatchMs() > beganMs)
  t.equal(clock.now(), FAKED_MS)
})

t.test('a record is sent, and has the faked date', async (t) => {
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  const producer = new Producer({ brokers: cluster.bootstrap, lingerMs: 5 })
  const { timestamp } = await producer.send({ topic: 'orders', value: 'a' })
  t.equal(timestamp, FAKED_MS)
  await producer.close()
  await cluster.close()
})

t.test('a callback is told that its record was not taken', async (t) => {
  const producer = new Producer({ brokers: 'localhost:1' })
  await producer.close()
  const error = await new Promise<Error | null>((resolve) => {
    producer.enqueue({ topic: 'orders', value: 'a' }, resolve)
  })
  t.match(error, { name: 'ClosedError' })
})
