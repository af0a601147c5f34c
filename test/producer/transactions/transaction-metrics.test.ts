/** What is counted of transactions. */
import t, { type Test } from 'tap'
import type { ProducerMetrics, TransactionMetrics } from '../../../src/producer/metrics.js'
import { ErrorCodes } from '../../../src/testing/cluster.js'
import { checkCounted } from '../../simulation/counted.js'
import { LEVELS, rig, type Rig } from './support.js'

const HOP_MS = 5
const delayMs = (): number => HOP_MS

const of = ({ transactions }: ProducerMetrics): TransactionMetrics => {
  if (transactions === null) throw new Error('it is transactional')
  return transactions
}

async function closed(test: Test, it: Rig): Promise<TransactionMetrics> {
  await it.run(it.producer.close())
  await it.settle()
  const metrics = it.producer.metrics()
  test.strictSame(checkCounted(metrics), [])
  return of(metrics)
}

for (const level of LEVELS) {
  t.test(`begun, committed, aborted, and how long it took: level ${level}`, async (t) => {
    const it = await rig(t, level, { delayMs })
    t.match(of(it.producer.metrics()), { begun: 0, initTimeMs: { count: 0 } })
    const first = await it.begin()
    t.match(of(it.producer.metrics()), { begun: 1, committed: 0, initTimeMs: { count: 1 } })
    await it.run(first.send({ topic: 'orders', value: 'a' }))
    await it.run(first.sendOffsets('readers', [{ topic: 'orders', partition: 0, offset: 1n }]))
    await it.run(first.commit())
    const second = await it.begin()
    await it.run(second.send({ topic: 'orders', value: 'b' }))
    await it.run(second.abort())
    await it.run((await it.begin()).commit())
    const counted = await closed(t, it)
    t.match(counted, { begun: 3, committed: 2, aborted: 1, unknown: 0, fenced: 0 })
    t.match(counted.sendOffsetsTimeMs, { count: 1 })
    t.ok(counted.sendOffsetsTimeMs.min >= 4 * HOP_MS, 'two coordinators are asked')
    t.match(counted.commitTimeMs, { count: 2, min: 0 })
    t.ok(counted.commitTimeMs.max >= 2 * HOP_MS)
    t.match(counted.abortTimeMs, { count: 1 })
    t.ok(counted.abortTimeMs.min >= 2 * HOP_MS)
  })
}

t.test('a transaction that a lost record aborts', async (t) => {
  const it = await rig(t, 2, { delayMs })
  const transaction = await it.begin()
  it.cluster.failNext('Produce', { errorCode: ErrorCodes.INVALID_RECORD })
  await t.rejects(it.run(transaction.send({ topic: 'orders', value: 'a' })))
  await t.rejects(it.run(transaction.commit()))
  t.match(await closed(t, it), { begun: 1, committed: 0, aborted: 1, abortTimeMs: { count: 1 } })
})

t.test('a transaction of a producer that is fenced', async (t) => {
  const it = await rig(t, 2, { delayMs })
  const transaction = await it.begin()
  await it.run(transaction.send({ topic: 'orders', value: 'a' }))
  await it.run(it.open('copy-0').connect())
  await t.rejects(it.run(transaction.commit()))
  t.match(await closed(t, it), { begun: 1, fenced: 1, commitTimeMs: { count: 1 } })
})
