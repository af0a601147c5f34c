/**
 * A program that breaks every promise, to show that the judge sees it: of each hundred records it
 * loses one, doubles one, lets one overtake another, and says of one that it was not written.
 *
 * Neighbours: ottla-subject.ts is the sound one.
 */
import { Producer } from '../../src/index.js'
import { runPeer, type DueRecord } from './peers/program.js'

const EVERY = 100

runPeer(async ({ bootstrap, topic }, outcomes) => {
  const producer = new Producer({ brokers: bootstrap })
  await producer.partitionsFor(topic)
  const late: DueRecord[] = []
  const send = (record: DueRecord): Promise<void> =>
    producer.send({ topic, partition: record.partition, value: record.value }).then(
      ({ offset }) => outcomes.acked(record, offset),
      (error: unknown) => outcomes.failed(record, error),
    )
  const hand = (record: DueRecord): void => {
    const fault = record.number % EVERY
    if (fault === 1) outcomes.acked(record, -1)
    else if (fault === 2) late.push(record)
    else void send(record)
    if (fault === 3) void producer.send({ topic, partition: record.partition, value: record.value })
    if (fault === 50) for (const overtaken of late.splice(0)) void send(overtaken)
  }
  const lie = (record: DueRecord): void => {
    void producer.send({ topic, partition: record.partition, value: record.value })
    outcomes.failed(record, Object.assign(new Error('a lie'), { outcome: 'not-written' }))
  }
  return {
    everyMs: 1,
    hand: (records) =>
      records.forEach((record) => (record.number % EVERY === 60 ? lie(record) : hand(record))),
  }
})
