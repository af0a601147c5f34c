/** JSON that a validator has looked at, with the validators that people have. */
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import t from 'tap'
import * as valibot from 'valibot'
import * as zod from 'zod'
import { ConfigError } from '../../src/errors.js'
import { validatedJson } from '../../src/json-schema/json-schema.js'

const ORDER = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    'a/b': { enum: ['x', 'y'] },
    items: {
      type: 'array',
      items: { type: 'object', properties: { price: { type: 'number' } }, required: ['price'] },
    },
  },
  required: ['id'],
  additionalProperties: false,
}

type Serialize = (value: unknown) => unknown

const SERIALIZERS: Readonly<Record<string, Serialize>> = {
  ajv: validatedJson(new Ajv().compile(ORDER)),
  zod: validatedJson(
    zod.object({ id: zod.int(), items: zod.array(zod.object({ price: zod.number() })).optional() }),
  ) as Serialize,
  valibot: validatedJson(
    valibot.object({
      id: valibot.pipe(valibot.number(), valibot.integer()),
      items: valibot.optional(valibot.array(valibot.object({ price: valibot.number() }))),
    }),
  ) as Serialize,
}

for (const [name, serialize] of Object.entries(SERIALIZERS)) {
  t.test(`${name}: writes what fits, and says where another does not`, async (t) => {
    t.equal(serialize({ id: 1, items: [{ price: 1.5 }] }), '{"id":1,"items":[{"price":1.5}]}')
    for (const [value, message] of [
      [{ id: '1' }, /^json schema: value\.id:? .*(integer|int|number)/i],
      [{ id: 1, items: [{ price: 1 }, { price: 'x' }] }, /value\.items\[1\]\.price/],
      [{}, /id/],
      ['text', /^json schema: value:? /],
    ] as const) {
      t.throws(() => serialize(value), { name: 'SerializationError', message })
    }
  })
}

t.test('ajv: its texts, with what they leave out', async (t) => {
  const serialize = validatedJson(new Ajv({ allErrors: true }).compile(ORDER))
  const fails = (value: unknown, message: string) =>
    t.throws(() => serialize(value), { message: `json schema: ${message}` })
  fails({ id: 1, extra: 2 }, 'value must NOT have additional properties (extra)')
  fails({ id: 1, 'a/b': 'z' }, 'value["a/b"] must be equal to one of the allowed values (["x","y"])')
  fails({ id: '1', a: 1, b: 2, c: 3 }, 'value must NOT have additional properties (a); value must NOT have additional properties (b); value must NOT have additional properties (c); and 1 more')
  const error = await Promise.resolve().then(() => serialize({})).catch((it: unknown) => it as Error)
  t.match((error as Error).cause, [{ keyword: 'required' }], 'what ajv said is the cause')
}) // prettier-ignore

t.test('a draft is the user’s ajv’s, and so are defaults', async (t) => {
  const tuple = { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'string' }] }
  t.throws(() => validatedJson(new Ajv2020({ strict: false }).compile(tuple))([1]), { message: /value\[0\] must be string/ })
  const withDefault = { type: 'object', properties: { a: { type: 'integer', default: 7 } } }
  t.equal(validatedJson(new Ajv({ useDefaults: true }).compile(withDefault))({}), '{"a":7}')
}) // prettier-ignore

t.test('a Standard Schema may change the value', async (t) => {
  const schema = zod.object({ at: zod.date().transform((date) => date.getTime()), a: zod.string().default('x') })
  const serialize = validatedJson(schema)
  t.equal(serialize({ at: new Date(5) }), '{"at":5,"a":"x"}')
  // @ts-expect-error -- zod's input type is the serializer's
  t.throws(() => serialize({ at: 5 }), { message: /value\.at: / })
}) // prettier-ignore

t.test('asynchronous validators give promises', async (t) => {
  const isKnown = async (id: number): Promise<boolean> => id === 1
  const serialize = validatedJson(zod.object({ id: zod.number().refine(isKnown, 'unknown') }))
  await t.rejects(async () => serialize({ id: 2 }), { message: 'json schema: value.id: unknown' })
  const asynchronous = valibot.objectAsync({ id: valibot.pipeAsync(valibot.number(), valibot.checkAsync(isKnown)) })
  t.equal(await validatedJson(asynchronous)({ id: 1 }), '{"id":1}')

  const ajv = new Ajv()
  ajv.addKeyword({ keyword: 'known', async: true, validate: async (_: unknown, id: number) => isKnown(id) })
  const compiled = ajv.compile({ $async: true, type: 'object', properties: { id: { known: true } } })
  t.equal(await validatedJson(compiled)({ id: 1 }), '{"id":1}')
  await t.rejects(async () => validatedJson(compiled)({ id: 2 }), { name: 'SerializationError', message: /value\.id must pass "known"/ })
}) // prettier-ignore

t.test('the verdict of a plain function is no promise', async (t) => {
  const verdicts = [async () => false, async () => true, async () => Promise.reject(new Error('x'))]
  for (const validator of verdicts) {
    t.throws(() => validatedJson(validator)({ id: 1 }), {
      name: 'SerializationError',
      message: /^json schema: the validator returned a promise: .*must be synchronous/,
    })
  }
  await new Promise((resolve) => setImmediate(resolve)) // an unhandled rejection would fail the test
})

t.test('what JSON would change in silence is refused, as by json()', async (t) => {
  const serialize = validatedJson(zod.any())
  for (const [value, message] of [
    [{ a: [new Map()] }, /value\.a\[0\] is a Map/],
    [{ a: NaN }, /value\.a is NaN/],
    [{ a: 1n }, /JSON has no BigInt/],
    [{ a: () => 1 }, /value\.a is a function/],
    [{ a: [undefined] }, /value\.a\[0\] is undefined/],
    [{ a: new Headers() }, /value\.a is a Headers/],
    [{ a: { toJSON: () => NaN } }, /value\.a\.toJSON\(\) is NaN/],
    [undefined, /a value that JSON can express/],
  ] as const) {
    t.throws(() => serialize(value), { name: 'SerializationError', message })
  }
})

t.test('what is no validator is said at once', async (t) => {
  for (const validator of [null, undefined, {}, ORDER, 'text']) {
    t.throws(() => validatedJson(validator as never), ConfigError)
  }
})

t.test('what is written is read back equal', async () => {
  const serialize = validatedJson(new Ajv().compile({}))
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = serialize(value)
      return text === JSON.stringify(value) && text === JSON.stringify(JSON.parse(text))
    }),
  )
})

t.test('ajv: what JSON makes of an object that is no plain one is what is checked', async (t) => {
  const schema = { type: 'object', required: ['id', 'total'], properties: { id: { type: 'integer' }, total: { type: 'number', default: 1 } }, additionalProperties: false }
  const serialize = validatedJson(new Ajv({ useDefaults: true }).compile(schema))
  class Row { id = 7; total = 9 }
  class WithGetter { total = 9; get id(): number { return 7 } }
  class WithToJson extends Row { toJSON(): unknown { return { amount: '9.00' } } }
  class Amount { toJSON(): unknown { return 9 } }
  for (const [value, message] of [
    [new WithGetter(), /must have required property 'id'/],
    [Object.assign(Object.create({ id: 7 }) as object, { total: 9 }), /must have required property 'id'/],
    [new WithToJson(), /must have required property 'id'/],
    [{ id: 7, total: 9, toJSON: () => 'x' }, /value must be object/],
    [{ id: 7, total: new Date(0) }, /value\.total must be number/],
    [{ id: new Row() , total: 9 }, /value\.id must be integer/],
  ] as const) {
    t.throws(() => serialize(value), { name: 'SerializationError', message })
  }
  t.equal(serialize(new Row()), '{"id":7,"total":9}')
  t.equal(serialize({ id: 7, total: new Amount() }), '{"id":7,"total":9}')
  t.equal(serialize(Object.assign(Object.create(null) as object, { id: 7 })), '{"id":7,"total":1}')
  t.equal(serialize(Object.assign(Object.create({}) as object, { id: 7 })), '{"id":7,"total":1}', 'defaults as well')
  const texts = validatedJson(new Ajv().compile({ type: 'array', items: { type: 'string' } }))
  t.equal(texts([new Date(0)]), '["1970-01-01T00:00:00.000Z"]')
  t.throws(() => texts(Object.assign(['a'], { toJSON: () => 5 })), { message: /value must be array/ })
  const circle: unknown[] = []
  circle.push([circle], circle)
  t.throws(() => texts(circle), /circular/)
}) // prettier-ignore

t.test('ajv: what is written fits, whatever the value was', async () => {
  class Odd { held: unknown }
  class Told extends Odd { toJSON(): unknown { return this.held } }
  const schema = { type: 'object', additionalProperties: { type: ['number', 'object'] } }
  const validate = new Ajv({ allowUnionTypes: true }).compile(schema)
  const serialize = validatedJson(validate)
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.constant({}))
  const odd = fc.oneof(leaf, leaf.map((held) => Object.assign(new Odd(), { held })), leaf.map((held) => Object.assign(new Told(), { held })))
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(fc.string(), odd), odd), (value) => {
      try {
        return validate(JSON.parse(serialize(value) as string))
      } catch (error) {
        return (error as Error).name === 'SerializationError'
      }
    }),
  )
}) // prettier-ignore
