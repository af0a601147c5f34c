/** One record, and where it lies. */
// Elsewhere this is 'ottla'; in this repository that name means dist/, which may not be built.
import { Producer } from '../src/index.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'orders' } = process.env

await using producer = new Producer({ brokers: KAFKA_BROKERS, clientId: 'send-one' })

const { topic, partition, offset, timestamp } = await producer.send({
  topic: TOPIC,
  key: 'user-1',
  value: '{"total":9}',
})
console.log(`topic ${topic}, partition ${partition}, offset ${offset}`)
console.log(`written at ${new Date(timestamp).toISOString()}`)
