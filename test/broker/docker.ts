/**
 * A Kafka in containers, from the project's docker-compose.yml: ports and project name of its own,
 * so that it meets neither a compose the user runs by hand nor another test's.
 *
 * Neighbours: kafka.ts decides for it; cluster.ts is the same without Docker.
 */
import { upMany, type IDockerComposeOptions, type IDockerComposeResult } from 'docker-compose'
import { askMetadata } from './admin.js'
import { run } from './java.js'
import { Leash } from './leash.js'
import { freePorts } from './ports.js'
import { projectFile } from './project.js'
import type { KafkaVersion } from './versions.js'
import { waitUntil } from './wait.js'

const START_TIMEOUT_MS = 120_000

/** Containers that are up, and how to end them. */
export interface DockerCluster {
  readonly bootstrap: readonly string[]
  stop(): Promise<void>
}

/** Null if a Docker engine answers and has compose, else a sentence that says what is amiss. */
export async function whyNoDocker(): Promise<string | null> {
  try {
    await run(['docker', 'info'])
    await run(['docker', 'compose', 'version'])
    return null
  } catch {
    return 'no Docker engine answers (`docker info`), or it has no `docker compose`'
  }
}

/** Starts the compose file's single broker, or its cluster of three. */
export async function startDocker(version: KafkaVersion, nodes: 1 | 3): Promise<DockerCluster> {
  const file = projectFile('docker-compose.yml')
  const project = ['--project-name', `ottla-${process.pid}-${Date.now()}`, '--profile', 'cluster']
  const down = ['docker', 'compose', ...project, '--file', file, 'down', '--volumes']
  const leash = new Leash(down)
  try {
    const ports = await freePorts(nodes)
    const services = nodes === 1 ? ['kafka'] : ['kafka-1', 'kafka-2', 'kafka-3']
    await up(services, {
      config: file,
      composeOptions: project,
      env: { ...process.env, ...composeEnvironment(version, ports) },
    })
    const bootstrap = ports.map((port) => `127.0.0.1:${port}`)
    for (const address of bootstrap) await untilUp(address, nodes)
    return { bootstrap, stop: () => leash.letGo() }
  } catch (error) {
    await leash.letGo()
    throw error
  }
}

/** The package rejects with what compose printed, which is not an Error. */
async function up(services: string[], options: IDockerComposeOptions): Promise<void> {
  await upMany(services, options).catch((failure: unknown) => {
    const { err } = failure as IDockerComposeResult
    throw new Error(`docker compose up ${services.join(' ')} failed: ${err}`)
  })
}

/** The variables that docker-compose.yml reads; each has a default there for use by hand. */
function composeEnvironment(version: KafkaVersion, ports: readonly number[]): NodeJS.ProcessEnv {
  const [first, second, third] = ports.map(String)
  return {
    OTTLA_KAFKA_VERSION: version.version,
    OTTLA_KAFKA_PORT: first,
    OTTLA_KAFKA_PORT_1: first,
    OTTLA_KAFKA_PORT_2: second,
    OTTLA_KAFKA_PORT_3: third,
  }
}

function untilUp(address: string, nodes: number): Promise<void> {
  return waitUntil(async () => (await askMetadata(address)).brokers.length === nodes, {
    what: `Kafka in Docker to answer on ${address} and to know ${nodes} node(s)`,
    timeoutMs: START_TIMEOUT_MS,
  })
}
