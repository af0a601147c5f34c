/**
 * Every short program in examples/, run as its reader would: a process of its own that must end by
 * itself, with exit code 0, nothing on stderr, and this on stdout. Kafka's consumer then shows what
 * came of those that write more than one plain record.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { brokerTest } from '../broker/broker-test.js'
import type { Kafka } from '../broker/kafka.js'
import { projectFile } from '../broker/project.js'
import type { ReadRecord } from '../broker/read-topic.js'

const TIMEOUT_MS = 60_000

/** What an example prints, and what the topic holds afterwards. */
interface Expectation {
  readonly partitions?: number
  /** Every line of stdout. */
  readonly prints: readonly RegExp[]
  readonly holds?: (t: Test, records: readonly ReadRecord[]) => void
}

const EXAMPLES: Readonly<Record<string, Expectation>> = {
  'send-one': {
    prints: [/^topic \S+, partition 0, offset 0$/, /^written at 20\d\d-\d\d-\d\dT[\d:.]+Z$/],
  },
  'send-all': {
    prints: [
      /^ordered: partition 0, offset 0$/,
      /^paid: partition 0, offset 1$/,
      /^sent: partition 0, offset 2$/,
      /^0: written$/,
      /^1: RecordTooLargeError$/,
    ],
    holds: (t, records) => t.strictSame(valuesOf(records), ['ordered', 'paid', 'sent', 'small']),
  },
  'enqueue-with-backpressure': {
    partitions: 3,
    prints: [/^100000 of 100000 acknowledged; the buffer was full [1-9]\d* times$/],
    holds: (t, records) => {
      t.equal(records.length, 100_000)
      t.equal(new Set(valuesOf(records)).size, 100_000, 'each of them once')
    },
  },
  'stream-lines': {
    prints: [/^toRecord threw: "no reading" has no value$/, /^50000 acknowledged, 1 failed$/],
    holds: (t, records) => t.equal(new Set(valuesOf(records)).size, 50_000, 'each of them once'),
  },
  interceptors: {
    prints: [
      /^send, record 1 of 1: acknowledged \(\d+ ms\)$/,
      /^sendAll, record 1 of 2: acknowledged/,
      /^sendAll, record 2 of 2: acknowledged/,
      /^send, record 1 of 1: InvalidRecordError/,
    ],
    holds: (t, records) => t.strictSame(valuesOf(records), ['one', 'two', 'three']),
  },
  'worker-threads': {
    partitions: 3,
    prints: [/^100000 of 100000 acknowledged, by [2-4] producers$/],
    holds: (t, records) => {
      t.equal(records.length, 100_000)
      const next = new Map<string, number>()
      const wrong = records.filter((record) => {
        const sensor = String(record.key)
        const expected = next.get(sensor) ?? 0
        next.set(sensor, expected + 1)
        return String(record.value) !== String(expected)
      })
      t.equal(next.size, 1_000)
      t.equal(wrong.length, 0, 'the readings of each sensor in order')
    },
  },
  'json-values': {
    prints: [/^order at partition 0, offset 0$/, /^SerializationError: not written$/],
    holds: (t, records) => t.strictSame(valuesOf(records), ['{"total":9.5,"items":["tea","cup"]}']),
  },
  'avro-values': {
    prints: [
      /^reading at offset 0$/,
      /^reading at offset 1$/,
      /: avro: value\.row is no field of weather\.Reading, which has id, takenAt, celsius, raw/,
    ],
    holds: (t, records) =>
      t.strictSame(
        records.map(({ value }) => value?.toString('hex')),
        ['00', '0204cafe'].map((raw) => `8280808080808020d00f0000000000803540${raw}`),
      ),
  },
  'checked-json': {
    prints: [/^order at offset 0$/, /: json schema: value\.items\[1\]\.price: /],
    holds: (t, records) => {
      const text = '{"id":7,"items":[{"name":"tea","price":4}],"currency":"EUR"}'
      t.strictSame(valuesOf(records), [text])
    },
  },
  'protobuf/main': {
    prints: [
      /^order o-1 at offset 0$/,
      /^order o-2 at offset 1$/,
      /Protobuf shop\.Order: value\.totalCent is not a field of shop\.Order$/,
    ],
    holds: (t, records) => {
      const hex = records.map(({ value }) => value?.toString('hex'))
      t.strictSame(hex, ['0a036f2d3110b6071a050a03746561', '0a036f2d32108180808080808010'])
    },
  },
  'own-partitioner': {
    partitions: 3,
    prints: [
      /^\S+ has 3 partitions$/,
      /^premium-1: partition 2$/,
      /^premium-2: partition 2$/,
      /^user-1: partition [01]$/,
      /^user-2: partition [01]$/,
      /^user-1: partition [01]$/,
    ],
    holds: (t, records) => {
      const last = records.filter(({ partition }) => partition === 2)
      t.strictSame(keysOf(last), ['premium-1', 'premium-2'])
      const home = records.find(({ key }) => key?.toString() === 'user-1')?.partition
      const there = records.filter(({ partition }) => partition === home)
      t.equal(keysOf(there).filter((key) => key === 'user-1').length, 2, 'both at one place')
    },
  },
  'abort-and-timeouts': {
    prints: [
      /^in time: offset 0$/,
      /^aborted before: not-written$/,
      /^aborted after: unknown$/,
      /^closed$/,
    ],
    holds: (t, records) => t.equal(records.length, 2, 'the one that was on its way was written'),
  },
  'handle-errors': {
    prints: [
      /^written at offset 0$/,
      /^ERR_OTTLA_INVALID_RECORD: not written, correct it first$/,
      /^ERR_OTTLA_RECORD_TOO_LARGE: not written, correct it first$/,
      /^ERR_OTTLA_TOPIC_UNAVAILABLE: not written, send it again later$/,
    ],
    holds: (t, records) => t.strictSame(valuesOf(records), ['an order']),
  },
  tracing: {
    prints: [
      /^PRODUCER send \S+: within [0-9a-f]{8}…, 0 links, offset 0$/,
      /^PRODUCER create \S+: within [0-9a-f]{8}…, 0 links, offset -$/,
      /^PRODUCER create \S+: within [0-9a-f]{8}…, 0 links, offset -$/,
      /^CLIENT send \S+: within [0-9a-f]{8}…, 2 links, offset -$/,
      /^INTERNAL checkout: a trace begins, 0 links, offset -$/,
    ],
    holds: (t, records) => {
      const traces = records.map(({ headers: [header] }) => {
        const [name, value] = header ?? []
        const [, traceId, spanId] = value?.toString().split('-') ?? []
        return { name, traceId, spanId }
      })
      t.strictSame(new Set(traces.map(({ name }) => name)), new Set(['traceparent']))
      t.equal(new Set(traces.map(({ traceId }) => traceId)).size, 1, 'one trace')
      t.equal(new Set(traces.map(({ spanId }) => spanId)).size, 3, 'a span each')
    },
  },
  'headers-and-tombstones': {
    prints: [/^created at offset 0$/, /^renamed at offset 1$/, /^deleted at offset 2$/],
    holds: (t, records) => {
      t.strictSame(valuesOf(records), ['Ottla', 'Ottilie', null])
      const [created, renamed, deleted] = records.map(({ headers }) => headers)
      t.strictSame(created, [
        ['source', Buffer.from('web')],
        ['content-type', Buffer.from('text/plain')],
      ])
      t.strictSame(renamed, [
        ['trace', Buffer.from('a1')],
        ['trace', Buffer.from([0xb2, 0xff])],
        ['checked', null],
      ])
      t.strictSame(deleted, [])
    },
  },
}

t.test('every program that is no folder is here', async (t) => {
  const files = readdirSync(projectFile('examples')).filter((name) => name.endsWith('.ts'))
  const expected = Object.keys(EXAMPLES)
    .filter((name) => !name.includes('/'))
    .map((name) => `${name}.ts`)
  t.strictSame(files.sort(), expected.sort())
})

for (const [name, { partitions = 1, prints, holds }] of Object.entries(EXAMPLES)) {
  await brokerTest(`examples/${name} does what it says`, async (t, kafka) => {
    const topic = `example-${name.replace('/', '-')}-${process.pid}-${Date.now()}`
    await kafka.createTopic(topic, { partitions })
    const { code, stdout, stderr } = await run(name, kafka, topic)
    t.equal(stderr, '')
    const lines = stdout.trimEnd().split('\n')
    t.match(lines, prints)
    t.equal(lines.length, prints.length)
    t.equal(code, 0)
    if (holds !== undefined) holds(t, await kafka.readTopic(topic))
  })
}

async function run(
  name: string,
  kafka: Kafka,
  topic: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const program = fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url))
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, KAFKA_BROKERS: kafka.bootstrap.join(','), TOPIC: topic },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { code, stdout, stderr }
}

function keysOf(records: readonly ReadRecord[]): (string | undefined)[] {
  return records.map(({ key }) => key?.toString())
}

/** The values as text, in order of partition and offset. */
function valuesOf(records: readonly ReadRecord[]): (string | null)[] {
  return records.map(({ value }) => value?.toString() ?? null)
}
