/**
 * A program whose transactions are none, to show that the judge sees it: its records are sent by a plain
 * producer. Of each ten groups it leaves one half out and calls it committed, writes half of one and calls
 * it aborted, and writes one twice.
 *
 * Neighbours: ottla-transactions-subject.ts is the sound one.
 */
import { Producer } from '../../src/index.js'
import { runPeer, type DueRecord } from './peers/program.js'

const EVERY = 10

runPeer(async ({ bootstrap, topic, recordsPerTransaction }, outcomes) => {
  const producer = new Producer({ brokers: bootstrap })
  await producer.partitionsFor(topic)
  const size = recordsPerTransaction ?? 1
  const write = (record: DueRecord): Promise<void> =>
    producer.send({ topic, partition: record.partition, value: record.value }).then(
      ({ offset }) => outcomes.acked(record, offset),
      (error: unknown) => outcomes.failed(record, error),
    )
  const hand = (record: DueRecord): void => {
    const { partition, value, number } = record
    const fault = Math.floor(number / size) % EVERY
    const isSecondHalf = number % size >= size / 2
    if (fault === 1 && isSecondHalf) return outcomes.acked(record, -1)
    if (fault === 2) {
      if (!isSecondHalf) void producer.send({ topic, partition, value })
      return outcomes.failed(record, { name: 'Aborted', message: 'a lie', outcome: 'not-written' })
    }
    void write(record)
    if (fault === 3) void producer.send({ topic, partition, value })
  }
  return { everyMs: 1, hand: (records) => records.forEach(hand) }
})
