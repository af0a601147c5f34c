/**
 * A real schema registry for tests: the one that `SCHEMA_REGISTRY_URL` names, else Apicurio Registry
 * from Maven Central, a process of ours on a loopback port that keeps its schemas in memory. Its
 * Confluent-compatible API is below /apis/ccompat/v7.
 *
 * What it does otherwise than Confluent's: a registration is answered with the id alone, there are no
 * GUIDs and no associations, the default compatibility is NONE, error_code is 409 (not 40901), and a
 * JSON Schema needs its `$schema`.
 *
 * Neighbours: registry-test.ts hands it to tests; the folder broker/ has what fetches and runs Java.
 */
import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cachedFolder } from '../broker/cache.js'
import { Daemon } from '../broker/daemon.js'
import { whyNoJars } from '../broker/jars.js'
import { javaProgram, run } from '../broker/java.js'
import { Leash } from '../broker/leash.js'
import { freePorts } from '../broker/ports.js'
import { FatalError, waitUntil } from '../broker/wait.js'

/** The last one that runs on Java 17; 3.3 needs 21. */
const VERSION = '3.0.9'
const ARTIFACT = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`
const MAVEN_GOAL = 'dependency:copy'
const DOWNLOAD_TIMEOUT_MS = 600_000
const START_TIMEOUT_MS = 180_000
const API_PATH = '/apis/ccompat/v7'

// Quarkus starts in half the time with the first compiler alone.
const JVM_FLAGS = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']

/** A schema registry that answers. */
export interface RealRegistry {
  /** For clients: with Apicurio's path, without a slash at the end. */
  readonly url: string
  /** From the start of the process to its first answer; 0 for one that was given. */
  readonly startMs: number
  /** Freezes the process, or lets it go on. Throws for one that was given. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  stop(): Promise<void>
}

/** There is no registry, and none can be started; the message says what to install. */
export class NoRegistryError extends Error {
  override readonly name = 'NoRegistryError'
}

/** Finds or starts a registry; resolves when it answers. */
export async function startRegistry(log: (line: string) => void): Promise<RealRegistry> {
  const given = process.env.SCHEMA_REGISTRY_URL
  if (given) return givenRegistry(given)
  const reason = await whyNoJars()
  if (reason !== null) {
    throw new NoRegistryError(`${reason}. Set SCHEMA_REGISTRY_URL, or install a JDK and Maven.`)
  }
  return startApicurio(await apicurioJar(log))
}

function givenRegistry(url: string): RealRegistry {
  return {
    url: url.replace(/\/+$/, ''),
    startMs: 0,
    signal: () => {
      throw new Error('SCHEMA_REGISTRY_URL names a registry that is not ours to stop')
    },
    stop: () => Promise.resolve(),
  }
}

/** The jar that starts it, fetched first if it is not here yet (109 MB). */
async function apicurioJar(log: (line: string) => void): Promise<string> {
  const folder = await cachedFolder(`apicurio-${VERSION}`, async (partial) => {
    log(`fetching Apicurio Registry ${VERSION} with Maven (109 MB)`)
    const flags = [`-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${partial}`]
    await run(['mvn', '-q', '-B', MAVEN_GOAL, ...flags], { timeoutMs: DOWNLOAD_TIMEOUT_MS })
    const [archive = ''] = await readdir(partial)
    await run(['tar', '-xzf', join(partial, archive), '-C', partial])
    await run(['rm', join(partial, archive)])
  })
  return join(folder, `apicurio-registry-app-${VERSION}-runner.jar`)
}

async function startApicurio(jar: string): Promise<RealRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'ottla-registry-'))
  const leash = new Leash(['rm', '-rf', folder])
  try {
    const [port = 0] = await freePorts(1)
    const url = `http://127.0.0.1:${port}${API_PATH}`
    const startedMs = performance.now()
    const address = ['-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`]
    const command = [javaProgram(), ...JVM_FLAGS, ...address, '-jar', jar]
    const daemon = await Daemon.start(command, join(folder, 'log.txt'), leash)
    await waitUntil(() => answers(daemon, url), {
      what: `Apicurio Registry to answer at ${url}`,
      timeoutMs: START_TIMEOUT_MS,
      intervalMs: 100,
      onTimeout: () => daemon.tail(),
    })
    return {
      url,
      startMs: performance.now() - startedMs,
      signal: (signal) => daemon.signal(signal),
      stop: () => daemon.kill().then(() => leash.letGo()),
    }
  } catch (error) {
    await leash.letGo()
    throw error
  }
}

async function answers(daemon: Daemon, url: string): Promise<boolean> {
  if (!daemon.isRunning) throw new FatalError(`Apicurio ended before it answered; ${daemon.tail()}`)
  const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(5_000) })
  await response.arrayBuffer()
  return response.ok
}
