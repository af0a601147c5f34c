/**
 * What the bench counts after a sample: with end offsets, and with Kafka's consumer at read_committed.
 */
import { startTally } from '../../bench/support/tally.js'
import { Producer } from '../../src/index.js'
import { brokerTest } from '../broker/broker-test.js'

const PARTITIONS = 3

for (const recordsPerTransaction of [0, 10]) {
  const how = recordsPerTransaction === 0 ? 'end offsets' : 'a consumer'
  await brokerTest(`only what was added since is counted, by ${how}`, async (t, kafka) => {
    const topic = `tally-test-${process.pid}-${Date.now()}`
    await kafka.createTopic(topic, { partitions: PARTITIONS })
    const producer = new Producer({ brokers: kafka.bootstrap })
    t.teardown(() => producer.close())
    const send = async (count: number, partition: number): Promise<unknown> =>
      producer.sendAll(Array.from({ length: count }, () => ({ topic, value: 'x', partition })))

    await send(7, 0)
    const tally = await startTally(kafka, { topic, partitions: PARTITIONS, recordsPerTransaction })
    t.equal(await tally(), 0)
    await Promise.all([send(25, 0), send(5, 2)])
    t.equal(await tally(), 30)
  })
}
