/**
 * Ten thousand records through every listener of a secured Kafka, read back by Kafka's own consumer: one
 * topic, a partition for each door, and one JVM for all of them.
 *
 * Neighbours: doors.ts; test/broker/secured/secured-records.ts judges.
 */
import { Producer, type RecordMetadata } from '../../../src/index.js'
import { judgeCases, numberedRecord } from '../../broker/secured/secured-records.js'
import { securedTest } from '../../broker/secured/secured-test.js'
import { newTopicName } from '../../producer/broker/bench.js'
import { assertionKey, oidcDoors, saslDoors, tlsDoors, type Door } from './doors.js'

const RECORDS = 10_000

async function sendThrough(door: Door, name: string, topic: string): Promise<RecordMetadata[]> {
  const producer = new Producer(door)
  try {
    await producer.connect()
    const records = Array.from({ length: RECORDS }, (_, index) => {
      return { topic, ...numberedRecord(name, index) }
    })
    return await producer.sendAll(records)
  } finally {
    await producer.close({ timeoutMs: 0 })
  }
}

await securedTest('ten thousand records through every listener', async (t, kafka) => {
  const issuer = await kafka.startIssuer({ assertionKey })
  t.teardown(() => issuer.close())
  const doors = {
    ...saslDoors(kafka),
    ...(await tlsDoors(kafka, t.testdir())),
    ...oidcDoors(kafka, issuer),
  }
  const topic = newTopicName()
  await kafka.createTopic(topic, { partitions: 4 })
  for (const [name, door] of Object.entries(doors)) {
    const startedMs = performance.now()
    const acked = await sendThrough(door, name, topic)
    t.equal(acked.length, RECORDS, name)
    t.comment(`${name}: ${Math.round(performance.now() - startedMs)} ms`)
  }
  const counts = Object.fromEntries(Object.keys(doors).map((name) => [name, RECORDS]))
  const verdicts = await judgeCases(kafka, topic, counts)
  const sound = { stored: RECORDS, lost: 0, doubled: 0, outOfOrder: 0 }
  for (const [name, verdict] of Object.entries(verdicts)) t.strictSame(verdict, sound, name)
})
