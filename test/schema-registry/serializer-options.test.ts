/**
 * Options of the formats' serializers that are none, and references that are none: each is an error
 * that names it, for what is passed over without a word is worse.
 */
import t from 'tap'
import { avro, avroSerializer } from '../../src/avro/avro.js'
import { jsonSchemaSerializer } from '../../src/json-schema/json-schema.js'
import { protobufSerializer } from '../../src/protobuf/protobuf.js'
import { SchemaRegistry } from '../../src/schema-registry/schema-registry.js'
import type { SerializerContext } from '../../src/serialization/serializer.js'
import { DeletedSchema } from '../protobuf/generated/simple_pb.js'
import { FakeRegistry } from '../support/fake-registry.js'

const registry = { url: 'http://127.0.0.1:9' }
const CONTEXT: SerializerContext = { topic: 't', part: 'value', headers: undefined, setHeader: () => {} } // prettier-ignore
const REFERENCE = { name: 'a', subject: 'a', version: 1 }

t.test('a name or a value that there is not', async (t) => {
  const makers: [(options: never) => unknown, string | object][] = [
    [avroSerializer, '"int"'],
    [jsonSchemaSerializer, {}],
    [protobufSerializer, DeletedSchema],
  ]
  for (const [make, schema] of makers) {
    const wrong: [object, RegExp][] = [
      [{ regsiter: true }, /has no "regsiter": did you mean "register"/],
      [{ references: 'x' }, /option references: give a list of/],
      [{ references: null }, /option references/],
      [{ references: [{ ...REFERENCE, version: '1' }] }, /option references/],
      [{ references: [{ ...REFERENCE, version: -1 }] }, /option references/],
      [{ references: [{ ...REFERENCE, subject: '' }] }, /option references/],
    ]
    for (const [options, message] of wrong) {
      const given = { registry, schema, ...options } as never
      t.throws(() => make(given), { name: 'ConfigError', message })
    }
  }
  t.throws(() => avroSerializer(undefined as never), /avroSerializer takes an object of options/)
})

t.test('Avro', async (t) => {
  const wrong: [object, RegExp][] = [
    [{ unknownFields: 'Ignore' }, /option unknownFields: give one of 'refuse', 'ignore'/],
    [{ wrapUnions: true }, /option wrapUnions/],
    [{ logicalTypes: 'x' }, /option logicalTypes/],
    [{ logicalTypes: null }, /option logicalTypes/],
  ]
  for (const [options, message] of wrong) {
    const given = { registry, schema: '"int"', ...options }
    t.throws(() => avroSerializer(given as never), { name: 'ConfigError', message })
    t.throws(() => avro('"int"', options), { name: 'ConfigError', message })
  }
  t.throws(() => avro('"int"', { wrapUnion: 'auto' } as never), /has no "wrapUnion": did you mean/)
})

t.test('JSON Schema', async (t) => {
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  const wrong: [object, RegExp][] = [
    [{ ajv: 'x' }, /option ajv: give an instance/],
    [{ ajv: null }, /option ajv/],
    [{ schema: cyclic }, /the JSON schema cannot be written as JSON: .*circular/],
    [{ schema: null }, /neither an object nor true or false/],
    [{ schema: 5 }, /neither an object/],
    [{ schema: [] }, /neither an object/],
    [{ schema: () => 1 }, /neither an object/],
  ]
  for (const [options, message] of wrong) {
    const given = { registry, ...options } as never
    t.throws(() => jsonSchemaSerializer(given), { name: 'ConfigError', message })
  }
})

t.test('references of a registry that are none', async (t) => {
  const fake = await FakeRegistry.start()
  const client = new SchemaRegistry({ url: fake.url, retries: 0 })
  t.teardown(() => Promise.all([client.close(), fake.close()]))
  for (const references of ['x', 5, [null], [{ name: 'a' }], [{ ...REFERENCE, version: 'one' }]]) {
    const body = JSON.stringify({ id: 1, version: 1, subject: 's', schema: '"int"', references })
    fake.fail({ status: 200, body })
    await t.rejects(client.latest('s'), {
      name: 'SchemaRegistryError',
      message: /get the latest version of subject "s": the schema registry's answer has references/,
    })
  }
})

t.test('references without end', async (t) => {
  const answers: number[] = []
  const client = new SchemaRegistry(registry)
  const schema = '{"type":"record","name":"R","fields":[]}'
  const answer = (subject: string): object => {
    const next = answers.push(1)
    const name = `N${next}`
    const references = [{ name, subject: name, version: 1 }]
    return { id: 7, guid: null, version: 1, subject, schema, references }
  }
  const fake = Object.assign(Object.create(client), {
    lookup: async () => answer('t-value'),
    version: async (subject: string) => answer(subject),
  }) as SchemaRegistry
  const serialize = avroSerializer({ registry: fake, schema, references: [REFERENCE] })
  const written = serialize({}, CONTEXT) as Promise<Uint8Array>
  await t.rejects(written, /schema 7 of the subject "t-value" refers to more than 1000 others/)
  t.equal(answers.length, 1001)
})
