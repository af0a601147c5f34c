/**
 * Bare serializers of both libraries: the bytes that the library writes, and an error for each value
 * that the library would have written as something else.
 */
import { runInNewContext } from 'node:vm'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { DescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import protobufjs from 'protobufjs'
import t from 'tap'
import { ConfigError, SerializationError } from '../../src/errors.js'
import { protobuf } from '../../src/protobuf/protobuf.js'
import type { Serialized, Serializer } from '../../src/serialization/serializer.js'
import { MoneySchema } from './generated/money_pb.js'
import { OrderSchema, Status } from './generated/order_pb.js'
import { CreatedSchema } from './generated/simple_pb.js'

const CONTEXT = { topic: 'orders', part: 'value', headers: undefined } as const

const ORDER = {
  id: 'o-1',
  stock: { tea: 3 },
  status: Status.PAID,
  lines: [
    { article: 'tea', count: 2, price: { currency: 'EUR', units: 5n }, discount: { rate: 0.5 } },
  ],
  customer: { name: 'Ottilie' },
  created: { seconds: 1n, nanos: 2 },
  payment: { case: 'card' as const, value: '1234' },
  gift: false,
  signature: Uint8Array.of(1, 2),
  comment: 'é',
  extra: { a: [1, 'b', null] },
  weight: 1.5,
  codes: [-1n, 2n ** 62n],
  number: 2n ** 64n - 1n,
}

/** What a serializer makes of a value that its types forbid. */
function written<T>(serializer: Serializer<T>, value: unknown): Serialized | Promise<Serialized> {
  return serializer(value as T, { ...CONTEXT, setHeader: () => {} })
}

t.test('protobuf-es: a message, and an object that create would take', async (t) => {
  const serializer = protobuf(OrderSchema)
  const message = create(OrderSchema, ORDER)
  const expected = toBinary(OrderSchema, message)
  t.same(written(serializer, message), expected)
  t.same(written(serializer, ORDER), expected)
  const signature: unknown = runInNewContext('Uint8Array.of(1, 2)') // of another realm
  t.same(written(serializer, { ...ORDER, signature }), expected)
  t.same(written(serializer, {}), new Uint8Array())
  t.strictSame(fromBinary(OrderSchema, written(serializer, ORDER) as Uint8Array), message)
  t.same(written(serializer, { id: undefined }), new Uint8Array(), 'undefined is not set')
  for (const payment of [{ case: undefined }, { case: undefined, value: undefined }, undefined]) {
    t.same(written(serializer, { payment }), new Uint8Array(), 'a oneof that is not set')
  }
  t.same(written(protobuf(CreatedSchema), { total: 7 }), Uint8Array.of(16, 7), 'a safe integer')
})

const REFUSED: readonly (readonly [value: unknown, message: RegExp])[] = [
  ['text', / is a string: a message shop.v1.Order is wanted$/],
  [[], / is an array: /],
  [new Map([['id', 'o']]), / is an object \(Map\): a message/],
  [{ id: 7 }, /^Protobuf shop.v1.Order: value.id is the number 7: a string is wanted$/],
  [{ id: null }, /\.id is null: a string/],
  [{ identity: 'x' }, /\.identity is not a field of shop.v1.Order$/],
  [{ lines: [{ article: 'a' }, { artikel: 'b' }] }, /\.lines\[1\]\.artikel is not a field of shop.v1.Order.Line$/],
  [{ lines: {} }, /\.lines is an object \(Object\): an array is wanted$/],
  [{ lines: [{ count: -1 }] }, /\.lines\[0\]\.count is the number -1: an unsigned integer of 32 bits/],
  [{ lines: [{ count: 2 ** 32 }] }, /\.count is the number 4294967296/],
  [{ lines: [{ count: '2' }] }, /\.count is a string/],
  [{ stock: new Map([['tea', 1]]) }, /\.stock is an object \(Map\): an object of entries is wanted$/],
  [{ stock: { tea: 1.5 } }, /\.stock\["tea"\] is the number 1.5/],
  [{ status: 'PAID' }, /\.status is a string: an integer/],
  [{ gift: 'false' }, /\.gift is a string: a boolean/],
  [{ signature: 'AQI=' }, /\.signature is a string: bytes/],
  [{ signature: [1, 2] }, /\.signature is an array: bytes/],
  [{ comment: 7 }, /\.comment is the number 7: a string/],
  [{ extra: 'a' }, /\.extra is a string: an object of JSON/],
  [{ payment: { case: 'cheque', value: 'x' } }, /\.payment\.case is no field of the oneof payment$/],
  [{ payment: { case: 'card', value: 7 } }, /\.payment\.value is the number 7: a string/],
  [{ payment: 'card' }, /\.payment is a string/],
  [{ payment: { value: 'x' } }, /\.payment\.case is undefined, but there is a value: the name of its field is wanted$/],
  [{ payment: { case: undefined, value: 'x' } }, /\.payment\.case is undefined, but/],
  [{ payment: { case: 'card', value: 'x', cash: {} } }, /\.payment\.cash is not of a oneof: \{ case, value \} alone is wanted$/],
  [{ payment: { card: 'x' } }, /\.payment\.card is not of a oneof/],
  [{ payment: new Map([['case', 'card']]) }, /\.payment is an object \(Map\): an object \{ case, value \}/],
  [{ weight: 1e300 }, /\.weight is the number 1e\+300: a number that fits/],
  [{ weight: '1' }, /\.weight is a string: a number/],
  [{ codes: [2n ** 63n] }, /\.codes\[0\] is the bigint 9223372036854775808: a bigint \(int64\) is wanted$/],
  [{ codes: [1.5] }, /\.codes\[0\] is the number 1.5/],
  [{ codes: [2 ** 60] }, /\.codes\[0\] is the number/],
  [{ number: -1n }, /\.number is the bigint -1: a bigint \(uint64\)/],
  [create(MoneySchema), / is a message shop.v1.Money: shop.v1.Order is wanted$/],
  [{ customer: create(MoneySchema) }, /\.customer is a message shop.v1.Money: shop.v1.Customer/],
  [{ $typeName: 'shop.v1.Order', id: 'o' }, /\.\w+ is missing: make the message with create\(\)$/],
] // prettier-ignore

t.test('protobuf-es: what would be written as something else is refused', async (t) => {
  for (const [value, message] of REFUSED) {
    t.throws(() => written(protobuf(OrderSchema), value), { message }, String(message))
    t.throws(() => written(protobuf(OrderSchema), value), SerializationError)
  }
  const message = Object.assign(create(OrderSchema), { id: undefined })
  t.throws(() => written(protobuf(OrderSchema), message), { message: /\.id is missing/ })
})

const { root } = protobufjs.parse(`
  syntax = "proto3";
  package shop;
  message Order {
    string id = 1;
    int64 total = 2;
    repeated Line lines = 3;
    map<string, uint64> stock = 4;
    oneof payment { string card = 5; bytes token = 6; }
    Status status = 7;
    float weight = 8;
    Order parent = 9;
    uint64 number = 10;
    repeated string tags = 11;
    message Line { string article = 1; int32 count = 2; }
  }
  enum Status { UNKNOWN = 0; PAID = 1; }
`)
const OrderType = root.lookupType('shop.Order')

t.test('protobufjs: what its own encode writes', async (t) => {
  const value = { id: 'o', total: 5, lines: [{ article: 'tea', count: 2 }], card: 'x', status: 1 }
  const expected = OrderType.encode(value).finish()
  t.same(written(protobuf(OrderType), value), expected)
  t.same(written(protobuf(OrderType), OrderType.create(value)), expected)
  t.same(written(protobuf(OrderType), { id: null, total: undefined }), new Uint8Array())
})

t.test(
  'protobufjs: the name of a oneof, where it is the one of the field that is set',
  async (t) => {
    const serializer = protobuf(OrderType)
    const expected = OrderType.encode({ card: 'x' }).finish()
    const decoded = OrderType.decode(expected)
    t.equal((decoded as unknown as { payment: string }).payment, 'card', 'as protobufjs has it')
    t.same(written(serializer, decoded), expected)
    t.same(written(serializer, OrderType.create({ card: 'x', payment: 'card' })), expected)
    t.same(written(serializer, OrderType.toObject(decoded, { oneofs: true })), expected)
    t.same(written(serializer, { payment: undefined, card: 'x' }), expected)
    t.same(written(serializer, { payment: null }), new Uint8Array())
  },
)

t.test('protobufjs: Longs of their range, and text of any length', async (t) => {
  const long = (low: number, high: number, unsigned: boolean): object => ({ low, high, unsigned })
  const longs = [
    [{ total: long(-1, -1, false), number: long(-1, -1, true) }, '-1', '18446744073709551615'],
    [{ total: long(-1, 2 ** 31 - 1, true), number: long(5, 1, false) }, '9223372036854775807', '4294967301'],
    [{ total: long(0, -(2 ** 31), false), number: long(2 ** 32 - 1, 2 ** 32 - 1, true) }, '-9223372036854775808', '18446744073709551615'],
  ] as const // prettier-ignore
  for (const [value, total, number] of longs) {
    const read = OrderType.decode(written(protobuf(OrderType), value) as Uint8Array)
    t.same(OrderType.toObject(read, { longs: String }), { total, number })
    t.same(written(protobuf(OrderType), read), written(protobuf(OrderType), value))
  }
  for (const id of ['😀', 'é'.repeat(50), '😀'.repeat(200)]) {
    const read = OrderType.decode(written(protobuf(OrderType), { id }) as Uint8Array)
    t.equal((read as unknown as { id: string }).id, id)
  }
})

t.test('protobufjs: bigints, at any depth, and the value stays as it is', async (t) => {
  const totals = [2n ** 63n - 1n, -(2n ** 63n), -1n, 1n, 2n ** 32n, 0n]
  for (const total of totals) {
    const value = { total, parent: { stock: { a: 2n ** 64n - 1n, b: 1n } } }
    const bytes = written(protobuf(OrderType), value) as Uint8Array
    const read = OrderType.toObject(OrderType.decode(bytes), { longs: BigInt, defaults: true })
    t.equal(read.total, total, String(total))
    t.equal((read.parent as { stock: { a: bigint } }).stock.a, 2n ** 64n - 1n)
    t.equal(value.total, total)
  }
})

const REFUSED_JS: readonly (readonly [value: unknown, message: RegExp])[] = [
  ['text', / is a string: a message shop.Order is wanted$/],
  [{ id: 7 }, /^Protobuf shop.Order: value.id is the number 7: a string is wanted$/],
  [{ identity: 'x' }, /\.identity is not a field of shop.Order$/],
  [new Map(), / is an object \(Map\): a message/],
  [{ total: 'x' }, /\.total is a string: a bigint or Long \(int64\)/],
  [{ total: 2n ** 63n }, /\.total is the bigint/],
  [{ total: 2 ** 60 }, /\.total is the number/],
  [{ stock: { a: -1n } }, /\.stock\["a"\] is the bigint -1/],
  [{ lines: [{ count: 2 ** 31 }] }, /\.lines\[0\]\.count is the number 2147483648: an integer of 32 bits/],
  [{ token: 'AQI=' }, /\.token is a string: bytes/],
  [{ card: 'x', token: Uint8Array.of(1) }, /\.payment: multiple values$/],
  [{ status: 'PAID' }, /\.status is a string/],
  [{ weight: 1e300 }, /\.weight is the number/],
  [{ payment: { case: 'card', value: 'x' } }, /\.payment is an object \(Object\): it is a oneof, whose fields \(card, token\) are the message's own$/],
  [{ payment: 5 }, /\.payment is the number 5: it is a oneof/],
  [{ payment: 'zzz', card: 'x' }, /\.payment is a string: it is a oneof/],
  [{ payment: 'card' }, /\.payment names a field that is not set: it is a oneof/],
  [{ payment: 'token', card: 'x' }, /\.payment names a field that is not set: /],
  [{ payment: 'card', card: null }, /\.payment names a field that is not set: /],
  [{ id: 'a\ud800b' }, /\.id has an unpaired surrogate, which UTF-8 cannot carry: whole text is wanted$/],
  [{ tags: ['a', '\udc00' + 'b'.repeat(200)] }, /\.tags\[1\] has an unpaired surrogate/],
  [{ total: { low: -1, high: -1, unsigned: true } }, /\.total is a Long beyond its range: a bigint or Long \(int64\) is wanted$/],
  [{ total: { low: 0, high: 2 ** 31 } }, /\.total is a Long beyond its range/],
  [{ number: { low: -1, high: -1, unsigned: false } }, /\.number is a Long beyond its range: a bigint or Long \(uint64\)/],
  [{ number: { low: 2 ** 32, high: 0, unsigned: true } }, /\.number is a Long beyond its range/],
  [{ number: { low: 0, high: 1.5, unsigned: true } }, /\.number is an object \(Object\): a bigint or Long/],
  [{ parent: { parent: { id: 1 } } }, /\.parent\.parent\.id is the number 1/],
] // prettier-ignore

t.test('protobufjs: what would be written as something else is refused', async (t) => {
  for (const [value, message] of REFUSED_JS) {
    t.throws(() => written(protobuf(OrderType), value), { message }, String(message))
    t.throws(() => written(protobuf(OrderType), value), SerializationError)
  }
})

t.test('a required field that is missing', async (t) => {
  const type = protobufjs.parse('syntax = "proto2"; message A { required string id = 1; }').root
  t.throws(() => written(protobuf(type.lookupType('A')), {}), SerializationError)
})

t.test('a schema of neither library', async (t) => {
  for (const schema of [null, {}, 'shop.Order', () => {}]) {
    t.throws(() => protobuf(schema as never), ConfigError)
  }
})

/** A value without `$typeName`: it is looked at in full. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const entries = Object.entries(value).filter(([name]) => name !== '$typeName')
  return Object.fromEntries(entries.map(([name, item]) => [name, plain(item)]))
}

function outcome(serializer: Serializer<object>, value: unknown): string {
  try {
    return Buffer.from(written(serializer, value) as Uint8Array).toString('hex')
  } catch (error) {
    return (error as Error).message
  }
}

t.test(
  'protobuf-es: made messages and plain objects are judged alike, whatever is in them',
  async () => {
    const serializer: Serializer<object> = protobuf(OrderSchema)
    const holders = [[], ['lines', 0], ['lines', 0, 'price'], ['customer'], ['payment'], ['stock']]
    const fields = [
      'id',
      'article',
      'name',
      'units',
      'case',
      'gift',
      'codes',
      'tea',
      'lines',
      'slip',
    ]
    const items = fc.oneof(
      fc.constantFrom<unknown>(null, 5, 5n, '', 'x', true, [], {}, 2 ** 40, NaN, Uint8Array.of(1)),
      // No object: the library takes none that is not made, within one that is.
      fc.array(fc.constantFrom<unknown>(1n, 'x', 2, null)),
    )
    const change = fc.tuple(fc.constantFrom(...holders), fc.constantFrom(...fields), items)
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), fc.boolean(), (changes, isLast) => {
        const order = create(OrderSchema, structuredClone(ORDER)) // what is changed is this run's own
        for (const [path, field, item] of changes) {
          const at = (value: unknown, name: string | number): unknown =>
            (value as Record<string, unknown> | null | undefined)?.[name]
          const holder: unknown = path.reduce(at, order)
          if (typeof holder !== 'object' || holder === null) continue
          if (isLast) Reflect.deleteProperty(holder, field) // then it is set last
          Reflect.set(holder, field, structuredClone(item))
        }
        return outcome(serializer, order) === outcome(serializer, plain(order))
      }),
      { numRuns: 1_000 },
    )
  },
)

t.test(
  'protobuf-es: what is deep within is not looked at again for each message around it',
  async (t) => {
    const depth = 14
    for (const isMade of [true, false]) {
      let reads = 0
      const make = (value: object): object =>
        isMade ? create(DescriptorProtoSchema, value) : value
      const deepest = make({})
      Object.defineProperty(deepest, 'name', { enumerable: true, get: () => (reads++, 5) })
      let message = deepest
      for (let i = 0; i < depth; i++) message = make({ nestedType: [message] })
      const fault = `value${'.nestedType[0]'.repeat(depth)}.name is `
      t.ok(outcome(protobuf(DescriptorProtoSchema), message).includes(fault))
      t.ok(reads <= 4, `read ${reads} times`)
    }
  },
)
