/**
 * The keys of maps, with both libraries: a key is text in JavaScript, and each library makes of text
 * that is none of the key's type one that is, or loses an entry.
 */
import { create, createFileRegistry, fromBinary, type DescMessage } from '@bufbuild/protobuf'
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt'
import protobufjs from 'protobufjs'
import t from 'tap'
import { SerializationError } from '../../src/errors.js'
import { protobuf } from '../../src/protobuf/protobuf.js'
import type { Serializer } from '../../src/serialization/serializer.js'

const CONTEXT = { topic: 'maps', part: 'value', headers: undefined, setHeader: () => {} } as const

/** Every type that a key may have. */
const KEY_TYPES = {
  ...{ string: Type.STRING, bool: Type.BOOL },
  ...{ int32: Type.INT32, sint32: Type.SINT32, sfixed32: Type.SFIXED32 },
  ...{ uint32: Type.UINT32, fixed32: Type.FIXED32 },
  ...{ int64: Type.INT64, sint64: Type.SINT64, sfixed64: Type.SFIXED64 },
  ...{ uint64: Type.UINT64, fixed64: Type.FIXED64 },
}
type KeyType = keyof typeof KEY_TYPES
const KEY_NAMES = Object.keys(KEY_TYPES) as KeyType[]

/** The message `maps.M`, of protobuf-es: a map for each type of key, named as that. */
function descriptor(): DescMessage {
  const label = Label.OPTIONAL
  const entry = (name: KeyType): object => ({
    name: `E${name}`,
    options: { mapEntry: true },
    field: [
      { name: 'key', number: 1, type: KEY_TYPES[name], label },
      { name: 'value', number: 2, type: Type.INT32, label },
    ],
  })
  const field = (name: KeyType, index: number): object => ({
    ...{ name: `m${name}`, jsonName: `m${name}`, number: index + 1 },
    ...{ type: Type.MESSAGE, label: Label.REPEATED, typeName: `.maps.M.E${name}` },
  })
  const file = create(FileDescriptorProtoSchema, {
    ...{ name: 'maps.proto', package: 'maps', syntax: 'proto3' },
    messageType: [{ name: 'M', field: KEY_NAMES.map(field), nestedType: KEY_NAMES.map(entry) }],
  })
  const set = create(FileDescriptorSetSchema, { file: [file] })
  return createFileRegistry(set).getMessage('maps.M') as DescMessage
}

const MapsSchema = descriptor()
const MAPS = KEY_NAMES.map((name, index) => `map<${name}, int32> m${name} = ${index + 1};`)
const MapsType = protobufjs
  .parse(`syntax = "proto3"; package maps; message M { ${MAPS.join(' ')} }`)
  .root.lookupType('maps.M')

interface Library {
  readonly name: string
  readonly serializer: Serializer<object>
  readonly read: (bytes: Uint8Array) => object
}

const LIBRARIES: readonly Library[] = [
  {
    name: 'protobuf-es',
    serializer: protobuf(MapsSchema) as Serializer<object>,
    read: (bytes) => fromBinary(MapsSchema, bytes),
  },
  {
    name: 'protobufjs',
    serializer: protobuf(MapsType),
    read: (bytes) => MapsType.toObject(MapsType.decode(bytes), { longs: String }),
  },
]

function write(serializer: Serializer<object>, value: object): Uint8Array {
  return serializer(value, CONTEXT) as Uint8Array
}

/** Null where the value was written. */
function faultOf(serializer: Serializer<object>, value: object): unknown {
  try {
    write(serializer, value)
    return null
  } catch (error) {
    return error
  }
}

const INT32 = ['-2147483648', '-7', '0', '7', '2147483647']
const UINT32 = ['0', '7', '10', '4294967295']
const INT64 = ['-9223372036854775808', '-7', '0', '12345678', '-1234567', '9223372036854775807']
const UINT64 = ['0', '12345678', '9223372036854775808', '18446744073709551615']

const TAKEN: Readonly<Record<KeyType, readonly string[]>> = {
  ...{ string: ['', 'a', '05', '😀', '__proto__'], bool: ['true', 'false'] },
  ...{ int32: INT32, sint32: INT32, sfixed32: INT32, uint32: UINT32, fixed32: UINT32 },
  ...{ int64: INT64, sint64: INT64, sfixed64: INT64, uint64: UINT64, fixed64: UINT64 },
}

t.test('keys of their type are written as they are', async (t) => {
  for (const { name, serializer, read } of LIBRARIES) {
    for (const type of KEY_NAMES) {
      const map = Object.fromEntries(TAKEN[type].map((key, index) => [key, index]))
      const found = (read(write(serializer, { [`m${type}`]: map })) as Record<string, object>)[
        `m${type}`
      ]
      t.strictSame(
        Object.entries(found ?? {}).sort(),
        Object.entries(map).sort(),
        `${name} ${type}`,
      )
    }
  }
})

const NO_INTEGERS = ['', ' 5 ', '0x10', '1e2', '1.5', '05', '-0', '+5', '--5', '5\n', 'abc', 'abcdefgh', '١'] // prettier-ignore
const NO_INT32 = [...NO_INTEGERS, '2147483648', '-2147483649', '4294967296', '9'.repeat(30)]
const NO_UINT32 = [...NO_INTEGERS, '-1', '4294967296', '18446744073709551616']
const NO_INT64 = [...NO_INTEGERS, '9223372036854775808', '-9223372036854775809', '9'.repeat(30)]
const NO_UINT64 = [...NO_INTEGERS, '-1', '18446744073709551616', '9'.repeat(30)]

const REFUSED: Readonly<Record<KeyType, readonly string[]>> = {
  ...{ string: ['a\ud800b', '\udc00'], bool: ['', 'False', 'True', '0', '1', 'truely', 'yes'] },
  ...{ int32: NO_INT32, sint32: NO_INT32, sfixed32: NO_INT32 },
  ...{ uint32: NO_UINT32, fixed32: NO_UINT32 },
  ...{ int64: NO_INT64, sint64: NO_INT64, sfixed64: NO_INT64 },
  ...{ uint64: NO_UINT64, fixed64: NO_UINT64 },
}

t.test('keys that are none of their type are refused, wherever they stand', async (t) => {
  for (const { name, serializer } of LIBRARIES) {
    for (const type of KEY_NAMES) {
      for (const key of REFUSED[type]) {
        const place = `.m${type}[${JSON.stringify(key)}] is not a key: `
        const title = `${name} ${type} ${place}`
        const value = { [`m${type}`]: { [TAKEN[type][0] as string]: 1, [key]: 7 } }
        const error = faultOf(serializer, value)
        t.ok(error instanceof SerializationError && error.message.includes(place), title)
      }
    }
  }
})

t.test('what is wanted of a key', async (t) => {
  const wants = [
    ['int32', '1.5', 'an integer of 32 bits'],
    ['fixed32', '-1', 'an unsigned integer of 32 bits'],
    ['sint64', '', 'an integer of 64 bits'],
    ['uint64', '-1', 'an unsigned integer of 64 bits'],
  ] as const
  for (const { serializer } of LIBRARIES) {
    for (const [type, key, what] of wants) {
      const message = `Protobuf maps.M: value.m${type}[${JSON.stringify(key)}] is not a key: ${what}, in decimal, is wanted`
      t.throws(() => write(serializer, { [`m${type}`]: { [key]: 7 } }), { message })
    }
    const message = `Protobuf maps.M: value.mbool["1"] is not a key: "true" or "false" is wanted`
    t.throws(() => write(serializer, { mbool: { 1: 7 } }), { message })
    const half = `Protobuf maps.M: value.mstring["\\ud800"] is not a key: text without an unpaired surrogate, which UTF-8 cannot carry, is wanted`
    t.throws(() => write(serializer, { mstring: { '\ud800': 7 } }), { message: half })
  }
})

t.test(
  'protobufjs: a message that it has decoded has keys of 64 bits as 8 characters',
  async (t) => {
    const keys = { mint64: { '-7': 1, '7017280452245743464': 2 }, mfixed64: { 7: 3 } }
    const bytes = write(protobuf(MapsType), keys)
    const decoded = MapsType.decode(bytes)
    t.same(write(protobuf(MapsType), decoded), bytes)
    const { mint64 } = decoded as unknown as { readonly mint64: object }
    t.ok(
      Object.keys(mint64).every((key) => key.length === 8),
      'else there is nothing to be taken',
    )
    t.throws(() => write(protobuf(MapsType), { mint64: { ...mint64 } }), SerializationError)
    t.throws(() => write(protobuf(MapsType), MapsType.create({ mint64: { 1.5: 1 } })), {
      message: /\.mint64\["1\.5"\] is not a key/,
    })
  },
)
