/** Interceptors: a header for every record, and how long each took, whichever call it was sent by. */
// Elsewhere this is 'ottla'; in this repository that name means dist/, which may not be built.
import { Producer, type Interceptor, type SendCall } from '../src/index.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'orders' } = process.env

const stamp: Interceptor = {
  onSend: ({ headers = [], ...record }) => {
    const pairs = Symbol.iterator in headers ? headers : Object.entries(headers) // both are allowed
    return { ...record, headers: [...pairs, ['sent-by', 'shop-1']] }
  },
}

class Timing implements Interceptor {
  readonly #startedMs = new WeakMap<SendCall, number>()

  onSend(_record: unknown, call: SendCall): undefined {
    this.#startedMs.set(call, performance.now())
  }

  onOutcome({ call, index, error }: Parameters<NonNullable<Interceptor['onOutcome']>>[0]): void {
    const ms = Math.round(performance.now() - (this.#startedMs.get(call) ?? 0))
    const fate = error === null ? 'acknowledged' : error.name
    console.log(`${call.kind}, record ${index + 1} of ${call.recordCount}: ${fate} (${ms} ms)`)
  }
}

await using producer = new Producer({
  brokers: KAFKA_BROKERS,
  clientId: 'interceptors',
  interceptors: [stamp, new Timing()],
})
await producer.send({ topic: TOPIC, value: 'one' })
await producer.sendAll([
  { topic: TOPIC, value: 'two' },
  { topic: TOPIC, value: 'three' },
])
await producer.send({ topic: '', value: 'four' }).catch(() => {})
