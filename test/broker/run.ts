/**
 * Runs a command with a Kafka around it: `node run.js [--nodes 3] [--version 3.9.2] -- command …`.
 * The command, and whatever it starts, finds it through the environment (given.ts); the Kafka ends
 * with the command, whose exit code is ours.
 *
 * A secured Kafka (secured/) is started beside it when the first test asks for one, and ends with it.
 *
 * Without a Kafka to be had, or with `OTTLA_NO_BROKER=1`, the command runs all the same, and the
 * tests that need one are skipped: said loudly, for such a run proves less.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { parseStart } from './arguments.js'
import { NoKafkaError, startKafka, type Kafka, type StartOptions } from './kafka.js'
import { hasLobby, Lobby } from './secured/lobby.js'
import { startSecuredKafka } from './secured/secured-kafka.js'
import { KNOWN_VERSIONS } from './versions.js'

const USAGE = 'usage: run [--nodes 1|3] [--version <version>] -- <command> [argument …]'

async function main(argv: readonly string[]): Promise<number> {
  const dashes = argv.indexOf('--')
  const command = dashes < 0 ? [] : argv.slice(dashes + 1)
  if (command.length === 0) throw new Error(USAGE)
  const kafka = await kafkaIfAny(parseStart(argv.slice(0, dashes), USAGE))
  const lobby = kafka === undefined || hasLobby() ? undefined : await openLobby(kafka)
  const environment = { ...kafka?.environment, ...lobby?.environment }
  try {
    return await runCommand(command, kafka === undefined ? { OTTLA_NO_BROKER: '1' } : environment)
  } finally {
    await Promise.all([kafka?.stop(), lobby?.close()])
  }
}

/** For a secured Kafka of the same version. */
function openLobby({ environment }: Kafka): Promise<Lobby> {
  const version = KNOWN_VERSIONS.find((known) => known === environment.OTTLA_KAFKA_VERSION)
  return Lobby.open(() => startSecuredKafka({ own: true, ...(version && { version }) }))
}

async function kafkaIfAny(options: StartOptions): Promise<Kafka | undefined> {
  if (process.env.OTTLA_NO_BROKER === '1') return warn('OTTLA_NO_BROKER=1: no Kafka is started.')
  try {
    return await startKafka(options)
  } catch (error) {
    if (error instanceof NoKafkaError) return warn(error.message)
    throw error
  }
}

function warn(reason: string): undefined {
  const line = '!'.repeat(100)
  process.stderr.write(`${line}\n${reason}\nEVERY TEST THAT NEEDS A KAFKA IS SKIPPED.\n${line}\n`)
}

/** Resolves with the command's exit code, or 128 + the signal that ended it, as a shell has it. */
async function runCommand(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const [program = '', ...args] = command
  const env = { ...process.env, ...environment }
  const child = spawn(program, args, { stdio: 'inherit', env })
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal)
  process.on('SIGINT', forward).on('SIGTERM', forward) // so that we outlive it, to stop the Kafka
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  },
)
