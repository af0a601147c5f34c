/** Bare Avro: what is written, what is refused and where; whatever avsc gets wrong in silence. */
import { runInNewContext } from 'node:vm'
import avsc from 'avsc'
import t, { type Test } from 'tap'
import { avro, type AvroOptions, type AvroSchema } from '../../src/avro/avro.js'
import { ConfigError, SerializationError } from '../../src/errors.js'

const ORDER = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'customer', type: 'string' },
    { name: 'note', type: ['null', 'string'], default: null },
    {
      name: 'items',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Item',
          fields: [
            { name: 'name', type: 'string' },
            { name: 'price', type: 'double' },
          ],
        },
      },
      default: [],
    },
  ],
} as const
const VALUE = { id: 7, customer: 'kafka', note: null, items: [{ name: 'tea', price: 1.5 }] }

/** avsc's own type of a schema: another reader. */
const plain = (schema: object | string): avsc.Type => avsc.Type.forSchema(schema as avsc.Type)

const hex = (schema: AvroSchema, value: unknown, options?: AvroOptions): string =>
  Buffer.from(avro(schema, options)(value)).toString('hex')

/** Each value fails, and the message is as told. */
function refuses(
  t: Test,
  schema: AvroSchema,
  wrong: readonly (readonly [value: unknown, message: RegExp])[],
  options?: AvroOptions,
): void {
  const serialize = avro(schema, options)
  for (const [value, message] of wrong) {
    const error = errorOf(() => serialize(value))
    t.type(error, SerializationError)
    t.match(error?.message, message)
  }
}

function errorOf(body: () => unknown): Error | null {
  try {
    body()
    return null
  } catch (error) {
    return error as Error
  }
}

t.test('a schema as an object, as text, by name and as a type of avsc’s', async (t) => {
  const expected = plain(ORDER).toBuffer(VALUE).toString('hex')
  for (const schema of [ORDER, JSON.stringify(ORDER), plain(ORDER)]) {
    t.equal(hex(schema, VALUE), expected)
  }
  t.equal(hex('string', 'a'), '0261')
  t.equal(hex('"string"', 'a'), '0261')
  t.equal(hex(['null', 'string'], 'a'), '020261')
})

t.test('what is no schema is said at once', async (t) => {
  for (const schema of ['{', 'strin', { type: 'recod' }, { type: 'array' }]) {
    t.throws(() => avro(schema), ConfigError)
  }
})

t.test('fields with a default may be left out, others not', async (t) => {
  const read = plain(ORDER).fromBuffer(Buffer.from(avro(ORDER)({ id: 1, customer: 'k' }))) as object
  t.strictSame({ ...read }, { id: 1, customer: 'k', note: null, items: [] })
  refuses(t, ORDER, [
    [
      { id: 1 },
      /^avro: value\.customer is missing, and the schema has no default for it \(it is a string\)$/,
    ],
    [{ id: 1, customer: 'k', items: [{ name: 'a' }] }, /value\.items\[0\]\.price is missing/],
    [null, /value is null, and the schema wants record shop\.Order/],
  ])
  refuses(t, { ...ORDER, fields: [{ name: 'note', type: ['null', 'string'] }] }, [
    [{}, /value\.note is missing.* null or string\): give null/],
  ])
})

t.test('a value of the wrong type is refused with its place', async (t) => {
  refuses(t, ORDER, [
    [{ ...VALUE, items: [{ name: 'a', price: 1 }, { name: 'b', price: '1' }] }, /value\.items\[1\]\.price is the text "1", and the schema wants a number/],
    [{ ...VALUE, note: 5 }, /value\.note is a number \(5\), and the schema wants null or string/],
    [{ ...VALUE, items: {} }, /value\.items is an object with no fields, and the schema wants an array/],
    [{ ...VALUE, id: true }, /value\.id is a boolean \(true\)/],
    [{ ...VALUE, customer: new Map() }, /value\.customer is an object \(Map\)/],
  ]) // prettier-ignore
  refuses(t, { type: 'map', values: 'int' }, [
    [{ 'a b': 'x' }, /value\["a b"\] is the text "x", and the schema wants an integer of 32 bits/],
    [{ a: 2 ** 31 }, /value\.a is a number \(2147483648\)/],
    [{ a: NaN }, /value\.a is a number \(NaN\)/],
  ])
})

t.test('a field that the schema does not know', async (t) => {
  const typo = { id: 1, customer: 'k', nota: 'x' }
  refuses(t, ORDER, [
    [typo, /value\.nota is no field of shop\.Order, which has id, customer, note, items: correct its name, or give unknownFields: 'ignore'/],
    [{ ...VALUE, items: [{ name: 'a', price: 1, prize: 2 }] }, /value\.items\[0\]\.prize is no field of shop\.Item/],
    [{ id: 1, customer: 'k', toString: 7 }, /value\.toString is no field/],
  ]) // prettier-ignore
  t.equal(hex(ORDER, typo, { unknownFields: 'ignore' }), hex(ORDER, { id: 1, customer: 'k' }))
  t.equal(hex(ORDER, { ...VALUE, extra: undefined }), hex(ORDER, VALUE), 'undefined is none')
  const moved = { items: VALUE.items, extra: undefined, note: null, customer: 'kafka', id: 7 }
  t.equal(hex(ORDER, moved), hex(ORDER, VALUE), 'in any order')
})

t.test('instances of classes are records, too', async (t) => {
  class Order {
    readonly id = 7
    readonly items = VALUE.items
    get customer(): string {
      return 'kafka'
    }
  }
  t.equal(hex(ORDER, new Order()), hex(ORDER, VALUE))
  const { recordConstructor: Own } = plain(ORDER) as avsc.types.RecordType
  const order = new (Own as new (...args: unknown[]) => object)(7, 'kafka', null, VALUE.items)
  t.equal(hex(ORDER, order), hex(ORDER, VALUE))
  t.equal(hex(ORDER, Object.assign(Object.create(null) as object, VALUE)), hex(ORDER, VALUE))
})

t.test('longs: all of 64 bits, as numbers and as bigint', async (t) => {
  const reader = avsc.types.LongType.__with({
    fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
    toBuffer: () => Buffer.alloc(8),
    fromJSON: BigInt,
    toJSON: Number,
    isValid: () => true,
    compare: () => 0,
  })
  const numbers = [0, -1, 2 ** 31, -(2 ** 52), -(2 ** 52) - 1, 2 ** 53 - 1, -(2 ** 53) + 1]
  const bigints = [0n, -1n, 5n, 2n ** 53n, -(2n ** 53n), 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n)]
  for (const value of [...numbers, ...bigints]) {
    const bytes = Buffer.from(avro('long')(value))
    t.equal(reader.fromBuffer(bytes), BigInt(value), String(value))
    t.equal(Buffer.from(avro(['null', 'long'])(value)).toString('hex'), `02${bytes.toString('hex')}`)
  }
  const wrong = [2 ** 53, -(2 ** 53), 1.5, NaN, Infinity, 2n ** 63n, -(2n ** 63n) - 1n, '1']
  refuses(t, 'long', wrong.map((value) => [value, /the schema wants an integer of 64 bits/]))
  refuses(t, 'int', [[5n, /a bigint \(5\), and the schema wants an integer of 32 bits/]])
}) // prettier-ignore

t.test('bytes and fixed take a Uint8Array, in unions, too', async (t) => {
  const fixed = { type: 'fixed', name: 'Two', size: 2 }
  const foreign = runInNewContext('new Uint8Array([1, 2])') as Uint8Array
  for (const bytes of [new Uint8Array([1, 2]), Buffer.from([1, 2]), foreign]) {
    t.equal(hex('bytes', bytes), '040102')
    t.equal(hex(fixed, bytes), '0102')
    t.equal(hex(['null', 'bytes'], bytes), '02040102')
    t.equal(hex(['null', { type: 'map', values: 'int' }, fixed], bytes), '040102')
  }
  refuses(t, fixed, [[new Uint8Array(3), /3 bytes, and the schema wants 2 bytes/]])
  refuses(t, 'bytes', [
    ['text', /the text "text", and the schema wants bytes/],
    [[1, 2], /an array of 2/],
  ])
})

t.test('what avsc writes as something else is refused', async (t) => {
  const defaults = { type: 'record', name: 'D', fields: [{ name: 'a', type: 'int', default: 1 }] }
  refuses(t, defaults, [
    ['text', /the text "text", and the schema wants record D/],
    [[1], /an array of 1, and/],
    [new Map([['a', 2]]), /an object \(Map\)/],
    [new Date(0), /a Date/],
  ])
  refuses(t, { type: 'map', values: 'int' }, [
    [new Map([['a', 1]]), /an object \(Map\), and the schema wants a map/],
    [new Set([1]), /\(Set\)/],
    [Buffer.from('x'), /1 bytes/],
    [Promise.resolve({}), /\(Promise\)/],
  ])
  const letter = { type: 'enum', name: 'Letter', symbols: ['A', 'B'] }
  refuses(t, letter, [
    ['toString', /the text "toString", and the schema wants one of A, B/],
    ['__proto__', /one of A, B/],
    [['A'], /an array of 1/],
    ['C', /the text "C"/],
  ])
  refuses(t, 'float', [[1e300, /a number \(1e\+300\), and the schema wants a number within the range/]])
  t.equal(hex(letter, 'B'), '02')
  t.equal(hex('float', NaN), '0000c07f')
  t.equal(hex('double', Infinity), '000000000000f07f')
}) // prettier-ignore

t.test('text is UTF-8 of any length; an unpaired surrogate is U+FFFD', async (t) => {
  for (const text of ['', 'a', 'é', '€'.repeat(30), '😀', 'x'.repeat(64), 'x'.repeat(65), 'é'.repeat(500)]) {
    t.equal(hex('string', text), plain('string').toBuffer(text).toString('hex'))
  }
  t.equal(hex('string', '\ud800x'), '08efbfbd78')
  t.equal(hex({ type: 'map', values: 'int' }, { '\ud800x': 1 }), '0208efbfbd780200')
}) // prettier-ignore

t.test('a union whose types look alike, and one of them is the record around it', async (t) => {
  const other = { type: 'record', name: 'Other', fields: [{ name: 'w', type: 'int' }] }
  const node = {
    type: 'record',
    name: 'Node',
    fields: [{ name: 'next', type: ['null', 'Node', other] }],
  }
  const value = { next: { Node: { next: { Other: { w: 3 } } } } }
  t.equal(hex(node, value), '020406')
  t.equal(hex(node, value), plain(node).toBuffer(value).toString('hex'))
  const message = /ambiguous union of null, Node, Other: leave wrapUnions out/
  t.throws(() => avro(node, { wrapUnions: 'never' }), { name: 'ConfigError', message })
  t.throws(() => avro(['int', 'int']), { message: /duplicate/ })
  t.throws(() => avro(['int', 'int'], { wrapUnions: 'never' }), { message: /duplicate/ })
})

t.test('a union whose types look alike wants the name around the value', async (t) => {
  const union = ['null', 'int', 'long', { type: 'enum', name: 'my.E', symbols: ['A'] }]
  t.equal(hex(union, { int: 5 }), '020a')
  t.equal(hex(union, { long: 5n }), '040a')
  t.equal(hex(union, null), '00')
  const message = /wants the name of its type around it, null or \{ int: … \} or \{ long: … \} or \{ "my\.E": … \}/
  refuses(t, union, [5, 'A', { float: 1 }, { int: 1, long: 1 }, {}, undefined].map((value) => [value, value === undefined ? /missing/ : message]))
  refuses(t, union, [[{ int: 1.5 }, /value\.int is a number \(1\.5\)/], [{ toString: 1 }, /could not be written|name of its type/]])
  t.equal(hex(['null', 'int'], { int: 5 }, { wrapUnions: 'always' }), '020a')
  t.throws(() => avro(union, { wrapUnions: 'never' }), { message: /ambiguous/ })
  const wrapped = avsc.Type.forSchema(['null', 'int'], { wrapUnions: 'always' })
  t.equal(hex(wrapped, { int: 5 }), '020a', 'as the user’s type has it')
}) // prettier-ignore

t.test('a Date where the schema says that a number is a time', async (t) => {
  const time = (type: string, logicalType: string) => ({ type, logicalType })
  const date = new Date(86_400_000)
  t.equal(hex(time('long', 'timestamp-millis'), date), hex('long', 86_400_000))
  t.equal(hex(time('long', 'timestamp-micros'), date), hex('long', 86_400_000_000))
  t.equal(hex(time('long', 'timestamp-nanos'), date), hex('long', 86_400_000_000_000n))
  t.equal(hex(time('int', 'date'), date), hex('int', 1))
  t.equal(hex(['null', time('long', 'timestamp-millis')], date), `02${hex('long', 86_400_000)}`)
  t.equal(hex(time('long', 'timestamp-millis'), 5n), '0a')
  refuses(t, time('long', 'timestamp-millis'), [[new Date(NaN), /a Date \(NaN ms\).*or a valid Date/]])
  refuses(t, time('int', 'date'), [[new Date(1), /a Date \(1 ms\).*a Date at midnight UTC/]])
  refuses(t, 'long', [[date, /a Date/]])
}) // prettier-ignore

class Euros extends avsc.types.LogicalType {
  protected override _toValue(euros: { cents: number } | null): unknown {
    return euros?.cents
  }

  protected override _fromValue(cents: number): unknown {
    return { cents }
  }

  protected override _resolve(): undefined {
    return undefined
  }
}

t.test('logical types of the user’s', async (t) => {
  const price = { type: 'long', logicalType: 'euros' }
  const record = { type: 'record', name: 'P', fields: [{ name: 'a', type: price }, { name: 'b', type: ['null', price] }] } // prettier-ignore
  const options = { logicalTypes: { euros: Euros } }
  t.equal(hex(record, { a: { cents: 5 }, b: { cents: 6 } }, options), '0a020c')
  t.equal(hex(record, { a: { cents: -(2 ** 53) + 1 }, b: null }, options).slice(-2), '00')
  refuses(t, record, [[{ a: 5, b: null }, /value\.a is a number \(5\), and the schema wants logical:euros/]], options)
  const type = avsc.Type.forSchema(record as unknown as avsc.Type, options)
  t.equal(hex(type, { a: { cents: 5 }, b: null }), '0a00', 'a type that has them is used as it is')
  refuses(t, type, [[{ a: { cents: 5 }, b: null, c: 1 }, /value\.c is no field/], [{ a: 5, b: null }, /value\.a is/]])
  t.equal(hex(type, { a: { cents: 5 }, b: null, c: 1 }, { unknownFields: 'ignore' }), '0a00')
}) // prettier-ignore

t.test('recursive types', async (t) => {
  const list = {
    type: 'record',
    name: 'Node',
    fields: [
      { name: 'value', type: 'int' },
      { name: 'next', type: ['null', 'Node'], default: null },
    ],
  }
  t.equal(hex(list, { value: 1, next: { value: 2 } }), '02020400')
  refuses(t, list, [[{ value: 1, next: { value: 2, nxt: null } }, /value\.next\.nxt is no field of Node/]])
  t.equal(hex(plain(list), { value: 1, next: { value: 2 } }), '02020400')
}) // prettier-ignore

t.test('what the user’s own code throws stays the cause', async (t) => {
  const thrown = new RangeError('mine')
  const value = {
    id: 1,
    get customer(): string {
      throw thrown
    },
  }
  t.match(
    errorOf(() => avro(ORDER)(value)),
    { message: /mine/, cause: thrown },
  )
})

t.test('bytes are never written over: many values, large ones, and one within another', async (t) => {
  const serialize = avro('string')
  const texts = Array.from({ length: 3_000 }, (_, i) => String(i).repeat(i % 50 === 0 ? 9_000 : 7))
  const written = texts.map((text) => serialize(text))
  t.ok(texts.every((text, i) => plain('string').fromBuffer(Buffer.from(written[i] ?? [])) === text))

  const inner: Uint8Array[] = []
  const order = avro<object>(ORDER)
  const value = {
    id: 1,
    get customer(): string {
      inner.push(order({ id: 2, customer: 'inner' }))
      return 'outer'
    },
    note: 'x',
  }
  const outer = order(value)
  const customers = [outer, ...inner].map((bytes) => (plain(ORDER).fromBuffer(Buffer.from(bytes)) as { customer: string }).customer)
  t.strictSame(customers, ['outer', ...inner.map(() => 'inner')])

  let longer = 'x'.repeat(70_000)
  const growing = { id: 1, get customer() { longer += 'y'.repeat(1_000); return longer } }
  t.throws(() => order(growing), { name: 'SerializationError', message: /longer each time/ })
}) // prettier-ignore
