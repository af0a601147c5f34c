/** JSON Schema in a producer: a cluster within the process, and a registry beside it. */
import { Ajv } from 'ajv'
import t from 'tap'
import * as zod from 'zod'
import { Producer, type SendAllError } from '../../src/index.js'
import { jsonSchemaSerializer, validatedJson } from '../../src/json-schema/json-schema.js'
import { TestCluster } from '../../src/testing/cluster.js'
import { FakeRegistry } from '../support/fake-registry.js'

const SCHEMA = {
  title: 'Order',
  type: 'object',
  properties: { id: { type: 'integer' } },
  required: ['id'],
}
const TEXT = JSON.stringify(SCHEMA)
const start = () => TestCluster.start({ topics: { orders: {} } })

async function startRegistry(t: { teardown(body: () => unknown): void }): Promise<FakeRegistry> {
  const registry = await FakeRegistry.start()
  t.teardown(() => registry.close())
  registry.add('orders-value', { schema: TEXT, schemaType: 'JSON' })
  return registry
}

/** What the topic holds, behind a prefix of so many bytes. */
const texts = (cluster: TestCluster, prefixLength = 0): string[] =>
  cluster
    .records('orders')
    .map(({ value }) => Buffer.from(value ?? []).toString('utf8', prefixLength))

t.test('one bad record fails alone', async (t) => {
  await using cluster = await start()
  const serializers = { value: validatedJson(zod.object({ id: zod.int() })) }
  await using producer = new Producer({ brokers: cluster.bootstrap, serializers })
  const values = [{ id: 1 }, { id: 1.5 }, { id: 3 }]
  const error = await producer
    .sendAll(values.map((value) => ({ topic: 'orders', value })))
    .catch((it: unknown) => it as SendAllError)
  t.match((error as SendAllError).results[1], {
    reason: {
      name: 'SerializationError',
      outcome: 'not-written',
      message: /json schema: value\.id: /,
    },
  })
  t.strictSame(texts(cluster), ['{"id":1}', '{"id":3}'])
})

t.test('with a registry and ajv: the registered schema decides', async (t) => {
  await using cluster = await start()
  const registry = await startRegistry(t)
  for (const schema of [SCHEMA, undefined]) {
    const value = jsonSchemaSerializer({
      registry: { url: registry.url },
      ajv: new Ajv(),
      ...(schema === undefined ? {} : { schema }),
    })
    await using producer = new Producer<string, unknown>({ brokers: cluster.bootstrap, serializers: { value } })
    await value.prepare('orders')
    await producer.send({ topic: 'orders', value: { id: 1 } })
    await t.rejects(producer.send({ topic: 'orders', value: { id: 'x' } }), { message: /value\.id must be integer/ })
  }
  t.strictSame(texts(cluster, 5), ['{"id":1}', '{"id":1}'])
  t.strictSame([...(cluster.records('orders')[0]?.value ?? [])].slice(0, 5), [0, 0, 0, 0, 1])
}) // prettier-ignore

t.test('with a registry and a Standard Schema, which may be asynchronous', async (t) => {
  await using cluster = await start()
  const registry = await startRegistry(t)
  const known = async (id: number): Promise<boolean> => id < 10
  const validator = zod.object({ id: zod.int().refine(known, 'unknown') })
  const value = jsonSchemaSerializer({ registry: { url: registry.url }, schema: TEXT, validator })
  await using producer = new Producer({ brokers: cluster.bootstrap, serializers: { value } })
  const sent = [1, 20, 3].map((id) => producer.send({ topic: 'orders', value: { id } }))
  const results = await Promise.allSettled(sent)
  t.strictSame(results.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled'])
  t.strictSame(texts(cluster, 5), ['{"id":1}', '{"id":3}'])
}) // prettier-ignore

t.test('without a validator nothing looks at the value', async (t) => {
  await using cluster = await start()
  const registry = await startRegistry(t)
  const value = jsonSchemaSerializer({ registry: { url: registry.url }, schema: SCHEMA })
  await using producer = new Producer<string, unknown>({ brokers: cluster.bootstrap, serializers: { value } })
  await producer.send({ topic: 'orders', value: 'text' })
  await t.rejects(producer.send({ topic: 'orders', value: { a: NaN } }), { message: /value\.a is NaN/ })
  t.strictSame(texts(cluster, 5), ['"text"'])
}) // prettier-ignore

t.test('a validator that makes null of a value deletes no key', async (t) => {
  await using cluster = await start()
  const registry = await startRegistry(t)
  const validator = zod.object({ id: zod.int() }).transform(({ id }) => (id === 1 ? null : { id }))
  const value = jsonSchemaSerializer({ registry: { url: registry.url }, schema: TEXT, validator })
  await using producer = new Producer<string, { id: number } | null>({ brokers: cluster.bootstrap, serializers: { value: value as never } })
  await t.rejects(producer.send({ topic: 'orders', key: 'k', value: { id: 1 } }), {
    name: 'SerializationError',
    message: /the validator made null of the value, which would be a tombstone: give null/,
  })
  await producer.send({ topic: 'orders', key: 'k', value: { id: 2 } })
  await producer.send({ topic: 'orders', key: 'k', value: null })
  t.strictSame(texts(cluster, 5), ['{"id":2}', ''])
}) // prettier-ignore
