/**
 * A record's whole way through the producer, accumulator included, with a broker in memory that
 * answers at once: everything but the network.
 */
import { Producer } from '../../src/index.js'
import { systemEnvironment } from '../../src/producer/environment.js'
import { dialNullBroker } from '../support/null-broker.js'
import { median, spread } from '../support/statistics.js'
import { makeValues } from '../support/values.js'

const TOPIC = 'micro'
const PARTITIONS = 6
const RECORDS = 100_000 // less than the buffer holds: nothing is sent while they are appended
const RUNS = 12
const WARMUP_RUNS = 4

/** Prints what `enqueue` costs until it returns, and each call until it is acknowledged. */
export async function pipelineMicros(): Promise<void> {
  const [value = ''] = makeValues(100)
  const environment = { ...systemEnvironment(), dial: dialNullBroker(TOPIC, PARTITIONS) }
  const producer = new Producer({ brokers: 'localhost:9092' }, environment)
  await producer.send({ topic: TOPIC, value }) // the topic is known from here on
  const enqueue = (): void => void producer.enqueue({ topic: TOPIC, value })
  const send = (): void => void producer.send({ topic: TOPIC, value })
  await timePipeline('enqueue', enqueue, producer)
  await timePipeline('send', send, producer)
  await producer.close()
}

async function timePipeline(name: string, hand: () => void, producer: Producer): Promise<void> {
  const appendNs: number[] = []
  const wholeNs: number[] = []
  for (let run = 0; run < WARMUP_RUNS + RUNS; run++) {
    const startedMs = performance.now()
    for (let index = 0; index < RECORDS; index++) hand()
    const appendedMs = performance.now()
    await producer.flush()
    if (run < WARMUP_RUNS) continue
    appendNs.push(((appendedMs - startedMs) * 1e6) / RECORDS)
    wholeNs.push(((performance.now() - startedMs) * 1e6) / RECORDS)
  }
  console.log(`${name}: ${describe(appendNs)} until it returns, ${describe(wholeNs)} until acked`)
}

function describe(nanoseconds: readonly number[]): string {
  return `${median(nanoseconds).toFixed(0)} ns ± ${(spread(nanoseconds) * 100).toFixed(0)} %`
}
