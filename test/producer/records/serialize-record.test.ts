import { runInNewContext } from 'node:vm'
import t from 'tap'
import { SerializationError } from '../../../src/errors.js'
import {
  isPromise,
  PartSerializer,
  type RecordPart,
} from '../../../src/producer/records/serialize-record.js'
import { bytes } from '../../../src/serialization/basic.js'
import type { Headers } from '../../../src/serialization/headers.js'
import type {
  Serialized,
  Serializer,
  SerializerContext,
} from '../../../src/serialization/serializer.js'

function serializeWith<T>(
  serializer: Serializer<T> | undefined,
  part: RecordPart,
  value: T | null,
  topic: string,
  headers?: Headers,
): Serialized | Promise<Serialized> {
  const it = new PartSerializer(part, serializer)
  return it.serialize(value, topic, it.callFor(value, topic, headers))
}

t.test('without a serializer text, bytes and null go as they are', async (t) => {
  const bytes = Buffer.from('x')
  t.equal(serializeWith(undefined, 'value', 'text', 'orders'), 'text')
  t.equal(serializeWith(undefined, 'value', bytes, 'orders'), bytes)
  t.equal(serializeWith(undefined, 'value', null, 'orders'), null)
})

t.test(
  'bytes of another realm go as bytes of this one, with a serializer or without',
  async (t) => {
    const foreign = (): Uint8Array => runInNewContext('Uint8Array.of(65)') as Uint8Array
    const found = [
      serializeWith(undefined, 'key', foreign(), 'orders'),
      serializeWith(bytes(), 'value', foreign(), 'orders'),
      serializeWith(() => foreign(), 'value', 7, 'orders'),
      await serializeWith(() => Promise.resolve(foreign()), 'value', 7, 'orders'),
    ]
    for (const it of found) {
      t.ok(it instanceof Uint8Array)
      t.strictSame(Array.from(it as Uint8Array), [65])
    }
    const gone = foreign() as Uint8Array<ArrayBuffer>
    structuredClone(gone, { transfer: [gone.buffer] })
    t.throws(() => serializeWith(undefined, 'value', gone, 'orders'), {
      message: /transferred away/,
    })
  },
)

t.test('without a serializer an object is refused, and json() is named', async (t) => {
  for (const value of [{}, 7, [], true, undefined, new ArrayBuffer(1), Promise.resolve('x')]) {
    t.throws(() => serializeWith(undefined, 'value', value, 'orders'), {
      name: 'SerializationError',
      message: /the value of a record for topic "orders" is .*json\(\)/,
      topic: 'orders',
      outcome: 'not-written',
    })
  }
})

t.test('bytes whose buffer was handed away are refused, and not sent as none', async (t) => {
  const bytes = new Uint8Array(8)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  t.throws(() => serializeWith(undefined, 'value', bytes, 'orders'), {
    name: 'SerializationError',
    message: /transferred away/,
  })
  const empty = new Uint8Array(0)
  t.equal(serializeWith(undefined, 'value', empty, 'orders'), empty)
})

t.test(
  'a serializer gets the value and what it belongs to, and is not asked for null',
  async (t) => {
    const asked: unknown[] = []
    const serializer: Serializer<number> = (value, context) => {
      const { topic, part, headers } = context
      asked.push([value, { topic, part, headers }])
      return `${value}`
    }
    const headers = { schema: '7' }
    t.equal(serializeWith(serializer, 'key', 7, 'orders'), '7')
    t.equal(serializeWith(serializer, 'value', 8, 'orders', headers), '8')
    t.equal(serializeWith(serializer, 'key', null, 'orders'), null)
    t.strictSame(asked, [
      [7, { topic: 'orders', part: 'key', headers: undefined }],
      [8, { topic: 'orders', part: 'value', headers }],
    ])
    const given = (asked[1] as [number, Pick<SerializerContext, 'headers'>])[1].headers
    t.equal(given, headers, 'the very object of the record')
  },
)

t.test('what a serializer was told stays true while it works', async (t) => {
  const serializer: Serializer<string> = async (value, context) => {
    await Promise.resolve()
    return `${value} ${context.topic} ${context.part} ${JSON.stringify(context.headers)}`
  }
  const results = [
    serializeWith(serializer, 'key', 'a', 'orders', { h: '1' }),
    serializeWith(serializer, 'value', 'b', 'orders'),
    serializeWith(serializer, 'value', 'c', 'invoices', [['x', null]]),
  ]
  t.strictSame(await Promise.all(results as Promise<Serialized>[]), [
    'a orders key {"h":"1"}',
    'b orders value undefined',
    'c invoices value [["x",null]]',
  ])
})

t.test('a serializer may give null, and nothing but text, bytes or null', async (t) => {
  t.equal(serializeWith(() => null, 'value', 7, 'orders'), null)
  for (const result of [undefined, 7, {}]) {
    const serializer = (() => result) as unknown as Serializer<number>
    t.throws(() => serializeWith(serializer, 'value', 7, 'orders'), { message: /must return/ })
    const later = (async () => result) as unknown as Serializer<number>
    await t.rejects(serializeWith(later, 'value', 7, 'orders') as Promise<unknown>, SerializationError)
  }
}) // prettier-ignore

t.test('what it throws, or rejects with, is the cause', async (t) => {
  const cause = new Error('boom')
  const match = { name: 'SerializationError', message: /the key .*orders.*boom/, cause }
  t.throws(() => serializeWith(() => { throw cause }, 'key', 7, 'orders'), match)
  await t.rejects(serializeWith(() => Promise.reject(cause), 'key', 7, 'orders') as Promise<unknown>, match)
  const { proxy, revoke } = Proxy.revocable(cause, {})
  revoke()
  for (const odd of [Object.assign(new Error('x'), { message: {} }), Object.create(null), proxy]) {
    const words = { name: 'SerializationError', message: /could not be serialized: an error without a message$/ }
    t.throws(() => serializeWith(() => { throw odd }, 'key', 7, 'orders'), words)
  }
}) // prettier-ignore

t.test('a promise of bytes stays one', async (t) => {
  const result = serializeWith(async () => 'later', 'value', 7, 'orders')
  t.equal(isPromise(result), true)
  t.equal(await result, 'later')
  t.equal(isPromise(null), false)
  t.equal(isPromise('then'), false)
})
