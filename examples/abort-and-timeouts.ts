/** How long things may take: the options for all records, an AbortSignal for one. */
// Elsewhere this is 'ottla'; in this repository that name means dist/, which may not be built.
import { AbortedError, Producer } from '../src/index.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'orders' } = process.env

const producer = new Producer({
  brokers: KAFKA_BROKERS,
  clientId: 'abort-and-timeouts',
  maxBlockMs: 10_000, // waiting for room in the buffer, or to learn of the topic
  requestTimeoutMs: 5_000, // for one request's answer; then it is tried again
  deliveryTimeoutMs: 30_000, // for all attempts together
})
const record = { topic: TOPIC, value: 'an order' }

const { offset } = await producer.send(record, { signal: AbortSignal.timeout(20_000) })
console.log(`in time: offset ${offset}`)

await report('aborted before', AbortSignal.abort()) // not-written
const controller = new AbortController()
const sending = report('aborted after', controller.signal) // unknown: it may be on its way
controller.abort()
await sending

await producer.close({ timeoutMs: 5_000 }) // delivers what was taken, for so long at most
console.log('closed')

async function report(what: string, signal: AbortSignal): Promise<void> {
  try {
    await producer.send(record, { signal })
  } catch (error) {
    if (!(error instanceof AbortedError)) throw error
    console.log(`${what}: ${error.outcome}`)
  }
}
