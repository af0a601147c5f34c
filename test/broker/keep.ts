/**
 * Keeps a Kafka up until Ctrl-C, for work by hand (`npm run broker`):
 * `node keep.js [--nodes 3] [--version 3.9.2]`, or with `--secured` one that is guarded by TLS, SASL
 * and ACLs (secured/).
 */
import { once } from 'node:events'
import { parseStart } from './arguments.js'
import { startKafka, type Kafka, type StartOptions } from './kafka.js'
import { Lobby } from './secured/lobby.js'
import { startSecuredKafka, type SecuredKafka } from './secured/secured-kafka.js'

const USAGE = 'usage: keep [--nodes 1|3] [--version <version>] [--secured]'
const HOUR_MS = 3_600_000

async function main(argv: readonly string[]): Promise<void> {
  const isSecured = argv.includes('--secured')
  const options = parseStart(
    argv.filter((argument) => argument !== '--secured'),
    USAGE,
  )
  if (isSecured && options.nodes === 3) throw new Error(`a secured one has one node\n${USAGE}`)
  await (isSecured ? keepSecured(options) : keep(options))
}

async function keep(options: StartOptions): Promise<void> {
  const kafka = await startKafka(options)
  console.log(howToUse(kafka))
  await untilToldToEnd()
  await kafka.stop()
}

async function keepSecured({ version }: StartOptions): Promise<void> {
  const kafka = await startSecuredKafka({ own: true, ...(version && { version }) })
  const lobby = await Lobby.open(() => Promise.resolve(kafka))
  console.log(howToUse(kafka, lobby.environment) + doors(kafka))
  await untilToldToEnd()
  await lobby.close()
}

async function untilToldToEnd(): Promise<void> {
  const awake = setInterval(() => {}, HOUR_MS) // nothing else keeps this process from ending
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  clearInterval(awake)
}

function howToUse(kafka: Kafka, others: Readonly<Record<string, string>> = {}): string {
  const environment = { ...kafka.environment, ...others }
  const settings = Object.entries(environment).filter(([, value]) => value !== '')
  return `
Kafka ${kafka.version} (${kafka.kind}) is up on ${kafka.bootstrap.join(',')} until Ctrl-C.
In another terminal, for tests, examples and benches:

  export ${settings.map(([name, value]) => `${name}=${value}`).join(' ')}
`
}

/** Where a secured one is entered, and with what. */
function doors({ place, keys, users }: SecuredKafka): string {
  const listeners = Object.entries(place.listeners).map(([name, address]) => [name, address])
  const { encrypted, ...clients } = keys.clients
  const certificates = Object.entries(clients).map(([name, it]) => [name, it.chainPath, it.keyPath])
  const logins = Object.values(users).map(({ name, password, by, isSuper }) => [
    ...[name, password, by.join(' and '), isSuper ? 'may do everything' : 'may do nothing'],
  ])
  return `
Listeners:
${table([['PLAINTEXT', place.plaintext], ...listeners])}

Files (PEM), certificates with their chain and key:
${table([['authority', keys.caPath], ['of nobody here', keys.wrongCaPath], ...certificates])}
${table([['encrypted', encrypted.chainPath, encrypted.keyPath, encrypted.passphrase]])}

Users, name and password:
${table(logins)}
`
}

function table(rows: readonly (readonly (string | undefined)[])[]): string {
  return rows.map(([name = '', ...cells]) => `  ${name.padEnd(16)}${cells.join('  ')}`).join('\n')
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
