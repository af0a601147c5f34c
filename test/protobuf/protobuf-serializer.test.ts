/**
 * Protobuf with a registry, a fake one: what is looked up and registered, and what stands in front of
 * the bytes.
 */
import { create, toBinary } from '@bufbuild/protobuf'
import { readFileSync } from 'node:fs'
import protobufjs from 'protobufjs'
import t, { type Test } from 'tap'
import { ConfigError, SerializationError } from '../../src/errors.js'
import { definitionOfFile } from '../../src/protobuf/imported-files.js'
import { protobufSerializer } from '../../src/protobuf/protobuf.js'
import { SchemaRegistry, SchemaRegistryError } from '../../src/schema-registry/schema-registry.js'
import type { SchemaSerializer } from '../../src/schema-registry/schema-registry.js'
import { projectFile } from '../broker/project.js'
import { FakeRegistry, type FakeRegistryOptions } from '../support/fake-registry.js'
import { file_shop_v1_money } from './generated/money_pb.js'
import {
  CancelledSchema,
  file_shop_v1_order,
  Order_Line_DiscountSchema,
  OrderSchema,
} from './generated/order_pb.js'
import {
  Created_InnerSchema,
  CreatedSchema,
  DeletedSchema,
  file_shop_v1_simple,
} from './generated/simple_pb.js'

const TEXT = readFileSync(projectFile('test/protobuf/proto/shop/v1/simple.proto'), 'utf8')
const MONEY = 'shop/v1/money.proto'

interface Given {
  readonly fake: FakeRegistry
  readonly registry: SchemaRegistry
}

async function given(t: Test, options: FakeRegistryOptions = {}): Promise<Given> {
  const fake = await FakeRegistry.start(options)
  const registry = new SchemaRegistry({ url: fake.url, retries: 0 })
  t.teardown(async () => {
    await registry.close()
    await fake.close()
  })
  return { fake, registry }
}

interface Written {
  readonly hex: string
  readonly headers: Readonly<Record<string, string>>
  readonly wasAtOnce: boolean
}

async function write<T>(
  serializer: SchemaSerializer<T>,
  value: T,
  topic = 'orders',
): Promise<Written> {
  const headers: Record<string, string> = {}
  const setHeader = (name: string, bytes: Uint8Array): void => {
    headers[name] = Buffer.from(bytes).toString('hex')
  }
  const result = serializer(value, { topic, part: 'value', headers: undefined, setHeader })
  const wasAtOnce = !(result instanceof Promise)
  return { hex: Buffer.from((await result) as Uint8Array).toString('hex'), headers, wasAtOnce }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

t.test('a descriptor is looked up in base64, and then all is synchronous', async (t) => {
  const { fake, registry } = await given(t)
  fake.add('orders-value', definitionOfFile(file_shop_v1_simple))
  const serializer = protobufSerializer({ registry, schema: CreatedSchema })
  const message = create(CreatedSchema, { id: 'é', total: 5n })
  const expected = `000000000100${hex(toBinary(CreatedSchema, message))}`
  t.strictSame(await write(serializer, message), { hex: expected, headers: {}, wasAtOnce: false })
  t.strictSame(await write(serializer, { id: 'é', total: 5n }), {
    hex: expected,
    headers: {},
    wasAtOnce: true,
  })
  t.strictSame(fake.asked, ['POST /subjects/orders-value'])
})

t.test('prepare makes the first one synchronous', async (t) => {
  const { fake, registry } = await given(t)
  const serializer = protobufSerializer({ registry, schema: OrderSchema, register: true })
  await serializer.prepare('orders')
  const asked = fake.asked.length
  t.equal((await write(serializer, { id: 'o' })).wasAtOnce, true)
  t.equal(fake.asked.length, asked)
})

t.test('each message of a file has indexes of its own', async (t) => {
  const { fake, registry } = await given(t)
  fake.add('orders-value', definitionOfFile(file_shop_v1_simple))
  for (const [schema, prefix] of [[CreatedSchema, '00'], [DeletedSchema, '0202'], [Created_InnerSchema, '040000']] as const) {
    const serializer = protobufSerializer({ registry, schema })
    t.equal((await write(serializer, {})).hex, `0000000001${prefix}`)
  } // prettier-ignore
})

t.test('several messages of one topic', async (t) => {
  const { fake, registry } = await given(t)
  fake.add('orders-value', definitionOfFile(file_shop_v1_simple))
  const serializer = protobufSerializer({ registry, schema: [CreatedSchema, DeletedSchema] })
  await serializer.prepare('orders')
  const deleted = create(DeletedSchema, { id: 'o' })
  t.equal((await write(serializer, deleted)).hex, '000000000102020a016f')
  t.equal((await write(serializer, create(CreatedSchema))).hex, '000000000100')
  t.throws(() => serializer({ id: 'o' }, {} as never), SerializationError)
})

t.test('imports are registered first, the innermost first', async (t) => {
  for (const bare of [false, true]) {
    const { fake, registry } = await given(t, { bare })
    const schema = Order_Line_DiscountSchema
    const serializer = protobufSerializer({ registry, schema, register: true })
    const [one, two] = await Promise.all([write(serializer, { rate: 1 }), write(serializer, {})])
    t.equal(one.hex, `0000000002060202000` + '9000000000000f03f')
    t.equal(two.hex, '000000000206020200')
    const registrations = fake.requests.filter(({ path }) => path.includes('/versions'))
    const subjects = registrations.map(({ path }) => decodeURIComponent(path.split('/')[2] ?? ''))
    t.strictSame(subjects, [MONEY, 'orders-value'])
    const references = [{ name: MONEY, subject: MONEY, version: 1 }]
    t.strictSame(registrations[1]?.body?.references, references)
    t.equal(registrations[1]?.body?.schema, definitionOfFile(file_shop_v1_order).schema)
  }
})

t.test('imports are looked up, under a subject of one’s own naming', async (t) => {
  const { fake, registry } = await given(t)
  const references = [{ name: MONEY, subject: 'money', version: 2 }]
  fake.add('money', { schema: 'an older one', schemaType: 'PROTOBUF' })
  fake.add('money', definitionOfFile(file_shop_v1_money))
  fake.add('orders-value', definitionOfFile(file_shop_v1_order, references))
  const referenceSubject = (name: string): string => (name === MONEY ? 'money' : name)
  const serializer = protobufSerializer({ registry, schema: CancelledSchema, referenceSubject })
  t.equal((await write(serializer, {})).hex, '00000000030204')
})

t.test('an import that is not registered fails its record; later ones ask again', async (t) => {
  const { fake, registry } = await given(t)
  const serializer = protobufSerializer({ registry, schema: OrderSchema })
  await t.rejects(write(serializer, {}), {
    code: 'ERR_OTTLA_SCHEMA_REGISTRY',
    errorCode: 40401,
    subject: MONEY,
  })
  fake.add(MONEY, definitionOfFile(file_shop_v1_money))
  const references = [{ name: MONEY, subject: MONEY, version: 1 }]
  fake.add('orders-value', definitionOfFile(file_shop_v1_order, references))
  t.equal((await write(serializer, {})).hex, '00000000020202')
})

t.test('texts, of the file and of those that it imports; normalized on demand', async (t) => {
  const { fake, registry } = await given(t)
  const order = readFileSync(projectFile('test/protobuf/proto/shop/v1/order.proto'), 'utf8')
  const money = readFileSync(projectFile('test/protobuf/proto/shop/v1/money.proto'), 'utf8')
  const schema = CancelledSchema
  const proto = { 'shop/v1/order.proto': order, 'shop/v1/money.proto': money }
  const options = { registry, schema, register: true, normalize: true }
  t.equal((await write(protobufSerializer({ ...options, proto }), {})).hex, '00000000020204')
  t.equal(fake.requests[0]?.body?.schema, money)
  t.equal(fake.requests[1]?.body?.schema, order)
  t.ok(fake.asked.every((it) => it.endsWith('?normalize=true')))
  const one = protobufSerializer({ ...options, proto: order, references: [] })
  t.equal((await write(one, {}, 'others')).hex, '00000000030204')
})

t.test('a text is sent as it is given', async (t) => {
  const { fake, registry } = await given(t)
  const serializer = protobufSerializer({
    registry,
    schema: DeletedSchema,
    proto: TEXT,
    register: true,
  })
  t.equal((await write(serializer, {})).hex, '00000000010202')
  t.strictSame(fake.requests[0]?.body, { schema: TEXT, schemaType: 'PROTOBUF' })
  t.equal(fake.asked[0], 'POST /subjects/orders-value/versions')
})

t.test('the latest schema says where the message is', async (t) => {
  const { fake, registry } = await given(t)
  fake.add('orders-value', {
    schema: `syntax = "proto3"; package shop.v1; message New {} message Deleted {}`,
    schemaType: 'PROTOBUF',
  })
  const serializer = protobufSerializer({
    registry,
    schema: [DeletedSchema, CreatedSchema],
    useLatest: true,
  })
  t.equal((await write(serializer, create(DeletedSchema))).hex, '00000000010202')
  await t.rejects(write(serializer, create(CreatedSchema)), {
    message: 'schema 1 of subject orders-value declares no message shop.v1.Created',
  })
})

t.test('subjects by the name of the message', async (t) => {
  const { fake, registry } = await given(t)
  const serializer = protobufSerializer({
    registry,
    schema: Created_InnerSchema,
    subject: 'topic-record',
    register: true,
  })
  await write(serializer, {})
  t.equal(fake.asked[0], 'POST /subjects/orders-shop.v1.Created.Inner/versions')
})

t.test('the guid in a header, with the indexes behind it', async (t) => {
  const { fake, registry } = await given(t)
  const serializer = protobufSerializer({
    registry,
    schema: DeletedSchema,
    register: true,
    framing: 'guid-header',
  })
  const { hex, headers } = await write(serializer, { id: 'o' })
  const guid = fake.guid('orders-value').replaceAll('-', '')
  t.equal(hex, '0a016f')
  t.strictSame(headers, { __value_schema_id: `01${guid}0202` })
})

t.test('protobufjs: with the text, or with the latest schema', async (t) => {
  const { fake, registry } = await given(t)
  const schema = protobufjs.parse(TEXT).root.lookupType('shop.v1.Deleted')
  const registering = protobufSerializer({ registry, schema, proto: TEXT, register: true })
  t.equal((await write(registering, { id: 'o' })).hex, '000000000102020a016f')
  const latest = protobufSerializer<{ id: string }>({ registry: { url: fake.url }, schema })
  t.equal((await write(latest, { id: 'o' })).hex, '000000000102020a016f')
  t.equal(fake.asked.at(-1), 'GET /subjects/orders-value/versions/latest')
})

t.test('a value that does not fit fails alone', async (t) => {
  const { fake, registry } = await given(t)
  fake.add('orders-value', definitionOfFile(file_shop_v1_simple))
  const serializer = protobufSerializer({ registry, schema: DeletedSchema })
  const wrong = { id: 7 } as never
  await t.rejects(write(serializer, wrong), SerializationError)
  t.equal((await write(serializer, {})).hex, '00000000010202')
  await t.rejects(write(serializer, wrong), SerializationError)
})

t.test('errors of the registry', async (t) => {
  const { registry } = await given(t)
  const serializer = protobufSerializer({ registry, schema: DeletedSchema })
  await t.rejects(write(serializer, {}), SchemaRegistryError)
})

t.test('options that contradict one another', async (t) => {
  const { registry } = await given(t)
  const type = protobufjs.parse(TEXT).root.lookupType('shop.v1.Deleted')
  const wrong = [
    { schema: [] },
    { schema: {} },
    { schema: [type, DeletedSchema] },
    { schema: type, register: true },
    { schema: type, proto: { 'a.proto': TEXT } },
    { schema: DeletedSchema, useLatest: true, id: 5 },
    { schema: [DeletedSchema, OrderSchema], proto: TEXT, register: true },
    { schema: [DeletedSchema, OrderSchema], references: [] },
  ]
  for (const options of wrong) {
    t.throws(() => protobufSerializer({ registry, ...options } as never), ConfigError)
  }
  const ofOneFile = { schema: [DeletedSchema, CreatedSchema], proto: TEXT, references: [] }
  t.doesNotThrow(() => protobufSerializer({ registry, ...ofOneFile }))
})
