/**
 * Keeps a Kafka up until Ctrl-C, for work by hand (`npm run broker`):
 * `node keep.js [--nodes 3] [--version 3.9.2]`.
 */
import { once } from 'node:events'
import { parseStart } from './arguments.js'
import { startKafka, type Kafka } from './kafka.js'

const USAGE = 'usage: keep [--nodes 1|3] [--version <version>]'
const HOUR_MS = 3_600_000

async function main(argv: readonly string[]): Promise<void> {
  const kafka = await startKafka(parseStart(argv, USAGE))
  console.log(howToUse(kafka))
  const awake = setInterval(() => {}, HOUR_MS) // nothing else keeps this process from ending
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  clearInterval(awake)
  await kafka.stop()
}

function howToUse(kafka: Kafka): string {
  const settings = Object.entries(kafka.environment).filter(([, value]) => value !== '')
  return `
Kafka ${kafka.version} (${kafka.kind}) is up on ${kafka.bootstrap.join(',')} until Ctrl-C.
In another terminal, for tests, examples and benches:

  export ${settings.map(([name, value]) => `${name}=${value}`).join(' ')}
`
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
