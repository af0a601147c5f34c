import t from 'tap'
import { SerializationError } from '../../src/errors.js'
import { bytes, float64, int32, int64, json, string } from '../../src/serialization/basic.js'
import {
  asSerialized,
  type Serializer,
  type SerializerContext,
} from '../../src/serialization/serializer.js'

const CONTEXT: SerializerContext = {
  topic: 'orders',
  part: 'value',
  headers: undefined,
  setHeader() {},
}

function hexOf(result: unknown): string {
  return (result as Buffer).toString('hex')
}

/** The serializer, called with what its types forbid. */
function refuses<T>(t: Tap, serializer: Serializer<T>, values: readonly unknown[]): void {
  for (const value of values) {
    t.throws(() => serializer(value as T, CONTEXT), SerializationError, describe(value))
  }
}

type Tap = Pick<typeof t, 'throws'>

function describe(value: unknown): string {
  return typeof value
}

t.test('string() takes text and nothing else', async (t) => {
  t.equal(string()('é', CONTEXT), 'é')
  refuses(t, string(), [7, {}, Buffer.from('x'), null, undefined, Object.create(null), Symbol('x')])
  t.throws(() => string()({} as string, CONTEXT), { message: /an object \(Object\)/ })
})

t.test('a refusal quotes no more than 60 characters of a value', async (t) => {
  const given = 'x'.repeat(60)
  t.throws(() => bytes()(given as never, CONTEXT), { message: new RegExp(`string x{60}$`) })
  t.throws(() => bytes()(`${given}x` as never, CONTEXT), { message: /string x{57}\.\.\.$/ })
})

t.test('bytes() hands bytes on without a copy', async (t) => {
  const buffer = Buffer.from('x')
  const array = new Uint8Array(3)
  t.equal(bytes()(buffer, CONTEXT), buffer)
  t.equal(bytes()(array, CONTEXT), array)
  refuses(t, bytes(), ['x', [1], new ArrayBuffer(1), new Uint16Array(1), new DataView(new ArrayBuffer(1)), null])
}) // prettier-ignore

t.test('json() writes what JSON.stringify does', async (t) => {
  t.equal(json()({ a: [1, null], b: 'é' }, CONTEXT), '{"a":[1,null],"b":"é"}')
  t.equal(json()(false, CONTEXT), 'false')
  t.equal(json()('text', CONTEXT), '"text"')
})

t.test('json() refuses what JSON has no form for', async (t) => {
  refuses(t, json(), [undefined, () => 7, Symbol('x')])
})

t.test('json() refuses what JSON would change in silence, at any depth, and says where', async (t) => {
  const wrong: Record<string, [value: unknown, message: RegExp]> = {
    Map: [new Map([['a', 1]]), /is a Map.*Object.fromEntries/],
    Set: [new Set([1]), /is a Set/],
    Buffer: [Buffer.from('x'), /is a Buffer.*bytes\(\)/],
    'typed array': [new Uint16Array(2), /is a Uint16Array/],
    ArrayBuffer: [new ArrayBuffer(3), /is an ArrayBuffer/],
    promise: [Promise.resolve(1), /promise: await it/],
    thenable: [{ a: new (class { then(): void {} })() }, /promise: await it/],
    BigInt: [1n, /BigInt.*String/],
    NaN: [NaN, /NaN.*null/],
    Infinity: [-Infinity, /-Infinity.*null/],
    'invalid Date': [new Date(NaN), /invalid Date/],
    Error: [new RangeError('x'), /is an Error/],
    RegExp: [/x/, /is a RegExp/],
  }
  for (const [name, [value, message]] of Object.entries(wrong)) {
    for (const given of [value, { a: [null, { b: value }] }]) {
      t.throws(() => json()(given, CONTEXT), { name: 'SerializationError', message }, name)
    }
  }
  t.throws(() => json()({ a: [null, { b: new Map() }] }, CONTEXT), { message: /value\.a\[1\]\.b is a Map/ })
  for (const value of [() => 7, Symbol('x')]) {
    t.throws(() => json()({ on: value }, CONTEXT), { message: /value\.on is a (function|symbol)/ })
    t.throws(() => json()([value], CONTEXT), { message: /value\[0\] is a (function|symbol)/ })
  }
}) // prettier-ignore

t.test(
  'json() takes what says itself how it is written, and what JSON usually drops',
  async (t) => {
    class Money {
      readonly amount = 7
      toString(): string {
        return '7'
      }
    }
    function Old(this: { id: number }): void {
      this.id = 1
    }
    ;(Old.prototype as { method: unknown }).method = () => 7
    const map = Object.assign(new Map(), { toJSON: () => ['own'] })
    const written: [unknown, string][] = [
      [{ at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
      [{ a: undefined, b: null }, '{"b":null}'],
      [new Money(), '{"amount":7}'],
      [new (Old as unknown as new () => object)(), '{"id":1}'],
      [Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
      [map, '["own"]'],
      [{ toJSON: () => 'x', f: () => 7 }, '"x"'],
      [Object.freeze([1, 'a', [true]]), '[1,"a",[true]]'],
    ]
    for (const [value, text] of written) t.equal(json()(value, CONTEXT), text)
    const circle: { self?: unknown } = {}
    circle.self = circle
    t.throws(() => json()(circle, CONTEXT), { message: /circular/ })
  },
)

t.test('json() leaves BigInt to a toJSON of the user’s', async (t) => {
  const prototype = BigInt.prototype as { toJSON?: () => string }
  prototype.toJSON = function (this: bigint) {
    return this.toString()
  }
  t.teardown(() => delete prototype.toJSON)
  t.equal(json()({ a: 7n }, CONTEXT), '{"a":"7"}')
})

t.test('int32() writes four bytes, big-endian', async (t) => {
  const expected = { '0': '00000000', '1': '00000001', '-1': 'ffffffff', '2147483647': '7fffffff', '-2147483648': '80000000' } // prettier-ignore
  for (const [value, hex] of Object.entries(expected)) {
    t.equal(hexOf(int32()(Number(value), CONTEXT)), hex)
  }
  refuses(t, int32(), [2 ** 31, -(2 ** 31) - 1, 1.5, NaN, Infinity, '1', 1n, null])
})

t.test('int64() writes eight bytes, of numbers and bigints', async (t) => {
  t.equal(hexOf(int64()(-1, CONTEXT)), 'ffffffffffffffff')
  t.equal(hexOf(int64()(Number.MAX_SAFE_INTEGER, CONTEXT)), '001fffffffffffff')
  t.equal(hexOf(int64()(2n ** 63n - 1n, CONTEXT)), '7fffffffffffffff')
  t.equal(hexOf(int64()(-(2n ** 63n), CONTEXT)), '8000000000000000')
  refuses(t, int64(), [2 ** 53, 2n ** 63n, -(2n ** 63n) - 1n, 1.5, NaN, '1', null])
})

t.test('float64() writes IEEE 754, big-endian', async (t) => {
  t.equal(hexOf(float64()(1, CONTEXT)), '3ff0000000000000')
  t.equal(hexOf(float64()(-0, CONTEXT)), '8000000000000000')
  t.equal(hexOf(float64()(Infinity, CONTEXT)), '7ff0000000000000')
  refuses(t, float64(), ['1', 1n, null])
})

t.test('every call has bytes of its own', async (t) => {
  const serializer = int32()
  const first = serializer(1, CONTEXT)
  void serializer(2, CONTEXT)
  t.equal(hexOf(first), '00000001')
})

t.test('text, bytes and null may go on the wire as they are', async (t) => {
  for (const value of ['', null, Buffer.from(''), new Uint8Array(1)])
    t.equal(asSerialized(value), value)
  for (const value of [undefined, 7, {}, [], new ArrayBuffer(1)])
    t.equal(asSerialized(value), undefined)
})
