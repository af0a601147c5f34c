/** The test cluster over real TCP, with our own producer as its user would have it. */
import t from 'tap'
import { Producer, DeliveryError } from '../../src/index.js'
import { ErrorCodes, TestCluster, type Fault } from '../../src/testing/cluster.js'
import type { ProduceRequest } from '../../src/protocol/messages/produce.js'
import type { StoredBytes } from '../../src/testing/stored-bytes.js'

const text = (bytes: StoredBytes | null): string | null => bytes?.toString() ?? null

async function withCluster(
  options: Parameters<typeof TestCluster.start>[0],
  body: (cluster: TestCluster) => Promise<void>,
): Promise<void> {
  const cluster = await TestCluster.start(options)
  try {
    await body(cluster)
  } finally {
    await cluster.close()
  }
}

async function withProducer(
  cluster: TestCluster,
  options: Partial<ConstructorParameters<typeof Producer>[0]>,
  body: (producer: Producer) => Promise<void>,
): Promise<void> {
  const producer = new Producer({ brokers: cluster.bootstrap, ...options })
  try {
    await body(producer)
  } finally {
    await producer.close({ timeoutMs: 1000 })
  }
}

t.test('stores what a producer sends, and tells where', async (t) => {
  await withCluster({ brokers: 3, topics: { orders: { partitions: 3 } } }, async (cluster) => {
    await withProducer(cluster, {}, async (producer) => {
      const sent = await producer.sendAll([
        { topic: 'orders', partition: 0, key: 'k', value: 'a', timestamp: 1, headers: { h: 'v' } },
        { topic: 'orders', partition: 0, value: null },
        { topic: 'orders', partition: 2, value: 'c' },
      ])
      t.strictSame(
        sent.map(({ partition, offset }) => [partition, offset]),
        [
          [0, 0n],
          [0, 1n],
          [2, 0n],
        ],
      )
    })
    const records = cluster.records('orders')
    t.strictSame(
      records.map(({ partition, key, value }) => [partition, text(key), text(value)]),
      [
        [0, 'k', 'a'],
        [0, null, null],
        [2, null, 'c'],
      ],
    )
    t.strictSame(records[0]?.headers, [{ name: 'h', value: Buffer.from('v') }])
    t.equal(records[0]?.timestamp, 1)
    t.same(cluster.records('orders', 1), [])
    const apis = new Set(cluster.requests.map(({ api }) => api))
    t.strictSame([...apis].sort(), ['ApiVersions', 'InitProducerId', 'Metadata', 'Produce'])
    const produced = cluster.requests.find(({ api }) => api === 'Produce')
    t.equal((produced?.body as ProduceRequest).acks, -1)
  })
})

t.test('makes an unknown topic, unless it may not', async (t) => {
  await withCluster({}, async (cluster) => {
    await withProducer(cluster, {}, async (producer) => {
      t.equal((await producer.send({ topic: 'new', value: 'x' })).offset, 0n)
    })
    t.equal(cluster.records('new').length, 1)
  })
  await withCluster({ autoCreateTopics: false }, async (cluster) => {
    await withProducer(cluster, { maxBlockMs: 300 }, async (producer) => {
      await t.rejects(producer.send({ topic: 'new', value: 'x' }), {
        code: 'ERR_OTTLA_TOPIC_UNAVAILABLE',
      })
    })
    t.throws(() => cluster.records('new'), /no topic "new"/)
  })
})

const RECOVERABLE: Record<string, Fault> = {
  'an error code': { errorCode: ErrorCodes.NOT_LEADER_OR_FOLLOWER, times: 2 },
  'an error after the append': {
    errorCode: ErrorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    appended: true,
  },
  'an omitted partition': { omitted: true },
  'a cut before the append': { disconnect: 'before' },
  'a cut after the append': { disconnect: 'after', times: 2 },
  silence: { silent: true },
  'a late answer': { delayMs: 20 },
  'an answer cut in its length': { cutAnswerAt: 3 },
  'an answer cut in its body': { cutAnswerAt: 11 },
  'an HTTP answer': { answerBytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') },
  'a wrong correlation id': { wrongCorrelationId: true },
  'a negative frame length': { frameLength: -5 },
  'an oversized frame length': { frameLength: 0x7fffffff },
  'a throttle': { throttleMs: 20 },
}

for (const [name, fault] of Object.entries(RECOVERABLE)) {
  t.test(`stores each record once in spite of ${name}`, async (t) => {
    await withCluster({ brokers: 2, topics: { orders: {} } }, async (cluster) => {
      const options = { requestTimeoutMs: 300, deliveryTimeoutMs: 20_000 }
      await withProducer(cluster, options, async (producer) => {
        await producer.send({ topic: 'orders', value: 'first' })
        cluster.failNext('Produce', fault)
        const sent = await Promise.all(
          ['a', 'b', 'c'].map((value) => producer.send({ topic: 'orders', value })),
        )
        t.strictSame(
          sent.map(({ offset }) => offset),
          [1n, 2n, 3n],
        )
      })
      t.strictSame(
        cluster.records('orders').map(({ value }) => text(value)),
        ['first', 'a', 'b', 'c'],
      )
    })
  })
}

t.test('refuses records with the error that was scripted for their partition', async (t) => {
  await withCluster({ topics: { orders: { partitions: 2 } } }, async (cluster) => {
    const errorCode = ErrorCodes.TOPIC_AUTHORIZATION_FAILED
    cluster.failNext('Produce', { errorCode, topic: 'orders', partition: 1 })
    await withProducer(cluster, {}, async (producer) => {
      const [ok, refused] = await Promise.allSettled([
        producer.send({ topic: 'orders', partition: 0, value: 'a' }),
        producer.send({ topic: 'orders', partition: 1, value: 'b' }),
      ])
      t.equal(ok.status, 'fulfilled')
      t.equal(refused.status, 'rejected')
      if (refused.status === 'rejected') {
        t.ok(refused.reason instanceof DeliveryError)
        t.equal((refused.reason as DeliveryError).outcome, 'rejected')
      }
    })
  })
})

t.test('goes on when a broker stops and another leads', async (t) => {
  await withCluster({ brokers: 3, topics: { orders: {} } }, async (cluster) => {
    await withProducer(cluster, {}, async (producer) => {
      await producer.send({ topic: 'orders', value: 'a' })
      const leader = cluster.partition('orders', 0).leader
      await cluster.broker(leader).stop()
      t.not(cluster.partition('orders', 0).leader, leader)
      t.equal((await producer.send({ topic: 'orders', value: 'b' })).offset, 1n)
      await cluster.broker(leader).start()
      t.equal(cluster.bootstrap.length, 3)
    })
    t.equal(cluster.records('orders').length, 2)
  })
})
