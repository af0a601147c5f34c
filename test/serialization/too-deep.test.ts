/** A value that holds itself, or goes deeper than the stack: the error says where, and what to do. */
import { DescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import protobufjs from 'protobufjs'
import t from 'tap'
import { avro } from '../../src/avro/avro.js'
import { SerializationError } from '../../src/errors.js'
import { json } from '../../src/index.js'
import { protobuf } from '../../src/protobuf/protobuf.js'
import { depthFault, isTooDeep } from '../../src/serialization/too-deep.js'
import { simulate } from '../testing/support/simulation.js'

type Link = Record<string, unknown>

/** Itself behind so many others, each within the one before by `wrap`. */
function circle(length: number, wrap: (inner: Link) => Link): Link {
  const last: Link = {}
  let first = last
  for (let i = 0; i < length; i++) first = wrap(first)
  Object.assign(last, wrap(first))
  return first
}

function deep(length: number, wrap: (inner: Link) => Link): Link {
  let first: Link = {}
  for (let i = 0; i < length; i++) first = wrap(first)
  return first
}

const next = (inner: Link): Link => ({ next: inner })

/** What a function throws. */
function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return undefined
}

t.test('where a value holds itself, and how deep it goes', async (t) => {
  const self: Link = {}
  self.me = self
  t.match(depthFault(self), /^\.me is the value itself again: a value that holds itself has no end/)
  const list: unknown[] = []
  list.push({ 'a b': list })
  t.match(depthFault({ list }), /^\.list\[0\]\["a b"\] is value\.list again/)
  t.match(depthFault(circle(20, next)), /^(\.next){4}…(\.next){5} is /)
  t.match(depthFault(deep(50_000, next)), /^(\.next){4}… goes 50001 levels deep.*give it flatter/)
  const twice = { a: {} }
  t.equal(depthFault({ one: twice, other: twice }), null, 'the same twice is no circle')
  const endless = (): Link => ({ get next() { return endless() } }) // prettier-ignore
  t.match(depthFault(endless()), /goes \d+ levels deep/)
  const throws = { get next() { throw new Error('no') } } // prettier-ignore
  for (const value of [throws, null, 7, undefined]) t.equal(depthFault(value), null)
})

t.test('the engine has an error of its own for it', async (t) => {
  const recurse = (): number => 1 + recurse()
  t.ok(isTooDeep(thrownBy(recurse)))
  for (const other of [new RangeError('too large'), new Error('call stack'), null, 'call stack']) {
    t.notOk(isTooDeep(other))
  }
})

const node = new protobufjs.Type('Node').add(new protobufjs.Field('next', 1, 'Node'))
new protobufjs.Root().add(node)

const SCHEMA = {
  type: 'record' as const,
  name: 'Node',
  fields: [{ name: 'next', type: ['null', 'Node'], default: null }],
}
const nested = (inner: Link): Link => ({ nestedType: [inner] })

for (const [name, write, wrap] of [
  ['avro', avro(SCHEMA as never), next],
  ['avro, unknown fields left out', avro(SCHEMA as never, { unknownFields: 'ignore' }), next],
  ['protobuf-es', protobuf(DescriptorProtoSchema), nested],
  ['protobufjs', protobuf(node), next],
] as const) {
  t.test(`${name} names the place`, async (t) => {
    const call = (value: Link): unknown => thrownBy(() => (write as (value: Link) => void)(value))
    const circular = call(circle(1, wrap)) as Error
    t.type(circular, SerializationError)
    t.match(circular.message, /value\.(next|nestedType\[0\]).* again: a value that holds itself/)
    const tooDeep = call(deep(200_000, wrap)) as Error
    t.type(tooDeep, SerializationError)
    t.match(tooDeep.message, /value(\.next|\.nestedType\[0\]).* levels deep/)
    t.ok(isTooDeep(tooDeep.cause))
  })
}

t.test("a producer says it of any serializer's value", async (t) => {
  const value = json() as never
  const { producer, cluster, run } = await simulate(
    { topics: { orders: {} } },
    { serializers: { value } },
  )
  const record = { topic: 'orders', value: deep(200_000, next) as never }
  const error = await run(producer.send(record).catch((error: unknown) => error as Error))
  t.match(error, {
    name: 'SerializationError',
    message: /could not be serialized: value(\.next){4}… goes .* levels deep/,
  })
  await run(producer.close())
  await cluster.close()
})
