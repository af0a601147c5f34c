import t from 'tap'
import { Pipeline } from '../../../src/producer/pipeline.js'
import type { Submitted, WithoutRoom } from '../../../src/producer/intake/admission.js'
import type { ProducerOptions } from '../../../src/producer/options/options.js'
import { resolveOptions } from '../../../src/producer/options/resolve-options.js'
import { RecordGroup } from '../../../src/producer/records/record-group.js'
import type { ProducerRecord } from '../../../src/producer/records/record.js'
import {
  decodeBatch,
  decodeRecords,
  type DecodedRecord,
} from '../../../src/protocol/record-batch-reader.js'
import type { SerializerContext } from '../../../src/serialization/serializer.js'
import { countReads } from '../../support/count-reads.js'
import { ManualClock } from '../../support/manual-clock.js'
import { metadataOf } from '../support/pieces.js'

interface Rig {
  readonly pipeline: Pipeline<unknown, unknown>
  readonly clock: ManualClock
  /** What each record was told, in order. */
  readonly told: string[]
  /** Metadata names the topic's partitions. */
  know(topic: string, partitions?: number): void
  send(record: Partial<ProducerRecord<unknown, unknown>>, name?: string): Submitted
  enqueue(record: Partial<ProducerRecord<unknown, unknown>>, name?: string): Submitted
  /** What lies in a partition's batches, in order. */
  records(topic?: string, partition?: number): DecodedRecord[]
  values(topic?: string, partition?: number): (string | undefined)[]
  /** Every batch is given up, and its memory is free. */
  release(): void
}

/** A pipeline that no broker answers: what is taken stays where it is. */
function rig(options: Partial<ProducerOptions<unknown, unknown>> = {}): Rig {
  const clock = new ManualClock()
  const resolved = resolveOptions<unknown, unknown>(
    { brokers: 'nowhere:1', lingerMs: 10, maxBlockMs: 1000, ...options },
    () => {},
  )
  const dial = (): never => {
    throw new Error('nothing is dialled')
  }
  const broken = (error: unknown): never => {
    throw error
  }
  const pipeline = new Pipeline(resolved, { clock, random: () => 0.5, dial }, broken)
  const told: string[] = []
  const submit = (record: Partial<ProducerRecord>, name: string, without: WithoutRoom): Submitted =>
    pipeline.intake.submit(
      { topic: 'orders', value: name, ...record },
      (error) => told.push(`${name}: ${error === null ? 'ok' : error.name}`),
      without,
    )
  const records = (topic = 'orders', partition = 0): DecodedRecord[] => {
    const queue = pipeline.directory.topics.get(topic)?.partitions[partition]
    const batches = queue?.unsentBatches() ?? []
    return batches.flatMap((batch) => {
      batch.records.seal(batch.stamp)
      const { buffer, start, end } = batch.records
      return decodeRecords(decodeBatch(buffer.subarray(start, end)))
    })
  }
  return {
    pipeline,
    clock,
    told,
    know: (topic, partitions = 1) => {
      pipeline.directory.get(topic)
      pipeline.directory.onTopic(metadataOf(topic, Array<number>(partitions).fill(1)))
    },
    send: (record, name = 'x') => submit(record as Partial<ProducerRecord>, name, 'wait'),
    enqueue: (record, name = 'x') => submit(record as Partial<ProducerRecord>, name, 'refuse'),
    records,
    values: (topic, partition) =>
      records(topic, partition).map(({ value }) => value?.toString().slice(0, 10)),
    release: () => {
      for (const batch of [...pipeline.accumulator.incomplete]) {
        pipeline.completion.abandon(batch, new Error('given up') as never)
      }
    },
  }
} // prettier-ignore

const kilobytes = (name: string, count: number): { value: string } => ({
  value: name.padEnd(count * 1000, '.'),
})

t.test('a record of a known topic is appended before the call returns', async (t) => {
  const { know, send, records, clock } = rig()
  know('orders')
  t.equal(send({ key: 'k', value: 'v', headers: { h: '1' } }), 'appended')
  const [record] = records()
  t.match(record, { timestamp: clock.now(), headers: [{ name: 'h' }] })
  t.strictSame([record?.key?.toString(), record?.value?.toString()], ['k', 'v'])
  send({ value: null, timestamp: 5 })
  t.match(records()[1], { timestamp: 5, key: null, value: null })
})

t.test('a record that comes in amid the placement of another harms neither', async (t) => {
  const { pipeline, know, send, records } = rig()
  know('orders', 2)
  const { accumulator, intake } = pipeline
  const appendToNew = accumulator.appendToNew.bind(accumulator)
  // As where a full batch is compressed at once, and makes room for one that waited.
  accumulator.appendToNew = (...args) => {
    accumulator.appendToNew = appendToNew
    const inner = { key: 'inner key', value: 'inner', headers: { h: 'inner' }, partition: 1 }
    intake.submit({ topic: 'orders', ...inner }, null, 'fed')
    return accumulator.appendToNew(...args)
  }
  send({ key: 'key', value: 'outer', headers: { h: 'outer' }, partition: 0 })
  const found = [0, 1].flatMap((partition) => records('orders', partition))
  t.strictSame(
    found.map(({ key, value, headers }) => [key, value, headers[0]?.value].join(' ')),
    ['key outer outer', 'inner key inner inner'],
  )
})

t.test('a serializer may send a record of its own, and so may a header', async (t) => {
  const nested: Submitted[] = []
  const sendOne = (name: string): void => {
    nested.push(it.send({ key: `key ${name}`, value: name, headers: { n: name } }))
  }
  const value = (text: unknown): string => {
    if (text === 'outer') sendOne('by the serializer')
    return text as string
  }
  const it = rig({ serializers: { value } })
  it.know('orders')
  const headers = {
    first: '1',
    get second(): string {
      sendOne('by the header')
      return '2'
    },
  }
  it.send({ key: 'k', value: 'outer', headers })
  t.strictSame(nested, ['appended', 'appended'])
  t.strictSame(
    it.records().map(({ key, value, headers }) => [key, value, ...headers.map((h) => h.value)].join(' ')),
    ['key by the serializer by the serializer by the serializer', 'key by the header by the header by the header', 'k outer 1 2'],
  )
}) // prettier-ignore

t.test('a serializer is told of the topic, the part and the headers', async (t) => {
  const asked: unknown[] = []
  const serialize = (value: unknown, context: SerializerContext): string => {
    const { topic, part, headers } = context
    asked.push([value, { topic, part, headers }])
    return String(value)
  }
  const { know, send } = rig({ serializers: { key: serialize, value: serialize } })
  know('orders')
  const headers = { schema: '1' }
  send({ key: 1, value: 2, headers })
  send({ value: 3 })
  t.strictSame(asked, [
    [1, { topic: 'orders', part: 'key', headers }],
    [2, { topic: 'orders', part: 'value', headers }],
    [3, { topic: 'orders', part: 'value', headers: undefined }],
  ])
})

t.test('the records of a group have one time, that of the call, whenever they come in', async (t) => {
  const value = (text: unknown): string => {
    it.clock.advance(7)
    return text as string
  }
  const it = rig({ serializers: { value }, bufferMemoryBytes: 16_384, batchSizeBytes: 4096 })
  it.know('orders')
  const calledAt = it.clock.now()
  const values = Array.from({ length: 20 }, (_, i) => `${i}`.padEnd(3000, '.'))
  const records = values.map((value) => ({ topic: 'orders', value }))
  const group = new RecordGroup(records.length + 1, { resolve: () => {}, reject: () => {} })
  it.pipeline.intake.submitGroup([...records, { ...records[0], timestamp: 5 } as never], group, () => {})
  t.ok(it.pipeline.lot.waitingCount > 0, 'some found no room')
  const found: number[] = []
  for (let round = 0; round < 30; round++) {
    found.push(...it.records().map(({ timestamp }) => timestamp))
    it.release()
  }
  t.equal(found.filter((timestamp) => timestamp === calledAt).length, 20)
  t.equal(found.filter((timestamp) => timestamp === 5).length, 1)
  t.ok(it.clock.now() > calledAt)
}) // prettier-ignore

t.test('records of an unknown topic wait for it, in order, keys and all', async (t) => {
  const { know, send, records, pipeline } = rig()
  for (const name of ['a', 'b', 'c']) t.type(send({ key: `key ${name}`, partition: 0 }, name), 'object')
  know('orders')
  send({ key: 'key d', partition: 0 }, 'd')
  const found = records().map(({ key, value }) => `${String(key)} ${String(value)}`)
  t.strictSame(found, ['key a a', 'key b b', 'key c c', 'key d d'])
  t.equal(pipeline.budget.usedBytes, [...pipeline.accumulator.incomplete][0]?.budgetBytes)
}) // prettier-ignore

t.test('a topic that does not become known fails its records after maxBlockMs', async (t) => {
  const { send, clock, told, pipeline } = rig()
  send({}, 'a')
  clock.advance(999)
  await clock.settle()
  t.strictSame(told, [])
  clock.advance(1)
  await clock.settle()
  t.strictSame(told, ['a: TopicUnavailableError'])
  t.equal(pipeline.budget.usedBytes, 0)
})

t.test('order is the order of the calls, also when a serializer takes its time', async (t) => {
  const waits = new Map<string, (bytes: string) => void>()
  const value = (name: unknown): Promise<string> =>
    new Promise((resolve) => waits.set(name as string, resolve))
  const { know, send, values, clock } = rig({ serializers: { value } })
  know('orders')
  for (const name of ['a', 'b', 'c']) send({}, name)
  for (const name of ['c', 'a']) waits.get(name)?.(name)
  await clock.settle()
  t.strictSame(values(), ['a'])
  waits.get('b')?.('b')
  await clock.settle()
  t.strictSame(values(), ['a', 'b', 'c'])
})

t.test('what is serialized at once does not overtake what is not', async (t) => {
  let finish = (_: string): void => {}
  const slow = new Promise<string>((resolve) => (finish = resolve))
  const value = (name: unknown): string | Promise<string> =>
    name === 'slow' ? slow : (name as string)
  const { know, send, values, clock } = rig({ serializers: { value } })
  know('orders')
  for (const name of ['slow', 'fast']) send({}, name)
  finish('slow')
  await clock.settle()
  t.strictSame(values(), ['slow', 'fast'])
})

t.test('a serializer that fails harms its record alone', async (t) => {
  const value = (name: unknown): Promise<string> =>
    name === 'bad' ? Promise.reject(new Error('boom')) : Promise.resolve(name as string)
  const { know, send, values, told, clock } = rig({ serializers: { value } })
  know('orders')
  for (const name of ['a', 'bad', 'c']) send({}, name)
  await clock.settle()
  t.strictSame(values(), ['a', 'c'])
  t.strictSame(told, ['bad: SerializationError'])
})

t.test('a record that is none is refused at once', async (t) => {
  const { send, pipeline } = rig()
  for (const record of [null, undefined, 'text', 7]) {
    const submit = (): unknown => pipeline.intake.submit(record as never, null, 'wait')
    t.throws(submit, { name: 'InvalidRecordError' })
  }
  t.throws(() => send({ value: undefined }), { message: /orders.*has no value/ })
  t.throws(() => send({ value: undefined, topic: undefined as never }), {
    name: 'InvalidRecordError',
    message: /^topic undefined: a topic is a string/,
  })
  t.throws(() => send({ ['constructor']: 1 } as never), {
    message: /"constructor".*a record has topic,/,
  })
  t.throws(() => send({ topic: 'a b' }), { name: 'InvalidRecordError' })
  t.throws(() => send({ value: {} }), { name: 'SerializationError', message: /json\(\)/ })
  t.throws(() => send({ partition: -1 }), { name: 'InvalidRecordError' })
  t.throws(() => send({ timestamp: 1.5 }), { name: 'InvalidRecordError' })
})

t.test('a record that can never fit is refused at once, and the option is named', async (t) => {
  const { know, send } = rig({ maxRequestSizeBytes: 5000, bufferMemoryBytes: 100_000 })
  know('orders')
  t.equal(send(kilobytes('a', 4)), 'appended')
  const match = { name: 'RecordTooLargeError', message: /maxRequestSizeBytes allows 5000/ }
  t.throws(() => send(kilobytes('a', 5)), match)
  t.throws(() => send({ value: '€'.repeat(1700) }), match, 'bytes count, not characters')
  const small = rig({ bufferMemoryBytes: 20_000 })
  t.throws(() => small.send(kilobytes('a', 20)), { message: /bufferMemoryBytes/ })
})

t.test('whatever may be sent fits an empty buffer', async (t) => {
  for (const bytes of [100, 1100, 2000, 5000, 10_000, 16_000]) {
    const { know, enqueue } = rig({ bufferMemoryBytes: 16_384 })
    know('orders')
    t.equal(enqueue({ value: 'x'.repeat(bytes) }), 'appended', `${bytes} bytes`)
  }
})

t.test('without room a send waits and an enqueue is not taken; served first come, first served', async (t) => {
  const { know, send, enqueue, release, values, pipeline } = rig({ bufferMemoryBytes: 20_000 })
  know('orders')
  while (enqueue(kilobytes('fill', 3)) !== 'full');
  t.type(send(kilobytes('a', 3), 'a'), 'object')
  t.type(send({ value: 'b' }, 'b'), 'object', 'who is small waits behind who is large')
  t.equal(enqueue({ value: 'c' }), 'full')
  t.equal(pipeline.intake.room.isWritable, false)
  release()
  t.strictSame(values().map((value) => value?.[0]), ['a', 'b'])
  release()
  t.equal(pipeline.intake.room.isWritable, true)
}) // prettier-ignore

t.test('a small record does not overtake a large one, whatever its partition', async (t) => {
  const { know, send, enqueue, values } = rig({ bufferMemoryBytes: 20_000, batchSizeBytes: 4096 })
  know('orders', 2)
  while (enqueue({ ...kilobytes('fill', 3), partition: 0 }) !== 'full');
  send({ ...kilobytes('a', 3), partition: 0 }, 'a')
  t.type(send({ partition: 1 }, 'b'), 'object', 'though there would be room for it')
  t.strictSame(values('orders', 1), [])
})

t.test('what was taken never waits for room behind who does', async (t) => {
  const { know, send, enqueue, values, told, clock } = rig({ bufferMemoryBytes: 20_000 })
  while (enqueue({ ...kilobytes('taken', 3), topic: 'later' }) !== 'full');
  t.type(send({ topic: 'later', value: 'w' }, 'w'), 'object')
  know('later')
  t.ok(values('later').length >= 5)
  await clock.settle()
  t.strictSame(told, [])
})

t.test('beside another topic one that is not known fills half of the memory', async (t) => {
  const { know, send, enqueue, values, pipeline } = rig({ bufferMemoryBytes: 20_000 })
  know('known')
  while (enqueue({ ...kilobytes('taken', 3), topic: 'later' }) !== 'full');
  t.ok(pipeline.budget.usedBytes <= 10_000)
  t.equal(pipeline.intake.room.isWritable, false)
  t.type(send({ topic: 'later', value: 'w' }, 'w'), 'object')
  t.equal(enqueue({ topic: 'known', value: 'v' }), 'appended', 'the other one goes on')
  know('later')
  t.ok(values('later').length >= 3)
  t.ok(pipeline.budget.availableBytes >= 0)
})

t.test('records for a partition that has come to be go before those that wait for their topic', async (t) => {
  const { know, send, values, pipeline } = rig()
  know('orders', 1)
  send({ partition: 1 }, 'a')
  pipeline.directory.get('orders').lose()
  send({ partition: 1 }, 'b')
  know('orders', 2)
  t.strictSame(values('orders', 1), ['a', 'b'])
}) // prettier-ignore

t.test('what is settled behind one that waits leaves the lines, in every one of them', async (t) => {
  const { know, send, pipeline } = rig({ bufferMemoryBytes: 1_000_000, maxBlockMs: 60_000 })
  know('orders', 1)
  const heads = [send({ topic: 'unknown' }, 'head'), send({ partition: 7 }, 'head')]
  for (let i = 0; i < 1000; i++) {
    const parked = [send({ topic: 'unknown' }, 'x'), send({ partition: 7 }, 'x')]
    for (const each of parked) pipeline.lot.settle(each as never, new Error('x') as never)
  }
  const { taken } = pipeline.directory.get('unknown')
  const { beyond } = pipeline.directory.get('orders')
  t.strictSame([taken.length, beyond.length], [1, 1])
  t.strictSame([...pipeline.lot], heads)
}) // prettier-ignore

t.test('who waits for room in vain is told after maxBlockMs', async (t) => {
  const { know, send, enqueue, told, clock } = rig({ bufferMemoryBytes: 20_000, lingerMs: 5000 })
  know('orders')
  while (enqueue(kilobytes('fill', 3)) !== 'full');
  send(kilobytes('a', 3), 'a')
  clock.advance(1000)
  await clock.settle()
  t.ok(told.includes('a: BufferFullError'))
})

t.test('listeners for room are told once, when there is some', async (t) => {
  const { know, enqueue, release, pipeline } = rig({ bufferMemoryBytes: 20_000 })
  know('orders')
  while (enqueue(kilobytes('fill', 3)) !== 'full');
  const told: boolean[] = []
  pipeline.intake.room.onWritable((isInTime) => told.push(isInTime))
  t.strictSame(told, [])
  release()
  release()
  t.strictSame(told, [true])
})

t.test('what times out is no reason to look through all that wait for a partition', async (t) => {
  const COUNT = 300
  const { know, send, told, values, clock } = rig({ maxBlockMs: 10 * COUNT })
  know('orders', 1)
  let looks = 0
  for (let i = 0; i < COUNT; i++) {
    countReads(send({ partition: 7 }, String(i)) as object, 'line', () => looks++)
    clock.advance(1)
  }
  clock.advance(9.5 * COUNT)
  await clock.settle()
  t.ok(told.length > COUNT / 2 && told.length < COUNT, `${told.length} have timed out`)
  t.ok(looks < 20 * COUNT, `${looks} looks at ${COUNT} records`)
  know('orders', 8)
  t.strictSame(values('orders', 7), Array.from({ length: COUNT - told.length }, (_, i) => String(told.length + i)))
}) // prettier-ignore

t.test('a partition that went and came back gets what was given meanwhile', async (t) => {
  const { know, send, values } = rig()
  know('orders', 3)
  know('orders', 1)
  for (const partition of [2, 1, 2]) send({ partition }, String(partition))
  know('orders', 2)
  t.strictSame([values('orders', 1), values('orders', 2)], [['1'], []])
  send({ partition: 2 }, 'last')
  know('orders', 3)
  t.strictSame(values('orders', 2), ['2', '2', 'last'])
})

t.test('a flush costs the same, however many records wait and flushes with it', async (t) => {
  const COUNT = 300
  const { know, send, clock, pipeline, release } = rig({ lingerMs: 60_000 })
  let looks = 0
  const flushed: number[] = []
  for (let i = 0; i < COUNT; i++) {
    const parked = send({ topic: i % 2 === 0 ? 'unknown' : 'other' }) as object
    for (const field of ['isSettled', 'line', 'span']) countReads(parked, field, () => looks++)
    pipeline.flush(() => flushed.push(i))
  }
  t.ok(looks < 20 * COUNT, `${looks} looks at ${COUNT} records`)
  know('unknown')
  const [batch] = pipeline.accumulator.incomplete
  t.equal(batch?.isDue, true, 'it does not linger')
  release()
  clock.runDeferred()
  t.strictSame(flushed, [0])
  know('other')
  clock.runDeferred()
  t.strictSame(flushed, [0])
  release()
  clock.runDeferred()
  t.strictSame(
    flushed,
    Array.from({ length: COUNT }, (_, i) => i),
  )
})

t.test(
  'a partition that does not exist holds up nobody, and gets its records when it does',
  async (t) => {
    const { know, send, values, told, clock } = rig()
    know('orders', 1)
    send({ partition: 1 }, 'a')
    send({ partition: 2 }, 'b')
    t.equal(send({ partition: 0 }, 'c'), 'appended')
    know('orders', 2)
    t.strictSame(values('orders', 1), ['a'])
    clock.advance(1000)
    await clock.settle()
    t.ok(told.includes('b: TopicUnavailableError'))
  },
)

t.test('a record that waited for its topic waits on for a partition that it lacks', async (t) => {
  const { know, send, values } = rig()
  send({ partition: 1 }, 'a')
  know('orders', 1)
  know('orders', 2)
  t.strictSame(values('orders', 1), ['a'])
})

t.test('a partitioner is asked once for each record, also for one that waits', async (t) => {
  let asked = 0
  const partitioner = (): undefined => void asked++
  const { know, send, enqueue, release } = rig({ bufferMemoryBytes: 20_000, partitioner })
  know('orders')
  while (enqueue(kilobytes('fill', 3)) !== 'full');
  asked = 0
  send(kilobytes('a', 3), 'a')
  release()
  t.equal(asked, 1)
})

t.test('a partitioner that throws for a record that waited fails that one alone', async (t) => {
  const partitioner = ({ value }: { value: unknown }): number => {
    if (value === 'bad') throw new Error('boom')
    return 0
  }
  const { know, send, values, told, clock } = rig({ partitioner })
  for (const name of ['a', 'bad', 'c']) send({}, name)
  know('orders')
  await clock.settle()
  t.strictSame(values(), ['a', 'c'])
  t.strictSame(told, ['bad: InvalidRecordError'])
})
