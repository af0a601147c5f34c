/**
 * A tap test that needs a secured Kafka, for files named `*.broker.test.ts`: as broker-test.ts, which
 * see. All tests of a run share one, but for those with `own`; those of a file share that.
 */
import t, { type Test } from 'tap'
import { kafkaTest } from '../broker-test.js'
import { startSecuredKafka, type SecuredKafka, type SecuredOptions } from './secured-kafka.js'

/** Runs `body` with a secured Kafka, or skips it with the reason where there is none. */
export async function securedTest(
  name: string,
  body: (t: Test, kafka: SecuredKafka) => Promise<void>,
  options: Omit<SecuredOptions, 'log'> = {},
): Promise<void> {
  const key = `secured ${JSON.stringify(options)}`
  const log = (line: string): void => void t.comment(line)
  await kafkaTest(name, { key, start: () => startSecuredKafka({ log, ...options }) }, body)
}
