/** protobuf-es: values that the library would write without what is in them, or as others. */
import {
  create,
  createFileRegistry,
  fromBinary,
  toBinary,
  type DescMessage,
} from '@bufbuild/protobuf'
import {
  BytesValueSchema,
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
  FieldOptions_JSType as JsType,
  FileDescriptorProtoSchema,
  Int64ValueSchema,
  StructSchema,
  ValueSchema,
} from '@bufbuild/protobuf/wkt'
import protobufjs from 'protobufjs'
import t, { type Test } from 'tap'
import { SerializationError } from '../../src/errors.js'
import { protobuf } from '../../src/protobuf/protobuf.js'
import { OrderSchema, type Status } from './generated/order_pb.js'

const CONTEXT = { topic: 't', part: 'value', headers: undefined, setHeader: () => {} } as const

function written(schema: DescMessage, value: unknown): Uint8Array {
  return protobuf(schema)(value as never, CONTEXT) as Uint8Array
}

/** Plain, and within a message that create made. */
function refused(
  t: Test,
  schema: DescMessage,
  field: string,
  value: unknown,
  message: RegExp,
): void {
  const made = Object.assign(create(schema), { [field]: value })
  for (const it of [made, { [field]: value }]) {
    t.throws(() => written(schema, it), { name: 'SerializationError', message }, String(message))
  }
}

/** proto2: with what generated code for it would say. */
function messageOf(field: object, enums: readonly object[] = []): DescMessage {
  const file = create(FileDescriptorProtoSchema, {
    name: 'a.proto',
    package: 'a',
    messageType: [
      { name: 'A', field: [{ name: 'it', number: 1, label: Label.OPTIONAL, ...field }] },
    ],
    enumType: [...enums],
  })
  return createFileRegistry(file, () => undefined).getMessage('a.A') as DescMessage
}

t.test('holes of a list are no empty messages', async (t) => {
  refused(
    t,
    DescriptorProtoSchema,
    'nestedType',
    [{}, , {}],
    /\.nestedType\[1\] is undefined: a message/,
  )
  refused(t, DescriptorProtoSchema, 'nestedType', new Array(2), /\.nestedType\[0\] is undefined/)
  refused(
    t,
    DescriptorProtoSchema,
    'reservedName',
    new Array(2),
    /\.reservedName\[0\] is undefined/,
  )
})

t.test('a Struct is JSON, at any depth', async (t) => {
  const extra = { text: 'a', none: null, list: [1.5, [true], {}], object: { a: { b: 'c' } } }
  for (const value of [{ extra }, create(OrderSchema, { extra })]) {
    t.strictSame(fromBinary(OrderSchema, written(OrderSchema, value)).extra, extra)
  }
  const bare = Object.assign(Object.create(null) as object, { a: 1 })
  t.strictSame(fromBinary(OrderSchema, written(OrderSchema, { extra: bare })).extra, { a: 1 })
  const values: readonly (readonly [value: unknown, message: RegExp])[] = [
    [new Map([['a', 1]]), / is an object \(Map\): an object of JSON is wanted$/],
    [new Date(0), / is an object \(Date\)/],
    [Buffer.from('ab'), / is an object \(Buffer\)/],
    [create(StructSchema), / is a message google.protobuf.Struct: an object of JSON is wanted$/],
    [create(ValueSchema), / is a message google.protobuf.Value/],
    [create(DescriptorProtoSchema), / is a message google.protobuf.DescriptorProto/],
    [new Map(), / is an object \(Map\)/],
  ]
  for (const [value, message] of values) {
    refused(t, OrderSchema, 'extra', value, new RegExp(`\\.extra${message.source}`))
    refused(
      t,
      OrderSchema,
      'extra',
      { a: [{ b: value }] },
      new RegExp(`\\.extra\\["a"\\]\\[0\\]\\["b"\\]${message.source}`),
    )
  }
  const parts: readonly (readonly [value: unknown, message: RegExp])[] = [
    [5n, / is the bigint 5: a value of JSON is wanted$/],
    [() => {}, / is a function/],
    [Symbol('a'), / is a symbol/],
    [NaN, / is the number NaN/],
    [-Infinity, / is the number -Infinity/],
    [undefined, / is undefined, which JSON has not: give null, or leave it out$/],
    [new Array(1), /\[0\] is undefined/],
  ]
  for (const [value, message] of parts) {
    refused(t, OrderSchema, 'extra', { a: value }, new RegExp(`\\.extra\\["a"\\]${message.source}`))
  }
  refused(t, OrderSchema, 'extra', { '\ud800': 1 }, /is not a key/)
})

t.test('bytes whose ArrayBuffer was transferred away, in both libraries', async (t) => {
  const gone = Uint8Array.of(1, 2, 3)
  structuredClone(gone, { transfer: [gone.buffer] })
  refused(
    t,
    BytesValueSchema,
    'value',
    gone,
    /\.value is bytes whose ArrayBuffer was transferred away$/,
  )
  t.same(written(BytesValueSchema, { value: new Uint8Array() }), new Uint8Array())
  const type = protobufjs.parse(
    'syntax="proto3"; message A { bytes one = 1; repeated bytes all = 2; }',
  )
  const serializer = protobuf(type.root.lookupType('A'))
  for (const value of [{ one: gone }, { all: [Uint8Array.of(1), gone] }]) {
    t.throws(() => serializer(value, CONTEXT), { message: /transferred away/ })
  }
  t.same(serializer({ all: [new Uint8Array()] }, CONTEXT), Uint8Array.of(0x12, 0))
})

t.test('text for 64 bits: where the field says so, and as decimals that fit', async (t) => {
  for (const text of ['', ' ', '0x10', '\n7', '7']) {
    refused(
      t,
      Int64ValueSchema,
      'value',
      text,
      /\.value is a string: a bigint \(int64\) is wanted$/,
    )
  }
  const options = { jstype: JsType.JS_STRING }
  const signed = messageOf({ type: Type.INT64, options })
  const unsigned = messageOf({ type: Type.FIXED64, options, label: Label.REPEATED })
  for (const it of [`${2n ** 63n - 1n}`, `${-(2n ** 63n)}`, '0', '-1']) {
    const bytes = written(signed, { it })
    t.match(fromBinary(signed, bytes), { it })
    t.same(written(signed, { it: BigInt(it) }), bytes, 'bigints, too')
  }
  for (const it of ['', '0x10', '1.5', '+1', '01', 'abc', `${2n ** 63n}`, 2n ** 63n, 1.5, true]) {
    refused(t, signed, 'it', it, /\.it is .*: decimal text or a bigint \(int64\) is wanted$/)
  }
  const all = ['0', `${2n ** 64n - 1n}`]
  t.match(fromBinary(unsigned, written(unsigned, { it: all })), { it: all })
  refused(t, unsigned, 'it', ['-1'], /\.it\[0\] is a string: decimal text or a bigint \(uint64\)/)
})

t.test('a closed enum has no other numbers', async (t) => {
  const enums = [
    create(EnumDescriptorProtoSchema, {
      name: 'E',
      value: [
        { name: 'A', number: 0 },
        { name: 'B', number: 5 },
      ],
    }),
  ]
  const schema = messageOf({ type: Type.ENUM, typeName: '.a.E' }, enums)
  t.same(written(schema, { it: 5 }), Uint8Array.of(8, 5))
  refused(t, schema, 'it', 4, /\.it is the number 4: a number of the enum a.E is wanted$/)
  t.same(
    written(OrderSchema, { status: 99 }),
    toBinary(OrderSchema, create(OrderSchema, { status: 99 as Status })),
    'open',
  )
})

t.test(
  'fields that a reader did not know: written again from a message, and from no other object',
  async (t) => {
    const bytes = toBinary(
      FieldDescriptorProtoSchema,
      create(FieldDescriptorProtoSchema, { jsonName: 'a' }),
    )
    const message = fromBinary(BytesValueSchema, bytes)
    t.ok(message.$unknown)
    t.same(written(BytesValueSchema, message), bytes)
    const { $unknown } = message
    t.throws(() => written(BytesValueSchema, { $unknown }), {
      message: /value\.\$unknown is not a field of google.protobuf.BytesValue$/,
    })
    t.throws(() => written(BytesValueSchema, { $unknown }), SerializationError)
  },
)
