/**
 * Serializers of `Producer` that write orders, an object of six fields, whatever value a record has: the
 * library alone, as a user would call it, and Ottla's serializer upon the same library.
 *
 * Neighbours: cases/surfaces.ts lists them, subjects/serializers.ts gives them to a producer;
 * micro/serializers.ts measures them without a producer.
 */
import { create, toBinary } from '@bufbuild/protobuf'
import { Ajv } from 'ajv'
import avsc from 'avsc'
import { avro } from '../../src/avro/avro.js'
import type { Serializer } from '../../src/index.js'
import { validatedJson } from '../../src/json-schema/json-schema.js'
import { protobuf } from '../../src/protobuf/protobuf.js'
import { OrderSchema } from '../../test/protobuf/generated/order_pb.js'

export const AVRO_SCHEMA = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'customer', type: 'string' },
    { name: 'total', type: 'double' },
    { name: 'paid', type: 'boolean' },
    { name: 'note', type: ['null', 'string'], default: null },
    { name: 'tags', type: { type: 'array', items: 'string' } },
  ],
}
export const JSON_SCHEMA = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    customer: { type: 'string' },
    total: { type: 'number' },
    paid: { type: 'boolean' },
    note: { type: ['null', 'string'] },
    tags: { type: 'array', items: { type: 'string' } },
  },
  required: ['id'],
}
export const ORDERS = Array.from({ length: 64 }, (_, i) => ({
  id: 1_700_000_000_000 + i,
  customer: `customer-${i}`,
  total: i * 1.25,
  paid: i % 2 === 0,
  note: i % 3 === 0 ? null : 'leave it at the door',
  tags: ['new', 'gift'],
}))

export type Order = (typeof ORDERS)[number]

/** Such as the generated schema of the tests has: nested, repeated, and a number of 64 bits. */
const MESSAGES = ORDERS.map(({ id, customer, paid, tags }) =>
  create(OrderSchema, {
    ...{ id: String(id), number: BigInt(id), gift: paid, customer: { name: customer } },
    lines: tags.map((article) => ({ article, count: 2 })),
  }),
)

/** By format: the library alone, then Ottla's. */
export const FORMATS = {
  Avro: ['avsc', 'avro()'],
  JSON: ['ajv and JSON.stringify', 'validatedJson()'],
  Protobuf: ['protobuf-es', 'protobuf()'],
} as const

export type SerializerName = (typeof FORMATS)[keyof typeof FORMATS][number]

type Make = () => Serializer<unknown>

const MAKERS: Readonly<Record<SerializerName, Make>> = {
  avsc() {
    const type = avsc.Type.forSchema(AVRO_SCHEMA as unknown as avsc.Type)
    return each(ORDERS, (order) => type.toBuffer(order))
  },
  'avro()': () => each(ORDERS, avro(AVRO_SCHEMA)),
  'ajv and JSON.stringify'() {
    const validate = new Ajv({ allowUnionTypes: true }).compile(JSON_SCHEMA)
    return each(ORDERS, (order) => {
      if (!validate(order)) throw new Error('not an order')
      return JSON.stringify(order)
    })
  },
  'validatedJson()': () =>
    each(ORDERS, validatedJson(new Ajv({ allowUnionTypes: true }).compile(JSON_SCHEMA))),
  'protobuf-es': () => each(MESSAGES, (order) => toBinary(OrderSchema, order)),
  'protobuf()': () => each(MESSAGES, protobuf(OrderSchema)),
}

export function serializerOf(name: SerializerName): Serializer<unknown> {
  return MAKERS[name]()
}

/** Writes them in turn. */
function each<T>(orders: readonly T[], serializer: Serializer<T>): Serializer<unknown> {
  let next = 0
  return (_value, context) => serializer(orders[next++ % orders.length] as T, context)
}
