/**
 * Records that cannot be appended in the call: the memory they hold, the bytes they are made of, who
 * waits for whom, and what a topic that is gone or idle leaves behind. A whole producer against the
 * test cluster, on a virtual clock.
 */
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { json, type ProducerRecord, type SendAllError } from '../../src/index.js'
import { Accumulator } from '../../src/producer/batching/accumulator.js'
import { TopicDirectory } from '../../src/producer/partitioning/topic-directory.js'
import { ErrorCodes } from '../../src/testing/cluster.js'
import { simulate, values, type Simulation } from '../testing/support/simulation.js'

/** Moves time on by `ms`, in steps, so that what happens in between can go on. */
async function pass(it: Simulation, ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 50) await it.clock.advanceSettled(50)
}

const free = ({ producer }: Simulation): number => producer.metrics().bufferAvailableBytes

t.test('bytes may be used again after the call, on every path', async (t) => {
  const paths: Record<string, [isKnown: boolean, memoryBytes: number, isAsync: boolean, isForeign?: boolean]> = {
    'appended': [true, 1_000_000, false],
    'topic not known': [false, 1_000_000, false],
    'no room': [true, 20_000, false],
    'serializer not done': [true, 1_000_000, true],
    'topic not known, no room, serializer not done': [false, 20_000, true],
    'another realm’s, no room': [true, 20_000, false, true],
    'another realm’s, topic not known, serializer not done': [false, 1_000_000, true, true],
  } // prettier-ignore
  for (const [path, [isKnown, bufferMemoryBytes, isAsync, isForeign = false]] of Object.entries(paths)) {
    const serialize = (value: unknown): Promise<Buffer> => Promise.resolve(Buffer.from(value as Buffer))
    const serializers = isAsync ? { value: serialize as never } : {}
    const it = await simulate({ topics: { orders: {} } }, { bufferMemoryBytes, serializers })
    if (isKnown) await it.run(it.producer.partitionsFor('orders'))
    const pool = isForeign ? (runInNewContext('new Uint8Array(1000)') as Uint8Array) : Buffer.alloc(1000)
    const record = { topic: 'orders', key: pool, value: pool, headers: { h: pool } }
    const sent: Promise<unknown>[] = []
    for (let i = 0; i < 40; i++) {
      pool.fill(65 + i)
      if (i % 4 === 0) sent.push(it.producer.sendAll([record, record]))
      else if (i % 4 === 1) it.producer.enqueue(record)
      else sent.push(it.producer.send(record))
    }
    pool.fill(0)
    await it.run(Promise.all(sent))
    const stored = it.cluster.records('orders')
    const mangled = stored.filter(({ key, value, headers }) =>
      [key, value, headers[0]?.value].some((bytes) => bytes?.[0] === 0 || bytes?.[0] !== key?.[0]),
    )
    t.equal(mangled.length, 0, `${path}: ${mangled.length} of ${stored.length}`)
    t.ok(stored.length >= 40, path)
    await it.run(it.producer.close())
  }
}) // prettier-ignore

t.test('what is not serialized yet is bounded, and memory is never overdrawn', async (t) => {
  const bufferMemoryBytes = 100_000
  const serializers = { value: (length: number) => Promise.resolve(Buffer.alloc(length)) }
  const it = await simulate({ topics: { orders: {} } }, { bufferMemoryBytes, serializers: serializers as never })
  await it.run(it.producer.partitionsFor('orders'))
  it.cluster.broker(1).freeze()
  let least = Infinity
  let taken = 0
  let acked = 0
  for (let i = 0; i < 2000; i++) {
    const length = i % 400 < 200 ? 100 : 5000
    const callback = (error: Error | null): void => void (error === null && acked++)
    if (it.producer.enqueue({ topic: 'orders', value: length as never }, callback)) taken++
    if (i % 10 === 0) await it.clock.settle()
    least = Math.min(least, free(it))
  }
  t.ok(least >= 0, `${least} bytes free at least`)
  t.ok(taken >= 10 && taken < 400, `${taken} are taken`)
  it.cluster.broker(1).unfreeze()
  await it.run(it.producer.flush())
  t.equal(acked, taken)
  t.equal(free(it), bufferMemoryBytes)
  await it.run(it.producer.close())
}) // prettier-ignore

t.test('one whose serializer never ends holds up those behind it no longer than itself', async (t) => {
  const endless = new Promise<string>(() => {})
  const serializers = { value: (text: unknown) => (text === 'never' ? endless : (text as string)) }
  const it = await simulate({ topics: { orders: {} } }, { serializers, maxBlockMs: 1000 })
  await it.run(it.producer.send({ topic: 'orders', value: 'first' }))
  const abort = new AbortController()
  const never = it.producer.send({ topic: 'orders', value: 'never' }, { signal: abort.signal })
  const behind = it.producer.send({ topic: 'orders', value: 'behind' })
  abort.abort()
  await t.rejects(it.run(never), { code: 'ERR_OTTLA_ABORTED' })
  t.equal((await it.run(behind)).offset, 1n)
  const late = it.producer.send({ topic: 'orders', value: 'never' })
  await pass(it, 500)
  const last = it.producer.send({ topic: 'orders', value: 'last' })
  await t.rejects(it.run(late), { code: 'ERR_OTTLA_BUFFER_FULL' })
  t.equal((await it.run(last)).offset, 2n)
  await it.run(it.producer.close())
}) // prettier-ignore

t.test('a partitioner that has its own record aborted does not write it', async (t) => {
  const abort = new AbortController()
  const partitioner = ({ value }: { value: unknown }): number => {
    if (value === 'aborted') abort.abort()
    return 0
  }
  const it = await simulate({ topics: { orders: {} } }, { partitioner })
  const sent = it.producer.send({ topic: 'orders', value: 'aborted' }, { signal: abort.signal })
  const other = it.producer.send({ topic: 'orders', value: 'other' })
  await t.rejects(it.run(sent), { code: 'ERR_OTTLA_ABORTED' })
  await it.run(other)
  t.strictSame(values(it.cluster, 'orders'), ['other'])
  await it.run(it.producer.close())
})

t.test('a sendAll feeds what finds no room, in order, and later calls wait behind it', async (t) => {
  for (const isKnown of [true, false]) {
    const topics = { orders: { partitions: 2 }, others: {} }
    const options = { bufferMemoryBytes: 16_384, maxWaitingSends: 1, batchSizeBytes: 2048, maxBlockMs: 500 }
    const it = await simulate({ topics }, options, () => 20)
    if (isKnown) await it.run(it.producer.partitionsFor('orders'))
    const record = (i: number): ProducerRecord => ({
      topic: i % 50 === 0 ? 'others' : 'orders',
      partition: i % 50 === 0 ? 0 : i % 2,
      value: String(i).padEnd(200, '.'),
    })
    const all = it.producer.sendAll(Array.from({ length: 2000 }, (_, i) => record(i)))
    t.equal(it.producer.enqueue({ topic: 'orders', partition: 1, value: 'overtakes' }), false)
    const later = it.producer.send({ topic: 'orders', partition: 1, value: '5000' }).catch(() => 'waited for maxBlockMs')
    const flushed = it.producer.flush()
    let least = 0
    const metadata = await it.run(all.finally(() => (least = free(it))))
    t.ok(least >= 0)
    t.equal(metadata.length, 2000)
    t.ok(it.clock.monotonicMs() > 500, 'it took longer than maxBlockMs')
    await it.run(later)
    await it.run(flushed)
    for (const [topic, partition] of [['orders', 0], ['orders', 1], ['others', 0]] as const) {
      const stored = it.cluster.records(topic, partition).map(({ value }) => Number.parseInt(String(value)))
      t.strictSame(stored, stored.toSorted((a, b) => a - b), `${topic}-${partition}`)
    }
    metadata.forEach((each, i) => t.equal(each.partition, record(i).partition))
    await it.run(it.producer.close())
    t.equal(free(it), 16_384)
  }
}) // prettier-ignore

t.test('many flushes of many groups that wait cost no more than each other', async (t) => {
  const it = await simulate(
    { topics: { orders: {} } },
    { bufferMemoryBytes: 20_000, lingerMs: 100 },
  )
  await it.run(it.producer.partitionsFor('orders'))
  it.cluster.broker(1).freeze()
  let settled = 0
  const waits: Promise<unknown>[] = []
  for (let group = 0; group < 40; group++) {
    const records = [0, 1, 2].map(() => ({ topic: 'orders', value: Buffer.alloc(3000) }))
    waits.push(it.producer.sendAll(records).then(() => (settled += 3)))
    const before = 3 * (group + 1)
    waits.push(it.producer.flush().then(() => t.ok(settled >= before, `${settled} of ${before}`)))
  }
  it.cluster.broker(1).unfreeze()
  await it.run(Promise.all(waits))
  t.equal(it.cluster.records('orders').length, 120)
  await it.run(it.producer.close())
})

t.test('what a sendAll could not feed is told why', async (t) => {
  const options = { bufferMemoryBytes: 16_384, maxBlockMs: 500, deliveryTimeoutMs: 1000, requestTimeoutMs: 500 }
  const it = await simulate({ topics: { orders: {} } }, options)
  await it.run(it.producer.partitionsFor('orders'))
  it.cluster.broker(1).freeze()
  const records = Array.from({ length: 200 }, () => ({ topic: 'orders', value: 'x'.repeat(500) }))
  const bad = [...records, null as never, { topic: 'orders' } as never]
  const error = await it.run(it.producer.sendAll(bad).catch((error: unknown) => error as SendAllError))
  const codes = (error as SendAllError).results.map((result) =>
    result.status === 'rejected' ? (result.reason as Error & { code: string }).code : 'acked',
  )
  t.equal(codes.length, 202)
  t.equal(codes[0], 'ERR_OTTLA_DELIVERY_TIMEOUT')
  t.equal(codes[199], 'ERR_OTTLA_BUFFER_FULL')
  t.strictSame(codes.slice(200), ['ERR_OTTLA_INVALID_RECORD', 'ERR_OTTLA_INVALID_RECORD'])
  it.cluster.broker(1).unfreeze()
  const all = it.producer.sendAll(records).catch((error: unknown) => error as SendAllError)
  await it.run(it.producer.close())
  const closed = await all
  const left = (closed as SendAllError).results.filter(({ status }) => status === 'rejected')
  t.ok(left.length > 100)
  t.equal(free(it), 16_384)
}) // prettier-ignore

t.test('a topic that is gone holds up no other, and goes on in order when it is back', async (t) => {
  const options = { bufferMemoryBytes: 100_000, maxBlockMs: 5000, deliveryTimeoutMs: 60_000 }
  const it = await simulate({ topics: { dead: {}, alive: {} }, autoCreateTopics: false }, options)
  const record = (topic: string, value: string): ProducerRecord => ({ topic, value })
  await it.run(it.producer.sendAll([record('dead', 'x'), record('alive', 'x')]))
  it.cluster.deleteTopic('dead')
  const fates = new Map<string, number>()
  let longestMs = 0
  let name = 0
  const note = (code: string): void => void fates.set(code, (fates.get(code) ?? 0) + 1)
  for (let i = 0; i < 300; i++) {
    const padded = String(name++).padEnd(1000, '.')
    it.producer.send(record('dead', padded)).then(() => note('acked'), (error: unknown) => note((error as { code: string }).code))
    const atMs = it.clock.monotonicMs()
    const sent = it.producer.send(record('alive', 'x'))
    sent.then(() => (longestMs = Math.max(longestMs, it.clock.monotonicMs() - atMs)), () => t.fail('lost'))
    await pass(it, 50)
    if (free(it) < 0) t.fail('overdrawn')
  }
  t.ok(longestMs <= 1000, `others waited ${longestMs} ms at the most`)
  t.ok((fates.get('ERR_OTTLA_TOPIC_UNAVAILABLE') ?? 0) > 50, JSON.stringify([...fates]))
  it.cluster.createTopic('dead')
  await pass(it, 3000)
  await it.run(it.producer.flush())
  const stored = values(it.cluster, 'dead').map((value) => Number.parseInt(value ?? ''))
  t.ok(stored.length > 50)
  t.strictSame(stored, stored.toSorted((a, b) => a - b))
  await it.run(it.producer.close())
  t.equal(free(it), 100_000)
}) // prettier-ignore

t.test('a topic that some answers did not know is itself again', async (t) => {
  const it = await simulate({ topics: { orders: {} } }, { maxBlockMs: 20_000, metadataMaxAgeMs: 200 })
  await it.run(it.producer.send({ topic: 'orders', value: 'a' }))
  const errorCode = ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION
  it.cluster.failNext('Metadata', { topic: 'orders', errorCode, times: 12 })
  await pass(it, 2500)
  const sent = it.producer.send({ topic: 'orders', value: 'b' })
  t.equal((await it.run(sent)).offset, 1n)
  await it.run(it.producer.close())
}) // prettier-ignore

t.test('an idle topic is forgotten, and begins under a later epoch when it is used again', async (t) => {
  const options = { metadataMaxIdleMs: 1000, metadataMaxAgeMs: 300 }
  const it = await simulate({ topics: { orders: {}, others: {} } }, options)
  for (let round = 0; round < 4; round++) {
    for (const topic of ['orders', 'others']) {
      for (const value of ['a', 'b']) {
        const metadata = await it.run(it.producer.send({ topic, value: `${value}${round}` }))
        t.equal(metadata.offset, BigInt(round * 2 + (value === 'a' ? 0 : 1)), `${topic} ${value}${round}`)
      }
    }
    await pass(it, 2500)
  }
  t.strictSame(values(it.cluster, 'orders'), ['a0', 'b0', 'a1', 'b1', 'a2', 'b2', 'a3', 'b3'])
  await it.run(it.producer.close())
}) // prettier-ignore

for (const [name, prototype, method] of [
  ['append', Accumulator.prototype, 'appendToOpen'],
  ['a listener of metadata', TopicDirectory.prototype, 'onTopic'],
] as const) {
  t.test(`a defect of ${name} is told as one, and is nobody's record's fault`, async (t) => {
    const it = await simulate({ topics: { orders: {}, others: {} } }, { maxBlockMs: 5000 })
    const { producer } = it
    await it.run(producer.send({ topic: 'orders', value: 'a' }))
    const whole = Object.getOwnPropertyDescriptor(prototype, method) ?? {}
    t.teardown(() => void Object.defineProperty(prototype, method, whole))
    const broken = (): never => {
      throw new Error('broken by a test')
    }
    Object.defineProperty(prototype, method, { ...whole, value: broken })
    const told: unknown[] = []
    const record = { topic: 'others', value: 'b' }
    const failed = (error: unknown): unknown => told.push(error)
    const sent = [
      producer.send(record).catch(failed),
      producer.sendAll([record]).catch((error: unknown) => failed((error as Error).cause)),
      producer.send({ topic: 'orders', value: 'c' }).catch(failed),
    ]
    producer.enqueue(record, failed)
    await it.run(Promise.all(sent))
    await it.clock.settle()
    const fatal = { code: 'ERR_OTTLA_FATAL', message: /broken by a test/ }
    for (const error of told.slice(0, 2)) t.match(error, fatal)
    t.ok(told.length >= 3)
    await t.rejects(producer.send(record), fatal)
    await it.run(producer.close())
    t.equal(it.clock.timerCount, 0)
  })
}

t.test('sendAll takes objects as they are during the call, however many find no room', async (t) => {
  const serializers = { value: json() } as never
  const options = { bufferMemoryBytes: 16_384, batchSizeBytes: 2048, serializers }
  const it = await simulate({ topics: { orders: {} } }, options)
  await it.run(it.producer.partitionsFor('orders'))
  const list = Array.from({ length: 300 }, (_, n) => ({ n, pad: 'x'.repeat(200) }))
  const all = it.producer.sendAll(list.map((value) => ({ topic: 'orders', value: value as never })))
  for (const value of list) value.n = -1
  t.ok(it.producer.metrics().waitingSends > 100)
  await it.run(all)
  const stored = it.cluster.records('orders').map(({ value }) => JSON.parse(String(value)) as { n: number })
  t.strictSame(stored.map(({ n }) => n), list.map((_, i) => i))
  await it.run(it.producer.close())
}) // prettier-ignore

t.test('one buffer for all that a serializer returns is copied for what waits in a sendAll', async (t) => {
  const shared = Buffer.alloc(400)
  const serializers = { value: (n: number) => shared.fill(32).fill(String(n), 0, String(n).length) }
  const options = { bufferMemoryBytes: 16_384, batchSizeBytes: 2048, serializers: serializers as never }
  const it = await simulate({ topics: { orders: {} } }, options)
  await it.run(it.producer.partitionsFor('orders'))
  const list = Array.from({ length: 200 }, (_, n) => ({ topic: 'orders', value: n as never }))
  await it.run(it.producer.sendAll(list))
  t.strictSame(values(it.cluster, 'orders').map(Number), list.map((_, i) => i))
  await it.run(it.producer.close())
}) // prettier-ignore

t.test('asynchronous serializers of a sendAll are not all at work at once', async (t) => {
  let atWork = 0
  let most = 0
  const value = async (text: unknown): Promise<string> => {
    most = Math.max(most, ++atWork)
    await Promise.resolve()
    atWork--
    return String(text).padEnd(400, '.')
  }
  const options = { bufferMemoryBytes: 16_384, batchSizeBytes: 2048, serializers: { value } as never }
  const it = await simulate({ topics: { orders: {} } }, options)
  await it.run(it.producer.partitionsFor('orders'))
  const list = Array.from({ length: 2000 }, (_, i) => ({ topic: 'orders', value: String(i) }))
  await it.run(it.producer.sendAll(list))
  t.ok(most < 300, `${most} at a time`)
  t.strictSame(values(it.cluster, 'orders').map((text) => Number.parseInt(String(text))), list.map((_, i) => i))
  await it.run(it.producer.close())
}) // prettier-ignore

t.test('flush does not wait for lingerMs, where what a sendAll feeds has to wait for its serializer', async (t) => {
  const lastDone: (() => void)[] = []
  const value = (text: unknown): unknown =>
    text === 'last' ? new Promise((resolve) => lastDone.push(() => resolve(text))) : text
  const options = { bufferMemoryBytes: 16_384, batchSizeBytes: 512, lingerMs: 60_000, serializers: { value } as never }
  const it = await simulate({ topics: { orders: {}, others: {} } }, options)
  await it.run(Promise.all([it.producer.partitionsFor('orders'), it.producer.partitionsFor('others')]))
  const small = it.producer.send({ topic: 'orders', value: 'last' }) // so that records are known to be small
  lastDone.shift()?.()
  await it.clock.settle()
  await it.run(Promise.all([small, it.producer.flush()]))
  const large = [8000, 7500].map((length) => it.producer.send({ topic: 'others', value: 'x'.repeat(length) }))
  const all = it.producer.sendAll(['a'.repeat(600), 'b', 'c', 'last'].map((value) => ({ topic: 'orders', value })))
  t.equal(it.producer.metrics().waitingSends, 4)
  const flushed = it.producer.flush()
  await it.run(Promise.all(large))
  await pass(it, 500)
  t.equal(lastDone.length, 1)
  lastDone[0]?.()
  await it.run(flushed)
  await it.run(all)
  t.ok(it.clock.monotonicMs() < 60_000)
  await it.run(it.producer.close())
}) // prettier-ignore

t.test('a list that the user\'s code makes shorter or longer during sendAll', async (t) => {
  for (const change of ['shorter', 'longer'] as const) {
    let list: ProducerRecord[] = []
    const value = (text: unknown): string => {
      if (text === '0' && change === 'shorter') list.pop()
      else if (text === '0') list.push({ topic: 'orders', value: '3' })
      return text as string
    }
    const it = await simulate({ topics: { orders: {} } }, { serializers: { value } })
    list = ['0', '1', '2'].map((value) => ({ topic: 'orders', value }))
    const outcome = await it.run(it.producer.sendAll(list).catch((error: unknown) => error as SendAllError))
    if (change === 'longer') t.equal((outcome as unknown[]).length, 3)
    else t.match((outcome as SendAllError).results, [{ status: 'fulfilled' }, { status: 'fulfilled' }, { reason: { name: 'InvalidRecordError' } }])
    await it.run(it.producer.close())
  }
}) // prettier-ignore
