/**
 * Records in Avro, Protobuf and JSON Schema, written by Ottla into a real Kafka with the ids of a real
 * registry, and read by Confluent's own deserialisers; and what becomes of records whose schema the
 * registry refuses, or does not answer for.
 */
import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { SerializationError } from '../../src/errors.js'
import {
  SchemaRegistry,
  SchemaRegistryError,
  type RegistrySerializerOptions,
  type SchemaReference,
} from '../../src/schema-registry/schema-registry.js'
import type { Producer } from '../../src/index.js'
import { brokerTest } from '../broker/broker-test.js'
import type { Kafka } from '../broker/kafka.js'
import { newProducer, newTopic, readSorted } from '../producer/broker/bench.js'
import type { RealRegistry } from './apicurio.js'
import { withReaders, type ConfluentReader } from './confluent-readers.js'
import { allowForRegistry, withRegistry } from './registry-test.js'
import { FORMATS, type WrittenFormat, type WrittenVersion } from './written-formats.js'

allowForRegistry()

function newClient(t: Test, { url }: RealRegistry, options: object = {}): SchemaRegistry {
  const client = new SchemaRegistry({ url, ...options })
  t.teardown(() => client.close())
  return client
}

async function referencesOf(
  format: WrittenFormat,
  client: SchemaRegistry,
): Promise<SchemaReference[]> {
  if (format.referred === null) return []
  const { name, definition } = format.referred
  const subject = `${name}-${randomUUID()}`
  await client.register(subject, definition)
  const { version } = await client.lookup(subject, definition)
  return [{ name, subject, version: version ?? 0 }]
}

/** A producer that writes a version of a format. */
function producerOf(
  t: Test,
  kafka: Kafka,
  version: WrittenVersion,
  options: RegistrySerializerOptions,
  references: readonly SchemaReference[] = [],
): Producer<string, never> {
  const value = version.make(options, references)
  return newProducer(t, kafka, { serializers: { value } } as never)
}

async function sendAll(
  producer: Producer<string, never>,
  topic: string,
  version: WrittenVersion,
): Promise<void> {
  for (const { value } of version.values) await producer.send({ topic, value: value as never })
}

async function readBack(kafka: Kafka, topic: string, reader: ConfluentReader): Promise<unknown[]> {
  const read: unknown[] = []
  for (const { value, headers } of await readSorted(kafka, topic)) {
    const byName = Object.fromEntries(
      headers.filter((it): it is [string, Buffer] => it[1] !== null),
    )
    read.push(value === null ? null : await reader.deserialize(topic, value, byName))
  }
  return read
}

for (const format of FORMATS) {
  const { name, schemaType } = format

  await brokerTest(
    `${name}: records within records, and a schema that refers to another`,
    async (t, kafka) => {
      const registry = await withRegistry(t)
      const readers = registry && (await withReaders(t))
      if (registry === null || readers === null) return
      const client = newClient(t, registry)
      const references = await referencesOf(format, client)
      const topic = await newTopic(kafka)
      const registering = producerOf(
        t,
        kafka,
        format.nested,
        { registry: client, register: true },
        references,
      )
      await sendAll(registering, topic, format.nested)
      await registering.send({ topic, key: 'a tombstone', value: null })
      const lookingUp = producerOf(
        t,
        kafka,
        format.nested,
        { registry: newClient(t, registry) },
        references,
      )
      await sendAll(lookingUp, topic, format.nested)

      const expected = format.nested.values.map(({ read }) => read)
      const read = await readBack(kafka, topic, readers.reader(schemaType, registry.url))
      t.same(read, [...expected, null, ...expected])
    },
  )

  await brokerTest(`${name}: two versions of a schema in one topic`, async (t, kafka) => {
    const registry = await withRegistry(t)
    const readers = registry && (await withReaders(t))
    if (registry === null || readers === null) return
    const client = newClient(t, registry)
    const topic = await newTopic(kafka)
    for (const version of format.evolved) {
      const producer = producerOf(t, kafka, version, { registry: client, register: true })
      await sendAll(producer, topic, version)
    }
    t.strictSame(await client.versions(`${topic}-value`), [1, 2])
    const second = format.evolved[1].values.map(({ read }) => read)
    const reader = readers.reader(schemaType, registry.url, { useLatest: true })
    t.same(await readBack(kafka, topic, reader), [...format.readBySecond, ...second])
  })

  await brokerTest(
    `${name}: a schema that is not compatible fails its records alone`,
    async (t, kafka) => {
      const registry = await withRegistry(t)
      if (registry === null) return
      const client = newClient(t, registry)
      const topic = await newTopic(kafka)
      const [first, second] = format.incompatible
      const producer = producerOf(t, kafka, first, { registry: client, register: true })
      await sendAll(producer, topic, first)
      await setLevel(registry, `${topic}-value`, 'BACKWARD')
      const refused = producerOf(t, kafka, second, {
        registry: client,
        register: true,
      })
      const [{ value } = { value: null }] = second.values
      const error: unknown = await refused
        .send({ topic, value: value as never })
        .catch((it: unknown) => it)
      t.match(error, SerializationError)
      const { cause } = error as SerializationError
      t.match(cause, SchemaRegistryError)
      t.match(cause, {
        status: 409,
        retriable: false,
        subject: `${topic}-value`,
        message: /compatib/i,
      })
      t.comment((error as Error).message)
      await sendAll(producer, topic, first)
      t.equal((await readSorted(kafka, topic)).length, 2 * first.values.length)
    },
  )
}

await brokerTest(
  'a registry that does not answer fails only the records that need it',
  async (t, kafka) => {
    const registry = await withRegistry(t)
    if (registry === null) return
    const client = newClient(t, registry, { requestTimeoutMs: 500, retries: 0 })
    const [format] = FORMATS
    if (format === undefined) return
    const [first] = format.evolved
    const [known, unknown] = [await newTopic(kafka), await newTopic(kafka)]
    const producer = producerOf(t, kafka, first, { registry: client, register: true })
    await sendAll(producer, known, first)

    registry.signal('SIGSTOP')
    t.teardown(() => registry.signal('SIGCONT'))
    const [{ value } = { value: null }] = first.values
    const failing = Array.from({ length: 10 }, () =>
      producer.send({ topic: unknown, value: value as never }).catch((error: unknown) => error),
    )
    await sendAll(producer, known, first)
    for (const error of await Promise.all(failing)) {
      t.match(error, SerializationError)
      t.match((error as Error).cause, {
        code: 'ERR_OTTLA_SCHEMA_REGISTRY',
        status: null,
        retriable: true,
      })
    }
    registry.signal('SIGCONT')
    await sendAll(producer, unknown, first)
    t.equal((await readSorted(kafka, known)).length, 2 * first.values.length)
    t.equal((await readSorted(kafka, unknown)).length, first.values.length)
  },
)

async function setLevel(
  { url }: RealRegistry,
  subject: string,
  compatibility: string,
): Promise<void> {
  const response = await fetch(`${url}/config/${encodeURIComponent(subject)}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ compatibility }),
  })
  if (!response.ok) throw new Error(await response.text())
}
