/**
 * The test cluster on a virtual clock: the same producer, with nothing real but promises. Each run
 * is moved on by `advanceSettled`, and time passes only there.
 */
import t from 'tap'
import { ErrorCodes } from '../../src/testing/cluster.js'
import { simulate, values } from './support/simulation.js'

t.test('delivers over a virtual network, and takes the time that it takes', async (t) => {
  const { clock, network, cluster, producer, run } = await simulate(
    { brokers: 3, topics: { orders: {} } },
    {},
    () => 10,
  )
  const meta = await run(producer.send({ topic: 'orders', value: 'a' }))
  t.equal(meta.offset, 0n)
  t.ok(clock.monotonicMs() >= 60, 'a connect and two round trips at the least')
  t.strictSame(values(cluster, 'orders'), ['a'])
  await run(producer.close())
  await clock.advanceSettled(50)
  t.equal(network.streamCount(), 0)
  t.equal(cluster.connectionCount, 0)
  t.equal(clock.timerCount, 0, 'no timer is left')
})

t.test('runs twice alike', async (t) => {
  const runOnce = async (): Promise<unknown> => {
    let seed = 7
    const random = (): number => (seed = (seed * 48_271) % 0x7fffffff) / 0x7fffffff
    const { clock, cluster, producer, run } = await simulate(
      { brokers: 3, topics: { orders: { partitions: 4 } }, replicationDelayMs: () => random() * 5 },
      {},
      () => random() * 20,
    )
    cluster.failNext('Produce', { disconnect: 'after', times: 3 })
    const sent = Array.from({ length: 20 }, (_, i) =>
      producer.send({ topic: 'orders', key: `k${i}`, value: `v${i}` }),
    )
    const told = await run(Promise.all(sent))
    await run(producer.close())
    const requests = cluster.requests.map(({ broker, api, version }) => [broker, api, version])
    return [told.map(({ partition, offset }) => [partition, offset]), requests, clock.now()]
  }
  t.strictSame(await runOnce(), await runOnce())
})

t.test('stores a record once although the connection is cut with its answer', async (t) => {
  let cut = (): void => {}
  const { network, cluster, producer, run } = await simulate(
    { topics: { orders: {} } },
    {},
    ({ direction, sizeBytes }) => {
      if (direction === 'to-client' && sizeBytes > 0) cut()
      return 5
    },
  )
  await run(producer.send({ topic: 'orders', value: 'a' }))
  cut = () => {
    cut = () => {}
    network.cut()
  }
  const meta = await run(producer.send({ topic: 'orders', value: 'b' }))
  t.equal(meta.offset, 1n)
  t.strictSame(values(cluster, 'orders'), ['a', 'b'])
})

t.test('closes a connection to a stalled network, and goes on when it is back', async (t) => {
  const { clock, network, cluster, producer, run } = await simulate(
    { topics: { orders: {} } },
    { requestTimeoutMs: 1000 },
  )
  await run(producer.send({ topic: 'orders', value: 'a' }))
  const release = network.stall(cluster.broker(1).address)
  const sent = producer.send({ topic: 'orders', value: 'b' })
  await clock.advanceSettled(5000)
  t.strictSame(values(cluster, 'orders'), ['a'])
  release()
  t.equal((await run(sent)).offset, 1n)
  t.strictSame(values(cluster, 'orders'), ['a', 'b'])
})

t.test('loses what only a dead leader had, and with acks=all nobody was told of it', async (t) => {
  const { clock, cluster, producer, run } = await simulate({
    brokers: 3,
    topics: { orders: {} },
    replicationDelayMs: 10,
  })
  await run(producer.send({ topic: 'orders', value: 'a' }))
  const partition = cluster.partition('orders', 0)
  partition.pauseReplication()
  let isTold = false
  const sent = producer.send({ topic: 'orders', value: 'b' }).then((meta) => {
    isTold = true
    return meta
  })
  await clock.advanceSettled(100)
  t.equal(partition.endOffset, 2n, 'its leader has it')
  t.notOk(isTold)
  const dead = partition.leader
  await cluster.broker(dead).stop({ tail: 'lose' })
  partition.resumeReplication()
  t.equal(partition.endOffset, 1n, 'and it is gone')
  t.equal((await run(sent)).offset, 1n)
  t.strictSame(values(cluster, 'orders'), ['a', 'b'])
})

t.test('tells acks=1 of a record that dies with its leader', async (t) => {
  const { cluster, producer, run } = await simulate(
    { brokers: 3, topics: { orders: {} } },
    { acks: 1, idempotence: false },
  )
  await run(producer.send({ topic: 'orders', value: 'a' }))
  const partition = cluster.partition('orders', 0)
  partition.pauseReplication()
  t.equal((await run(producer.send({ topic: 'orders', value: 'b' }))).offset, 1n)
  await cluster.broker(partition.leader).stop({ tail: 'lose' })
  partition.resumeReplication()
  t.strictSame(values(cluster, 'orders'), ['a'])
})

t.test('answers REQUEST_TIMED_OUT where replicas take too long', async (t) => {
  const { clock, cluster, producer, run } = await simulate(
    { brokers: 2, topics: { orders: {} } },
    { requestTimeoutMs: 500, retries: 0, idempotence: false },
  )
  await run(producer.send({ topic: 'orders', value: 'a' }))
  cluster.partition('orders', 0).pauseReplication()
  const error: unknown = await run(
    producer.send({ topic: 'orders', value: 'b' }).catch((error: unknown) => error),
  )
  t.match(error, { outcome: 'unknown' })
  t.ok(clock.monotonicMs() >= 500)
})

t.test('reads a request only when the one before it is answered', async (t) => {
  const { clock, cluster, producer, run } = await simulate({ brokers: 2, topics: { orders: {} } })
  await run(producer.send({ topic: 'orders', value: 'a' }))
  const partition = cluster.partition('orders', 0)
  partition.pauseReplication()
  const first = producer.send({ topic: 'orders', value: 'b' })
  await clock.advanceSettled(50)
  const second = producer.send({ topic: 'orders', value: 'c' })
  await clock.advanceSettled(50)
  t.equal(partition.endOffset, 2n, 'the second one waits in the socket')
  partition.resumeReplication()
  t.equal((await run(first)).offset, 1n)
  t.equal((await run(second)).offset, 2n)
})

t.test('holds answers in the order of their requests', async (t) => {
  const { cluster, producer, run } = await simulate({ topics: { orders: {} } })
  await run(producer.send({ topic: 'orders', value: 'a' }))
  cluster.failNext('Produce', { delayMs: 100 })
  const order: string[] = []
  const first = producer.send({ topic: 'orders', value: 'b' })
  const slow = first.then(() => order.push('b'))
  await run(producer.flush().then(() => undefined))
  const fast = producer.send({ topic: 'orders', value: 'c' }).then(() => order.push('c'))
  await run(Promise.all([slow, fast]))
  t.strictSame(order, ['b', 'c'])
})

t.test('fails no record for a fault in InitProducerId', async (t) => {
  const { cluster, producer, run } = await simulate({ topics: { orders: {} } })
  cluster.failNext('InitProducerId', {
    errorCode: ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS,
    times: 3,
  })
  t.equal((await run(producer.send({ topic: 'orders', value: 'a' }))).offset, 0n)
})
