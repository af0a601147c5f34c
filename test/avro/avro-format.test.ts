/** Avro as a registry's serializers ask it: which schema, by what name, and encoders for registered ones. */
import avsc from 'avsc'
import t from 'tap'
import { AvroFormat, type AvroFormatOptions } from '../../src/avro/avro-format.js'
import { ConfigError } from '../../src/errors.js'
import type {
  RegisteredSchema,
  SchemaReference,
} from '../../src/schema-registry/registered-schema.js'

const REGISTERED = { id: 7, guid: null, subject: 'orders-value', version: 2 } as const

const record = (name: string, ...fields: object[]): object => ({ type: 'record', name, fields })

function registered(
  schema: unknown,
  references: readonly SchemaReference[] = [],
): RegisteredSchema {
  return { ...REGISTERED, schema: JSON.stringify(schema), references }
}

/** A registry that has these, each as version 1 of a subject. */
const resolving =
  (schemas: Readonly<Record<string, RegisteredSchema>>) =>
  async ({ subject }: SchemaReference): Promise<RegisteredSchema> => {
    const schema = schemas[subject]
    if (schema === undefined)
      throw Object.assign(new Error('not found'), { code: 'ERR_OTTLA_SCHEMA_REGISTRY' })
    return schema
  }
const NONE = resolving({})

/** Bytes behind five that are left free, by the registered schema alone. */
async function encode(
  options: AvroFormatOptions,
  schema: RegisteredSchema,
  value: unknown,
  resolve = NONE,
): Promise<string> {
  const format = new AvroFormat(options)
  const encoder = await format.encoder(schema, resolve, format.definitionOf())
  return Buffer.from(encoder.encode(value, 5)).toString('hex').slice(10)
}

t.test('the definition is the schema’s text, one object for all values', async (t) => {
  const text = '{"type" : "string"}'
  const format = new AvroFormat({ schema: text })
  t.equal(format.definitionOf()?.schema, text, 'text as it was given')
  t.equal(format.definitionOf(), format.definitionOf())
  const schemaOf = (schema: string | object) => new AvroFormat({ schema }).definitionOf()?.schema
  t.equal(schemaOf('string'), '"string"')
  t.equal(schemaOf(record('A')), '{"type":"record","name":"A","fields":[]}')
  const withDoc = { ...record('A'), doc: 'what it is' }
  t.match(JSON.parse(schemaOf(avsc.Type.forSchema(withDoc as avsc.Type)) ?? ''), withDoc)
  t.equal(new AvroFormat({}).definitionOf(), null, 'none: the latest is used')
  t.equal(new AvroFormat({ schema: text, id: 5 }).definitionOf(), null, 'that one alone counts')
  t.equal(new AvroFormat({ schema: text, guid: 'x' }).definitionOf(), null)
  t.throws(() => new AvroFormat({ schema: '{"type":"recod"}' }), ConfigError)
})

t.test('the record’s full name', async (t) => {
  const nameOf = (options: AvroFormatOptions, value?: unknown) =>
    new AvroFormat(options).recordNameOf(value)
  t.equal(nameOf({ schema: record('shop.Order') }), 'shop.Order')
  t.equal(nameOf({ schema: { ...record('Order'), namespace: 'shop' } }), 'shop.Order')
  t.equal(nameOf({ schema: 'string' }), null)
  t.equal(nameOf({}), null)
  const union = [record('A', { name: 'a', type: 'int' }), record('B', { name: 'b', type: 'int' })]
  t.equal(nameOf({ schema: union }, { B: { b: 1 } }), 'B')
  t.equal(nameOf({ schema: union }, { A: { a: 1 } }), 'A')
  t.equal(nameOf({ schema: union }, 5), null)
  const ofDefaults = record('shop.D', { name: 'x', type: 'int', default: 0 })
  const maps = { type: 'map', values: { type: 'map', values: 'int' } }
  const value = { B: { b: 1 } }
  t.equal(
    nameOf({ schema: [ofDefaults, ...union] }, value),
    'B',
    'not the first that it looks like',
  )
  t.equal(nameOf({ schema: [maps, ...union] }, value), 'B')
  t.equal(nameOf({ schema: [maps, ...union] }, { map: { B: { b: 1 } } }), null, 'a map has no name')
  const ownName = ['null', record('C', { name: 'C', type: 'int' })]
  t.equal(nameOf({ schema: ownName }, { C: 1 }), 'C', 'a field of its name, and no wrapping')
  const choices = (schema: object) => new AvroFormat({ schema }).choices.map((it) => it.recordName)
  t.strictSame(choices(union), ['A', 'B'], 'what prepare asks for')
  t.strictSame(choices(record('A')), ['A'])
  t.strictSame(choices(['null', 'int']), [null])
  const references = [{ name: 'B', subject: 'b', version: 1 }]
  t.equal(nameOf({ schema: { ...record('A'), namespace: 'shop' }, references }), 'shop.A')
  t.equal(nameOf({ schema: ['null', 'B'], references }), null)
})

t.test('values are written with the schema that is registered', async (t) => {
  const v1 = registered(record('A', { name: 'a', type: 'int' }))
  t.equal(await encode({}, v1, { a: 5 }), '0a')
  const v2 = registered(record('A', { name: 'b', type: 'string', default: 'x' }, { name: 'a', type: 'int' }))
  t.equal(await encode({}, v2, { a: 5 }), '02780a', 'the latest has a field more, with a default')
  t.equal(await encode({}, v2, { a: 5, b: 'y' }), '02790a')
  await t.rejects(encode({}, v1, { a: 5, b: 'y' }), { name: 'SerializationError', message: /value\.b is no field of A/ })
  t.equal(await encode({ unknownFields: 'ignore' }, v1, { a: 5, b: 'y' }), '0a', 'a value of a newer schema')
}) // prettier-ignore

t.test('types of other subjects, and of theirs', async (t) => {
  const to = (name: string): SchemaReference => ({ name, subject: name, version: 1 })
  const money = registered(record('m.Money', { name: 'cents', type: 'long' }))
  const item = registered(record('m.Item', { name: 'price', type: 'm.Money' }), [to('m.Money')])
  const schema = record('Order', { name: 'item', type: 'm.Item' }, { name: 'total', type: 'm.Money' })
  const resolve = resolving({ 'm.Money': money, 'm.Item': item })
  const references = [to('m.Item'), to('m.Money')]
  const value = { item: { price: { cents: 5n } }, total: { cents: 6 } }
  t.equal(await encode({}, registered(schema, references), value, resolve), '0a0c')
  t.equal(await encode({ schema, references }, registered(schema, references), value, resolve), '0a0c')
  await t.rejects(encode({ schema, references }, registered(schema, references), value), {
    message: 'not found',
    code: 'ERR_OTTLA_SCHEMA_REGISTRY',
  })
}) // prettier-ignore

t.test('a schema of bytes alone is written without a length, as Java does', async (t) => {
  t.equal(await encode({}, registered('bytes'), new Uint8Array([1, 2])), '0102')
  t.equal(await encode({ schema: 'bytes' }, registered('bytes'), Buffer.alloc(0)), '')
  await t.rejects(encode({}, registered('bytes'), 'text'), { name: 'SerializationError' })
})

t.test('a registered schema that avsc cannot use', async (t) => {
  await t.rejects(encode({}, registered({ type: 'recod' }), {}), {
    name: 'SerializationError',
    message: /the Avro schema of subject "orders-value", version 2 cannot be used: unknown type/,
  })
  const byId = { ...registered('string'), subject: null, schema: '{' }
  await t.rejects(encode({}, byId, {}), { message: /the Avro schema of id 7 cannot be used/ })
})
