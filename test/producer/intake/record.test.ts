import t from 'tap'
import { InvalidRecordError, SerializationError } from '../../../src/errors.js'
import {
  checkPartition,
  checkTimestamp,
  checkTopicName,
  kindOf,
  quote,
  toWireHeaders,
  type Headers,
} from '../../../src/producer/intake/record.js'

t.test('a topic’s name is letters, digits, dot, underscore and dash, up to 249', async (t) => {
  for (const name of ['a', 'orders', 'A.b_c-9', '...', '.a', 'x'.repeat(249)]) {
    t.doesNotThrow(() => checkTopicName(name), name)
  }
  const bad = ['', '.', '..', 'x'.repeat(250), 'a b', 'a/b', 'ä', 'a\n', '\u0000', 'a,b', undefined, null, 7, {}, Symbol('x')] // prettier-ignore
  for (const name of bad) {
    t.throws(() => checkTopicName(name), InvalidRecordError, String(name))
  }
})

t.test('a bad topic’s error has the name, where there is one', async (t) => {
  t.throws(() => checkTopicName('a b'), { topic: 'a b', code: 'ERR_OTTLA_INVALID_RECORD' })
  t.throws(() => checkTopicName(7), { topic: undefined, message: /topic 7/ })
})

t.test('a partition is an int32 from 0', async (t) => {
  for (const partition of [0, 1, 2 ** 31 - 1]) t.equal(checkPartition('orders', partition), partition)
  for (const partition of [-1, 1.5, NaN, Infinity, 2 ** 31, '1', null, Object.create(null)]) {
    t.throws(() => checkPartition('orders', partition as number), InvalidRecordError)
  }
}) // prettier-ignore

t.test('a timestamp is whole milliseconds from 1970 on', async (t) => {
  for (const timestamp of [0, 1, Date.UTC(2026, 0, 1), Number.MAX_SAFE_INTEGER]) {
    t.doesNotThrow(() => checkTimestamp('orders', timestamp))
  }
  for (const timestamp of [-1, 1.5, NaN, 2 ** 53, '1', null, new Date(), 1n]) {
    t.throws(() => checkTimestamp('orders', timestamp as number), InvalidRecordError)
  }
})

const wire = (headers: Headers): unknown =>
  toWireHeaders('orders', headers)?.map(({ name, value }) => [
    Buffer.from(name).toString(),
    value === null ? null : Buffer.from(value).toString(),
  ])

t.test('headers are an object or a list of pairs; order and duplicates are kept', async (t) => {
  t.strictSame(wire({ b: 'text', a: Buffer.from('bytes'), c: null }), [['b', 'text'], ['a', 'bytes'], ['c', null]])
  t.strictSame(wire([['x', '1'], ['y', ''], ['x', 'é']]), [['x', '1'], ['y', ''], ['x', 'é']])
  t.strictSame(wire([['', null]]), [['', null]])
}) // prettier-ignore

t.test(
  'half a surrogate pair in a header becomes U+FFFD, as everywhere in JavaScript',
  async (t) => {
    const headers = toWireHeaders('orders', { 'a\ud800': '\udfffb' })
    t.strictSame(headers, [
      { name: Buffer.from('61efbfbd', 'hex'), value: Buffer.from('efbfbd62', 'hex') },
    ])
  },
)

t.test('no headers are null, however they are given', async (t) => {
  t.equal(toWireHeaders('orders', undefined), null)
  t.equal(toWireHeaders('orders', {}), null)
  t.equal(toWireHeaders('orders', []), null)
})

t.test('no header is dropped in silence because it came in a Map', async (t) => {
  t.strictSame(wire(new Map([['a', 'b']]) as unknown as Headers), [['a', 'b']])
})

t.test('a header that is no name and value is refused', async (t) => {
  const bad = ['text', 7, null, [['only a name']], [['a', 'b', 'c']], [[7, 'b']], ['ab'], [null], [[Symbol('x'), 'v']], [Object.create(null)]] // prettier-ignore
  for (const headers of bad) {
    t.throws(() => toWireHeaders('orders', headers as unknown as Headers), InvalidRecordError)
  }
})

t.test('a header’s value is text, bytes or null', async (t) => {
  for (const value of [7, true, {}, undefined, ['a'], new Date()]) {
    t.throws(() => toWireHeaders('orders', { name: value } as unknown as Headers), {
      name: 'SerializationError',
      message: /header "name" of a record for topic "orders"/,
    })
  }
  t.throws(() => toWireHeaders('orders', { a: 7 } as unknown as Headers), SerializationError)
})

t.test('a value in a message is named, and short', async (t) => {
  t.equal(kindOf(undefined), 'undefined')
  t.equal(kindOf(null), 'null')
  t.equal(kindOf({}), 'an object')
  t.equal(kindOf([]), 'an array')
  t.equal(kindOf(7), 'a number (7)')
  t.equal(quote('a"b'), '"a\\"b"')
  t.ok(quote('x'.repeat(1000)).length <= 60)
  for (const odd of [Object.create(null), [Symbol('x')], Symbol('x'), () => 7, 7n]) {
    t.equal(typeof quote(odd), 'string')
  }
})

t.test('names are what they are, however many and long', async (t) => {
  const names = [...Array.from({ length: 600 }, (_, i) => `name-${i % 300}`), 'é'.repeat(100)]
  const wire = toWireHeaders(
    'orders',
    names.map((name) => [name, null] as const),
  )
  t.strictSame(
    wire?.map(({ name }) => Buffer.from(name).toString()),
    names,
  )
})
