/**
 * A producer while its registry fails: each format, each fault. The records that need the registry
 * fail with an error that says why; others are written, and so are later ones once it is well.
 *
 * Neighbours: formats.broker.test.ts has the same with a real Kafka and a real registry.
 */
import t, { type Test } from 'tap'
import { BufferFullError, SerializationError } from '../../src/errors.js'
import { Producer, type ProducerOptions } from '../../src/index.js'
import {
  SchemaRegistry,
  SchemaRegistryError,
  type SchemaRegistryOptions,
} from '../../src/schema-registry/schema-registry.js'
import { TestCluster } from '../../src/testing/cluster.js'
import { FakeRegistry, type Fault } from '../support/fake-registry.js'
import { withReaders } from './confluent-readers.js'
import { FORMATS, type WrittenFormat } from './written-formats.js'

const MIB = 1_048_576

interface Rig {
  readonly cluster: TestCluster
  readonly fake: FakeRegistry
  readonly registry: SchemaRegistry
  readonly producer: Producer<string, unknown>
}

async function setUp(
  t: Test,
  format: WrittenFormat,
  options: {
    readonly client?: Omit<SchemaRegistryOptions, 'url'>
    readonly producer?: Omit<ProducerOptions<string, unknown>, 'brokers' | 'serializers'>
    readonly framing?: 'id' | 'guid-header'
  } = {},
): Promise<Rig> {
  const cluster = await TestCluster.start({ topics: { known: {}, orders: {} } })
  const fake = await FakeRegistry.start()
  const registry = new SchemaRegistry({ url: fake.url, retries: 0, ...options.client })
  const { framing } = options
  const value = format.evolved[0].make({ registry, register: true, framing }, [])
  const producer = new Producer<string, unknown>({
    brokers: cluster.bootstrap,
    ...options.producer,
    serializers: { value: value as never },
  })
  t.teardown(async () => {
    await producer.close({ timeoutMs: 0 })
    await registry.close()
    await fake.close()
    await cluster.close()
  })
  return { cluster, fake, registry, producer }
}

// A connection that was idle may have ended unseen: such a request is made again at once, so it is lost twice.
const FAULTS: readonly (readonly [name: string, fault: Fault, expected: object])[] = [
  ['401', { status: 401, message: 'Unauthorized' }, { status: 401, retriable: false }],
  [
    '403',
    { status: 403, errorCode: 40301, message: 'Forbidden' },
    { status: 403, retriable: false },
  ],
  [
    '429',
    { status: 429, errorCode: 429, message: 'Too many requests' },
    { status: 429, retriable: true },
  ],
  ['an incompatible schema', { status: 409, errorCode: 409 }, { status: 409, retriable: false }],
  ['an invalid schema', { status: 422, errorCode: 42201 }, { status: 422, errorCode: 42201 }],
  ['a broken registry', { status: 500, errorCode: 50001 }, { status: 500, retriable: true }],
  ['a connection that is lost', { drop: 'before', times: 2 }, { status: null, retriable: true }],
  ['no answer', { silent: true }, { status: null, retriable: true }],
]

for (const format of FORMATS) {
  for (const [name, fault, expected] of FAULTS) {
    t.test(
      `${format.name}, ${name}: the record fails alone, and the next ones are written`,
      async (t) => {
        const rig = await setUp(t, format, { client: { requestTimeoutMs: 5_000 } })
        const [{ value } = { value: null }] = format.evolved[0].values
        await rig.producer.send({ topic: 'known', value })
        rig.fake.fail({ ...fault, on: /orders/ })
        const failing = rig.producer
          .send({ topic: 'orders', value })
          .catch((error: unknown) => error)
        await rig.producer.send({ topic: 'known', value })
        const error = (await failing) as SerializationError
        t.match(error, SerializationError)
        t.equal(error.outcome, 'not-written')
        t.match(error.cause, SchemaRegistryError)
        t.match(error.cause, { ...expected, url: rig.fake.url })
        await rig.producer.send({ topic: 'orders', value })
        t.equal(rig.cluster.records('known').length, 2)
        t.equal(rig.cluster.records('orders').length, 1)
      },
    )
  }

  t.test(`${format.name}: the registry is down, and comes back`, async (t) => {
    const rig = await setUp(t, format)
    const [{ value } = { value: null }] = format.evolved[0].values
    await rig.producer.send({ topic: 'known', value })
    const { url } = rig.fake
    const comeBack = await rig.fake.goDown()
    const failing = rig.producer.send({ topic: 'orders', value }).catch((error: unknown) => error)
    await rig.producer.send({ topic: 'known', value })
    const error = (await failing) as SerializationError
    t.match(error, { name: 'SerializationError', outcome: 'not-written', retriable: true })
    t.match(error.cause, { name: 'SchemaRegistryError', status: null, retriable: true, url })
    t.match(error.message, /ECONNREFUSED/)
    await comeBack()
    await rig.producer.send({ topic: 'orders', value })
    t.equal(rig.cluster.records('known').length, 2)
    t.equal(rig.cluster.records('orders').length, 1)
  })

  t.test(`${format.name}: a registry that asks for patience is asked again`, async (t) => {
    const rig = await setUp(t, format, { client: { retries: 3, retryBackoffMs: 1 } })
    rig.fake.fail({ status: 429, times: 2 })
    rig.fake.fail({ status: 503, times: 1 })
    const [{ value } = { value: null }] = format.evolved[0].values
    t.equal((await rig.producer.send({ topic: 'orders', value })).offset, 0n)
  })

  t.test(
    `${format.name}: while the registry is silent, no more is taken than may wait`,
    async (t) => {
      const rig = await setUp(t, format, {
        producer: { bufferMemoryBytes: MIB, maxBlockMs: 200, maxWaitingSends: 50 },
      })
      const [{ value } = { value: null }] = format.evolved[0].values
      rig.fake.fail({ silent: true, times: 1_000 })
      const errors = await Promise.all(
        Array.from({ length: 500 }, () => {
          return rig.producer.send({ topic: 'orders', value }).catch((error: unknown) => error)
        }),
      )
      t.ok(errors.every((error) => error instanceof BufferFullError))
      t.equal(rig.cluster.records('orders').length, 0)
    },
  )

  t.test(`${format.name}: a guid in a header, as Confluent’s deserialiser reads it`, async (t) => {
    if (process.env.OTTLA_NO_BROKER === '1')
      return void t.plan(0, 'OTTLA_NO_BROKER=1: nothing is installed')
    const readers = await withReaders(t)
    if (readers === null) return
    const rig = await setUp(t, format, { framing: 'guid-header' })
    for (const { value } of format.evolved[0].values)
      await rig.producer.send({ topic: 'orders', value })
    const reader = readers.reader(format.schemaType, rig.fake.url)
    const read: unknown[] = []
    for (const { value, headers } of rig.cluster.records('orders')) {
      t.equal(headers.length, 1)
      const byName = Object.fromEntries(
        headers.map(({ name, value: it }) => [name, Buffer.from(it ?? [])]),
      )
      read.push(await reader.deserialize('orders', Buffer.from(value ?? []), byName))
    }
    t.same(read, format.evolved[0].values.map((it) => it.read)) // prettier-ignore
  })
}
