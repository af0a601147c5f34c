/**
 * Headers that serializers add: they are in the record as it is written, and nowhere else.
 */
import t, { type Test } from 'tap'
import {
  Producer,
  type Headers,
  type ProducerOptions,
  type SerializerContext,
} from '../../src/index.js'
import { TestCluster } from '../../src/testing/cluster.js'

interface Rig {
  readonly cluster: TestCluster
  readonly producer: Producer<string, string>
  /** Of each stored record: `name=value name=value`. */
  stored(): string[]
}

type Serializers = NonNullable<ProducerOptions<string, string>['serializers']>

async function rig(t: Test, serializers: Serializers): Promise<Rig> {
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  const producer = new Producer<string, string>({ brokers: cluster.bootstrap, serializers })
  t.teardown(async () => {
    await producer.close()
    await cluster.close()
  })
  const stored = (): string[] =>
    cluster
      .records('orders')
      .map(({ headers }) =>
        headers.map(({ name, value }) => `${name}=${value?.toString() ?? 'null'}`).join(' '),
      )
  return { cluster, producer, stored }
}

/** Adds a header where the text asks for one: `name=value`. */
function add(text: string, context: SerializerContext): string {
  for (const pair of text.split(' ')) {
    const [name, value] = pair.split('=')
    if (value !== undefined) context.setHeader(name as string, Buffer.from(value))
  }
  return text
}

async function addLater(text: string, context: SerializerContext): Promise<string> {
  await Promise.resolve()
  return add(text, context)
}

for (const [how, key, value] of [
  ['at once', add, add],
  ['later, both', addLater, addLater],
  ['the key later', addLater, add],
  ['the value later', add, addLater],
] as const) {
  t.test(`headers are added ${how}`, async (t) => {
    const { producer, stored } = await rig(t, { key, value })
    const headers: Record<string, string | null> = { h: '1', n: null }
    const pairs: Headers = [['v', '1'], ['x', '1'], ['v', '2']] // prettier-ignore
    const record = { topic: 'orders' }
    await Promise.all([
      producer.send({ ...record, key: 'k=1', value: 'v=1' }),
      producer.send({ ...record, key: 'k', value: 'v' }),
      producer.send({ ...record, key: 'k=1', value: 'v=1', headers }),
      producer.send({ ...record, key: 'k=1', value: 'v=9', headers: pairs }),
      producer.send({ ...record, key: 'h=2', value: 'h=3 h=4', headers }),
      producer.send({ ...record, value: 'v', headers }),
      producer.send({ ...record, value: 'v=1', headers: {} }),
      producer.send({ ...record, value: 'v' }),
    ])
    await producer.sendAll([
      { ...record, value: 'v=5' },
      { ...record, value: 'v' },
    ])
    t.strictSame(stored(), [
      'k=1 v=1',
      '',
      'h=1 n=null k=1 v=1',
      'v=9 x=1 k=1',
      'h=4 n=null',
      'h=1 n=null',
      'v=1',
      '',
      'v=5',
      '',
    ])
    t.strictSame(headers, { h: '1', n: null }, "the user's are as they were")
    t.strictSame(pairs, [['v', '1'], ['x', '1'], ['v', '2']]) // prettier-ignore
  })
}

t.test('what is no header fails its record, and what comes too late does nothing', async (t) => {
  const contexts: SerializerContext[] = []
  const value = (text: string, context: SerializerContext): string => {
    contexts.push(context)
    if (text === 'bad') context.setHeader('x', 'text' as unknown as Uint8Array)
    return text
  }
  const { producer, stored } = await rig(t, { value })
  await t.rejects(producer.send({ topic: 'orders', value: 'bad' }), {
    name: 'SerializationError',
    message: /setHeader takes a name and bytes/,
  })
  const sent = producer.send({ topic: 'orders', value: 'good' })
  contexts[1]?.setHeader('x', Buffer.from('late'))
  await sent
  t.strictSame(stored(), [''])
})

t.test('bytes that were transferred away are no header', async (t) => {
  const value = (text: string, context: SerializerContext): string => {
    const bytes = Buffer.from(new Uint8Array([1]).buffer)
    structuredClone(bytes, { transfer: [bytes.buffer] })
    context.setHeader('x', bytes)
    return text
  }
  const { producer, stored } = await rig(t, { value })
  await t.rejects(producer.send({ topic: 'orders', value: 'v' }), {
    name: 'SerializationError',
    message: /was given .* and bytes whose ArrayBuffer was transferred away/,
  })
  t.strictSame(stored(), [])
})

t.test('a header that makes the record too large is counted', async (t) => {
  const value = (text: string, context: SerializerContext): string => {
    context.setHeader('x', new Uint8Array(2_000_000))
    return text
  }
  for (const it of [
    value,
    async (text: string, context: SerializerContext) => value(text, context),
  ]) {
    const { producer } = await rig(t, { value: it })
    await t.rejects(producer.send({ topic: 'orders', value: 'v' }), { name: 'RecordTooLargeError' })
  }
})

t.test('bytes of a header may be used again while the other serializer works', async (t) => {
  const shared = Buffer.alloc(1)
  const key = (text: string): Promise<string> =>
    new Promise((resolve) => setImmediate(resolve, text))
  const value = (text: string, context: SerializerContext): string => {
    shared.write(text)
    context.setHeader('id', shared)
    return text
  }
  const { producer, stored } = await rig(t, { key, value })
  const texts = ['1', '2', '3']
  await Promise.all(texts.map((value) => producer.send({ topic: 'orders', key: 'k', value })))
  t.strictSame(stored(), ['id=1', 'id=2', 'id=3'])
})
