/**
 * What is written in each format, and what a reader must make of it: records with nested records and
 * with a schema that refers to another, in a first and a second version, and a third version that a
 * registry must refuse.
 *
 * Neighbours: formats.broker.test.ts writes and reads them.
 */
import { create } from '@bufbuild/protobuf'
import { Ajv } from 'ajv'
import { readFileSync } from 'node:fs'
import { avroSerializer } from '../../src/avro/avro.js'
import { jsonSchemaSerializer } from '../../src/json-schema/json-schema.js'
import { protobufSerializer } from '../../src/protobuf/protobuf.js'
import type {
  RegistrySerializerOptions,
  SchemaDefinition,
  SchemaReference,
  SchemaSerializer,
  SchemaType,
} from '../../src/schema-registry/schema-registry.js'
import { projectFile } from '../broker/project.js'
import { Order_LineSchema, OrderSchema, Status } from '../protobuf/generated/order_pb.js'
import { CreatedSchema as Created1Schema } from '../protobuf/generated/simple_pb.js'
import { CreatedSchema as Created2Schema } from '../protobuf/generated/simple_v2_pb.js'

/** Makes a serializer; `references` are those of the format's `referred`, registered. */
export type MakeSerializer = (
  options: RegistrySerializerOptions,
  references: readonly SchemaReference[],
) => SchemaSerializer<never>

/** A value, and what a reader makes of it. */
export interface WrittenValue {
  readonly value: unknown
  readonly read: unknown
}

/** One way to write. */
export interface WrittenVersion {
  readonly make: MakeSerializer
  readonly values: readonly WrittenValue[]
}

export interface WrittenFormat {
  readonly name: string
  readonly schemaType: SchemaType
  /** Registered by the test before `nested`; null where the serializer registers it itself. */
  readonly referred: { readonly name: string; readonly definition: SchemaDefinition } | null
  /** Records within records, and the schema that is referred to. */
  readonly nested: WrittenVersion
  /** The second has one field more; a reader of the second reads both. */
  readonly evolved: readonly [first: WrittenVersion, second: WrittenVersion]
  /** What a reader of the second version makes of the first's values. */
  readonly readBySecond: readonly unknown[]
  /** Where the level is BACKWARD: the second is refused as the next version. */
  readonly incompatible: readonly [accepted: WrittenVersion, refused: WrittenVersion]
}

/** For values that are read as they were written. */
function same(...values: readonly unknown[]): WrittenValue[] {
  return values.map((value) => ({ value, read: value }))
}

function avro(schema: object, values: readonly WrittenValue[]): WrittenVersion {
  return {
    make: (options, references) => avroSerializer({ ...options, schema, references }),
    values,
  }
}

function json(schema: object, values: readonly WrittenValue[]): WrittenVersion {
  const make: MakeSerializer = (options, references) =>
    jsonSchemaSerializer({ ...options, schema, references, ajv: new Ajv({ strict: false }) })
  return { make, values }
}

function avroRecord(name: string, ...fields: readonly object[]): object {
  return { type: 'record', name, namespace: 'shop', fields }
}

const AVRO_CUSTOMER = avroRecord('Customer', { name: 'name', type: 'string' })
const AVRO_LINE = avroRecord(
  'Line',
  { name: 'article', type: 'string' },
  { name: 'count', type: 'int' },
)
const ID = { name: 'id', type: 'string' }
const TOTAL = { name: 'total', type: 'long' }
const NOTE = { name: 'note', type: 'string', default: '' }

const AVRO: WrittenFormat = {
  name: 'Avro',
  schemaType: 'AVRO',
  referred: { name: 'shop.Customer', definition: { schema: JSON.stringify(AVRO_CUSTOMER) } },
  nested: avro(
    avroRecord(
      'Order',
      ID,
      { name: 'customer', type: 'shop.Customer' },
      { name: 'lines', type: { type: 'array', items: AVRO_LINE } },
      { name: 'comment', type: ['null', 'string'] },
    ),
    same(
      { id: 'o-1', customer: { name: 'é' }, lines: [{ article: 'tea', count: -2 }], comment: null },
      { id: 'o-2', customer: { name: '' }, lines: [], comment: 'x' },
    ),
  ),
  evolved: [
    avro(
      avroRecord('Created', ID, TOTAL),
      same({ id: 'a', total: 1 }, { id: 'b', total: -(2 ** 40) }),
    ),
    avro(avroRecord('Created', ID, TOTAL, NOTE), same({ id: 'c', total: 3, note: 'new' })),
  ],
  readBySecond: [
    { id: 'a', total: 1, note: '' },
    { id: 'b', total: -(2 ** 40), note: '' },
  ],
  incompatible: [
    avro(avroRecord('Created', ID), same({ id: 'a' })),
    avro(
      avroRecord('Created', ID, { name: 'weight', type: 'double' }),
      same({ id: 'd', weight: 1 }),
    ),
  ],
}

function jsonObject(title: string, properties: object, required: readonly string[]): object {
  const $schema = 'http://json-schema.org/draft-07/schema#'
  return { $schema, title, type: 'object', properties, required, additionalProperties: false }
}

const TEXT = { type: 'string' }
const JSON_CUSTOMER = jsonObject('Customer', { name: TEXT }, ['name'])
const JSON_LINE = jsonObject('Line', { article: TEXT, count: { type: 'integer' } }, ['article'])

const JSON_SCHEMA: WrittenFormat = {
  name: 'JSON Schema',
  schemaType: 'JSON',
  referred: {
    name: 'customer.json',
    definition: { schemaType: 'JSON', schema: JSON.stringify(JSON_CUSTOMER) },
  },
  nested: json(
    jsonObject(
      'Order',
      { id: TEXT, customer: { $ref: 'customer.json' }, lines: { type: 'array', items: JSON_LINE } },
      ['id', 'customer'],
    ),
    same({ id: 'o-1', customer: { name: 'é' }, lines: [{ article: 'tea', count: 2 }] }),
  ),
  evolved: [
    json(
      jsonObject('Created', { id: TEXT, total: { type: 'integer' } }, ['id']),
      same({ id: 'a', total: 1 }),
    ),
    json(
      jsonObject('Created', { id: TEXT, total: { type: 'integer' }, note: TEXT }, ['id']),
      same({ id: 'c', total: 3, note: 'new' }),
    ),
  ],
  readBySecond: [{ id: 'a', total: 1 }],
  incompatible: [
    json(jsonObject('Created', { id: TEXT }, ['id']), same({ id: 'a' })),
    json(jsonObject('Created', { id: { type: 'integer' } }, ['id']), same({ id: 7 })),
  ],
}

const ORDER = create(OrderSchema, {
  id: 'o-1',
  stock: { tea: 3 },
  status: Status.PAID,
  lines: [{ article: 'tea', count: 2, price: { currency: 'EUR', units: 2n ** 53n + 1n } }],
  customer: { name: 'é' },
  created: { seconds: 1n, nanos: 2 },
  payment: { case: 'cash', value: { currency: 'EUR', units: -1n } },
  gift: false,
  comment: 'x',
})
const LINE = create(Order_LineSchema, { article: 'cup', discount: { rate: 0.5 } })

// Apicurio 3.0.9 compares texts alone: with a level, a descriptor ends in an error 500.
const SIMPLE = readFileSync(projectFile('test/protobuf/proto/shop/v1/simple.proto'), 'utf8')

function ofText(proto: string): WrittenVersion {
  const make: MakeSerializer = (options) =>
    protobufSerializer({ ...options, schema: Created1Schema, proto })
  return { make, values: same({ id: 'd' }) }
}

const PROTOBUF: WrittenFormat = {
  name: 'Protobuf',
  schemaType: 'PROTOBUF',
  referred: null,
  nested: {
    make: (options) => protobufSerializer({ ...options, schema: [OrderSchema, Order_LineSchema] }),
    values: same(ORDER, LINE, create(OrderSchema)),
  },
  evolved: [
    {
      make: (options) => protobufSerializer({ ...options, schema: Created1Schema }),
      values: [
        { value: { id: 'a', total: 1n }, read: create(Created1Schema, { id: 'a', total: 1n }) },
      ],
    },
    {
      make: (options) => protobufSerializer({ ...options, schema: Created2Schema }),
      values: same(create(Created2Schema, { id: 'c', total: 3n, note: 'new' })),
    },
  ],
  readBySecond: [create(Created1Schema, { id: 'a', total: 1n })], // the reader knows the writer's alone
  incompatible: [ofText(SIMPLE), ofText(SIMPLE.replace('string id', 'bool id'))],
}

export const FORMATS: readonly WrittenFormat[] = [AVRO, JSON_SCHEMA, PROTOBUF]
