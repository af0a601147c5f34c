/**
 * Serializers beside the bare libraries: a record of six fields in Avro, and JSON that a schema has
 * checked; by themselves and as with a registry, behind room for five bytes.
 */
import { Ajv } from 'ajv'
import avsc from 'avsc'
import * as zod from 'zod'
import { AvroEncoder } from '../../src/avro/avro-encoder.js'
import { parseType } from '../../src/avro/avro-type.js'
import { avro } from '../../src/avro/avro.js'
import { ajvCheck } from '../../src/json-schema/checks.js'
import { JsonEncoder } from '../../src/json-schema/json-encoder.js'
import { validatedJson } from '../../src/json-schema/json-schema.js'
import { json } from '../../src/serialization/basic.js'
import { AVRO_SCHEMA, JSON_SCHEMA, ORDERS, type Order } from '../support/serialized-orders.js'
import { runMicros } from './harness.js'

const CONTEXT = { topic: 'orders', part: 'value', headers: undefined, setHeader: () => {} } as const

function micro(name: string, lengthOf: (order: Order) => number) {
  const run = (): number => ORDERS.reduce((sum, order) => sum + lengthOf(order), 0)
  return { name, operations: ORDERS.length, run }
}

export function serializerMicros(): void {
  const type = avsc.Type.forSchema(AVRO_SCHEMA as unknown as avsc.Type)
  const own = avro<Order>(AVRO_SCHEMA)
  const lenient = avro<Order>(AVRO_SCHEMA, { unknownFields: 'ignore' })
  const framed = new AvroEncoder<Order>(parseType(AVRO_SCHEMA, {}), {})
  runMicros('Avro, a record of 6 fields', [
    micro('avsc toBuffer', (order) => type.toBuffer(order).length),
    micro('avro()', (order) => own(order).length),
    micro("avro(), unknownFields: 'ignore'", (order) => lenient(order).length),
    micro('behind 5 bytes', (order) => framed.encode(order, 5).length),
    micro('avsc toBuffer, and 5 bytes in front', (order) =>
      Buffer.concat([Buffer.alloc(5), type.toBuffer(order)]).length), // prettier-ignore
  ])
  const validate = new Ajv({ allowUnionTypes: true }).compile(JSON_SCHEMA)
  const schema = zod.object({
    ...{ id: zod.int(), customer: zod.string(), total: zod.number(), paid: zod.boolean() },
    ...{ note: zod.string().nullable(), tags: zod.array(zod.string()) },
  })
  const plain = json<Order>()
  const checked = validatedJson<Order>(validate)
  const parsed = validatedJson(schema)
  const encoder = new JsonEncoder<Order>(ajvCheck(validate))
  const length = (text: unknown): number => (text as string).length
  runMicros('JSON, an object of 6 fields', [
    micro('JSON.stringify', (order) => JSON.stringify(order).length),
    micro('json()', (order) => length(plain(order, CONTEXT))),
    micro('ajv, JSON.stringify', (order) => (validate(order) ? JSON.stringify(order).length : 0)),
    micro('validatedJson(ajv)', (order) => length(checked(order))),
    micro("zod's ~standard.validate, JSON.stringify", (order) => {
      const result = schema['~standard'].validate(order)
      return 'value' in result ? JSON.stringify(result.value).length : 0
    }),
    micro('validatedJson(zod)', (order) => length(parsed(order))),
    micro('ajv, JSON.stringify, Buffer.from', (order) =>
      validate(order) ? Buffer.from(JSON.stringify(order)).length : 0), // prettier-ignore
    micro('ajv, behind 5 bytes', (order) => encoder.encode(order, 5).length),
  ])
}
