/** The tracing channel of sends, as a subscriber of node:diagnostics_channel sees it. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { channel, tracingChannel } from 'node:diagnostics_channel'
import t, { type Test } from 'tap'
import type { ProducerRecord, SendChannelContext } from '../../../src/index.js'
import { simulate, values, type Simulation } from '../../testing/support/simulation.js'

const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const

const record = (value: string): ProducerRecord => ({ topic: 'orders', value })

/** Subscribes until the test ends; every event is written down as `event value`. */
function subscribe(
  t: Test,
  onStart: (context: SendChannelContext) => void = () => {},
): { events: string[]; contexts: SendChannelContext[] } {
  const events: string[] = []
  const contexts: SendChannelContext[] = []
  const handlers = Object.fromEntries(
    EVENTS.map((event) => [
      event,
      (message: unknown): void => {
        const context = message as SendChannelContext
        if (event === 'start') {
          contexts.push(context)
          onStart(context)
        }
        events.push(`${event} ${String(context.record.value)}`)
      },
    ]),
  ) as never
  const sends = tracingChannel('ottla:producer:send')
  sends.subscribe(handlers)
  t.teardown(() => void sends.unsubscribe(handlers))
  return { events, contexts }
}

async function simulated(t: Test, options = {}): Promise<Simulation> {
  const it = await simulate({ topics: { orders: {} } }, { clientId: 'shop', ...options })
  t.teardown(async () => {
    await it.run(it.producer.close())
    await it.cluster.close()
  })
  return it
}

t.test('each record is told of: the call, then its outcome', async (t) => {
  const it = await simulated(t)
  const { events, contexts } = subscribe(t)
  const metadata = await it.run(it.producer.send(record('a')))
  t.strictSame(events.splice(0), ['start a', 'end a', 'asyncStart a', 'asyncEnd a'])
  t.match(contexts[0], { clientId: 'shop', index: 0, call: { kind: 'send', recordCount: 1 } })
  t.equal(contexts[0]?.metadata?.offset, metadata.offset)
  t.notOk('error' in (contexts[0] ?? {}))
  await it.run(it.producer.sendAll([record('b'), record('c')]))
  t.strictSame(events.splice(0, 4), ['start b', 'end b', 'start c', 'end c'])
  t.equal(contexts[1]?.call, contexts[2]?.call)
  t.equal(events.length, 4)
  t.ok(it.producer.enqueue(record('d')))
  await it.run(it.producer.flush())
  t.equal(contexts[3]?.call.kind, 'enqueue')
})

t.test('a failure is an error of the context', async (t) => {
  const it = await simulated(t)
  const { events, contexts } = subscribe(t)
  const bad = { topic: 'orders', value: undefined } as never
  await it.run(it.producer.send(bad).catch(() => {}))
  t.match(contexts[0]?.error, { name: 'InvalidRecordError' })
  t.strictSame(events.map((event) => event.split(' ')[0]).sort(), [
    'asyncEnd',
    'asyncStart',
    'end',
    'error',
    'start',
  ])
})

t.test('a subscriber of start may put another record in place', async (t) => {
  const interceptors = [
    { onSend: (it: ProducerRecord) => ({ ...it, value: `${String(it.value)}!` }) },
  ]
  const it = await simulated(t, { interceptors })
  const { contexts } = subscribe(t, (context) => {
    context.record = { ...context.record, headers: { traceparent: '00-1' } }
  })
  await it.run(it.producer.sendAll([record('a')]))
  it.producer.enqueue(record('b'))
  await it.run(it.producer.send(record('c')))
  t.strictSame(values(it.cluster, 'orders'), ['a!', 'b!', 'c!'])
  for (const { headers } of it.cluster.records('orders')) {
    t.match(JSON.stringify(headers), /traceparent/)
  }
  t.equal(contexts[0]?.record.value, 'a!', 'as the interceptors left it')
})

t.test('a store that is bound to start is there while the record is looked at', async (t) => {
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const value = (text: string): string => {
    seen.push(storage.getStore())
    return text
  }
  const it = await simulated(t, { serializers: { value } })
  const start = channel('tracing:ottla:producer:send:start') as unknown as {
    bindStore(
      store: AsyncLocalStorage<string>,
      transform: (context: SendChannelContext) => string,
    ): void
    unbindStore(store: AsyncLocalStorage<string>): void
  }
  start.bindStore(storage, (context) => `span of ${String(context.record.value)}`)
  t.teardown(() => void start.unbindStore(storage))
  await it.run(it.producer.send(record('a')))
  t.strictSame(seen, ['span of a'])
})

for (const event of ['end', 'asyncStart', 'asyncEnd', 'error'] as const) {
  t.test(`who subscribes to ${event} alone is told of it`, async (t) => {
    const it = await simulated(t)
    const heard: unknown[] = []
    const sends = tracingChannel('ottla:producer:send')
    const subscriber = { [event]: (context: unknown) => void heard.push(context) }
    sends.subscribe(subscriber as never)
    t.teardown(() => void sends.unsubscribe(subscriber as never))
    const wrong = { topic: 'orders', value: 7 } as never
    await it.run(it.producer.send(event === 'error' ? wrong : record('a')).catch(() => {}))
    t.match(heard, [{ record: { topic: 'orders' } }])
  })
}

t.test('who has unsubscribed is told nothing', async (t) => {
  const it = await simulated(t)
  const heard: unknown[] = []
  const start = (context: unknown): void => void heard.push(context)
  const sends = tracingChannel('ottla:producer:send')
  sends.subscribe({ start } as never)
  await it.run(it.producer.send(record('a')))
  sends.unsubscribe({ start } as never)
  await it.run(it.producer.send(record('b')))
  t.equal(heard.length, 1)
})
