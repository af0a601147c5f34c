/** A connection to a broker that wants a login, with a mechanism and a broker's side written by the test. */
import { openConnection } from '../../../src/network/connection/open-connection.js'
import type { Connection } from '../../../src/network/connection/connection.js'
import { Login } from '../../../src/network/sasl/login.js'
import type { SaslExchange, SaslMechanism } from '../../../src/network/sasl/mechanism.js'
import { initProducerId } from '../../../src/protocol/messages/init-producer-id.js'
import { saslAuthenticate } from '../../../src/protocol/messages/sasl-authenticate.js'
import { saslHandshake } from '../../../src/protocol/messages/sasl-handshake.js'
import type { LogMethod } from '../../../src/logger.js'
import type { ManualClock } from '../../support/manual-clock.js'
import { testContext } from '../support/context.js'
import type { TestContext } from '../support/context.js'
import type { Peer } from '../support/memory-network.js'
import { ALL_VERSIONS, replyVersions, splitRequests } from '../support/scripted-broker.js'
import type { ReceivedRequest } from '../support/scripted-broker.js'

export const TARGET = { nodeId: 7, host: 'one', port: 9092 }

const VERSIONS = [
  ...ALL_VERSIONS,
  { apiKey: 17, minVersion: 0, maxVersion: 1 },
  { apiKey: 36, minVersion: 0, maxVersion: 2 },
]

const QUESTION = {
  transactionalId: null,
  transactionTimeoutMs: 1,
  producerId: -1n,
  producerEpoch: -1,
}

/** What the broker answers to the login's messages; each is asked anew for every login. */
export interface Script {
  /** Answers SaslHandshake. Default: takes it. */
  handshake?(request: ReceivedRequest, mechanism: string): void
  /** Answers SaslAuthenticate. Default: takes it, without an end of the session. */
  authenticate?(request: ReceivedRequest, bytes: string): void
}

export class LoginWorld {
  readonly context: TestContext
  readonly login: Login
  /** What the broker has got and what its client has been told, in order. */
  readonly events: string[] = []
  readonly script: Script = {}
  /** Level and text of each line that the login has logged. */
  readonly logged: string[] = []
  /** Requests that are no part of a login, not answered yet. */
  readonly requests: ReceivedRequest[] = []
  /** The steps of the mechanism; a test may put others here. */
  steps: (challenge: string | undefined) => string | undefined | Promise<string | undefined> = (
    challenge,
  ) => (challenge === undefined ? 'secret' : undefined)

  /** `mechanism`: default one of these steps. */
  constructor(mechanism?: SaslMechanism) {
    const context = testContext()
    const at =
      (level: string): LogMethod =>
      (_, message) =>
        void this.logged.push(`${level} ${message}`)
    this.login = new Login({
      mechanism: mechanism ?? { name: 'TEST', isClearText: false, start: () => this.#exchange() },
      clock: context.clock,
      random: () => 0.5,
      logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    })
    this.context = { ...context, login: this.login }
    context.network.listen(TARGET, (peer) => this.#accept(peer))
  }

  get clock(): ManualClock {
    return this.context.clock
  }

  open(): Promise<Connection> {
    return openConnection({
      context: this.context,
      target: TARGET,
      signal: new AbortController().signal,
      listener: {
        onWritable: () => this.events.push('writable'),
        onClose: (_, reason) => this.events.push(`closed: ${reason.message}`),
      },
    })
  }

  /** A connection whose session lasts for `lifetimeMs` from each login on; events are those after it. */
  async openFor(lifetimeMs: number): Promise<Connection> {
    this.script.authenticate = (request) => accept(request, lifetimeMs)
    const connection = await this.open()
    this.events.length = 0
    return connection
  }

  /** Sends a request; `answer name` or `failure name` becomes an event. */
  ask(connection: Connection, name: string): void {
    connection.request(initProducerId, QUESTION).then(
      () => this.events.push(`answer ${name}`),
      (error: unknown) => this.events.push(`failure ${name}: ${String(error)}`),
    )
  }

  /** The broker answers the oldest request. */
  async answer(): Promise<void> {
    this.requests.shift()?.reply(initProducerId, {
      throttleTimeMs: 0, errorCode: 0, producerId: 1n, producerEpoch: 0,
    }) // prettier-ignore
    await this.clock.settle()
  }

  #exchange(): SaslExchange {
    return {
      user: 'alice',
      step: async (challenge) => {
        const text = challenge === undefined ? undefined : Buffer.from(challenge).toString()
        const bytes = await this.steps(text)
        return bytes === undefined ? undefined : Buffer.from(bytes)
      },
    }
  }

  #accept(peer: Peer): void {
    peer.onBytes = splitRequests(peer, (request) => {
      if (request.apiKey === 18) replyVersions(request, VERSIONS)
      else if (request.apiKey === 17) this.#handshake(request)
      else if (request.apiKey === 36) this.#authenticate(request)
      else {
        this.events.push('request')
        this.requests.push(request)
      }
    })
  }

  #handshake(request: ReceivedRequest): void {
    const { mechanism } = request.decode(saslHandshake)
    this.events.push(`handshake ${mechanism}`)
    if (this.script.handshake !== undefined) this.script.handshake(request, mechanism)
    else request.reply(saslHandshake, { errorCode: 0, mechanisms: ['TEST'] })
  }

  #authenticate(request: ReceivedRequest): void {
    const bytes = Buffer.from(request.decode(saslAuthenticate).authBytes).toString()
    this.events.push(`authenticate ${bytes}`)
    if (this.script.authenticate !== undefined) this.script.authenticate(request, bytes)
    else accept(request, 0)
  }
}

/** Takes a step of a login. */
export function accept(request: ReceivedRequest, lifetimeMs: number, challenge = ''): void {
  request.reply(saslAuthenticate, {
    errorCode: 0,
    errorMessage: '',
    authBytes: Buffer.from(challenge),
    sessionLifetimeMs: BigInt(lifetimeMs),
  })
}

/** Refuses it. */
export function refuse(request: ReceivedRequest, errorCode: number, errorMessage = ''): void {
  request.reply(saslAuthenticate, {
    errorCode,
    errorMessage,
    authBytes: Buffer.alloc(0),
    sessionLifetimeMs: 0n,
  })
}
