/** What to do when a record was not acknowledged depends on what is known of it. */
// Elsewhere this is 'ottla'; in this repository that name means dist/, which may not be built.
import { DeliveryError, Producer, type ProducerRecord } from '../src/index.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'orders' } = process.env

async function sendOrTell(producer: Producer, record: ProducerRecord): Promise<void> {
  try {
    const { offset } = await producer.send(record)
    console.log(`written at offset ${offset}`)
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
    console.log(`${error.code}: ${whatToDo(error)}`)
  }
}

function whatToDo({ outcome, retriable }: DeliveryError): string {
  switch (outcome) {
    case 'not-written': // it was never sent, or no attempt was accepted
      return retriable ? 'not written, send it again later' : 'not written, correct it first'
    case 'rejected': // the broker refused it
      return 'refused, and in no log'
    case 'unknown': // no answer says for certain: sent again, it may be there twice
      return 'perhaps written, look before you send it again'
  }
}

await using producer = new Producer({ brokers: KAFKA_BROKERS, clientId: 'handle-errors' })
await sendOrTell(producer, { topic: TOPIC, value: 'an order' })
await sendOrTell(producer, { topic: 'no such name!', value: 'an order' })
await sendOrTell(producer, { topic: TOPIC, value: 'x'.repeat(2_000_000) })

// Nobody listens on port 1, so the topic stays unknown.
await using lost = new Producer({ brokers: 'localhost:1', maxBlockMs: 500 })
await sendOrTell(lost, { topic: TOPIC, value: 'an order' })
