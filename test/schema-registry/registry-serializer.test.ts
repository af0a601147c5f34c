/**
 * The serializer of a registry, with a format that writes a value's text: where its schema comes from,
 * both framings, and that it asks once.
 */
import t, { type Test } from 'tap'
import { SerializationError } from '../../src/errors.js'
import { Producer } from '../../src/index.js'
import {
  registrySerializer,
  SchemaRegistry,
  SchemaRegistryError,
  type RegisteredSchema,
  type RegistrySerializerOptions,
  type SchemaDefinition,
  type SchemaFormat,
  type SchemaSerializer,
  type SubjectInput,
} from '../../src/schema-registry/schema-registry.js'
import type { Serialized } from '../../src/serialization/serializer.js'
import { TestCluster } from '../../src/testing/cluster.js'
import { FakeRegistry, type FakeRegistryOptions } from '../support/fake-registry.js'
import { ManualClock } from '../support/manual-clock.js'

const ORDER: SchemaDefinition = { schema: '{"name":"shop.Order"}' }
const PAYMENT: SchemaDefinition = { schema: '{"name":"shop.Payment"}' }

interface TextFormat extends SchemaFormat<string> {
  /** Of each encoder that was made, in order. */
  readonly schemas: RegisteredSchema[]
}

/** Values are text; those that begin with "pay" are of the other schema, where there are two. */
function textFormat(
  definitions: readonly SchemaDefinition[] = [ORDER],
  indexes?: Uint8Array,
): TextFormat {
  const schemas: RegisteredSchema[] = []
  const at = (value: string | undefined): number => (value?.startsWith('pay') === true ? 1 : 0)
  return {
    schemas,
    schemaType: 'AVRO',
    definitionOf: (value) => definitions[at(value)] ?? null,
    recordNameOf: (value) => ['shop.Order', 'shop.Payment'][at(value)] ?? null,
    encoder: async (schema) => {
      schemas.push(schema)
      if (schema.schema === '"unusable"') throw new SerializationError('cannot be written with')
      return { encode, ...(indexes === undefined ? {} : { messageIndexes: indexes }) }
    },
  }
}

function encode(value: string, prefixLength: number): Uint8Array {
  if (value === 'misfit') throw new SerializationError('value.total is no number')
  return new Uint8Array(Buffer.concat([Buffer.alloc(prefixLength, 0xff), Buffer.from(value)]))
}

interface Rig {
  readonly fake: FakeRegistry
  readonly registry: SchemaRegistry
  readonly clock: ManualClock
  readonly headers: [string, string][]
  make(options?: Partial<RegistrySerializerOptions>, format?: SchemaFormat<string>): SchemaSerializer<string>
  run(serializer: SchemaSerializer<string>, value: string | null, topic?: string, part?: 'key' | 'value'): Serialized | Promise<Serialized>
} // prettier-ignore

async function rig(t: Test, options: FakeRegistryOptions = {}): Promise<Rig> {
  const fake = await FakeRegistry.start(options)
  const clock = new ManualClock()
  const registry = new SchemaRegistry({ url: fake.url, retries: 0 }, { clock, random: () => 0 })
  t.teardown(async () => {
    await registry.close()
    await fake.close()
  })
  const headers: [string, string][] = []
  const setHeader = (name: string, value: Uint8Array): void =>
    void headers.push([name, Buffer.from(value).toString('hex')])
  return {
    ...{ fake, registry, clock, headers },
    make: (more = {}, format = textFormat()) => registrySerializer(format, { registry, ...more }),
    run: (serializer, value, topic = 'orders', part = 'value') =>
      serializer(value as string, { topic, part, headers: undefined, setHeader }),
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

function hex(bytes: Serialized | Promise<Serialized>): string {
  return Buffer.from(bytes as Uint8Array).toString('hex')
}

t.test('looks up, waits once, and is synchronous from then on', async (t) => {
  const { fake, make, run } = await rig(t)
  fake.add('other', PAYMENT)
  fake.add('orders-value', ORDER)
  const format = textFormat()
  const serializer = make({}, format)
  const first = [run(serializer, 'a'), run(serializer, 'b')]
  t.ok(first.every((it) => it instanceof Promise))
  t.strictSame((await Promise.all(first as Promise<Serialized>[])).map(hex), [
    '000000000261',
    '000000000262',
  ])
  t.equal(hex(run(serializer, 'c')), '000000000263')
  t.strictSame(fake.asked, ['POST /subjects/orders-value'])
  t.equal(format.schemas.length, 1)
  t.equal(hex(await run(serializer, 'k', 'orders', 'value')), '00000000026b')
  await t.rejects(run(serializer, 'k', 'orders', 'key') as Promise<unknown>, {
    name: 'SchemaRegistryError',
    errorCode: 40401,
  })
})

t.test('null stays null, and the registry is not asked', async (t) => {
  const { fake, make, run } = await rig(t)
  t.equal(run(make(), null), null)
  t.equal(fake.requests.length, 0)
})

t.test('prepare: the first record waits for nothing', async (t) => {
  const { fake, make, run } = await rig(t)
  fake.add('orders-value', ORDER)
  fake.add('orders-key', ORDER)
  const serializer = make()
  await serializer.prepare('orders')
  await serializer.prepare('orders', 'key')
  t.equal(hex(run(serializer, 'a')), '000000000161')
  t.equal(hex(run(serializer, 'a', 'orders', 'key')), '000000000161')
  await t.rejects(serializer.prepare('absent'), { name: 'SchemaRegistryError', errorCode: 40401 })
  const both = make({}, { ...textFormat([ORDER, PAYMENT]), choices: [{ definition: ORDER, recordName: 'shop.Order' }, { definition: PAYMENT, recordName: 'shop.Payment' }] })
  fake.add('orders-value', PAYMENT)
  await both.prepare('orders')
  t.equal(hex(run(both, 'pay')), '0000000002706179')
  t.equal(hex(run(both, 'a')), '000000000161')
}) // prettier-ignore

t.test('registers only when asked to', async (t) => {
  const { fake, make, run } = await rig(t)
  await t.rejects(run(make(), 'a') as Promise<unknown>, { message: /no such subject: register/ })
  t.equal(hex(await run(make({ register: true, normalize: true }), 'a')), '000000000161')
  t.equal(fake.asked.at(-1), 'POST /subjects/orders-value/versions?normalize=true')
  const incompatible = make({ register: true }, textFormat([PAYMENT]))
  fake.compatibility = { isCompatible: false, messages: ['no default'] }
  await t.rejects(run(incompatible, 'a') as Promise<unknown>, {
    status: 409,
    message: /no default/,
  })
})

t.test('the latest, by id, by guid', async (t) => {
  const { fake, make, run } = await rig(t)
  fake.add('orders-value', ORDER)
  fake.add('orders-value', PAYMENT)
  t.equal(hex(await run(make({ useLatest: true }), 'a')), '000000000261')
  t.equal(hex(await run(make({ id: 1 }), 'a')), '000000000161')
  t.equal(hex(await run(make({ guid: fake.guid('orders-value') }), 'a')), '000000000261')
  t.equal(hex(await run(make({}, textFormat([])), 'a')), '000000000261', 'without a schema of its own')
  await t.rejects(run(make({ register: true }, textFormat([])), 'a') as Promise<unknown>, /no schema to register/)
  await t.rejects(run(make({ id: 77 }), 'a') as Promise<unknown>, { name: 'SchemaRegistryError', errorCode: 40403 })
}) // prettier-ignore

t.test('a newer latest is fetched beside the records, and used from then on', async (t) => {
  const { fake, make, run, clock } = await rig(t)
  fake.add('orders-value', ORDER)
  const serializer = make({ useLatest: true })
  await serializer.prepare('orders')
  fake.add('orders-value', PAYMENT)
  t.equal(hex(run(serializer, 'a')), '000000000161')
  clock.advance(60_000)
  t.equal(hex(run(serializer, 'a')), '000000000161', 'asked again, and goes on')
  await until(() => hex(run(serializer, 'a')) === '000000000261')
  t.equal(fake.requests.length, 2)
  fake.fail({ status: 503, times: 99 })
  clock.advance(60_000)
  t.equal(hex(run(serializer, 'a')), '000000000261')
  await until(() => fake.requests.length === 3)
  await until(() => clock.timerCount === 1 && clock.keepAliveTimerCount === 0)
  t.equal(hex(run(serializer, 'a')), '000000000261', 'the registry is away: the last one known')
  t.equal(fake.requests.length, 3, 'and is not asked for each record')
  fake.heal()
  fake.add('orders-value', { schema: '"unusable"' })
  clock.advance(60_000)
  await until(() => {
    const written = run(serializer, 'a')
    if (written instanceof Promise) written.catch(() => {})
    return written instanceof Promise
  })
  await t.rejects(run(serializer, 'a') as Promise<unknown>, /cannot be written with/)
})

t.test('subjects by strategy', async (t) => {
  const { fake, make, run } = await rig(t)
  const given: SubjectInput[] = []
  const named = (input: SubjectInput): string => `${given.push(input)}.${input.part}`
  for (const subject of ['orders-value', 'shop.Order', 'orders-shop.Order', '1.value']) fake.add(subject, ORDER) // prettier-ignore
  fake.add('shop.Payment', PAYMENT)
  for (const subject of ['topic', 'record', 'topic-record', named] as const) {
    const serializer = make({ subject })
    await run(serializer, 'a')
    await run(serializer, 'b')
  }
  t.strictSame(fake.asked.map((it) => it.slice('POST /subjects/'.length)), ['orders-value', 'shop.Order', 'orders-shop.Order', '1.value'])
  t.strictSame(given, [{ topic: 'orders', part: 'value', recordName: 'shop.Order' }])
  const union = make({ subject: 'record' }, textFormat([ORDER, PAYMENT]))
  t.equal(hex(await run(union, 'pay')), '0000000002706179')
  t.equal(hex(await run(union, 'a')), '000000000161')
  t.equal(hex(run(union, 'pay')), '0000000002706179')
  const nameless = make({ subject: 'record' }, { ...textFormat(), recordNameOf: () => null })
  await t.rejects(run(nameless, 'a') as Promise<unknown>, /no record name/)
}) // prettier-ignore

t.test('Protobuf indexes stand behind the id, or behind the guid', async (t) => {
  const { fake, make, run, headers } = await rig(t)
  fake.add('orders-value', ORDER)
  const format = textFormat([ORDER], Uint8Array.of(4, 0, 2))
  t.equal(hex(await run(make({}, format), 'a')), '000000000104000261')
  const guid = fake.guid('orders-value').replaceAll('-', '')
  t.equal(hex(await run(make({ framing: 'guid-header' }, format), 'a')), '61')
  t.strictSame(headers, [['__value_schema_id', `01${guid}040002`]])
})

t.test('the guid goes into a header', async (t) => {
  const { fake, make, run, headers } = await rig(t)
  const serializer = make({ framing: 'guid-header', register: true })
  t.equal(hex(await run(serializer, 'a', 'orders', 'key')), '61')
  t.equal(hex(run(serializer, 'b', 'orders', 'key')), '62')
  const guid = fake.guid('orders-key').replaceAll('-', '')
  t.strictSame(headers, [['__key_schema_id', `01${guid}`], ['__key_schema_id', `01${guid}`]])
}) // prettier-ignore

t.test('a registry without guids is refused for that framing', async (t) => {
  const { fake, make, run } = await rig(t, { bare: true })
  const serializer = make({ framing: 'guid-header', register: true })
  await t.rejects(run(serializer, 'a') as Promise<unknown>, { message: /gives no guid.*framing 'id'/ }) // prettier-ignore
  t.equal(hex(await run(make({ register: true }), 'a')), '000000000161')
  t.ok(fake.requests.length > 0)
})

t.test('a schema with rules for writers is refused, whichever way it comes', async (t) => {
  for (const bare of [false, true]) {
    const { fake, make, run } = await rig(t, { bare })
    const rule = { name: 'encryptPII', kind: 'TRANSFORM', mode: 'WRITEREAD', type: 'ENCRYPT' }
    const ruleSet = { domainRules: [rule] }
    fake.ruleSet = ruleSet
    const refused = { name: 'SchemaRegistryError', message: /rule "encryptPII" of type ENCRYPT/, retriable: false } // prettier-ignore
    await t.rejects(run(make({ register: true }), 'a') as Promise<unknown>, refused)
    for (const options of [{}, { useLatest: true }, { id: 1 }]) {
      await t.rejects(run(make(options), 'a') as Promise<unknown>, refused)
    }
    for (const harmless of [{ ...rule, mode: 'READ' }, { ...rule, disabled: true }]) {
      fake.add(`s-${harmless.mode}-value`, { ...ORDER, ruleSet: { domainRules: [harmless], migrationRules: [{ mode: 'UPGRADE' }] } })
      t.match(hex(await run(make(), 'a', `s-${harmless.mode}`)), /61$/)
    }
  }
}) // prettier-ignore

t.test('a schema of another type is refused, whichever way it comes', async (t) => {
  const { fake, make, run } = await rig(t)
  fake.add('orders-value', { ...ORDER, schemaType: 'JSON' })
  const message =
    /is of the type JSON, and this serializer writes AVRO: take the serializer of JSON/
  for (const options of [{ useLatest: true }, { id: 1 }]) {
    await t.rejects(run(make(options), 'a') as Promise<unknown>, {
      name: 'SchemaRegistryError',
      retriable: false,
      message,
    })
  }
})

t.test('an id that does not fit the four bytes before a record is refused', async (t) => {
  for (const id of [2 ** 31, 2 ** 32 + 1, 1e300, -1, 1.5, '7']) {
    const { fake, make, run } = await rig(t)
    const body = JSON.stringify({ id, subject: 'orders-value', version: 1, schema: ORDER.schema })
    fake.fail({ status: 200, body, times: 5 })
    await t.rejects(run(make(), 'a') as Promise<unknown>, {
      name: 'SchemaRegistryError',
      message: /no id that fits the four bytes/,
    })
  }
})

t.test('references are resolved in the context of the schema', async (t) => {
  const { fake, make, run } = await rig(t)
  fake.add(':.c:common', PAYMENT)
  const reference = { name: 'Common', subject: 'common', version: 1 }
  const definition = { ...ORDER, references: [reference] }
  fake.add(':.c:orders', definition)
  const format = textFormat([definition])
  const resolved: RegisteredSchema[] = []
  const resolving: SchemaFormat<string> = {
    ...format,
    encoder: async (schema, resolve) => {
      for (const it of schema.references ?? []) resolved.push(await resolve(it))
      return { encode }
    },
  }
  await run(make({ subject: () => ':.c:orders' }, resolving), 'a')
  t.match(resolved, [{ schema: PAYMENT.schema, subject: ':.c:common' }])
})

t.test('options that contradict one another are refused', async (t) => {
  const { make } = await rig(t)
  const wrong: [object, RegExp][] = [
    [{ id: 1, useLatest: true }, /one of the options register, useLatest, id and guid/],
    [{ id: -1 }, /option id/],
    [{ guid: '' }, /option guid/],
    [{ framing: 'header' }, /option framing/],
    [{ subject: 'topics' }, /option subject/],
    [{ register: 'yes' }, /option register/],
    [{ registry: 'http://localhost' }, /option registry/],
    [{ registry: { url: 'nowhere' } }, /option url/],
    [{ cacheSize: 0 }, /option cacheSize/],
  ]
  for (const [options, message] of wrong) {
    t.throws(() => make(options), { name: 'ConfigError', message })
  }
})

t.test('many topics: the oldest encodings are forgotten, and found again', async (t) => {
  const { fake, make, run } = await rig(t)
  const serializer = make({ cacheSize: 2, subject: () => 's' })
  fake.add('s', ORDER)
  for (const topic of ['a', 'b', 'c', 'a', 'b', 'c']) t.equal(hex(await run(serializer, 'x', topic)), '000000000178') // prettier-ignore
  t.equal(fake.requests.length, 1)
})

t.test('through a producer: order, failures of single records, headers of the user', async (t) => {
  const { fake, make } = await rig(t)
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  const value = make({ framing: 'guid-header' })
  const producer = new Producer<string, string>({ brokers: cluster.bootstrap, serializers: { value } })
  t.teardown(async () => {
    await producer.close()
    await cluster.close()
  })
  const failure: unknown = await producer.send({ topic: 'orders', value: 'early' }).catch((it: unknown) => it)
  t.match(failure, { name: 'SerializationError', outcome: 'not-written', retriable: false, cause: SchemaRegistryError })
  fake.fail({ status: 503 })
  const passing: unknown = await producer.send({ topic: 'orders', value: 'early' }).catch((it: unknown) => it)
  t.match(passing, { retriable: true })
  fake.add('orders-value', ORDER)
  const headers = { trace: '1', __value_schema_id: 'mine' }
  const results = await Promise.allSettled(
    ['1', '2', 'misfit', '3'].map((text) => producer.send({ topic: 'orders', value: text, headers })),
  )
  await producer.send({ topic: 'orders', value: '4' })
  await producer.send({ topic: 'orders', value: null, headers })
  t.strictSame(results.map(({ status }) => status), ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  const records = cluster.records('orders')
  t.strictSame(records.map((it) => it.value?.toString() ?? null), ['1', '2', '3', '4', null])
  const guid = `01${fake.guid('orders-value').replaceAll('-', '')}`
  const seen = records.map((it) => it.headers.map((header) => [header.name, header.name === 'trace' ? String(header.value) : hex(header.value)]))
  const both = [['trace', '1'], ['__value_schema_id', guid]]
  t.strictSame(seen.slice(0, 4), [both, both, both, [['__value_schema_id', guid]]])
  t.strictSame(headers, { trace: '1', __value_schema_id: 'mine' }, "the user's object is as it was")
}) // prettier-ignore
