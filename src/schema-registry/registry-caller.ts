/**
 * A call of the registry: which address is asked, how often, and until when.
 *
 *   round 1:  each address once, from the one that was good last
 *             an answer, or a refusal that is the registry's own judgement: done
 *             no answer, 408, 429, 5xx: the next address
 *   pause:    a random part of 1 s, 2 s, 4 s … 20 s
 *   round 2:  …                              until `retries` rounds more, or `timeoutMs`
 *
 * Java asks one address four times before the next. The number of tries is the same here, but with a
 * time limit an address that is dead must not use it up.
 *
 * Source: Confluent's RestService and RetryExecutor. Neighbours: registry-client.ts calls;
 * http-channel.ts carries; registry-refusals.ts judges.
 */
import type { Timer } from '../clock.js'
import { withoutSecrets, type Secret } from '../secret.js'
import { Credentials, secretsIn } from './credentials.js'
import type { RegistryEnvironment } from './environment.js'
import { HttpChannel, MAX_SOCKETS, NoAnswer, type HttpAnswer } from './http-channel.js'
import { SchemaRegistryError } from './registry-error.js'
import { judgeAnswer, Refusal, type Asked } from './registry-refusals.js'
import type { RegistryServer, ResolvedRegistryOptions } from './resolve-registry-options.js'
import { Turns } from './turns.js'

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'

/** One question. */
export interface RegistryCall extends Asked {
  readonly method: 'GET' | 'POST'
  /** Below the address, without a slash in front; with its query. */
  readonly path: string
  readonly body?: object | undefined
  /** One round only: nobody waits for it. */
  readonly isBackground?: boolean
}

export class RegistryCaller {
  readonly #options: ResolvedRegistryOptions
  readonly #environment: RegistryEnvironment
  readonly #credentials: Credentials
  readonly #channel: HttpChannel
  readonly #turns: Turns
  /** Of the server that is asked first. */
  #index = 0
  #isClosed = false
  readonly #pauses = new Set<() => void>()

  constructor(options: ResolvedRegistryOptions, environment: RegistryEnvironment) {
    this.#options = options
    this.#environment = environment
    this.#credentials = new Credentials(options, environment)
    this.#channel = new HttpChannel(options.tls, environment.clock)
    this.#turns = new Turns(MAX_SOCKETS, environment.clock)
  }

  /** The answer's JSON. @throws SchemaRegistryError (rejects) */
  async call(call: RegistryCall): Promise<unknown> {
    const { retries, timeoutMs } = this.#options
    const { clock } = this.#environment
    const deadlineMs = clock.monotonicMs() + timeoutMs
    let last: Failure | null = null
    for (let round = 0; ; round++) {
      const answer: Answered | Failure = await this.#roundInTurn(call, deadlineMs, last)
      if (!(answer instanceof Failure)) return answer.value
      const pauseMs = this.#pauseMs(round, answer.retryAfterMs)
      const isLast = call.isBackground === true || round >= retries
      if (isLast || !answer.error.retriable || clock.monotonicMs() + pauseMs >= deadlineMs) {
        throw answer.error
      }
      last = answer
      await this.#pause(pauseMs)
    }
  }

  /** Ends every call and every connection. */
  close(): void {
    this.#isClosed = true
    this.#channel.close(new NoAnswer('the client was closed', false))
    this.#credentials.close()
    this.#turns.close()
    for (const end of [...this.#pauses]) end()
  }

  /**
   * The time limit of a request begins with its turn, and only then an address is chosen: those that
   * waited behind one that is dead begin with the one that was found good meanwhile.
   */
  async #roundInTurn(
    call: RegistryCall,
    deadlineMs: number,
    last: Failure | null,
  ): Promise<Answered | Failure> {
    this.#assertOpen(call.what)
    if (!(await this.#turns.take(this.#leftMs(deadlineMs)))) {
      this.#assertOpen(call.what)
      throw last?.error ?? noTurn(call, this.#options.timeoutMs)
    }
    try {
      return await this.#round(call, deadlineMs)
    } finally {
      this.#turns.give()
    }
  }

  /** Each server once. */
  async #round(call: RegistryCall, deadlineMs: number): Promise<Answered | Failure> {
    const { servers } = this.#options
    const { clock } = this.#environment
    const first = this.#index
    let failure: Failure | null = null
    for (let i = 0; i < servers.length; i++) {
      const index = (first + i) % servers.length
      if (failure !== null && clock.monotonicMs() >= deadlineMs) break
      const answer = await this.#ask(servers[index] as RegistryServer, call, deadlineMs)
      if (!(answer instanceof Failure)) {
        this.#index = index
        return answer
      }
      if (answer.isFinal) throw answer.error
      // What may pass is the better reason to try again than what will not.
      if (failure === null || answer.error.retriable) failure = answer
    }
    return failure as Failure // there is a server, and it failed
  }

  async #ask(
    server: RegistryServer,
    call: RegistryCall,
    deadlineMs: number,
  ): Promise<Answered | Failure> {
    try {
      const shown = await this.#authorization(server, call, deadlineMs)
      const first = await this.#askOnce(server, call, shown, deadlineMs)
      const isRefused = first instanceof Failure && first.error.status === 401
      // A token that was kept may have been revoked.
      if (!isRefused || !this.#credentials.refused(shown)) return first
      const renewed = await this.#authorization(server, call, deadlineMs)
      return await this.#askOnce(server, call, renewed, deadlineMs)
    } catch (error) {
      if (error instanceof SchemaRegistryError) return new Failure(error, !error.retriable, 0)
      return unanswered(error, server, call)
    }
  }

  async #authorization(
    server: RegistryServer,
    { what }: RegistryCall,
    deadlineMs: number,
  ): Promise<Authorization> {
    this.#assertOpen(what)
    try {
      return await this.#credentials.headerFor(server, this.#leftMs(deadlineMs))
    } finally {
      this.#assertOpen(what)
    }
  }

  async #askOnce(
    server: RegistryServer,
    call: RegistryCall,
    authorization: Authorization,
    deadlineMs: number,
  ): Promise<Answered | Failure> {
    const answer = await this.#exchange(server, call, authorization, deadlineMs)
    const judged = judgeAnswer(answer, server.name, call)
    if (!(judged instanceof Refusal)) return { value: judged }
    const retryAfterMs = waitOf(answer.retryAfter, this.#environment.clock.now())
    return new Failure(judged.error, judged.isFinal, retryAfterMs)
  }

  async #exchange(
    server: RegistryServer,
    { method, path, body }: RegistryCall,
    authorization: Authorization,
    deadlineMs: number,
  ): Promise<HttpAnswer> {
    const text = body === undefined ? null : JSON.stringify(body)
    const shown = {
      ...this.#options.headers.reveal(),
      ...(authorization === null ? {} : { authorization: authorization.reveal() }),
    }
    const headers = {
      accept: `${CONTENT_TYPE}, application/json`,
      ...(text === null
        ? {}
        : { 'content-type': CONTENT_TYPE, 'content-length': Buffer.byteLength(text) }),
      ...shown,
    }
    const url = new URL(path, server.base)
    const timeoutMs = Math.min(this.#options.requestTimeoutMs, this.#leftMs(deadlineMs))
    const answer = await this.#channel.exchange({ method, url, headers, body: text, timeoutMs })
    if (answer.status < 400) return answer
    // Its words go into an error, and may repeat what was sent.
    return { ...answer, text: withoutSecrets(answer.text, secretsIn(shown)) }
  }

  /** Of the call's time: whatever waits has no more than that, and a moment at least. */
  #leftMs(deadlineMs: number): number {
    return Math.max(1, deadlineMs - this.#environment.clock.monotonicMs())
  }

  #assertOpen(what: string): void {
    if (!this.#isClosed) return
    throw new SchemaRegistryError(`cannot ${what}: this client of the schema registry is closed`)
  }

  /** Full jitter; longer where the registry asks for it. */
  #pauseMs(round: number, retryAfterMs: number): number {
    const { retryBackoffMs, retryBackoffMaxMs } = this.#options
    const mostMs = Math.min(retryBackoffMs * 2 ** round, retryBackoffMaxMs)
    return Math.max(this.#environment.random() * mostMs, retryAfterMs)
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      let timer: Timer | null = null
      const end = (): void => {
        timer?.clear()
        this.#pauses.delete(end)
        resolve()
      }
      this.#pauses.add(end)
      timer = this.#environment.clock.setTimer(end, delayMs)
    })
  }
}

/** The header's value; null: nobody logs in. */
type Authorization = Secret<string> | null

interface Answered {
  readonly value: unknown
}

/** Of one request. */
class Failure {
  readonly error: SchemaRegistryError
  /** No other server is asked. */
  readonly isFinal: boolean
  readonly retryAfterMs: number

  constructor(error: SchemaRegistryError, isFinal: boolean, retryAfterMs: number) {
    this.error = error
    this.isFinal = isFinal
    this.retryAfterMs = retryAfterMs
  }
}

function unanswered(error: unknown, { name }: RegistryServer, { what, subject }: Asked): Failure {
  const retriable = error instanceof NoAnswer && error.isPassing
  const why = error instanceof Error ? error.message : 'unknown'
  const message = `cannot ${what}: no answer from the schema registry at ${name}: ${why}`
  const options = { retriable, subject, url: name, cause: (error as Error).cause }
  return new Failure(new SchemaRegistryError(message, options), false, 0)
}

/** Not even the first request was sent. */
function noTurn({ what, subject }: Asked, timeoutMs: number): SchemaRegistryError {
  const message = `cannot ${what}: not asked within ${timeoutMs} ms, since ${MAX_SOCKETS} other requests to the schema registry were under way all the time; raise timeoutMs, or look at why it answers slowly`
  return new SchemaRegistryError(message, { retriable: true, subject })
}

/** What `Retry-After` asks for, in ms: seconds or a date; 0 where it says nothing that can be read. */
function waitOf(retryAfter: string | null, nowMs: number): number {
  if (retryAfter === null || retryAfter.trim() === '') return 0
  const seconds = Number(retryAfter)
  const waitMs = Number.isNaN(seconds) ? Date.parse(retryAfter) - nowMs : seconds * 1000
  return waitMs > 0 ? waitMs : 0
}
