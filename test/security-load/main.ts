/**
 * Load on a secured Kafka of its own while things go on that guarded clusters know: logins again,
 * new certificates, a token endpoint that is down, a right that is taken away. Not part of `npm test`.
 *
 *   npm run security-load -- reauthentication [--seconds 60] [--rate 1000] [--write]
 *   npm run security-load -- certificates|endpoint|acl|refusals …
 *
 * Ends with an error where anything acknowledged is lost, doubled or out of order.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startSecuredKafka, type SecuredKafka } from '../broker/secured/secured-kafka.js'
import { measureRefusals } from './measure-refusals.js'
import { loadSection, readResults, RESULTS, type Circumstances, type Results } from './results.js'
import { SCENARIOS, warmUp } from './scenarios.js'

const DEFAULT_SECONDS = { reauthentication: 60, certificates: 30, endpoint: 50, acl: 15 }
const DEFAULT_RATE = 1_000

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: 'string' }, rate: { type: 'string' }, write: { type: 'boolean' } },
  })
  const [name = 'reauthentication'] = positionals
  const kafka = await startSecuredKafka({ own: true })
  try {
    const usual = (DEFAULT_SECONDS as Readonly<Record<string, number>>)[name] ?? 0
    const seconds = Number(values.seconds ?? usual)
    const rate = Number(values.rate ?? DEFAULT_RATE)
    const news = await measure(name, kafka, seconds, rate)
    if (values.write === true) keep(news)
  } finally {
    await kafka.stop()
  }
}

async function measure(
  name: string,
  kafka: SecuredKafka,
  seconds: number,
  recordsPerSecond: number,
): Promise<Partial<Results>> {
  const circumstances = circumstancesOf(kafka, seconds)
  if (name === 'refusals') {
    const tookMs = await measureRefusals(kafka)
    console.log(tookMs)
    return { refusals: { circumstances, tookMs } }
  }
  const scenario = SCENARIOS[name]
  if (scenario === undefined)
    throw new Error(`there is no ${name}: ${Object.keys(SCENARIOS).join()}`)
  const topic = `load-${name}`
  await kafka.createTopic(topic, { partitions: 4 })
  const stage = { kafka, topic, seconds, recordsPerSecond }
  await warmUp(stage)
  const outcome = await scenario(stage)
  const loads = { [name]: { circumstances, ...outcome } }
  console.log(loadSection({ loads }))
  const wrong = outcome.streams.filter(
    ({ verdict: it }) => it.lost + it.doubled + it.outOfOrder > 0,
  )
  if (wrong.length > 0) {
    console.error(wrong)
    process.exitCode = 1
  }
  return { loads }
}

function circumstancesOf({ version }: SecuredKafka, seconds: number): Circumstances {
  const date = new Date().toISOString().slice(0, 10)
  return { date, kafka: version, node: process.versions.node, seconds }
}

function keep({ loads, refusals }: Partial<Results>): void {
  const old = readResults()
  const results = { ...old, ...(refusals && { refusals }), loads: { ...old.loads, ...loads } }
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`)
}

await main()
