/** Schemas that avsc by itself takes otherwise than Avro says, or looks at for too long. */
import avsc from 'avsc'
import t from 'tap'
import { avro, type AvroOptions, type AvroSchema } from '../../src/avro/avro.js'

const hex = (schema: AvroSchema, value: unknown, options?: AvroOptions): string =>
  Buffer.from(avro(schema, options)(value)).toString('hex')

const enumOf = (name: string, ...symbols: string[]): object => ({ type: 'enum', name, symbols })

t.test('a name with a dot has its namespace in itself', async (t) => {
  const fields = [
    { name: 'x', type: enumOf('k.X', 'A', 'Q') },
    { name: 'y', type: 'X' },
  ]
  const inner = { type: 'record', name: 'k.R', namespace: 'ig', fields }
  const schema = {
    type: 'record',
    name: 'R',
    fields: [
      { name: 'a', type: enumOf('ig.X', 'Q', 'A') },
      { name: 'b', type: inner },
    ],
  }
  const text = JSON.stringify(schema)
  t.equal(hex(schema, { a: 'Q', b: { x: 'A', y: 'A' } }), '000000', 'as fastavro and Avro’s Python')
  t.equal(JSON.stringify(schema), text, 'the user’s is as it was')
  const self = {
    type: 'record',
    name: 'k.T',
    namespace: 'ig',
    fields: [{ name: 'n', type: ['null', 'T'] }],
  }
  t.equal(hex(self, { n: { n: null } }), '0200')
  class Same extends avsc.types.LogicalType {
    override _toValue = (value: unknown): unknown => value
  }
  const logical = { ...self, logicalType: 'same' }
  t.equal(hex(logical, { n: { n: null } }, { logicalTypes: { same: Same } }), '0200')
  const without = {
    type: 'record',
    name: 'T',
    namespace: 'k',
    fields: [{ name: 'n', type: ['null', 'k.T'] }],
  }
  t.equal(hex(without, { n: null }), '00', 'a short name has it beside it')
})

t.test(
  'a logical type of the user’s within itself: each level is not looked at twice as often',
  async (t) => {
    let asked = 0
    class Counted extends avsc.types.LogicalType {
      override _toValue(value: unknown): unknown {
        asked++
        return value
      }
    }
    const fields = [
      { name: 'id', type: 'int' },
      { name: 'next', type: ['null', 'Node'] },
    ]
    const schema = { type: 'record', name: 'Node', logicalType: 'counted', fields }
    const serialize = avro(schema, { logicalTypes: { counted: Counted } })
    const depth = 12
    const nested = (deepest: object): object => {
      let value = deepest
      for (let i = 1; i < depth; i++) value = { id: 1, next: value }
      return value
    }
    t.equal(
      Buffer.from(serialize(nested({ id: 1, next: null }))).toString('hex'),
      '0202'.repeat(depth - 1) + '0200',
    )
    t.ok(asked <= depth ** 2, `asked ${asked} times`)
    asked = 0
    for (const deepest of [
      { id: 'x', next: null },
      { id: 1, next: null, nxt: 1 },
      { id: 1, next: 5 },
    ]) {
      t.throws(() => serialize(nested(deepest)), { name: 'SerializationError' })
    }
    t.ok(asked <= 3 * 3 * depth ** 2, `asked ${asked} times`)
  },
)

t.test('a union with names around its values knows no inherited name', async (t) => {
  for (const wrapUnions of ['auto', 'always'] as const) {
    const serialize = avro(['int', 'long'], { wrapUnions })
    t.equal(Buffer.from(serialize({ long: 5 })).toString('hex'), '020a')
    for (const value of [{ constructor: 5 }, { toString: 5 }, { double: 5 }]) {
      const message =
        /^avro: value is an object with \w+, and the schema wants the name of its type around it/
      t.throws(() => serialize(value), { name: 'SerializationError', message })
    }
  }
})
