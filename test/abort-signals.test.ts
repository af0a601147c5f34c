/** Signals that are not Node's own: whatever looks like one is heard, and what does not is refused. */
import { getEventListeners } from 'node:events'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { simulate } from './testing/support/simulation.js'

const nameOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'ok',
    (error: unknown) => (error as Error).name,
  )

/** Calls its listeners without an event. */
class PlainSignal {
  aborted = false
  readonly listeners = new Set<() => void>()
  reason: unknown = undefined

  addEventListener(_event: string, listener: () => void): void {
    this.listeners.add(listener)
  }

  removeEventListener(_event: string, listener: () => void): void {
    this.listeners.delete(listener)
  }

  abort(): void {
    this.aborted = true
    for (const listener of this.listeners) listener()
  }
}

t.test('a signal that gives no event, and one whose events name another', async (t) => {
  const it = await simulate({ topics: { orders: {} } }, {})
  const plain = new PlainSignal()
  const inner = new AbortController()
  const proxy = new Proxy(inner.signal, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  const sends = [plain as unknown as AbortSignal, proxy].map((signal) =>
    nameOf(it.producer.send({ topic: 'orders', value: 'x' }, { signal })),
  )
  plain.abort()
  inner.abort()
  t.strictSame(await it.run(Promise.all(sends)), ['AbortedError', 'AbortedError'])
  t.equal(plain.listeners.size, 0)
  await it.run(it.producer.close())
})

t.test('what cannot be left again is no signal', async (t) => {
  const it = await simulate({ topics: { orders: {} } }, {})
  const signal = { aborted: false, addEventListener: () => {} } as unknown as AbortSignal
  const sent = it.producer.send({ topic: 'orders', value: 'x' }, { signal })
  t.equal(await it.run(nameOf(sent)), 'InvalidRecordError')
  await it.run(it.producer.close())
})

t.test(
  'a signal that throws when it is left: the record has its outcome all the same',
  async (t) => {
    const it = await simulate({ topics: { orders: {} } }, {})
    const signal = new PlainSignal()
    signal.removeEventListener = () => {
      throw new Error('not now')
    }
    const options = { signal: signal as unknown as AbortSignal }
    t.equal(await it.run(nameOf(it.producer.send({ topic: 'orders', value: 'x' }, options))), 'ok')
    await it.run(it.producer.close())
  },
)

t.test('one signal for many calls of many producers: one listener, and none is left', async (t) => {
  const controller = new AbortController()
  const { signal } = controller
  const listeners = (): number => getEventListeners(signal, 'abort').length
  const it = await simulate({ topics: { orders: {} } }, {})
  const other = await simulate({ topics: { orders: {} } }, {})
  const names: string[] = []
  for (const { producer } of [it, other]) {
    for (let i = 0; i < 6; i++) {
      void nameOf(producer.send({ topic: 'orders', value: 'x' }, { signal })).then((name) =>
        names.push(name),
      )
      producer.createWriteStream({ signal }).on('error', ({ name }) => names.push(name))
      const records = Readable.from([{ topic: 'orders', value: 'x' }])
      const each = producer.sendEach(records, { signal })
      void nameOf(each.next()).then((name) => names.push(name))
    }
  }
  t.equal(listeners(), 1)
  controller.abort()
  t.equal(listeners(), 0)
  await it.run(it.producer.close())
  await other.run(other.producer.close())
  await setImmediate() // a stream's own
  t.equal(names.length, 36)
})
