/**
 * Where the processes of a test run meet, so that they share one secured Kafka: it is started when
 * the first of them asks, which a run without such tests never does.
 *
 *   run.ts ── OTTLA_SECURED_KAFKA=http://127.0.0.1:… ──▶ test ── GET ──▶ run.ts starts it, answers
 *
 * Neighbours: run.ts and keep.ts open one; secured-kafka.ts asks.
 */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NoKafkaError } from '../kafka.js'
import type { SecuredKafka, SecuredPlace } from './secured-kafka.js'

const VARIABLE = 'OTTLA_SECURED_KAFKA'
const THERE_IS_NONE = 503

/** Whether the environment says where to ask. */
export function hasLobby(): boolean {
  return (process.env[VARIABLE] ?? '') !== ''
}

/** The shared one, started first if need be; undefined where the environment names no lobby. */
export async function placeOfLobby(): Promise<SecuredPlace | undefined> {
  if (!hasLobby()) return undefined
  const response = await fetch(process.env[VARIABLE] ?? '')
  if (response.ok) return (await response.json()) as SecuredPlace
  const reason = await response.text()
  throw response.status === THERE_IS_NONE ? new NoKafkaError(reason) : new Error(reason)
}

/** Open until `close`. */
export class Lobby {
  readonly #server: Server
  readonly #start: () => Promise<SecuredKafka>
  #kafka: Promise<SecuredKafka> | undefined

  private constructor(start: () => Promise<SecuredKafka>) {
    this.#start = start
    this.#server = createServer((_request, response) => void this.#answer(response))
  }

  /** `start` is called once, when somebody asks. */
  static async open(start: () => Promise<SecuredKafka>): Promise<Lobby> {
    const lobby = new Lobby(start)
    lobby.#server.listen(0, '127.0.0.1')
    await once(lobby.#server, 'listening')
    return lobby
  }

  /** With it a child process finds us. */
  get environment(): Readonly<Record<string, string>> {
    const { port } = this.#server.address() as AddressInfo
    return { [VARIABLE]: `http://127.0.0.1:${port}/` }
  }

  /** Ends what was started, too. */
  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    const kafka = await this.#kafka?.catch(() => undefined)
    await kafka?.stop()
  }

  async #answer(response: ServerResponse): Promise<void> {
    try {
      this.#kafka ??= this.#start()
      response.end(JSON.stringify((await this.#kafka).place))
    } catch (error) {
      response.statusCode = error instanceof NoKafkaError ? THERE_IS_NONE : 500
      response.end(error instanceof Error ? error.message : String(error))
    }
  }
}
