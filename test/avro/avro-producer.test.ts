/** Avro in a producer: a cluster within the process, and a registry beside it. */
import avsc from 'avsc'
import t from 'tap'
import { avro, avroSerializer } from '../../src/avro/avro.js'
import { Producer, SendAllError } from '../../src/index.js'
import { TestCluster } from '../../src/testing/cluster.js'
import { FakeRegistry } from '../support/fake-registry.js'

const ORDER = {
  type: 'record',
  name: 'Order',
  fields: [{ name: 'id', type: 'long' }, { name: 'customer', type: 'string' }],
} // prettier-ignore
const TEXT = JSON.stringify(ORDER)
const TYPE = avsc.Type.forSchema(ORDER as unknown as avsc.Type)

interface Order {
  readonly id: number | bigint
  readonly customer: string
}

const order = (id: number, customer = `customer ${id}`): Order => ({ id, customer })

/** Of Avro's bytes, behind a prefix of so many. */
const read = (bytes: Uint8Array | null | undefined, prefixLength = 0): object | null =>
  bytes === null || bytes === undefined
    ? null
    : { ...(TYPE.fromBuffer(Buffer.from(bytes).subarray(prefixLength)) as object) }

const start = () => TestCluster.start({ topics: { orders: {} } })

t.test('one bad record fails alone, and its error names the place', async (t) => {
  await using cluster = await start()
  await using producer = new Producer({
    brokers: cluster.bootstrap,
    serializers: { value: avro<Order>(ORDER) },
  })
  const bad = { id: '2' } as unknown as Order
  const values = [order(1), bad, order(3)]
  const error = await producer
    .sendAll(values.map((value) => ({ topic: 'orders', value })))
    .catch((it: unknown) => it as SendAllError)
  t.type(error, SendAllError)
  const [, result] = (error as SendAllError).results
  t.match(result, {
    reason: {
      name: 'SerializationError',
      outcome: 'not-written',
      message:
        /^the value of a record for topic "orders" could not be serialized: avro: value\.id is the text "2"/,
    },
  })
  t.strictSame(
    cluster.records('orders').map(({ value }) => read(value)),
    [order(1), order(3)],
  )
})

t.test('key and value by one serializer, and a send from within a record', async (t) => {
  await using cluster = await start()
  const serializer = avro<Order>(ORDER)
  await using producer = new Producer<Order, Order>({
    brokers: cluster.bootstrap,
    serializers: { key: serializer, value: serializer },
  })
  const inner: Promise<unknown>[] = []
  const sendInner = (id: number): void =>
    void inner.push(producer.send({ topic: 'orders', key: order(id), value: order(id) }))
  await producer.send({ topic: 'orders', key: order(0), value: order(0) }) // the topic is known
  await producer.send({
    topic: 'orders',
    key: order(1),
    value: {
      id: 2,
      get customer() {
        sendInner(3)
        return 'from a getter'
      },
    },
    get headers() {
      sendInner(4)
      return {}
    },
  })
  await Promise.all(inner)
  const pairs = cluster.records('orders').map(({ key, value }) => [read(key), read(value)])
  t.strictSame(
    new Map(pairs.map(([key, value]) => [JSON.stringify(key), value])),
    new Map(
      [
        [order(0), order(0)],
        [order(1), order(2, 'from a getter')],
        [order(3), order(3)],
        [order(4), order(4)],
      ].map(([key, value]) => [JSON.stringify(key), value]),
    ),
  )
})

t.test('records that wait keep their bytes', async (t) => {
  await using cluster = await start()
  const serialize = avro<Order>(ORDER)
  const later = async (value: Order) => serialize(value)
  await using producer = new Producer<string, Order>({
    brokers: cluster.bootstrap,
    bufferMemoryBytes: 33_000,
    batchSizeBytes: 512,
    serializers: { value: (value) => (Number(value.id) % 3 === 0 ? later(value) : serialize(value)) },
  })
  const values = Array.from({ length: 2_000 }, (_, id) => order(id))
  await producer.sendAll(values.map((value) => ({ topic: 'orders', value })))
  t.strictSame(
    cluster.records('orders').map(({ value }) => read(value)),
    values,
  )
}) // prettier-ignore

t.test('with a registry: behind the id, at once when the schema is known', async (t) => {
  await using cluster = await start()
  const registry = await FakeRegistry.start()
  t.teardown(() => registry.close())
  const id = registry.add('orders-value', { schema: TEXT })
  const value = avroSerializer<Order>({ registry: { url: registry.url }, schema: ORDER })
  await using producer = new Producer<string, Order>({ brokers: cluster.bootstrap, serializers: { value } })
  const early = producer.send({ topic: 'orders', value: order(1) })
  await early
  const context = { topic: 'orders', part: 'value', headers: undefined, setHeader: () => {} } as const
  t.type(value(order(0), context), Uint8Array, 'no promise any more')
  await producer.send({ topic: 'orders', value: order(2) })
  await producer.send({ topic: 'orders', value: null })
  const records = cluster.records('orders').map(({ value }) => value)
  const prefix = Buffer.from([0, 0, 0, 0, id]).toString('hex')
  t.strictSame(records.map((bytes) => bytes === null ? null : Buffer.from(bytes).toString('hex').slice(0, 10)), [prefix, prefix, null])
  t.strictSame(records.map((bytes) => read(bytes, 5)), [order(1), order(2), null])
  t.equal(registry.requests.length, 1)
}) // prettier-ignore

t.test('the latest schema of a subject, which has moved on', async (t) => {
  const registry = await FakeRegistry.start()
  t.teardown(() => registry.close())
  const added = { name: 'note', type: ['null', 'string'], default: null }
  const v2 = { ...ORDER, fields: [...ORDER.fields, added] }
  registry.add('orders-value', { schema: TEXT })
  registry.add('orders-value', { schema: JSON.stringify(v2) })
  const context = { topic: 'orders', part: 'value', headers: undefined, setHeader: () => {} } as const
  const serializer = avroSerializer<object>({ registry: { url: registry.url } })
  await serializer.prepare('orders')
  const write = (value: object): unknown => {
    const bytes = Buffer.from(serializer(value, context) as Uint8Array).subarray(5)
    return { ...(avsc.Type.forSchema(v2 as unknown as avsc.Type).fromBuffer(bytes) as object) }
  }
  t.strictSame(write(order(1)), { ...order(1), note: null }, 'a value of the old schema')
  t.strictSame(write({ ...order(1), note: 'x' }), { ...order(1), note: 'x' })
}) // prettier-ignore

t.test('a schema that is not registered fails the records, and those alone', async (t) => {
  await using cluster = await start()
  const registry = await FakeRegistry.start()
  t.teardown(() => registry.close())
  registry.add('orders-value', { schema: '"string"' })
  const value = avroSerializer<Order>({ registry: { url: registry.url }, schema: ORDER })
  await using producer = new Producer<string, Order>({ brokers: cluster.bootstrap, serializers: { value } })
  await t.rejects(producer.send({ topic: 'orders', value: order(1) }), {
    name: 'SerializationError',
    outcome: 'not-written',
    cause: { code: 'ERR_OTTLA_SCHEMA_REGISTRY' },
  })
  registry.add('orders-value', { schema: TEXT })
  await producer.send({ topic: 'orders', value: order(2) })
  t.strictSame(cluster.records('orders').map(({ value }) => read(value, 5)), [order(2)])
}) // prettier-ignore
