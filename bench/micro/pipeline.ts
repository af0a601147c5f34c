/**
 * A record's whole way through the producer, accumulator included, with a broker in memory that
 * answers at once: everything but the network. In CPU time, which other programs disturb least.
 */
import { Producer, type ProducerRecord } from '../../src/index.js'
import { systemEnvironment } from '../../src/producer/environment.js'
import { dialNullBroker } from '../support/null-broker.js'
import { HEADERS } from '../support/record-source.js'
import { median, spread } from '../support/statistics.js'
import { makeValues } from '../support/values.js'

const TOPIC = 'micro'
const PARTITIONS = 6
const RECORDS = 50_000 // less than the buffer holds: nothing is sent while they are appended
const RECORDS_IN_GROUP = 1000
const KEYS = 1000
const RUNS = 12
const WARMUP_RUNS = 4

const [VALUE = ''] = makeValues(100)
const NOT_ASCII = `${VALUE.slice(0, 98)}ä`
const keys = Array.from({ length: KEYS }, (_, index) => `key-${index}`)

/** Hands over that many records. */
type Hand = (producer: Producer, count: number) => void

const CASES: Readonly<Record<string, Hand>> = {
  enqueue: enqueueing((value) => ({ topic: TOPIC, value })),
  send: (producer, count) => {
    for (let i = 0; i < count; i++) void producer.send({ topic: TOPIC, value: VALUE })
  },
  sendAll: (producer, count) => {
    for (let i = 0; i < count; i += RECORDS_IN_GROUP) {
      const records = Array.from({ length: RECORDS_IN_GROUP }, () => ({
        topic: TOPIC,
        value: VALUE,
      }))
      void producer.sendAll(records)
    }
  },
  'enqueue with key': enqueueing((value, key) => ({ topic: TOPIC, value, key })),
  'enqueue with key and 2 headers': enqueueing((value, key) => {
    return { topic: TOPIC, value, key, headers: HEADERS }
  }),
  'enqueue, not ASCII': enqueueing((_, __, isEven) => ({
    topic: TOPIC,
    value: isEven ? VALUE : NOT_ASCII,
  })),
}

function enqueueing(
  recordOf: (value: string, key: string, isEven: boolean) => ProducerRecord,
): Hand {
  return (producer, count) => {
    for (let i = 0; i < count; i++) {
      producer.enqueue(recordOf(VALUE, keys[i % KEYS] as string, i % 2 === 0))
    }
  }
}

/** A producer with a broker in memory, and one way to hand it records. */
export interface Pipeline {
  /** Nanoseconds of CPU a record until the calls have returned, and until all are acknowledged. */
  run(): Promise<{ readonly appendNs: number; readonly wholeNs: number }>
  close(): Promise<void>
}

export const PIPELINE_CASES = Object.keys(CASES)

/** `name`: of `PIPELINE_CASES`. */
export async function openPipeline(name: string): Promise<Pipeline> {
  const hand = CASES[name]
  if (hand === undefined) throw new Error(`no case ${name}: ${PIPELINE_CASES.join(', ')}`)
  const environment = { ...systemEnvironment(), dial: dialNullBroker(TOPIC, PARTITIONS) }
  const producer = new Producer({ brokers: 'localhost:9092' }, environment)
  await producer.send({ topic: TOPIC, value: VALUE }) // the topic is known from here on
  return {
    async run() {
      const started = process.cpuUsage()
      hand(producer, RECORDS)
      const appended = cpuNs(started)
      await producer.flush()
      return { appendNs: appended / RECORDS, wholeNs: cpuNs(started) / RECORDS }
    },
    close: () => producer.close(),
  }
}

/** Prints what each call costs until it returns, and until it is acknowledged; or `only` one of them. */
export async function pipelineMicros(only?: string): Promise<void> {
  for (const name of PIPELINE_CASES) {
    if (only === undefined || only === name) await timePipeline(name)
  }
}

/** With a producer of its own. */
async function timePipeline(name: string): Promise<void> {
  const pipeline = await openPipeline(name)
  const appendNs: number[] = []
  const wholeNs: number[] = []
  for (let run = 0; run < WARMUP_RUNS + RUNS; run++) {
    const cost = await pipeline.run()
    if (run < WARMUP_RUNS) continue
    appendNs.push(cost.appendNs)
    wholeNs.push(cost.wholeNs)
  }
  await pipeline.close()
  console.log(
    `${name}: ${describe(appendNs)} of CPU until it returns, ${describe(wholeNs)} until acked`,
  )
}

function cpuNs(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started)
  return (user + system) * 1000
}

function describe(nanoseconds: readonly number[]): string {
  return `${median(nanoseconds).toFixed(0)} ns ± ${(spread(nanoseconds) * 100).toFixed(0)} %`
}
