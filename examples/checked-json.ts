/**
 * JSON that a schema has checked: here by zod, whose types the producer has; ajv and others do as well.
 * Needs zod beside Ottla. For a schema registry, jsonSchemaSerializer takes the place of validatedJson.
 */
import { z } from 'zod'
// Elsewhere these are 'ottla' and 'ottla/json-schema'; in this repository those names mean dist/, which may not be built.
import { Producer } from '../src/index.js'
import { validatedJson } from '../src/json-schema/json-schema.js'

const order = z.object({
  id: z.int(),
  items: z.array(z.object({ name: z.string(), price: z.number().positive() })),
  currency: z.string().default('EUR'),
})

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'orders' } = process.env

await using producer = new Producer({
  brokers: KAFKA_BROKERS,
  clientId: 'checked-json',
  serializers: { value: validatedJson(order) },
})

const value = { id: 7, items: [{ name: 'tea', price: 4 }] }
const { offset } = await producer.send({ topic: TOPIC, value })
console.log(`order at offset ${offset}`)

// What the schema refuses fails that record alone:
const wrong = { id: 8, items: [...value.items, { name: 'cup', price: -1 }] }
await producer.send({ topic: TOPIC, value: wrong }).catch((error: unknown) => {
  console.log(error instanceof Error ? error.message : error)
})
