/** JSON Schema as a registry's serializers ask it. */
import { Ajv } from 'ajv'
import t from 'tap'
import { ConfigError } from '../../src/errors.js'
import { JsonFormat, type JsonFormatOptions } from '../../src/json-schema/json-format.js'
import type {
  RegisteredSchema,
  SchemaReference,
} from '../../src/schema-registry/registered-schema.js'

const REGISTERED = { id: 7, guid: null, subject: 'orders-value', version: 2 } as const

function registered(
  schema: unknown,
  references: readonly SchemaReference[] = [],
): RegisteredSchema {
  return { ...REGISTERED, schemaType: 'JSON', schema: JSON.stringify(schema), references }
}

const ITEM = { $id: 'item', type: 'object', properties: { price: { type: 'number' } } }
const resolve = async (): Promise<RegisteredSchema> => registered(ITEM)

/** The bytes behind five that are left free, as text. */
async function encode(
  options: JsonFormatOptions,
  schema: RegisteredSchema,
  value: unknown,
): Promise<string> {
  const format = new JsonFormat(options)
  const encoder = await format.encoder(schema, resolve, format.definitionOf())
  return Buffer.from(encoder.encode(value, 5)).toString('utf8', 5)
}

t.test('the definition, and the title as the record’s name', async (t) => {
  const schema = { title: 'Order', type: 'object' }
  const format = new JsonFormat({ schema })
  t.match(format.definitionOf(), { schemaType: 'JSON', schema: JSON.stringify(schema) })
  t.equal(format.definitionOf(), format.definitionOf())
  t.equal(format.recordNameOf(), 'Order')
  t.equal(new JsonFormat({ schema: '{ "title": "A" }' }).definitionOf()?.schema, '{ "title": "A" }')
  t.equal(new JsonFormat({ schema: 'true' }).recordNameOf(), null)
  t.equal(new JsonFormat({}).definitionOf(), null)
  t.equal(new JsonFormat({}).recordNameOf(), null)
  t.equal(new JsonFormat({ schema, id: 5 }).definitionOf(), null, 'that one alone counts')
  t.throws(() => new JsonFormat({ schema: '{' }), ConfigError)
})

t.test('without ajv nothing looks at a value but JSON itself', async (t) => {
  t.equal(await encode({}, registered({ type: 'object' }), 5), '5')
  await t.rejects(encode({}, registered({}), { a: NaN }), {
    message: /json schema: value\.a is NaN/,
  })
  const long = { a: 'é€😀'.repeat(5_000) }
  t.equal(await encode({}, registered({}), long), JSON.stringify(long))
})

t.test('with ajv a value has to fit the schema that is registered', async (t) => {
  const ajv = new Ajv()
  const v1 = registered({ $id: 'order', type: 'object', properties: { a: { type: 'integer' } } })
  const v2 = registered({ $id: 'order', type: 'object', properties: { a: { type: 'string' } } })
  t.equal(await encode({ ajv }, v1, { a: 5 }), '{"a":5}')
  t.equal(await encode({ ajv }, v2, { a: 'x' }), '{"a":"x"}', 'another version with the same $id')
  await t.rejects(encode({ ajv }, v1, { a: 'x' }), {
    name: 'SerializationError',
    message: 'json schema: value.a must be integer',
  })
})

t.test('an $id within a schema is not left in the user’s ajv', async (t) => {
  const ajv = new Ajv()
  ajv.addSchema({ $id: 'http://x/mine', type: 'object', properties: { a: { $id: 'own', type: 'string' } } })
  const refs = Object.keys(ajv.refs)
  const address = { $id: 'http://x/address', type: 'string' }
  const properties = { to: { $ref: 'http://x/address' } }
  const order = registered({ $id: 'http://x/order', properties, definitions: { address }, type: 'object' })
  t.equal(await encode({ ajv }, order, { to: 'x' }), '{"to":"x"}')
  await t.rejects(encode({ ajv }, order, { to: 5 }), { message: /value\.to must be string/ })
  t.equal(await encode({ ajv }, registered(address), 'x'), '"x"', 'another topic has it as its own')
  const wrong = registered({ $id: 'http://x/wrong', definitions: { address }, $ref: 'none.json' })
  await t.rejects(encode({ ajv }, wrong, {}), { message: /can't resolve/ })
  t.strictSame(Object.keys(ajv.refs), refs)
  t.equal(ajv.addSchema(address).getSchema('http://x/address')?.('x'), true)
}) // prettier-ignore

t.test('schemas of other subjects', async (t) => {
  const ajv = new Ajv()
  const schema = registered({ type: 'array', items: { $ref: 'item.json' } }, [
    { name: 'item.json', subject: 'item', version: 1 },
  ])
  t.equal(await encode({ ajv }, schema, [{ price: 5 }]), '[{"price":5}]')
  await t.rejects(encode({ ajv }, schema, [{ price: 'x' }]), { message: /value\[0\]\.price must be number/ })
  t.equal(ajv.getSchema('item.json'), undefined, 'the user’s ajv is left as it was')
}) // prettier-ignore

t.test('a schema that the user’s ajv does not take', async (t) => {
  const schema = registered({ type: 'object', javaType: 'x.Y' })
  await t.rejects(encode({ ajv: new Ajv() }, schema, {}), {
    name: 'SerializationError',
    message: /ajv cannot use the JSON schema of subject "orders-value", version 2: strict mode.*new Ajv\(\{ strict: false \}\)/,
  })
  t.equal(await encode({ ajv: new Ajv({ strict: false }) }, schema, {}), '{}')
  const taken = new Ajv()
  taken.addSchema({ $id: 'mine', type: 'string' })
  await t.rejects(encode({ ajv: taken }, registered({ $id: 'mine' }), {}), { message: /"mine" already exists/ })
  t.equal(taken.getSchema('mine')?.('text'), true, 'the user’s own stays')
  t.equal(await encode({ ajv: new Ajv() }, registered(true), 5), '5')
  const unresolved = { ...registered({ $ref: 'none.json' }), subject: null }
  await t.rejects(encode({ ajv: new Ajv() }, unresolved, {}), { message: /schema of id 7: can't resolve/ })
  const asynchronous = registered({ $async: true, type: 'object' })
  await t.rejects(encode({ ajv: new Ajv() }, asynchronous, {}), { message: /\$async.*give validator/ })
}) // prettier-ignore
