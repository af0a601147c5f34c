/**
 * Many records without a promise for each. `enqueue` returns false when the buffer is full; whoever
 * waits for `writable` then needs no more memory than the buffer, however fast the records come.
 */
// Elsewhere this is 'ottla'; in this repository that name means dist/, which may not be built.
import { Producer, type DeliveryCallback } from '../src/index.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'readings' } = process.env
const COUNT = 100_000

await using producer = new Producer({
  brokers: KAFKA_BROKERS,
  clientId: 'enqueue-with-backpressure',
  bufferMemoryBytes: 1_048_576, // small, to see it fill
})

let acknowledged = 0
const onSettled: DeliveryCallback = (error) => {
  if (error === null) acknowledged++
  else console.error(error.message)
}

let waits = 0
for (let sensor = 0; sensor < COUNT; sensor++) {
  const record = { topic: TOPIC, value: `sensor ${sensor}: ${20 + (sensor % 10)} °C` }
  while (!producer.enqueue(record, onSettled)) {
    waits++
    await producer.writable()
  }
}
await producer.flush()
console.log(`${acknowledged} of ${COUNT} acknowledged; the buffer was full ${waits} times`)
