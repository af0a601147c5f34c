/**
 * The chaos run's program for Ottla itself: the producer at its defaults, but for what the task says
 * for all. `settings` are options of the producer.
 *
 * Neighbours: peers/program.ts has what all programs share.
 */
import { Producer, type ProducerOptions } from '../../src/index.js'
import { runPeer, type ChaosLogin, type DueRecord } from './peers/program.js'

function security({ caFile, ...sasl }: ChaosLogin): Pick<ProducerOptions, 'tls' | 'sasl'> {
  return { tls: { ca: { path: caFile } }, sasl }
}

runPeer(async (task, outcomes) => {
  const { bootstrap, topic, deliveryTimeoutMs, idempotence, settings, login } = task
  const options: ProducerOptions = {
    brokers: bootstrap,
    deliveryTimeoutMs,
    idempotence,
    ...(login ? security(login) : {}),
    ...settings,
  }
  const producer = new Producer(options)
  await producer.connect()
  await producer.partitionsFor(topic)
  const send = (record: DueRecord): void => {
    const { partition, value } = record
    producer.send({ topic, partition, value }).then(
      ({ offset }) => outcomes.acked(record, offset),
      (error: unknown) => outcomes.failed(record, error),
    )
  }
  return { everyMs: 1, hand: (records) => records.forEach(send) }
})
