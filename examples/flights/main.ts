/**
 * The demo (`npm run demo`): 220,000 flights into a real Kafka, read back by Kafka's own consumer
 * and compared, record by record. Exit code 0 only if everything held.
 *
 * Neighbours, in this order: flights.ts (the input), produce.ts, read-back.ts, verify.ts, report.ts.
 */
import { randomUUID } from 'node:crypto'
import { Producer } from '../../src/index.js'
import { NoKafkaError, startKafka, type Kafka } from '../../test/broker/kafka.js'
import { loadFlights, type Flight } from './flights.js'
import { produceAll, type Delivery } from './produce.js'
import { kafkasPartitions, readBack } from './read-back.js'
import { printChecks, printDelivery, printFirstRecords, printPartitions } from './report.js'
import { verify } from './verify.js'

const PARTITIONS = 6

async function main(): Promise<boolean> {
  const flights = await loadFlights()
  const kafka = await startKafka()
  try {
    return await run(kafka, flights)
  } finally {
    await kafka.stop()
  }
}

async function run(kafka: Kafka, flights: readonly Flight[]): Promise<boolean> {
  const topic = `flights-${randomUUID().slice(0, 8)}`
  await kafka.createTopic(topic, { partitions: PARTITIONS })
  console.log(`\n${flights.length} flights to topic ${topic} with ${PARTITIONS} partitions`)
  const delivery = await produce(kafka, topic, flights)
  printDelivery(delivery)

  console.log("reading them back with Kafka's own consumer")
  const keys = flights.flatMap(({ key }) => (key === null ? [] : [key]))
  const [read, partitionOf] = await Promise.all([
    readBack(kafka, topic),
    kafkasPartitions(keys, PARTITIONS),
  ])
  printPartitions(read, PARTITIONS)
  printFirstRecords(topic, delivery.sent)
  return printChecks(verify({ sent: delivery.sent, read, partitions: PARTITIONS, partitionOf }))
}

async function produce(kafka: Kafka, topic: string, flights: readonly Flight[]): Promise<Delivery> {
  await using producer = new Producer({
    brokers: kafka.bootstrap,
    clientId: 'flights',
    acks: 'all', // this and the next are the defaults: what the demo promises stands here
    idempotence: true,
  })
  await producer.connect()
  return await produceAll(producer, topic, flights)
}

main().then(
  (held) => {
    process.exitCode = held ? 0 : 1
  },
  (error: unknown) => {
    console.error(error instanceof NoKafkaError ? error.message : error)
    process.exitCode = 1
  },
)
