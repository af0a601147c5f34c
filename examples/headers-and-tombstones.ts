/** Headers travel beside the value; a null value is a tombstone, which deletes on compacted topics. */
// Elsewhere this is 'ottla'; in this repository that name means dist/, which may not be built.
import { Producer } from '../src/index.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'customers' } = process.env

await using producer = new Producer({ brokers: KAFKA_BROKERS, clientId: 'headers-and-tombstones' })

const created = await producer.send({
  topic: TOPIC,
  key: 'user-1',
  value: 'Ottla',
  headers: { source: 'web', 'content-type': 'text/plain' },
})
console.log(`created at offset ${created.offset}`)

// A list of pairs where a name occurs twice, a value is bytes, or there is none.
const renamed = await producer.send({
  topic: TOPIC,
  key: 'user-1',
  value: 'Ottilie',
  headers: [
    ['trace', 'a1'],
    ['trace', Uint8Array.of(0xb2, 0xff)],
    ['checked', null],
  ],
})
console.log(`renamed at offset ${renamed.offset}`)

const deleted = await producer.send({ topic: TOPIC, key: 'user-1', value: null })
console.log(`deleted at offset ${deleted.offset}`)
