/** Any schema and any value of it: what is written is read back by avsc, and is what avsc writes. */
import avsc from 'avsc'
import fc from 'fast-check'
import t from 'tap'
import { avro } from '../../src/avro/avro.js'

/** A schema, and the values that it takes. */
interface Sample {
  readonly schema: unknown
  readonly values: fc.Arbitrary<unknown>
}

let names = 0
const name = (): string => `T${(names++).toString()}`
const sample = (schema: unknown, values: fc.Arbitrary<unknown>): Sample => ({ schema, values })

const SCALARS: readonly Sample[] = [
  sample('null', fc.constant(null)),
  sample('boolean', fc.boolean()),
  sample('int', fc.integer()),
  // What avsc itself writes right; fc.integer leaves ranges of more than 53 bits.
  sample('long', fc.bigInt({ min: -(2n ** 52n), max: 2n ** 53n - 2n }).map(Number)),
  sample('double', fc.double()),
  sample('float', fc.float()),
  sample('string', fc.string({ unit: 'grapheme' })),
  sample(
    'bytes',
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  ),
]

/** A record that has others of itself, and in a union with one that looks alike. */
function recursive({ schema, values }: Sample): Sample {
  const [self, other] = [name(), name()]
  const empty = { type: 'record', name: other, fields: [] }
  const fields = [
    { name: 'value', type: schema },
    { name: 'one', type: ['null', self] },
    { name: 'many', type: { type: 'array', items: [self, empty] } },
  ]
  const { node } = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.record({
      value: values,
      one: fc.option(tie('node'), { depthIdentifier: self }),
      many: fc.array(
        fc.oneof(fc.constant({ [other]: {} }), tie('node').map((it) => ({ [self]: it }))),
        { maxLength: 2, depthIdentifier: self },
      ),
    }, { noNullPrototype: true }),
  }))
  return sample({ type: 'record', name: self, fields }, node)
} // prettier-ignore

const SAMPLES: fc.Arbitrary<Sample> = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom(...SCALARS),
    fc.integer({ min: 1, max: 9 }).map((size) => {
      const bytes = fc.uint8Array({ minLength: size, maxLength: size })
      return sample({ type: 'fixed', name: name(), size }, bytes.map((it) => Buffer.from(it)))
    }),
    fc.constant(['A', 'B', 'C']).map((symbols) => sample({ type: 'enum', name: name(), symbols }, fc.constantFrom(...symbols))),
    tie('sample').map(({ schema, values }) => sample({ type: 'array', items: schema }, fc.array(values, { maxLength: 5 }))),
    tie('sample').map(({ schema, values }) => sample({ type: 'map', values: schema }, fc.dictionary(fc.string(), values, { maxKeys: 4, noNullPrototype: true }))),
    tie('sample').filter(({ schema }) => schema !== 'null' && !Array.isArray(schema)).map(({ schema, values }) => sample(['null', schema], fc.option(values))),
    tie('sample').map(recursive),
    fc.array(tie('sample'), { maxLength: 5 }).map((fields) => {
      const entries = fields.map(({ values }, i) => [`f${i}`, values])
      return sample(
        { type: 'record', name: name(), fields: fields.map(({ schema }, i) => ({ name: `f${i}`, type: schema })) },
        fc.record(Object.fromEntries(entries) as Record<string, fc.Arbitrary<unknown>>, { noNullPrototype: true }),
      )
    }),
  ),
})).sample // prettier-ignore

/** avsc's reader loses a map's entry of this name (it sets the prototype); what was written is whole. */
const losesEntries = (bytes: Buffer): boolean => bytes.includes('__proto__')

t.test('what is written is what avsc writes', async () => {
  const schemaAndValue = SAMPLES.chain(({ schema, values }) => values.map((value) => ({ schema, value })))
  fc.assert(
    fc.property(schemaAndValue, ({ schema, value }) => {
      const type = avsc.Type.forSchema(schema as avsc.Type)
      const bytes = Buffer.from(avro(schema as object)(value))
      const readsBack = losesEntries(bytes) || bytes.equals(type.toBuffer(type.fromBuffer(bytes)))
      return bytes.equals(type.toBuffer(value)) && readsBack
    }),
    { numRuns: 500, examples: [[{ schema: { type: 'map', values: 'int' }, value: { ['__proto__']: 1 } }]] },
  )
}) // prettier-ignore

/** Longs as bigint: as numbers avsc reads some of more than 53 bits wrong. */
const LONG = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(value)
    return bytes
  },
  fromJSON: (value: unknown) => BigInt(value as number),
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => Number(a - b),
})

t.test('any value at all is written as it is, or refused', async () => {
  fc.assert(
    fc.property(SAMPLES, fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withNullPrototype: true, withSparseArray: true }), ({ schema }, value) => {
      const type = avsc.Type.forSchema(schema as avsc.Type, { registry: { long: LONG } })
      let bytes: Uint8Array
      try {
        bytes = avro(schema as object)(value)
      } catch (error) {
        return (error as Error).name === 'SerializationError'
      }
      // Whoever reads it gets what writes the same bytes once more.
      if (losesEntries(Buffer.from(bytes))) return true
      const read: unknown = type.fromBuffer(Buffer.from(bytes))
      return Buffer.from(bytes).equals(Buffer.from(avro(schema as object)(read)))
    }),
    { numRuns: 500 },
  )
}) // prettier-ignore
