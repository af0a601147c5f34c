/** Objects whose contents are no fields are no maps and no records; nor is what every object inherits. */
import { runInNewContext } from 'node:vm'
import { parse } from 'node:querystring'
import t from 'tap'
import { avro, type AvroOptions, type AvroSchema } from '../../src/avro/avro.js'
import { SerializationError } from '../../src/errors.js'

const hex = (schema: AvroSchema, value: unknown, options?: AvroOptions): string =>
  Buffer.from(avro(schema, options)(value)).toString('hex')

const MAP = { type: 'map', values: 'string' }
const record = (...fields: object[]): object => ({ type: 'record', name: 'D', fields })
const DEFAULTS = record({ name: 'a', type: 'int', default: 1 })
const NULLABLE = { type: ['null', 'string'], default: null }

class Getters {
  readonly #a = 'x'
  get b(): string {
    return this.#a
  }
}

function opaque(): readonly object[] {
  const form = new FormData()
  form.append('a', '1')
  const generator = (function* () {
    yield ['a', '1']
  })()
  return [
    ...[new Headers({ x: '1' }), form, new URL('http://x'), new Error('x'), generator],
    ...[[1].values(), Object.create({ b: 'x' }) as object, new Getters(), new Blob(['x'])],
    ...[new URLSearchParams('x=1'), runInNewContext('new Map([[1, 2]])') as object],
  ]
}

t.test('an object whose contents are no fields is no map', async (t) => {
  for (const value of opaque()) {
    for (const schema of [MAP, ['null', MAP]]) {
      const message = /^avro: value is an object .*, and the schema wants (a map|null or map)/
      t.throws(() => hex(schema, value), { name: 'SerializationError', message })
    }
    t.throws(() => hex({ type: 'array', items: MAP }, [{}, value]), { message: /value\[1\] is an/ })
  }
  t.throws(() => hex(MAP, new Headers({ a: '1' })), {
    message: 'avro: value is an object (Headers), and the schema wants a map (an object of no class, or of one with fields): give Object.fromEntries(it)',
  })
  t.throws(() => hex(MAP, Object.create({ a: 'x' })), { message: /is an object \(with nothing but inherited fields\)/ })
}) // prettier-ignore

t.test('objects of classes that have fields, or are empty in truth, are maps', async (t) => {
  class Labels {
    add(name: string): this {
      return Object.assign(this, { [name]: 'x' })
    }
  }
  const empty = [{}, Object.create(null), new Labels(), runInNewContext('({})'), parse('')]
  for (const value of empty) t.equal(hex(MAP, value), '00')
  const one = hex(MAP, { a: 'x' })
  for (const value of [new Labels().add('a'), parse('a=x'), runInNewContext('({ a: "x" })')]) {
    t.equal(hex(MAP, value), one)
  }
  t.equal(hex(MAP, Object.assign(new Getters(), { a: 'x' })), one)
})

t.test('an object whose contents are no fields is no record of defaults', async (t) => {
  for (const options of [{}, { unknownFields: 'ignore' }] as const) {
    for (const value of opaque()) {
      t.throws(() => hex(DEFAULTS, value, options), {
        name: 'SerializationError',
        message: /^avro: value is an object .*, and the schema wants record D/,
      })
      t.throws(() => hex(['null', DEFAULTS], value, options), SerializationError)
    }
    t.equal(hex(DEFAULTS, {}, options), '02')
    t.equal(hex(DEFAULTS, Object.create({ a: 2 }), options), '04', 'inherited fields count')
    t.equal(hex(record({ name: 'b', type: 'string' }), new Getters(), options), '0278')
    const error = record({ name: 'message', type: 'string', default: '' })
    t.equal(hex(error, new Error('x'), options), '0278')
    t.equal(hex(record({ name: 'host', ...NULLABLE }), new URL('http://x'), options), '020278')
  }
})

t.test('what every object inherits is not given', async (t) => {
  class Order {
    readonly b = 'x'
    toString(): string {
      return 'order'
    }
  }
  for (const options of [{}, { unknownFields: 'ignore' }] as const) {
    for (const name of ['constructor', 'toString', 'valueOf', 'hasOwnProperty']) {
      const schema = record({ name, ...NULLABLE }, { name: 'b', ...NULLABLE })
      t.equal(hex(schema, {}, options), '0000')
      t.equal(hex(schema, Object.create(null), options), '0000')
      t.equal(hex(schema, new Order(), options), '00020278')
      t.equal(hex(schema, { [name]: 'y' }, options), '02027900')
      t.equal(hex(['null', schema], {}, options), '020000')
      t.throws(() => hex(schema, { [name]: 5 }, options), { message: new RegExp(`value\\.${name} is a number`) })
      t.throws(() => hex(record({ name, type: 'string' }), {}, options), { message: new RegExp(`value\\.${name} is missing`) })
      t.throws(() => hex(schema, new Headers(), options), { message: /an object \(Headers\), and/ })
    }
  }
  const schema = record({ name: 'toString', ...NULLABLE })
  t.throws(() => hex(schema, { c: 1 }), { message: /value\.c is no field of D/ })
  t.equal(hex(schema, { c: 1 }, { unknownFields: 'ignore' }), '00')
  const inherited = Object.create({ valueOf: 'x' }) as object
  t.equal(hex(record({ name: 'valueOf', ...NULLABLE }), inherited), '020278')
}) // prettier-ignore
