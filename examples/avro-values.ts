/**
 * Avro: values of a schema, with a Date, an integer beyond 2^53 and bytes; a slip in a field's name is
 * refused. Needs avsc beside Ottla. For a schema registry, avroSerializer takes the place of avro.
 */
// Elsewhere these are 'ottla/avro' and 'ottla'; in this repository those names mean dist/, which may not be built.
import { avro } from '../src/avro/avro.js'
import { Producer } from '../src/index.js'

interface Reading {
  readonly id: bigint
  readonly takenAt: Date
  readonly celsius: number
  readonly raw?: Uint8Array | null
}

const schema = {
  type: 'record',
  name: 'Reading',
  namespace: 'weather',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'takenAt', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'celsius', type: 'double' },
    { name: 'raw', type: ['null', 'bytes'], default: null },
  ],
}

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'readings' } = process.env

await using producer = new Producer({
  brokers: KAFKA_BROKERS,
  clientId: 'avro-values',
  serializers: { value: avro<Reading>(schema) },
})

const reading = { id: 9_007_199_254_740_993n, takenAt: new Date(1_000), celsius: 21.5 }
for (const raw of [undefined, new Uint8Array([0xca, 0xfe])]) {
  const value = raw === undefined ? reading : { ...reading, raw }
  const { offset } = await producer.send({ topic: TOPIC, value })
  console.log(`reading at offset ${offset}`)
}

// Without this check the slip would lose the bytes in silence, for `raw` has a default.
const slip = { ...reading, row: new Uint8Array([0xca, 0xfe]) }
await producer.send({ topic: TOPIC, value: slip }).catch((error: unknown) => {
  console.log(error instanceof Error ? error.message : error)
})
