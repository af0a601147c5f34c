/**
 * A quota that lets through a seventh of what is sent, and is lifted while a good part of it waits:
 * every record is acknowledged, and no pause grows out of the one before.
 */
import { brokerTest } from '../broker/broker-test.js'
import { forMs, newProducer, newTopic } from './broker/bench.js'
import { setProducerQuota } from './broker/client-quota.js'
import { Ledger } from './broker/ledger.js'

const SECONDS = 12
const RECORDS_PER_SECOND = 2_000
const TICK_MS = 20
/** Longer than the pauses that requests of a sensible size bring about; shorter than those that grow. */
const REQUEST_TIMEOUT_MS = 8_000

await brokerTest('a quota slows a producer down, and fails nothing', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: 6 })
  const clientId = `quota-${process.pid}`
  const ledger = new Ledger(6)
  const producer = newProducer(t, kafka, { clientId, requestTimeoutMs: REQUEST_TIMEOUT_MS })
  await setProducerQuota(kafka, { clientId, producerByteRate: 30_000 })
  const startedMs = performance.now()
  let sent = 0
  while (sent < SECONDS * RECORDS_PER_SECOND) {
    const due = Math.floor(((performance.now() - startedMs) / 1000) * RECORDS_PER_SECOND)
    for (; sent < due; sent++) {
      const partition = sent % 6
      const { value, callback } = ledger.next(partition)
      producer.enqueue({ topic, partition, value, headers: { padding: 'x'.repeat(80) } }, callback)
    }
    await forMs(TICK_MS)
  }
  await setProducerQuota(kafka, { clientId, producerByteRate: null })
  await producer.flush()
  t.equal(ledger.ackedCount, sent)
  const { answersLost, batchesRetried } = producer.metrics()
  t.strictSame({ answersLost, batchesRetried }, { answersLost: 0, batchesRetried: 0 })
  await ledger.audit(t, kafka, topic)
})
