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

/** How a file comes by a Kafka of some kind. */
export interface KafkaSource<K extends Kafka> {
  /** Tests of a file with the same key share it. */
  readonly key: string
  readonly start: () => Promise<K>
}

const kafkas = new Map<string, Promise<Kafka | string>>()

/** Runs `body` with a Kafka that does what `options` ask for. */
export async function brokerTest(
  name: string,
  body: (t: Test, kafka: Kafka) => Promise<void>,
  options: StartOptions = {},
): Promise<void> {
  const log = (line: string): void => void t.comment(line)
  const start = (): Promise<Kafka> => startKafka({ log, ...options })
  await kafkaTest(name, { key: JSON.stringify(options), start }, body)
}

/** The same with a Kafka of another kind. */
export async function kafkaTest<K extends Kafka>(
  name: string,
  source: KafkaSource<K>,
  body: (t: Test, kafka: K) => Promise<void>,
): Promise<void> {
  await t.test(name, { timeout: TIMEOUT_MS }, async (t) => {
    const kafka = await sharedKafka(source)
    if (typeof kafka === 'string') t.plan(0, kafka)
    else await body(t, kafka)
  })
}

/** The Kafka, or why there is none. */
function sharedKafka<K extends Kafka>({ key, start }: KafkaSource<K>): Promise<K | string> {
  const known = kafkas.get(key) as Promise<K | string> | undefined
  if (known !== undefined) return known
  const kafka = kafkaOrReason(start)
  kafkas.set(key, kafka)
  return kafka
}

async function kafkaOrReason<K extends Kafka>(start: () => Promise<K>): Promise<K | string> {
  if (process.env.OTTLA_NO_BROKER === '1') return 'OTTLA_NO_BROKER=1'
  try {
    const kafka = await start()
    t.teardown(() => kafka.stop())
    return kafka
  } catch (error) {
    if (error instanceof NoKafkaError) return error.message
    throw error
  }
}
