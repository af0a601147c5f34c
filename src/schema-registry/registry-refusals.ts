/**
 * What an HTTP answer of a registry means: its JSON, or an error that says what, where and how to fix.
 *
 * Source: Confluent's Schema Registry REST API (its `error_code`s) and its client (which statuses are
 * tried again). Neighbours: registry-caller.ts.
 */
import { cleanText } from './clean-text.js'
import type { HttpAnswer } from './http-channel.js'
import { isObject } from './option-checks.js'
import { SchemaRegistryError } from './registry-error.js'

/** As Java's RestService: these may pass. */
const PASSING: readonly number[] = [408, 429, 500, 502, 503, 504]

/** What was asked, for messages. */
export interface Asked {
  /** E.g. `look up a schema under subject "orders-value"`. */
  readonly what: string
  readonly subject?: string | undefined
}

/** An answer that will not do, and what to do about it. */
export class Refusal {
  readonly error: SchemaRegistryError
  /** The registry itself has judged: another address would say the same. */
  readonly isFinal: boolean

  constructor(error: SchemaRegistryError, isFinal: boolean) {
    this.error = error
    this.isFinal = isFinal
  }
}

/** The answer's JSON, or why it cannot be used. */
export function judgeAnswer(answer: HttpAnswer, server: string, asked: Asked): unknown {
  const { status } = answer
  const body = parseJson(answer.text)
  if (status >= 200 && status < 300) return body ?? noJson(answer, server, asked)
  if (status >= 300 && status < 400) return redirect(answer, server, asked)
  return refused(answer, body, server, asked)
}

/** By the registry itself, or by what stands before it. */
function refused(answer: HttpAnswer, body: unknown, server: string, asked: Asked): Refusal {
  const { status } = answer
  const { error_code, message } = isObject(body) ? body : {}
  const errorCode = typeof error_code === 'number' ? error_code : null
  const words = typeof message === 'string' ? `: ${cleanText(message)}` : kindOf(answer)
  const number = errorCode === null || errorCode === status ? '' : `, error code ${errorCode}`
  const retriable = PASSING.includes(status)
  const kind = { status, errorCode, retriable, isFinal: !retriable }
  return refusal(
    `HTTP ${status}${number}${words}${mendFor(status, errorCode)}`,
    server,
    asked,
    kind,
  )
}

interface Kind {
  readonly status: number
  readonly errorCode: number | null
  readonly retriable: boolean
  readonly isFinal: boolean
}

function refusal(why: string, server: string, asked: Asked, kind: Kind): Refusal {
  const error = new SchemaRegistryError(`cannot ${asked.what}: ${server} answers ${why}`, {
    ...kind,
    ...{ subject: asked.subject, url: server },
  })
  return new Refusal(error, kind.isFinal)
}

/** A page of a proxy, or of a login. */
function noJson(answer: HttpAnswer, server: string, asked: Asked): Refusal {
  const { status, text } = answer
  const why =
    text === ''
      ? `HTTP ${status} with nothing in it`
      : `HTTP ${status}${kindOf(answer)} that is no JSON`
  const mend = 'is this the address of a schema registry, or of a proxy or a login page before it?'
  return refusal(`${why} — ${mend}`, server, asked, {
    ...{ status, errorCode: null, retriable: false, isFinal: false },
  })
}

/** Not followed: it could lead the credentials elsewhere, and turns a POST into a GET. */
function redirect({ status, location }: HttpAnswer, server: string, asked: Asked): Refusal {
  const target = location === null ? '' : ` to ${targetOf(location, server)}`
  const mend = 'give the address that it leads to as url'
  return refusal(
    `HTTP ${status}, a redirect${target}, which is not followed — ${mend}`,
    server,
    asked,
    {
      ...{ status, errorCode: null, retriable: false, isFinal: false },
    },
  )
}

/** Its host alone: a path may hold a token. */
function targetOf(location: string, server: string): string {
  return URL.canParse(location, server) ? new URL(location, server).origin : 'nowhere'
}

function kindOf({ contentType, text }: HttpAnswer): string {
  return text === '' ? '' : ` (${cleanText(contentType) || 'of no type'})`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const HINTS: Readonly<Record<number, string>> = {
  401: 'check auth: user and password, or the token',
  403: 'these credentials lack the right to do this with this subject',
  404: 'check the path of url (Apicurio: /apis/ccompat/v7), the subject and the id',
  409: 'the new schema is incompatible with those of the subject: `isCompatible` says what and why',
  429: 'the registry has too many requests',
  40401:
    'there is no such subject: register its schema first, or check the subject strategy and the context',
  40402: 'the subject has no such version',
  40403:
    'the schema is not registered there: register it first, set register: true, or try normalize: true',
  40404: 'the subject was deleted',
  40406: 'the version was deleted',
  40901:
    'the new schema is incompatible with those of the subject: `isCompatible` says what and why',
  42201: 'the schema, or one of its references, is invalid',
  42205: 'the subject or the registry is in a mode that forbids this, such as READONLY',
}

/** By the registry's number, else by HTTP's where that says enough. */
function mendFor(status: number, errorCode: number | null): string {
  const ofStatus =
    errorCode === null || status === 401 || status === 403 ? HINTS[status] : undefined
  const hint = (errorCode === null ? undefined : HINTS[errorCode]) ?? ofStatus
  return hint === undefined ? '' : ` — ${hint}`
}
