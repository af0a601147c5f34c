/**
 * What is published on the channels of batches, requests and connections, by a real producer and a
 * cluster of `ottla/testing`.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import t, { type Test } from 'tap'
import { BrokerError, ConnectionError, Producer } from '../../../src/index.js'
import { CHANNELS } from '../../../src/producer/diagnostics/channels.js'
import { DiagnosticsObserver } from '../../../src/producer/diagnostics/diagnostics-observer.js'
import type { DiagnosticsMessages } from '../../../src/producer/diagnostics/messages.js'
import { ErrorCodes, TestCluster } from '../../../src/testing/cluster.js'
import { page } from '../../docs/markdown.js'
import { SendingRig } from '../support/sending.js'

type Name = keyof DiagnosticsMessages
type Told = { [It in Name]: [name: It, message: DiagnosticsMessages[It]] }[Name]

/** All that is published until the test ends. */
function listen(t: Test, names = Object.keys(CHANNELS) as Name[]): Told[] {
  const told: Told[] = []
  for (const name of names) {
    const listener = (message: unknown): void => void told.push([name, message] as Told)
    subscribe(name, listener)
    t.teardown(() => unsubscribe(name, listener))
  }
  return told
}

/** What is published comes in a microtask. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The messages of one channel. */
function of<It extends Name>(told: readonly Told[], name: It): DiagnosticsMessages[It][] {
  return told.filter(([it]) => it === name).map(([, message]) => message as DiagnosticsMessages[It])
}

t.test('a record that is acknowledged: connection, request, batch', async (t) => {
  const told = listen(t)
  await using cluster = await TestCluster.start({ topics: { orders: { partitions: 1 } } })
  await using producer = new Producer({ brokers: cluster.bootstrap, clientId: 'shop' })
  await producer.sendAll(['1', '2', '3'].map((value) => ({ topic: 'orders', value })))
  t.strictSame(
    told.map(([name]) => name),
    [
      'ottla:connection:opened',
      'ottla:request:sent',
      'ottla:request:answered',
      'ottla:batch:acknowledged',
    ],
  )
  const [, sent, answered, acknowledged] = told.map(([, message]) => message)
  t.match(told[0]?.[1], { clientId: 'shop', nodeId: 1 })
  t.match(sent, { clientId: 'shop', nodeId: 1, batchCount: 1, recordCount: 3 })
  t.match(answered, { ...sent, latencyMs: Number })
  t.match(acknowledged, {
    ...{ clientId: 'shop', topic: 'orders', partition: 0, leader: 1, recordCount: 3, attempts: 1 },
    ...{ sizeBytes: (sent as { sizeBytes: number }).sizeBytes, latencyMs: Number },
  })
})

t.test('one that is refused, with the error that its promise has', async (t) => {
  const told = listen(t, ['ottla:batch:failed'])
  await using cluster = await TestCluster.start({ topics: { orders: { partitions: 1 } } })
  await using producer = new Producer({ brokers: cluster.bootstrap })
  cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD })
  await t.rejects(producer.send({ topic: 'orders', value: 'v' }))
  const [failed] = of(told, 'ottla:batch:failed')
  t.match(failed, { topic: 'orders', partition: 0, recordCount: 1, attempts: 1 })
  t.match(failed?.error.cause, { errorName: 'INVALID_RECORD' })
  t.ok(failed?.error.cause instanceof BrokerError)
})

t.test('a request whose connection breaks, and the connection', async (t) => {
  const told = listen(t)
  await using cluster = await TestCluster.start({ topics: { orders: { partitions: 1 } } })
  await using producer = new Producer({ brokers: cluster.bootstrap, retryBackoffMs: 1 })
  await producer.send({ topic: 'orders', value: 'before' })
  cluster.failNext('Produce', { disconnect: 'before' })
  await producer.send({ topic: 'orders', value: 'v' })
  const [lost] = of(told, 'ottla:request:lost')
  t.match(lost, { nodeId: 1, batchCount: 1, recordCount: 1 })
  t.ok(lost?.error instanceof ConnectionError)
  const [connection] = of(told, 'ottla:connection:lost')
  t.equal(connection?.nodeId, 1)
  t.ok(connection?.error instanceof ConnectionError)
  t.equal(of(told, 'ottla:batch:acknowledged').at(-1)?.attempts, 2)
})

t.test('a batch that is too large, and a broker that throttles', async (t) => {
  const told = listen(t)
  const rig = new SendingRig({
    observer: new DiagnosticsObserver('shop', { monotonicMs: () => 0 }),
  })
  rig.send('a')
  rig.sent()[0]?.answer({}, { throttleTimeMs: 50 })
  t.strictSame(told, [], 'later: whoever tells is amid a change')
  await turn()
  t.strictSame(of(told, 'ottla:request:throttled'), [{ clientId: 'shop', nodeId: 1, pauseMs: 50 }])
  rig.clock.advance(100)
  rig.take('b')
  rig.take('c')
  rig.queue().closeOpen()
  rig.queue().schedule()
  rig.run()
  rig.sent()[1]?.answer({ 0: ErrorCodes.MESSAGE_TOO_LARGE })
  await turn()
  t.match(of(told, 'ottla:batch:split'), [{ clientId: 'shop', recordCount: 2, attempts: 1 }])
})

t.test(
  'a subscriber that throws harms no record: Node makes it an uncaught exception',
  async (t) => {
    const thrown: unknown[] = []
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => void thrown.push(error))
    t.teardown(() => {
      process.removeAllListeners('uncaughtException')
      for (const listener of listeners) process.on('uncaughtException', listener)
    })
    const oops = new Error('a subscriber threw')
    const listener = (): never => {
      throw oops
    }
    subscribe('ottla:batch:acknowledged', listener)
    t.teardown(() => unsubscribe('ottla:batch:acknowledged', listener))
    await using cluster = await TestCluster.start({ topics: { orders: { partitions: 1 } } })
    await using producer = new Producer({ brokers: cluster.bootstrap })
    const { offset } = await producer.send({ topic: 'orders', value: 'v' })
    t.equal(offset, 0n)
    await turn()
    t.strictSame(thrown, [oops])
  },
)

t.test('docs/tracing.md has every channel', async (t) => {
  const { text } = page('docs/tracing.md')
  const names = Object.keys(CHANNELS)
  t.strictSame(names.filter((name) => !text.includes(`\`${name}\``)), []) // prettier-ignore
})
