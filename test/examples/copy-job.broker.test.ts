/**
 * The copy job of examples/, run as its reader would: killed once in its midst and started again, it ends
 * by itself, and the copy is the input, exactly once and in order; started once more, there is nothing
 * left to do.
 */
import type { Test } from 'tap'
import { Producer } from '../../src/index.js'
import { brokerTest } from '../broker/broker-test.js'
import type { Kafka } from '../broker/kafka.js'
import { Job } from '../copy-job/job.js'
import { faultsOf, inputValue } from '../copy-job/verify.js'
import { newTopic } from '../producer/broker/bench.js'
import { readValues } from '../producer/broker/transactions.js'

const PARTITIONS = 3
const RECORDS = 20_000

async function fill(kafka: Kafka): Promise<string> {
  const topic = await newTopic(kafka, { partitions: PARTITIONS })
  await using producer = new Producer({ brokers: kafka.bootstrap })
  const records = Array.from({ length: RECORDS }, (_, number) => ({
    ...{ topic, partition: number % PARTITIONS, value: inputValue(number) },
  }))
  await producer.sendAll(records)
  return topic
}

/** Runs it until it ends by itself; kills it once where `isKilled`. */
async function runJob(
  t: Test,
  environment: Record<string, string>,
  isKilled: boolean,
): Promise<Job> {
  const job: Job = new Job({
    environment,
    onStart: () => {},
    onProgress: () => void (isKilled && job.killed === 0 && job.kill()),
    log: (line) => t.comment(line),
  })
  t.teardown(() => job.giveUp())
  await job.run()
  return job
}

await brokerTest('examples/copy-job copies exactly once', async (t, kafka) => {
  const topic = await fill(kafka)
  const copy = await newTopic(kafka, { partitions: PARTITIONS })
  const [JOB, KAFKA_BROKERS] = [`job-${topic}`, kafka.bootstrap.join(',')]
  const environment = { KAFKA_BROKERS, TOPIC: topic, COPY: copy, JOB }
  // It may fail by itself, too, as on a broker whose group coordinator is loading: then it is started again.
  t.match(await runJob(t, environment, true), { killed: 1 })
  t.match(await runJob(t, environment, false), { killed: 0, copied: 0 })
  const found = (await readValues(kafka, copy)).flatMap((values, partition) =>
    values.map((value) => ({ partition, value })),
  )
  t.strictSame(faultsOf(found, RECORDS, PARTITIONS), [])
  const committed = await kafka.committedOffsets(JOB, topic)
  t.equal(
    committed.reduce((sum, { offset }) => sum + Number(offset), 0),
    RECORDS,
  )
})
