/** `producer.metrics()` of a short run against a real Kafka: counts are exact, times are plausible. */
import { brokerTest } from '../broker/broker-test.js'
import type { MetricsHistogram, ProducerMetrics } from '../../src/producer/metrics.js'
import { checkCounted } from '../simulation/counted.js'
import { newProducer, newTopic } from './broker/bench.js'
import { newTransactional, newTransactionalId } from './broker/transactions.js'

const RECORDS = 5000
const PARTITIONS = 3

await brokerTest('what was sent to two topics', async (t, kafka) => {
  const topics = [
    await newTopic(kafka, { partitions: PARTITIONS }),
    await newTopic(kafka, { partitions: PARTITIONS }),
  ]
  const startedMs = Date.now()
  const producer = newProducer(t, kafka, { compression: 'gzip', lingerMs: 5 })
  for (let i = 0; i < RECORDS; i++) {
    const topic = topics[i % 5 === 0 ? 1 : 0] ?? ''
    const isTaken = producer.enqueue({ topic, partition: i % PARTITIONS, value: `record ${i}` })
    if (!isTaken) await producer.writable()
    if (!isTaken) i--
  }
  await producer.flush()
  const flushed = producer.metrics()
  const tookMs = Date.now() - startedMs
  t.match(flushed.connections, { failed: 0, lost: 0, authenticationsFailed: 0 })
  t.ok(flushed.connections.open >= 2, `${flushed.connections.open} connections`)
  t.ok((flushed.metadataAgeMs ?? Infinity) <= tookMs, `${flushed.metadataAgeMs} ms old`)
  await producer.close()
  const metrics = producer.metrics()
  t.strictSame(checkCounted(metrics), [])
  t.match(metrics, { recordsAcknowledged: RECORDS, recordsFailed: 0, recordsRetried: 0 })
  t.match(metrics, { answersLost: 0, batchesSplit: 0, bufferExhausted: 0, waitingSends: 0 })
  t.match(metrics.topics, {
    [topics[0] ?? '']: { recordsAcknowledged: (RECORDS / 5) * 4 },
    [topics[1] ?? '']: { recordsAcknowledged: RECORDS / 5 },
  })
  t.equal(metrics.recordsPerBatch.sum, RECORDS)
  t.ok(metrics.compressionRatio > 0.01 && metrics.compressionRatio < 0.9)
  for (const name of ['queueTimeMs', 'requestLatencyMs', 'acknowledgeTimeMs'] as const) {
    const histogram: MetricsHistogram = metrics[name]
    t.ok(histogram.count > 0 && histogram.max <= tookMs, `${name} up to ${histogram.max} ms`)
  }
  t.ok(metrics.requestLatencyMs.min > 0, `${metrics.requestLatencyMs.min} ms`)
  t.ok(metrics.createdAtMs >= startedMs && metrics.readAtMs <= Date.now())
})

await brokerTest('transactions', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newTransactional(t, kafka, newTransactionalId())
  for (let i = 0; i < 6; i++) {
    const transaction = await producer.begin()
    await transaction.send({ topic, value: `record ${i}` })
    if (i % 3 === 0) await transaction.abort()
    else await transaction.commit()
  }
  await producer.close()
  const metrics: ProducerMetrics = producer.metrics()
  t.strictSame(checkCounted(metrics), [])
  t.match(metrics, { recordsAcknowledged: 6, recordsFailed: 0 })
  t.match(metrics.transactions, { begun: 6, committed: 4, aborted: 2, unknown: 0, fenced: 0 })
  t.match(metrics.transactions, { initTimeMs: { count: 1 }, sendOffsetsTimeMs: { count: 0 } })
  t.match(metrics.transactions, { commitTimeMs: { count: 4 }, abortTimeMs: { count: 2 } })
  t.ok((metrics.transactions?.commitTimeMs.min ?? 0) > 0)
})
