/**
 * Batches that their broker refuses for their size under `compression: 'auto'`: the codecs are tried
 * before a record is given up. Against the test cluster, on virtual time; the codecs are real.
 */
import t, { type Test } from 'tap'
import type { DeliveryError, ProducerOptions } from '../../../src/index.js'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import type { ProduceRequest } from '../../../src/protocol/messages/produce.js'
import { simulate, type Simulation } from '../../testing/support/simulation.js'
import { seededRandom } from '../support/pieces.js'

const LIMIT_BYTES = 20_000
const MEMORY_BYTES = 33_554_432

interface Rig extends Simulation {
  readonly told: string[]
  /** Sends one record, and notes what it was told. */
  send(name: string, value: Buffer): Promise<void>
  /** Lets codecs and network go on, at the present time, until the promise is settled. */
  settled<T>(promise: Promise<T>): Promise<T>
}

async function rig(t: Test, options: Partial<ProducerOptions> = {}): Promise<Rig> {
  const config = { 'max.message.bytes': String(LIMIT_BYTES) }
  const it = await simulate({ topics: { orders: { config } } }, { compression: 'auto', ...options })
  t.teardown(() => it.cluster.close())
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false
    const settle = (): void => void (isSettled = true)
    const isPending = (): boolean => !isSettled
    promise.then(settle, settle)
    while (isPending()) await it.clock.advanceSettled(1)
    return promise
  }
  const told: string[] = []
  const send: Rig['send'] = async (name, value) => {
    const sent = it.producer.send({ topic: 'orders', value, key: name })
    told.push(await sent.then(() => `${name}: stored`, (error: unknown) => `${name}: ${(error as DeliveryError).name}`)) // prettier-ignore
  }
  return { ...it, told, settled, send }
}

const random = seededRandom(21)

function noise(sizeBytes: number): Buffer {
  return Buffer.from(Array.from({ length: sizeBytes }, () => Math.floor(random() * 256)))
}

/** What any codec makes a tenth of. */
function text(sizeBytes: number): Buffer {
  return Buffer.from('all of this has been said before '.repeat(sizeBytes / 33 + 1)).subarray(0, sizeBytes) // prettier-ignore
}

/** Hexadecimal: half the size in gzip and zstd, and no smaller in lz4 and snappy. */
function hex(sizeBytes: number): Buffer {
  return Buffer.from(noise(sizeBytes / 2).toString('hex'))
}

/** The codecs of the Produce requests since so many requests. */
function codecIds({ cluster }: Rig, before: number): number[] {
  const produced = cluster.requests.slice(before).filter(({ api }) => api === 'Produce')
  return produced.flatMap(({ body }) =>
    (body as ProduceRequest).topicData.flatMap(({ partitionData }) =>
      partitionData.map(({ records }) => Buffer.from(records ?? []).readInt16BE(21) & 7),
    ),
  )
}

/** The choice is "none". */
async function choosesNone({ send, settled, producer }: Rig): Promise<void> {
  for (let i = 0; i < 10; i++) await settled(send('noise', noise(10_000)))
  if (producer.metrics().compressionChoices['orders']?.codec !== 'none') throw new Error('a choice')
}

function checkStored(t: Test, it: Rig, expected: readonly (readonly [string, Buffer])[]): void {
  const stored = it.cluster.records('orders').slice(-expected.length)
  const found = stored.map(({ key, value }) => [String(key), Buffer.from(value ?? [])])
  t.strictSame(found, expected)
  t.match(it.producer.metrics(), { batchesIncomplete: 0, bufferAvailableBytes: MEMORY_BYTES })
}

t.test('a record that is too large as it is goes compressed', async (t) => {
  const it = await rig(t)
  await choosesNone(it)
  const [before, large, after] = [noise(10), text(100_000), noise(20)]
  const sent = [it.send('before', before), it.send('large', large), it.send('after', after)]
  await it.settled(Promise.all(sent))
  t.ok(it.told.slice(-3).every((told) => told.endsWith('stored')), it.told.join()) // prettier-ignore
  checkStored(t, it, [['before', before], ['large', large], ['after', after]]) // prettier-ignore
  await it.settled(it.producer.close())
})

t.test('in whatever codec makes it small enough', async (t) => {
  const it = await rig(t)
  await choosesNone(it)
  const large = hex(38_000)
  await it.settled(it.send('large', large))
  t.equal(it.told.at(-1), 'large: stored')
  await it.settled(it.producer.close())
})

t.test('what no codec makes small enough is told so, once', async (t) => {
  const it = await rig(t)
  await choosesNone(it)
  const [before, after] = [noise(10), noise(20)]
  const names: [string, Buffer][] = [['before', before], ['large', noise(50_000)], ['text', hex(60_000)], ['after', after]] // prettier-ignore
  await it.settled(Promise.all(names.map(([name, value]) => it.send(name, value))))
  t.strictSame(it.told.slice(-4).toSorted(), ['after: stored', 'before: stored', 'large: RecordTooLargeError', 'text: RecordTooLargeError']) // prettier-ignore
  checkStored(t, it, [['before', before], ['after', after]]) // prettier-ignore
  t.equal(it.producer.metrics().recordsFailed, 2)
  await it.settled(it.producer.close())
})

t.test('small batches, for which nothing is chosen, too', async (t) => {
  const config = { 'max.message.bytes': '400' }
  const it = await rig(t, { lingerMs: 10 })
  it.cluster.createTopic('small', { config })
  const value = text(300)
  const sent = [1, 2].map(() => it.producer.send({ topic: 'small', value }))
  const one = it.producer.send({ topic: 'small', value: text(600) })
  await it.settled(Promise.all([...sent, one]))
  t.equal(it.cluster.records('small').length, 3)
  t.equal(it.producer.metrics().batchesSplit, 0, 'nor are two records split for it')
  await it.settled(it.producer.close())
})

t.test('several that were compressed already are split', async (t) => {
  const it = await rig(t, { lingerMs: 10 })
  await it.settled(it.send('first', noise(10)))
  const values = Array.from({ length: 400 }, (_, number) => Buffer.from(`${number}`.padEnd(100, '.'))) // prettier-ignore
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.MESSAGE_TOO_LARGE })
  await it.settled(Promise.all(values.map((value) => it.send('text', value))))
  t.ok(it.told.every((told) => told.endsWith('stored')))
  t.equal(it.producer.metrics().batchesSplit, 1)
  const stored = it.cluster.records('orders').slice(1)
  t.strictSame(stored.map(({ value }) => value?.toString()), values.map(String)) // prettier-ignore
  await it.settled(it.producer.close())
})

t.test(
  'a codec that the brokers refuse is not used again, and no record fails by it',
  async (t) => {
    for (const name of [
      'UNSUPPORTED_FOR_MESSAGE_FORMAT',
      'UNSUPPORTED_COMPRESSION_TYPE',
    ] as const) {
      const it = await rig(t)
      const sendText = async (): Promise<number[]> => {
        const before = it.cluster.requests.length
        await it.settled(it.send('text', text(5000)))
        return codecIds(it, before)
      }
      const refused: number[] = []
      for (let i = 0; i < 4; i++) {
        it.cluster.failNext('Produce', { errorCode: ErrorCodes[name] })
        const [first = 0, ...again] = await sendText()
        refused.push(first)
        t.strictSame(again, [0])
      }
      t.strictSame(refused.toSorted(), [1, 2, 3, 4], 'each but once')
      t.strictSame(await sendText(), [0], 'none is left')
      t.ok(it.told.every((told) => told.endsWith('stored')), it.told.join()) // prettier-ignore
      t.match(it.producer.metrics(), { batchesIncomplete: 0, bufferAvailableBytes: MEMORY_BYTES })
      await it.settled(it.producer.close())
    }
  },
)

t.test(
  'a codec that was set is named where it is refused; one in doubt fails as unknown',
  async (t) => {
    const it = await rig(t, { compression: 'gzip' })
    it.cluster.failNext('Produce', { errorCode: ErrorCodes.UNSUPPORTED_COMPRESSION_TYPE })
    const sent = it.producer.send({ topic: 'orders', value: text(5000) })
    const error = await it.settled(sent.then(() => null, (reason: unknown) => reason as DeliveryError)) // prettier-ignore
    t.match(error, { outcome: 'rejected', message: /sent with gzip: set compression: 'none'/ })
    await it.settled(it.producer.close())
    const other = await rig(t)
    const { NOT_LEADER_OR_FOLLOWER, UNSUPPORTED_COMPRESSION_TYPE } = ErrorCodes
    other.cluster.failNext('Produce', { errorCode: NOT_LEADER_OR_FOLLOWER, appended: true })
    other.cluster.failNext('Produce', { errorCode: UNSUPPORTED_COMPRESSION_TYPE })
    const doubtful = other.producer.send({ topic: 'orders', value: text(5000) })
    const told = doubtful.then(() => null, (reason: unknown) => reason as DeliveryError) // prettier-ignore
    while (other.producer.metrics().recordsFailed === 0) await other.clock.advanceSettled(50)
    t.match(await told, { outcome: 'unknown' })
    await other.settled(other.producer.close())
  },
)

t.test('without idempotence as well', async (t) => {
  const it = await rig(t, { idempotence: false, maxInFlight: 5 })
  await choosesNone(it)
  const [before, large, after] = [noise(10), text(100_000), noise(20)]
  const sent = [it.send('before', before), it.send('large', large), it.send('after', after)]
  await it.settled(Promise.all(sent))
  checkStored(t, it, [['before', before], ['large', large], ['after', after]]) // prettier-ignore
  await it.settled(it.producer.close())
})

t.test('the memory bound holds, and a close that gives up ends it', async (t) => {
  const it = await rig(t)
  await choosesNone(it)
  const sent = [1, 2, 3].map((number) => it.send(`large ${number}`, text(150_000)))
  for (let turn = 0; turn < 3; turn++) await it.clock.settle()
  await it.settled(it.producer.close({ timeoutMs: 0 }))
  await it.settled(Promise.all(sent))
  t.equal(it.told.length, 13, 'each is told once')
  t.equal(it.producer.metrics().bufferAvailableBytes, MEMORY_BYTES)
  t.equal(it.clock.timerCount, 0)
})
