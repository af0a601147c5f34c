/** In whose async context (AsyncLocalStorage) the user's code is called: its own call's, or nobody's. */
import { AsyncLocalStorage } from 'node:async_hooks'
import t from 'tap'
import { Producer, type Logger, type Serialized } from '../../src/index.js'
import { TestCluster } from '../../src/testing/cluster.js'
import { simulate } from '../testing/support/simulation.js'

const store = new AsyncLocalStorage<string>()

for (const hasInterceptor of [false, true]) {
  const name = hasInterceptor ? 'with an interceptor' : 'without interceptors'
  t.test(`no callback and no line of the log finds another request, ${name}`, async (t) => {
    const cluster = await TestCluster.start({ topics: { orders: {} } })
    const seen: (readonly [what: string, store: string | undefined])[] = []
    const look = (what: string): void => void seen.push([what, store.getStore()])
    const line = (_: object, message: string): void => look(message)
    const logger: Logger = { debug: line, info: line, warn: line, error: line }
    const interceptors = hasInterceptor ? [{ onOutcome: () => look('onOutcome') }] : []
    const producer = new Producer({ brokers: cluster.bootstrap, logger, interceptors })
    const request = (id: string): Promise<void> =>
      store.run(
        id,
        () =>
          new Promise((resolve) => {
            producer.enqueue({ topic: 'orders', value: id }, () => resolve(look('callback')))
          }),
      )
    for (const id of ['1', '2']) await request(id)
    cluster.failNext('Produce', { disconnect: 'before' })
    for (const id of ['3', '4']) await request(id)
    await store.run('5', async () => {
      await producer.send({ topic: 'orders', value: '5' })
      t.equal(store.getStore(), '5', "a promise keeps its caller's")
    })
    t.equal(seen.filter(([what]) => what === 'callback').length, 4)
    t.match(seen.map(([what]) => what).join(), /connected to broker/)
    t.strictSame(
      seen.filter(([, found]) => found !== undefined),
      [],
    )
    await producer.close()
    await cluster.close()
  })
}

t.test('a record that is refused at once is told in the context of its call', async (t) => {
  const { producer, cluster, run } = await simulate({ topics: { orders: {} } })
  const told = new Promise((resolve) => {
    const bad = { topic: 'orders', value: undefined } as never
    store.run('mine', () => producer.enqueue(bad, () => resolve(store.getStore())))
  })
  t.equal(await run(told), 'mine')
  await run(producer.close())
  await cluster.close()
})

t.test('who closes the producer is not found by what others have given', async (t) => {
  const { producer, cluster, run } = await simulate({ topics: {} })
  const told: unknown[] = []
  store.run('one', () => {
    producer.enqueue({ topic: 'orders', value: 'v' }, (error) =>
      told.push(error?.name, store.getStore()),
    )
  })
  await run(store.run('closer', () => producer.close({ timeoutMs: 0 })))
  t.strictSame(told, ['ClosedError', undefined])
  await cluster.close()
})

t.test('nor is the record that others stood behind', async (t) => {
  const asked: unknown[] = []
  const slow = { finish: (_: Serialized): void => {} }
  const promise = new Promise<Serialized>((resolve) => (slow.finish = resolve))
  const { producer, cluster, run } = await simulate(
    { topics: { orders: {} } },
    {
      serializers: { value: (value) => (value === 'slow' ? promise : value) },
      partitioner: ({ value }) => void asked.push([value, store.getStore()]),
    },
  )
  await run(producer.partitionsFor('orders'))
  for (const value of ['slow', 'fast']) {
    store.run(value, () => producer.enqueue({ topic: 'orders', value }))
  }
  slow.finish('slow')
  await run(producer.flush())
  t.strictSame(asked, [
    ['slow', undefined],
    ['fast', undefined],
  ])
  await run(producer.close())
  await cluster.close()
})
