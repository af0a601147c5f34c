/**
 * Protobuf: values of a message that protoc-gen-es has generated (order_pb.ts); a slip in a
 * field's name is refused. Needs @bufbuild/protobuf beside Ottla. With SCHEMA_REGISTRY_URL the schema's
 * id stands in front of each value.
 */
// Elsewhere these are 'ottla/protobuf' and 'ottla'; in this repository those names mean dist/, which may not be built.
import { create } from '@bufbuild/protobuf'
import { Producer } from '../../src/index.js'
import { protobuf, protobufSerializer } from '../../src/protobuf/protobuf.js'
import { OrderSchema } from './order_pb.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'orders', SCHEMA_REGISTRY_URL } = process.env

const value =
  SCHEMA_REGISTRY_URL === undefined
    ? protobuf(OrderSchema)
    : protobufSerializer({
        registry: { url: SCHEMA_REGISTRY_URL },
        schema: OrderSchema,
        register: true, // without it, the schema has to be there
      })

await using producer = new Producer({
  brokers: KAFKA_BROKERS,
  clientId: 'protobuf-example',
  serializers: { value },
})

const message = create(OrderSchema, { id: 'o-1', totalCents: 950n, lines: [{ article: 'tea' }] })
const object = { id: 'o-2', totalCents: 9_007_199_254_740_993n } // what create would take will do
for (const order of [message, object]) {
  const { offset } = await producer.send({ topic: TOPIC, value: order })
  console.log(`order ${order.id} at offset ${offset}`)
}

// Without this check the slip would lose the total in silence.
const slip: object = { id: 'o-3', totalCent: 950n }
await producer.send({ topic: TOPIC, value: slip }).catch((error: unknown) => {
  console.log(error instanceof Error ? error.message : error)
})
