/**
 * One request over HTTP and its answer, on connections that are kept open. Every exchange ends: by the
 * answer, a fault, its time limit, or `close`. A connection without a request keeps no process alive
 * (so does Node's Agent). Redirects are the caller's to judge, and no answer is read beyond 16 MiB.
 *
 * Neighbours: registry-caller.ts asks.
 */
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Clock } from '../clock.js'
import type { Secret } from '../secret.js'
import type { TlsSettings } from './tls-settings.js'

const MAX_ANSWER_BYTES = 16 * 1024 * 1024
/** Of one address: whoever asks has no more requests than that under way. */
export const MAX_SOCKETS = 8

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  readonly headers: OutgoingHttpHeaders
  readonly body: string | null
  readonly timeoutMs: number
}

export interface HttpAnswer {
  readonly status: number
  /** Lower case, without parameters; '' where there is none. */
  readonly contentType: string
  readonly location: string | null
  /** As it came: seconds, or a date (RFC 9110, 10.2.3); null where there is none. */
  readonly retryAfter: string | null
  readonly text: string
}

/** There was no whole answer. */
export class NoAnswer extends Error {
  /** False where the next try will come to the same, as with a certificate. */
  readonly isPassing: boolean

  constructor(message: string, isPassing: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.isPassing = isPassing
  }
}

export class HttpChannel {
  readonly #clock: Clock
  readonly #tls: Secret<TlsSettings>
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS })
  #https: HttpsAgent | null = null
  /** How to end each exchange that is under way. */
  readonly #enders = new Set<(failure: NoAnswer) => void>()

  constructor(tls: Secret<TlsSettings>, clock: Clock) {
    this.#tls = tls
    this.#clock = clock
  }

  /** @throws NoAnswer (rejects) */
  async exchange(request: HttpRequest): Promise<HttpAnswer> {
    try {
      return await this.#exchangeOnce(request)
    } catch (error) {
      // The server had closed an idle connection just as it was used again: nothing was read of this.
      if (error instanceof StaleConnection) return this.#exchangeOnce(request)
      throw error
    }
  }

  #exchangeOnce(request: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = this.#open(request)
      const end = (): void => {
        timer.clear()
        this.#enders.delete(fail)
        outgoing.destroy()
      }
      const fail = (failure: NoAnswer): void => {
        end()
        reject(failure)
      }
      const late = `no answer within ${request.timeoutMs} ms`
      const timer = this.#clock.setTimer(() => fail(new NoAnswer(late, true)), request.timeoutMs)
      this.#enders.add(fail)
      outgoing.on('error', (error) => fail(failureOf(error, outgoing.reusedSocket)))
      outgoing.on('response', (response) => {
        readAnswer(response, fail, (answer) => {
          timer.clear()
          this.#enders.delete(fail)
          resolve(answer)
        })
      })
      outgoing.end(request.body ?? undefined)
    })
  }

  #open({ url, method, headers }: HttpRequest): ClientRequest {
    if (url.protocol === 'http:') return httpRequest(url, { method, headers, agent: this.#http })
    this.#https ??= new HttpsAgent({
      ...{ keepAlive: true, maxSockets: MAX_SOCKETS },
      ...this.#tls.reveal(),
    })
    return httpsRequest(url, { method, headers, agent: this.#https })
  }

  /** Ends what is under way, and every connection. */
  close(failure: NoAnswer): void {
    for (const end of [...this.#enders]) end(failure)
    this.#http.destroy()
    this.#https?.destroy()
  }
}

class StaleConnection extends NoAnswer {}

function readAnswer(
  response: IncomingMessage,
  fail: (failure: NoAnswer) => void,
  done: (answer: HttpAnswer) => void,
): void {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  response.on('data', (chunk: Uint8Array) => {
    sizeBytes += chunk.length
    if (sizeBytes <= MAX_ANSWER_BYTES) chunks.push(chunk)
    else fail(new NoAnswer(`its answer is larger than ${MAX_ANSWER_BYTES} bytes`, false))
  })
  const broken = (): void => fail(new NoAnswer('the connection closed amid its answer', true))
  response.on('error', broken)
  response.on('close', () => {
    if (!response.complete) broken()
  })
  response.on('end', () => {
    if (response.complete) done(answerOf(response, Buffer.concat(chunks).toString()))
  })
}

function answerOf({ statusCode, headers }: IncomingMessage, text: string): HttpAnswer {
  return {
    status: statusCode ?? 0,
    contentType: (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
    location: headers.location ?? null,
    retryAfter: headers['retry-after'] ?? null,
    text,
  }
}

/** Certificates do not fix themselves within seconds; everything else of a network may. */
function failureOf(error: Error, wasReused: boolean): NoAnswer {
  // Node's copy of the certificate goes in a circle, on which JSON and loggers break.
  Reflect.deleteProperty(error, 'cert')
  const { code } = error as { code?: unknown }
  const name = typeof code === 'string' ? code : error.message
  if (wasReused && (name === 'ECONNRESET' || name === 'EPIPE')) {
    return new StaleConnection(`it cannot be reached: ${name}`, true, error)
  }
  const isLasting = /CERT|ERR_TLS|ERR_SSL|SELF_SIGNED|UNABLE_TO|ERR_INVALID/.test(name)
  return new NoAnswer(`it cannot be reached: ${describe(error, name)}`, !isLasting, error)
}

/** Several addresses of one name fail as an AggregateError, whose own message is empty. */
function describe(error: Error, name: string): string {
  return error.message === '' || error.message.includes(name) ? error.message || name : `${name}, ${error.message}` // prettier-ignore
}
