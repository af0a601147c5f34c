/**
 * A tap test that needs a real Kafka, for files named `*.broker.test.ts`. All of a file share one
 * Kafka per set of options: the one that run.ts started where it will do, else one of the file's.
 *
 * Where none may be (`OTTLA_NO_BROKER=1`) or can be had, the test is skipped by name with the reason.
 */
import t, { type Test } from 'tap'
import { NoKafkaError, startKafka, type Kafka, type StartOptions } from './kafka.js'

// A broker's start, restart and election each take seconds, more on a busy machine.
const TIMEOUT_MS = 300_000

t.setTimeout(TIMEOUT_MS) // the file's; each test has its own below

const kafkas = new Map<string, Promise<Kafka | string>>()

/** Runs `body` with a Kafka that does what `options` ask for. */
export async function brokerTest(
  name: string,
  body: (t: Test, kafka: Kafka) => Promise<void>,
  options: StartOptions = {},
): Promise<void> {
  await t.test(name, { timeout: TIMEOUT_MS }, async (t) => {
    const kafka = await sharedKafka(options)
    if (typeof kafka === 'string') t.plan(0, kafka)
    else await body(t, kafka)
  })
}

/** The Kafka, or why there is none. */
function sharedKafka(options: StartOptions): Promise<Kafka | string> {
  const key = JSON.stringify(options)
  const known = kafkas.get(key)
  if (known !== undefined) return known
  const kafka = kafkaOrReason(options)
  kafkas.set(key, kafka)
  return kafka
}

async function kafkaOrReason(options: StartOptions): Promise<Kafka | string> {
  if (process.env.OTTLA_NO_BROKER === '1') return 'OTTLA_NO_BROKER=1'
  try {
    const kafka = await startKafka({ log: (line) => t.comment(line), ...options })
    t.teardown(() => kafka.stop())
    return kafka
  } catch (error) {
    if (error instanceof NoKafkaError) return error.message
    throw error
  }
}
