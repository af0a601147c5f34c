/** Several records at once. When some fail, the others are written all the same. */
// Elsewhere this is 'ottla'; in this repository that name means dist/, which may not be built.
import { Producer, SendAllError } from '../src/index.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'orders' } = process.env

await using producer = new Producer({
  brokers: KAFKA_BROKERS,
  clientId: 'send-all',
  maxRequestSizeBytes: 1_000, // so that the record below is too large
})

const steps = ['ordered', 'paid', 'sent']
const metadata = await producer.sendAll(
  steps.map((value) => ({ topic: TOPIC, key: 'order-17', value })),
)
for (const [index, { partition, offset }] of metadata.entries()) {
  console.log(`${steps[index]}: partition ${partition}, offset ${offset}`)
}

try {
  await producer.sendAll([
    { topic: TOPIC, value: 'small' },
    { topic: TOPIC, value: 'large'.repeat(1_000) },
  ])
} catch (error) {
  if (!(error instanceof SendAllError)) throw error
  for (const [index, result] of error.results.entries()) {
    console.log(`${index}: ${result.status === 'fulfilled' ? 'written' : result.reason.name}`)
  }
}
