/** protobufjs: messages that it made, of this type and of others, and fields whose names every object has. */
import protobufjs from 'protobufjs'
import t from 'tap'
import { protobuf } from '../../src/protobuf/protobuf.js'

const CONTEXT = { topic: 't', part: 'value', headers: undefined, setHeader: () => {} } as const

function written(type: protobufjs.Type, value: object): Uint8Array {
  return protobuf(type)(value as never, CONTEXT) as Uint8Array
}

function typeOf(text: string, name = 'A'): protobufjs.Type {
  return protobufjs.parse(text).root.lookupType(name)
}

const NAMES = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf'] as const

t.test('a field of a name that every object has', async (t) => {
  for (const name of NAMES) {
    for (const kind of ['string', 'int64', 'A', 'map<string, int64>']) {
      const type = typeOf(
        `syntax = "proto3"; message A { string id = 1; int64 total = 2; ${kind} ${name} = 3; }`,
      )
      for (const value of [{ id: 'a', total: 5n }, type.create({ id: 'a', total: 5n as never })]) {
        t.same(written(type, value), Buffer.from('0a01611005', 'hex'), `${kind} ${name}: left out`)
      }
    }
    const type = typeOf(`syntax = "proto3"; message A { repeated int32 ${name} = 1; }`)
    t.throws(
      () => written(type, {}),
      { message: / is a function: an array is wanted$/ },
      'protobufjs would write it',
    )
    t.same(written(type, type.create({})), new Uint8Array())
  }
  const type = typeOf(
    'syntax = "proto3"; message A { string constructor = 1; oneof kind { string valueOf = 2; } }',
  )
  t.same(written(type, { constructor: 'a' }), Buffer.from('0a0161', 'hex'), 'given')
  t.throws(() => written(type, { constructor: 5 }), { message: /\.constructor is the number 5/ })
  t.throws(() => written(type, { kind: 'valueOf' }), { message: /names a field that is not set/ })
})

t.test('a message that another type has made', async (t) => {
  const text = `syntax = "proto3"; package shop;
    message A { string id = 1; int32 cents = 2; B b = 3; repeated B all = 4; }
    message B { int32 cents = 7; string id = 9; }`
  const type = typeOf(text, 'shop.A')
  const other = type.root.lookupType('shop.B')
  const b = other.create({ id: 'x' })
  const message = /value is a message shop.B: shop.A is wanted$/
  t.throws(() => written(type, b), { name: 'SerializationError', message })
  const a = type.create({ id: 'x' })
  for (const value of [{ b: a }, type.create({ b: a })]) {
    t.throws(() => written(type, value), { message: /\.b is a message shop.A: shop.B is wanted$/ })
  }
  t.throws(() => written(type, { all: [b, a] }), { message: /\.all\[1\] is a message shop.A/ })
  t.same(written(type, { b }), type.encode({ b }).finish())
  t.same(
    written(typeOf(text, 'shop.A'), a),
    type.encode(a).finish(),
    'of the same schema, loaded twice',
  )
  t.throws(() => written(type, { $type: 'x' }), { message: /\.\$type is not a field of shop.A$/ })
})

t.test('a made message without a field that is required', async (t) => {
  const type = typeOf(`syntax = "proto2";
    message A { required string id = 1; required int32 n = 2; optional A self = 3; required int64 constructor = 4; }`)
  const whole = { id: '', n: 0, constructor: 1n }
  const halves = type.create({ ...whole, constructor: 1 as never })
  t.same(written(type, whole), Buffer.from('0a0010002001', 'hex'))
  t.same(written(type, halves), written(type, whole))
  for (const name of ['id', 'n', 'constructor']) {
    const { [name as 'id']: _, ...rest } = whole
    const message = new RegExp(`value\\.${name} is missing, and the schema requires it$`)
    t.throws(() => written(type, rest), { name: 'SerializationError', message })
    t.throws(() => written(type, type.create(rest)), { message })
    const within = new RegExp(`value\\.self\\.${name} is missing`)
    t.throws(() => written(type, { ...whole, self: type.create(rest) }), {
      message: within,
    })
  }
})
