/**
 * What ACLs forbid: the error names operation, resource and the command that grants it; other topics go
 * on; and what is granted works with the next record.
 */
import t from 'tap'
import { AuthorizationError, BrokerError } from '../../../src/errors.js'
import { ErrorCodes } from '../../../src/testing/cluster.js'
import { simulate, values, type Simulation } from '../../testing/support/simulation.js'

const TWO = { topics: { orders: {}, other: {} } }
const GRANT = /kafka-acls\.sh --bootstrap-server <broker> --add --allow-principal User:<you> /

const send = (it: Simulation, topic: string, value: string): Promise<bigint> =>
  it.producer.send({ topic, value }).then(({ offset }) => offset)

/** What the promise is rejected with. */
const failure = (it: Simulation, promise: Promise<unknown>): Promise<AuthorizationError> =>
  it.run(promise).then(
    () => Promise.reject(new Error('nothing was refused')),
    (error: unknown) => error as AuthorizationError,
  )

t.test('a topic that metadata refuses: at once, by name, and no other topic', async (t) => {
  const it = await simulate(TWO)
  const grant = it.cluster.forbid({ topic: 'orders' })
  const sent = ['a', 'b'].map((value) => failure(it, send(it, 'orders', value)))
  const other = send(it, 'other', 'x')
  const partitions = failure(it, it.producer.partitionsFor('orders'))
  const error = await sent[0]
  t.ok(error instanceof AuthorizationError)
  t.match(error, {
    code: 'ERR_OTTLA_AUTHORIZATION',
    operation: 'Describe',
    resourceType: 'Topic',
    resourceName: 'orders',
    topic: 'orders',
    outcome: 'not-written',
    retriable: false,
    cause: { name: 'BrokerError', apiName: 'Metadata', errorCode: 29 },
  })
  t.match(error?.message, /^topic "orders": TOPIC_AUTHORIZATION_FAILED/)
  t.match(error?.message, GRANT)
  t.match(error?.message, /--operation Write --topic orders \(and --operation Create/)
  t.match(await sent[1], { code: 'ERR_OTTLA_AUTHORIZATION' })
  t.match(await partitions, { code: 'ERR_OTTLA_AUTHORIZATION' })
  t.equal(await it.run(other), 0n)
  t.ok(it.clock.monotonicMs() < 1000, `${it.clock.monotonicMs()} virtual ms`)
  t.match(await failure(it, send(it, 'orders', 'c')), { code: 'ERR_OTTLA_AUTHORIZATION' })
  grant()
  const beforeMs = it.clock.monotonicMs()
  t.equal(await it.run(send(it, 'orders', 'd')), 0n)
  t.ok(it.clock.monotonicMs() - beforeMs < 1000, 'without a wait')
  t.strictSame(values(it.cluster, 'orders'), ['d'])
  await it.run(it.producer.close())
})

t.test('many records for a topic that is refused are one question', async (t) => {
  const it = await simulate(TWO)
  await it.run(send(it, 'other', 'x'))
  it.cluster.forbid({ topic: 'orders' })
  const asked = (): number => it.cluster.requests.filter(({ api }) => api === 'Metadata').length
  const before = asked()
  const sent = Array.from({ length: 100 }, () => failure(it, send(it, 'orders', 'a')))
  for (const error of await Promise.all(sent)) t.ok(error instanceof AuthorizationError)
  t.equal(asked() - before, 1)
  await it.clock.advanceSettled(10_000)
  t.equal(asked() - before, 1, 'and nobody asks where nobody sends')
  await it.run(it.producer.close())
})

t.test('a topic that may not be made', async (t) => {
  const it = await simulate({ topics: { other: {} } })
  const grant = it.cluster.forbid({ topic: 'new' })
  t.match(await failure(it, send(it, 'new', 'a')), { code: 'ERR_OTTLA_AUTHORIZATION' })
  t.strictSame(it.cluster.topics, ['other'])
  grant()
  t.equal(await it.run(send(it, 'new', 'b')), 0n)
  await it.run(it.producer.close())
})

t.test(
  'Write taken away and granted: rejected in between, in order, other topics go on',
  async (t) => {
    const it = await simulate(TWO)
    await it.run(send(it, 'orders', 'a'))
    const grant = it.cluster.forbid({ topic: 'orders' })
    const refused = ['b', 'c'].map((value) => failure(it, send(it, 'orders', value)))
    t.equal(await it.run(send(it, 'other', 'x')), 0n)
    for (const promise of refused) {
      const error = await promise
      t.match(error, {
        ...{ name: 'AuthorizationError', operation: 'Write', resourceType: 'Topic' },
        ...{ resourceName: 'orders', topic: 'orders', partition: 0 },
        ...{ outcome: 'rejected', retriable: false, cause: { apiName: 'Produce', errorCode: 29 } },
      })
      t.match(
        error.message,
        /partition 0: not acknowledged after 1 attempt: TOPIC_AUTHORIZATION_FAILED/,
      )
      t.match(error.message, GRANT)
      t.match(error.message, /--operation Write --topic orders$/)
    }
    grant()
    t.equal(await it.run(send(it, 'orders', 'd')), 1n)
    t.strictSame(values(it.cluster, 'orders'), ['a', 'd'])
    await it.run(it.producer.close())
  },
)

t.test('what may have been written before it was forbidden is told unknown', async (t) => {
  const it = await simulate(TWO)
  await it.run(send(it, 'orders', 'a'))
  it.cluster.failNext('Produce', { disconnect: 'after' })
  it.cluster.forbid({ topic: 'orders', operation: 'Write' })
  const error = await failure(it, send(it, 'orders', 'b'))
  t.match(error, { name: 'AuthorizationError', outcome: 'unknown' })
  t.match(error.message, /may be in the log or not.*--operation Write --topic orders/)
  await it.run(it.producer.close())
})

t.test('a callback, sendAll and a record given while the topic was lost', async (t) => {
  const it = await simulate(TWO)
  it.cluster.forbid({ topic: 'orders' })
  const told = new Promise<unknown>((resolve) => {
    it.producer.enqueue({ topic: 'orders', value: 'a' }, (error) => resolve(error))
  })
  t.ok((await it.run(told)) instanceof AuthorizationError)
  const both = ['orders', 'other'].map((topic) => ({ topic, value: 'a' }))
  const all = await failure(it, it.producer.sendAll(both))
  t.match(all, { results: [{ reason: { name: 'AuthorizationError' } }, { status: 'fulfilled' }] })
  await it.run(it.producer.close())
})

t.test('forbidden, and its leader gone: heals when it is granted', async (t) => {
  const it = await simulate({ brokers: 2, topics: { orders: {} } })
  it.cluster.partition('orders', 0).moveLeader(2)
  await it.run(send(it, 'orders', 'a'))
  const grant = it.cluster.forbid({ topic: 'orders' })
  await it.cluster.broker(2).stop()
  const sent = send(it, 'orders', 'b')
  for (let i = 0; i < 30; i++) await it.clock.advanceSettled(100)
  grant()
  const beforeMs = it.clock.monotonicMs()
  t.equal(await it.run(sent), 1n)
  t.ok(it.clock.monotonicMs() - beforeMs < 1000, `${it.clock.monotonicMs() - beforeMs} ms`)
  await it.run(it.producer.close())
})

t.test('no producer id: what to grant, or to do without', async (t) => {
  const it = await simulate(TWO)
  const grant = it.cluster.forbid({ operation: 'IdempotentWrite' })
  const error = await failure(it, send(it, 'orders', 'a'))
  t.match(error, {
    ...{ name: 'AuthorizationError', operation: 'IdempotentWrite', resourceType: 'Cluster' },
    ...{ resourceName: 'kafka-cluster', topic: 'orders', partition: 0, retriable: false },
    ...{ outcome: 'not-written', cause: { apiName: 'InitProducerId', errorCode: 31 } },
  })
  t.ok(error.cause instanceof BrokerError && error.cause.cause === undefined, 'the answer itself')
  t.match(error.message, /no producer id: CLUSTER_AUTHORIZATION_FAILED/)
  t.match(error.message, GRANT)
  t.match(error.message, /--operation IdempotentWrite --cluster, or Write on any topic/)
  t.match(error.message, /or set idempotence: false/)
  t.match(await failure(it, send(it, 'other', 'b')), { name: 'AuthorizationError' })
  grant()
  const beforeMs = it.clock.monotonicMs()
  t.equal(await it.run(send(it, 'orders', 'c')), 0n)
  t.ok(it.clock.monotonicMs() - beforeMs < 1000)
  t.strictSame(values(it.cluster, 'orders'), ['c'])
  await it.run(it.producer.close())
})

t.test('without idempotence no id is wanted; old brokers look at each batch', async (t) => {
  const plain = await simulate(TWO, { idempotence: false })
  plain.cluster.forbid({ operation: 'IdempotentWrite' })
  t.equal(await plain.run(send(plain, 'orders', 'a')), 0n)
  await plain.run(plain.producer.close())
  const it = await simulate(TWO)
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.CLUSTER_AUTHORIZATION_FAILED })
  const error = await failure(it, send(it, 'orders', 'a'))
  t.match(error, { operation: 'IdempotentWrite', resourceType: 'Cluster', outcome: 'rejected' })
  t.match(error.message, /--operation IdempotentWrite --cluster; or set idempotence: false$/)
  t.equal(await it.run(send(it, 'orders', 'b')), 0n)
  await it.run(it.producer.close())
})

t.test('acks 0: nobody can know, but the log, which tells of the closed connection', async (t) => {
  const warnings: string[] = []
  const warn = ({ err }: { err?: unknown }, message = ''): void => {
    if (err instanceof Error) warnings.push(`${message}: ${err.message}`)
  }
  const logger = { debug: () => {}, info: () => {}, warn, error: () => {} }
  const it = await simulate(TWO, { acks: 0, logger })
  await it.run(send(it, 'orders', 'a'))
  const grant = it.cluster.forbid({ topic: 'orders', operation: 'Write' })
  t.equal(await it.run(send(it, 'orders', 'b')), -1n, 'taken by the socket')
  await it.clock.advanceSettled(100)
  t.match(warnings, [/lost broker 1.*acks 0.*Write on the topic is not allowed/])
  grant()
  await it.clock.advanceSettled(2000)
  t.equal(await it.run(send(it, 'orders', 'c')), -1n)
  await it.clock.advanceSettled(100)
  t.strictSame(values(it.cluster, 'orders'), ['a', 'c'])
  await it.run(it.producer.close())
})
