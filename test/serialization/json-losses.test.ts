/** What JSON.stringify loses without a word: json() refuses it, by its path. */
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import { json } from '../../src/serialization/basic.js'

const serialize = json()
const CONTEXT = { topic: 'orders', part: 'value', headers: undefined, setHeader: () => {} } as const
const written = (value: unknown): unknown => serialize(value, CONTEXT)

function refuses(t: Test, wrong: readonly (readonly [value: unknown, message: string])[]): void {
  for (const [value, message] of wrong) {
    t.throws(() => written(value), {
      name: 'SerializationError',
      message: new RegExp(`^json\\(\\): value${message}`),
    })
  }
}

const toJSON = (it: unknown): object => ({ toJSON: () => it })

t.test('a list has no fields to leave out: undefined and holes become null', async (t) => {
  const hole = Object.assign(new Array<number>(3), { 0: 1, 2: 3 })
  refuses(t, [
    [[1, undefined], String.raw`\[1\] is undefined, which JSON writes as null: give null, or leave it out$`],
    [hole, String.raw`\[1\] is undefined`],
    [{ a: [[undefined]] }, String.raw`\.a\[0\]\[0\] is undefined`],
    [{ a: [toJSON(undefined)] }, String.raw`\.a\[0\]\.toJSON\(\) is undefined`],
  ])
  t.equal(written({ a: undefined, b: [null], c: toJSON(undefined) }), '{"b":[null]}')
}) // prettier-ignore

t.test('numbers in objects', async (t) => {
  refuses(t, [
    [{ n: new Number(NaN) }, String.raw`\.n is NaN, which JSON writes as null`],
    [[new Number(-Infinity)], String.raw`\[0\] is -Infinity`],
  ])
  const boxed = { n: new Number(5), s: new String('x'), b: new Boolean(false) }
  t.equal(written(boxed), '{"n":5,"s":"x","b":false}')
})

class Hidden {
  readonly #a = 1
  get a(): number {
    return this.#a
  }
}

t.test('objects whose contents are no fields', async (t) => {
  const form = new FormData()
  form.append('a', '1')
  const opaque: Readonly<Record<string, object>> = {
    Headers: new Headers({ a: '1' }),
    FormData: form,
    URLSearchParams: new URLSearchParams('a=1'),
    Blob: new Blob(['x']),
    WeakRef: new WeakRef({}),
    'Generator|GeneratorFunction': (function* () {
      yield 1
    })(),
    'Map Iterator|Iterator': new Map([[1, 2]]).values(),
    Hidden: new Hidden(),
    Symbol: Object(Symbol('x')) as object,
    Map: runInNewContext('new Map([[1, 2]])') as object,
  }
  for (const [name, value] of Object.entries(opaque)) {
    refuses(t, [[{ a: [value] }, String.raw`\.a\[0\] is an? (${name}).*\{\}`]])
  }
  refuses(t, [
    [new Headers({ a: '1' }), ' is a Headers, .* give Object.fromEntries'],
    [Object.create({ a: 1 }), ' is an object with nothing but inherited fields'],
  ])
})

t.test('objects that are empty in truth', async (t) => {
  class Labels {
    add(name: string): void {
      Object.assign(this, { [name]: 1 })
    }
  }
  const labels = new Labels()
  t.equal(written([labels, {}, Object.create(null), runInNewContext('({})')]), '[{},{},{},{}]')
  labels.add('a')
  t.equal(written(labels), '{"a":1}')
  t.equal(written(Object.assign(new Hidden(), { b: 2 })), '{"b":2}')
})

t.test('what a toJSON returns is looked at, too', async (t) => {
  refuses(t, [
    [{ total: toJSON(NaN) }, String.raw`\.total\.toJSON\(\) is NaN, which JSON writes as null`],
    [{ a: toJSON(new Map([[1, 2]])) }, String.raw`\.a\.toJSON\(\) is a Map`],
    [{ a: toJSON(() => 1) }, String.raw`\.a\.toJSON\(\) is a function`],
    [{ a: toJSON(new Uint8Array(2)) }, String.raw`\.a\.toJSON\(\) is a Uint8Array`],
    [toJSON({ b: [Infinity] }), String.raw`\.toJSON\(\)\.b\[0\] is Infinity`],
    [{ a: toJSON(new Date(0)) }, String.raw`\.a\.toJSON\(\) is a Date, .*toISOString`],
    [{ a: toJSON(toJSON({ b: 1 })) }, String.raw`\.a\.toJSON\(\)\.toJSON is a function`],
    [Object.assign([1], toJSON([NaN])), String.raw`\.toJSON\(\)\[0\] is NaN`],
  ])
  const key = { toJSON: (name: unknown) => `${typeof name} ${String(name)}` }
  t.equal(written({ a: [key] }), '{"a":["string 0"]}')
  t.equal(written([toJSON(null), toJSON({ at: new Date(0) })]), '[null,{"at":"1970-01-01T00:00:00.000Z"}]')
  class Self {
    readonly a = 1
    toJSON(): object {
      return Object.assign({}, this)
    }
  }
  t.equal(written({ a: new Self(), url: new URL('http://x/') }), '{"a":{"a":1},"url":"http://x/"}')
}) // prettier-ignore

t.test('an invalid Date and NaN of another realm, as under Jest', async (t) => {
  const at: unknown = runInNewContext('new Date(NaN)')
  const n: unknown = runInNewContext('new Number(NaN)')
  t.throws(() => written({ at }), {
    message: /value\.at is an invalid Date, which JSON writes as null$/,
  })
  t.throws(() => written([n]), { message: /value\[0\] is NaN, which JSON writes as null$/ })
  const fine: unknown = runInNewContext('({ at: new Date(0), n: new Number(5) })')
  t.equal(written(fine), '{"at":"1970-01-01T00:00:00.000Z","n":5}')
  t.equal(written({ toJSON: () => null }), 'null', 'what says so itself')
})
