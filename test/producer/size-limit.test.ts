/**
 * Topics whose brokers take less than `batchSizeBytes`: what a refusal teaches, and for how long.
 * Against the test cluster, whose limit is `max.message.bytes`.
 */
import t, { type Test } from 'tap'
import type { ProducerOptions } from '../../src/index.js'
import { ErrorCodes } from '../../src/protocol/error-codes.js'
import { simulate, values, type Simulation } from '../testing/support/simulation.js'
import { seededRandom } from './support/pieces.js'

const USUAL_BYTES = 524_288

interface Limited extends Simulation {
  /** Sends so many records of 100 bytes in bursts of 5,000, and returns what that took. */
  send(records: number): Promise<{ batches: number; splits: number; batchBytes: number }>
}

/** A topic "orders" of one partition with this limit; 0: Kafka's. */
async function limited(
  t: Test,
  maxMessageBytes: number,
  options: Partial<ProducerOptions> = {},
): Promise<Limited> {
  const config = maxMessageBytes === 0 ? {} : { 'max.message.bytes': String(maxMessageBytes) }
  const it = await simulate({ topics: { orders: { config } } }, options)
  t.teardown(() => it.cluster.close())
  let number = 0
  const send: Limited['send'] = async (records) => {
    const before = it.producer.metrics()
    for (let sent = 0; sent < records; sent += 5000) {
      const burst = Array.from({ length: Math.min(5000, records - sent) }, () => {
        return it.producer.send({ topic: 'orders', value: String(number++).padEnd(100, '.') })
      })
      await it.run(Promise.all(burst))
    }
    const after = it.producer.metrics()
    const batches = after.batchesSent - before.batchesSent
    const splits = after.batchesSplit - before.batchesSplit
    return { batches, splits, batchBytes: (after.bytesSent - before.bytesSent) / batches }
  }
  return { ...it, send }
}

function checkAll(t: Test, { cluster, producer }: Simulation, count: number): void {
  const found = values(cluster, 'orders')
  t.equal(found.length, count)
  t.ok(found.every((value, number) => value === String(number).padEnd(100, '.')))
  t.match(producer.metrics(), { recordsFailed: 0, batchesIncomplete: 0, bufferAvailableBytes: 33_554_432 }) // prettier-ignore
}

t.test('one refusal of a small batch changes nothing for the batches after it', async (t) => {
  const it = await limited(t, 0)
  await it.send(100)
  const usual = await it.send(20_000)
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.MESSAGE_TOO_LARGE })
  await it.send(2)
  t.equal((await it.send(20_000)).batches, usual.batches)
  checkAll(t, it, 40_102)
  await it.run(it.producer.close())
})

t.test('a limit that was lowered for a while is forgotten when it is gone', async (t) => {
  const it = await limited(t, 0)
  await it.send(100)
  const usual = await it.send(20_000)
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.MESSAGE_TOO_LARGE, times: 2 })
  await it.send(8)
  t.equal((await it.send(100)).splits, 0)
  await it.send(5000)
  t.ok((await it.send(20_000)).batches <= usual.batches + 2)
  checkAll(t, it, 45_208)
  await it.run(it.producer.close())
})

t.test('below a limit batches are nearly full, and few are split', async (t) => {
  for (const maxMessageBytes of [100_000, 20_000]) {
    const it = await limited(t, maxMessageBytes)
    await it.send(50_000)
    const { batches, splits, batchBytes } = await it.send(50_000)
    const label = `${maxMessageBytes}: ${batches} batches of ${batchBytes}, ${splits} splits`
    // Each burst of 5,000 ends with a batch that is not full.
    const least = 10 * Math.ceil(550_000 / maxMessageBytes)
    t.ok(batches <= 1.35 * least, `${label}, at best ${least}`)
    t.ok(splits <= Math.max(1, batches / 50), label)
    checkAll(t, it, 100_000)
    await it.run(it.producer.close())
  }
})

/** Lets codecs, whose threads know no virtual time, and the network go on. */
async function settled(it: Simulation, promise: Promise<unknown>): Promise<void> {
  let isPending = true
  const settle = (): void => void (isPending = false)
  promise.then(settle, settle)
  const isWaiting = (): boolean => isPending
  while (isWaiting()) await it.clock.advanceSettled(0)
  await promise
}

t.test('the same of batches that are compressed', async (t) => {
  const it = await limited(t, 20_000, { compression: 'gzip' })
  const random = seededRandom(5)
  const expected: string[] = []
  const send = async (bursts: number): Promise<void> => {
    for (let burst = 0; burst < bursts; burst++) {
      const sent = Array.from({ length: 6000 }, () => {
        const value = `${random()} `.padEnd(100, '.')
        expected.push(value)
        return it.producer.send({ topic: 'orders', value })
      })
      await settled(it, Promise.all(sent))
    }
  }
  await send(10)
  const before = it.producer.metrics()
  await send(10)
  const after = it.producer.metrics()
  const batches = after.batchesSent - before.batchesSent
  const batchBytes = (after.bytesSent - before.bytesSent) / batches
  const label = `${batches} batches of ${batchBytes}, ${after.batchesSplit - before.batchesSplit} splits`
  t.ok(batchBytes > 8000, label)
  t.ok(after.batchesSplit - before.batchesSplit <= Math.max(1, batches / 50), label)
  t.ok(values(it.cluster, 'orders').every((value, index) => value === expected[index]))
  t.equal(values(it.cluster, 'orders').length, expected.length)
  await it.run(it.producer.close())
})

t.test('a limit that is raised is found out', async (t) => {
  const it = await limited(t, 30_000)
  await it.send(30_000)
  const config = { 'max.message.bytes': '1000000' }
  it.cluster.deleteTopic('orders')
  it.cluster.createTopic('orders', { config })
  await it.send(100_000)
  const { batches, splits, batchBytes } = await it.send(20_000)
  t.equal(splits, 0)
  t.ok(batchBytes > USUAL_BYTES / 2, `${batches} batches of ${batchBytes}`)
  await it.run(it.producer.close())
})
