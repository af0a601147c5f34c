/**
 * Peer: node-rdkafka, that is librdkafka in C. It batches by itself (5 ms of linger), so it is fed a
 * call a record, with delivery reports. `reconnectBackoffMaxMs` in the settings: librdkafka's own
 * grows to 10 s, and a short success does not reset it.
 */
import { once, type EventEmitter } from 'node:events'
import { loadPeer } from '../../../bench/peers/peer-package.js'
import { runPeer, type ChaosTask, type DueRecord } from './program.js'

const TICK_MS = 1
const POLL_MS = 1
const MAX_QUEUED_RECORDS = 1_000_000

interface RdKafkaProducer extends EventEmitter {
  connect(): void
  setPollInterval(intervalMs: number): void
  produce(
    topic: string,
    partition: number,
    value: Buffer,
    key: null,
    timestamp: undefined,
    opaque: DueRecord,
  ): void
}

interface RdKafka {
  readonly Producer: new (options: object) => RdKafkaProducer
}

interface DeliveryReport {
  readonly offset: number
  readonly opaque: DueRecord
}

function optionsOf({ bootstrap, idempotence, deliveryTimeoutMs, settings }: ChaosTask): object {
  const reconnectBackoffMaxMs = settings?.reconnectBackoffMaxMs
  return {
    'metadata.broker.list': bootstrap.join(','),
    'client.id': 'chaos',
    dr_cb: true,
    acks: -1,
    'enable.idempotence': idempotence,
    'message.timeout.ms': deliveryTimeoutMs,
    'queue.buffering.max.messages': MAX_QUEUED_RECORDS,
    ...(reconnectBackoffMaxMs === undefined
      ? {}
      : { 'reconnect.backoff.max.ms': reconnectBackoffMaxMs }),
  }
}

runPeer(async (task, outcomes) => {
  const { exports } = await loadPeer<RdKafka>('node-rdkafka')
  const { Producer } = exports
  const producer = new Producer(optionsOf(task))
  producer.connect()
  await once(producer, 'ready')
  producer.setPollInterval(POLL_MS)
  producer.on('delivery-report', (error: Error | null, { offset, opaque }: DeliveryReport) => {
    if (error) outcomes.failed(opaque, error)
    else outcomes.acked(opaque, offset)
  })
  const send = (record: DueRecord): void => {
    const value = Buffer.from(record.value)
    try {
      producer.produce(task.topic, record.partition, value, null, undefined, record)
    } catch (error) {
      outcomes.failed(record, error) // refused: the queue is full
    }
  }
  return { everyMs: TICK_MS, hand: (records) => records.forEach(send) }
})
