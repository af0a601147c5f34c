/** Serializers give records a type: here text keys and JSON values. */
// Elsewhere this is 'ottla'; in this repository that name means dist/, which may not be built.
import { json, Producer, string } from '../src/index.js'

interface Order {
  readonly total: number
  readonly items: readonly string[]
}

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'orders' } = process.env

await using producer = new Producer({
  brokers: KAFKA_BROKERS,
  clientId: 'json-values',
  serializers: { key: string(), value: json<Order>() },
})

const order: Order = { total: 9.5, items: ['tea', 'cup'] }
const { partition, offset } = await producer.send({ topic: TOPIC, key: 'user-1', value: order })
console.log(`order at partition ${partition}, offset ${offset}`)

// TypeScript refuses `value: 'text'` here. What JSON itself cannot express fails that record alone:
const circular: { total: number; items: string[]; self?: unknown } = { total: 1, items: [] }
circular.self = circular
await producer.send({ topic: TOPIC, key: 'user-2', value: circular }).catch((error: unknown) => {
  console.log(error instanceof Error ? `${error.name}: not written` : error)
})
