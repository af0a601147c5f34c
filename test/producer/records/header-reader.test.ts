import { runInNewContext } from 'node:vm'
import t from 'tap'
import { InvalidRecordError, SerializationError } from '../../../src/errors.js'
import { HeaderReader } from '../../../src/producer/records/header-reader.js'
import type { Headers } from '../../../src/serialization/headers.js'

const reader = new HeaderReader()

const read = (headers: unknown): unknown => reader.read('orders', headers as Headers, true)?.slice()

t.test('headers are an object or a list of pairs; order and duplicates are kept', async (t) => {
  const bytes = Buffer.from('bytes')
  t.strictSame(read({ b: 'text', a: bytes, c: null }), ['b', 'text', 'a', bytes, 'c', null])
  t.strictSame(read([['x', '1'], ['y', ''], ['x', 'é']]), ['x', '1', 'y', '', 'x', 'é'])
  t.strictSame(read([['', null]]), ['', null])
}) // prettier-ignore

t.test('no headers are null, however they are given', async (t) => {
  for (const none of [undefined, {}, []]) t.equal(reader.read('orders', none, true), null)
})

t.test('only what is the object’s own is a header', async (t) => {
  const inherited = Object.assign(Object.create({ inherited: 7 }) as object, { own: 'x' })
  t.strictSame(read(inherited), ['own', 'x'])
  const bare = Object.assign(Object.create(null) as object, { own: 'x' })
  t.strictSame(read(bare), ['own', 'x'])
  t.strictSame(read({ hasOwnProperty: 'x', toString: null }), ['hasOwnProperty', 'x', 'toString', null])
}) // prettier-ignore

t.test('no header is dropped in silence because it came in a Map', async (t) => {
  t.strictSame(read(new Map([['a', 'b']])), ['a', 'b'])
})

t.test('a header that is no name and value is refused', async (t) => {
  const bad = ['text', 7, null, [['only a name']], [['a', 'b', 'c']], [[7, 'b']], ['ab'], [null], [[Symbol('x'), 'v']], [Object.create(null)]] // prettier-ignore
  for (const headers of bad) t.throws(() => read(headers), InvalidRecordError)
})

t.test('a header’s value is text, bytes or null', async (t) => {
  for (const value of [7, true, {}, undefined, ['a'], new Date()]) {
    t.throws(() => read({ name: value }), {
      name: 'SerializationError',
      message: /header "name" of a record for topic "orders"/,
    })
  }
  t.throws(() => read([['a', 7]]), SerializationError)
})

t.test('who gives several values for a name is told of the list of pairs', async (t) => {
  t.throws(() => read({ a: ['x', 'y'] }), {
    message: /is an array: .* a list of pairs, headers: \[\["a", …\], \["a", …\]\]$/,
  })
})

t.test('bytes that were transferred away are refused, and not read as none', async (t) => {
  const empty = new Uint8Array(0)
  t.strictSame(read({ a: empty }), ['a', empty])
  for (const bytes of [new Uint8Array(3), runInNewContext('new Uint8Array(3)') as Uint8Array]) {
    structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] })
    const message = /header "a" .* is bytes whose ArrayBuffer was transferred away/
    for (const headers of [{ a: bytes }, [['a', bytes]]]) {
      t.throws(() => read(headers), { name: 'SerializationError', message })
    }
  }
})

t.test('bytes of another realm are a header of this one', async (t) => {
  const [, value] = read({ a: runInNewContext('Uint8Array.of(65)') as Uint8Array }) as unknown[]
  t.ok(value instanceof Uint8Array)
  t.strictSame(Array.from(value as Uint8Array), [65])
})

t.test('the list serves the next record, whether it has more headers or fewer', async (t) => {
  const headers = [{ a: '1', b: '2', c: '3' }, { d: '4' }, { e: '5', f: '6' }]
  const lists = headers.map((each) => reader.read('orders', each, true)?.slice())
  t.strictSame(lists, [['a', '1', 'b', '2', 'c', '3'], ['d', '4'], ['e', '5', 'f', '6']])
  t.equal(reader.read('orders', { a: '' }, true), reader.read('orders', { b: '' }, true))
}) // prettier-ignore

t.test('what was refused leaves nothing behind', async (t) => {
  t.throws(() => read({ a: '1', b: '2', c: 7 }))
  t.strictSame(read({ d: '4' }), ['d', '4'])
})

t.test('who cannot share has a list of its own', async (t) => {
  const own = reader.read('orders', { a: '1' }, false)
  reader.read('orders', { b: '2' }, true)
  reader.read('orders', { c: '3' }, false)
  t.strictSame(own, ['a', '1'])
})

t.test('an iterator is refused: a record that is offered again would lose its headers', async (t) => {
  const pairs = [['a', '1']]
  t.throws(() => read(pairs.values()), { message: /an iterator, which can be read once only/ })
  t.throws(() => read((function* () { yield* pairs })()), { name: 'InvalidRecordError' })
  t.strictSame(read({ next: '1' }), ['next', '1'])
  t.strictSame(read(new Map([['a', '1']]) as never), ['a', '1'], 'can be read again')
}) // prettier-ignore
