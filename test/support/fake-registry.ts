/**
 * A schema registry within the test's process, over HTTP on the loopback: subjects, versions, ids and
 * guids as Confluent's, kept in memory. What it answers can be bent: as an older registry (`bare`), by
 * a compatibility that is set, and by faults for the next requests.
 *
 * A faithful part of the real one: the same paths, names and error codes, and a guid that is the same
 * for the same schema. It knows nothing of Avro or Protobuf: every text is a schema.
 *
 * Neighbours: tests of schema-registry/ and of the formats.
 */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'

/** A fault that requests meet in place of their answer. */
export interface Fault {
  /** So many requests, then no more; default 1. */
  readonly times?: number
  /** Only those whose `METHOD /path` matches. */
  readonly on?: RegExp
  /** An error answer. */
  readonly status?: number
  readonly errorCode?: number
  readonly message?: string
  readonly headers?: Readonly<Record<string, string>>
  /** In place of the JSON of an error. */
  readonly body?: string
  readonly contentType?: string
  /** The connection closes without an answer (`before`), or amid it. */
  readonly drop?: 'before' | 'amid'
  /** No answer at all, until the client goes. */
  readonly silent?: boolean
}

export interface FakeSchema {
  readonly schema: string
  readonly schemaType?: string | undefined
  readonly references?: readonly unknown[] | undefined
  readonly ruleSet?: unknown
}

interface Version {
  readonly version: number
  readonly id: number
  readonly schema: FakeSchema
}

/** What it was asked. */
export interface FakeRequest {
  readonly method: string
  /** With its query, as it came. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Readonly<Record<string, unknown>> | null
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

export interface FakeRegistryOptions {
  /** As registries before Confluent 8.0, and Apicurio: no guids, and register answers with the id alone. */
  readonly bare?: boolean
  /** What the header `authorization` must be; others are refused with 401. */
  readonly authorization?: () => string
  /** With these it speaks TLS. */
  readonly tls?: ServerOptions
}

export class FakeRegistry {
  readonly #options: FakeRegistryOptions
  readonly #server: Server
  readonly #subjects = new Map<string, Version[]>()
  readonly #idOf = new Map<string, number>()
  readonly #byId = new Map<number, FakeSchema>()
  #faults: (Fault & { left: number })[] = []
  /** All requests, in order. */
  readonly requests: FakeRequest[] = []
  /** What the check of compatibility answers; a register that is not compatible is refused. */
  compatibility: { isCompatible: boolean; messages: string[] } = {
    isCompatible: true,
    messages: [],
  }
  /** Added to whatever is registered, as a default rule set of the subject does. */
  ruleSet: unknown = undefined

  /** Connections that were opened. */
  connectionCount = 0

  private constructor(options: FakeRegistryOptions) {
    this.#options = options
    const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#serve(request, response)
    const { tls } = options
    this.#server = tls === undefined ? createServer(onRequest) : createSecureServer(tls, onRequest)
    this.#server.on('connection', () => this.connectionCount++)
    this.#server.keepAliveTimeout = 60_000
  }

  static async start(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
    const registry = new FakeRegistry(options)
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve))
    return registry
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.#options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`
  }

  /** `METHOD /path` of each request. */
  get asked(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`)
  }

  /** Requests meet this until it is used up; the first fault that fits. */
  fail(fault: Fault): void {
    this.#faults.push({ ...fault, left: fault.times ?? 1 })
  }

  heal(): void {
    this.#faults = []
  }

  /** Registers without a request; returns the id. */
  add(subject: string, schema: FakeSchema): number {
    const versions = this.#subjects.get(subject) ?? []
    this.#subjects.set(subject, versions)
    const known = versions.find((version) => isSame(version.schema, schema))
    if (known !== undefined) return known.id
    const context = /^:(\.[^:]*):/.exec(subject)?.[1] ?? '.'
    const key = `${context} ${guidOf(schema)}`
    const id = this.#idOf.get(key) ?? this.#byId.size + 1
    this.#idOf.set(key, id)
    this.#byId.set(id, schema)
    versions.push({ version: versions.length + 1, id, schema })
    return id
  }

  /** Of the latest version. */
  guid(subject: string): string {
    return guidOf((this.#subjects.get(subject)?.at(-1) as Version).schema)
  }

  /** Ends open connections too. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  /** Nobody listens there until the returned function is called. */
  async goDown(): Promise<() => Promise<void>> {
    const { port } = this
    await this.close()
    return () => new Promise((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
  }

  /** Idle connections end, as after a server's keep-alive time. */
  closeIdle(): void {
    this.#server.closeIdleConnections()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    let text = ''
    for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) text += chunk
    const body = text === '' ? null : (JSON.parse(text) as Record<string, unknown>)
    this.requests.push({ method, path: url, headers, body })
    const fault = this.#faults.find((it) => it.left > 0 && (it.on?.test(`${method} ${url}`) ?? true)) // prettier-ignore
    if (fault !== undefined) {
      fault.left--
      this.#meet(fault, response)
      return
    }
    const { authorization } = this.#options
    const isAllowed = authorization === undefined || headers.authorization === authorization()
    const answer = isAllowed ? this.#answer(method, new URL(url, this.url), body) : error(401, 401, 'Unauthorized') // prettier-ignore
    send(response, answer.status, JSON.stringify(answer.body))
  }

  #meet(fault: Fault, response: ServerResponse): void {
    if (fault.silent === true) return
    if (fault.drop === 'before') {
      response.socket?.destroy()
    } else if (fault.drop === 'amid') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('{"id":', () => response.socket?.destroy())
    } else {
      const { status = 500, errorCode, message = 'a fault of the test' } = fault
      const body = fault.body ?? JSON.stringify({ error_code: errorCode ?? status, message })
      send(response, status, body, {
        'content-type': fault.contentType ?? CONTENT_TYPE,
        ...fault.headers,
      })
    }
  }

  #answer(method: string, url: URL, body: Readonly<Record<string, unknown>> | null): Answer {
    const parts = url.pathname.slice(1).split('/').map(decodeURIComponent)
    const [room, first = '', second = '', third = ''] = parts
    if (room === 'schemas') return this.#schema(first, second, third)
    if (room === 'compatibility') return this.#compare(second, parts[4] ?? '')
    if (room !== 'subjects') return error(404, 404, 'HTTP 404 Not Found')
    if (first === '')
      return { status: 200, body: this.#names(url.searchParams.get('subjectPrefix')) }
    const schema = body === null ? null : schemaOf(body)
    if (method === 'POST' && schema === null) return error(422, 42201, 'Empty schema')
    if (method === 'POST') {
      return second === 'versions'
        ? this.#register(first, schema as FakeSchema)
        : this.#lookup(first, schema as FakeSchema)
    }
    return this.#versions(first, third)
  }

  #names(prefix: string | null): string[] {
    const names = [...this.#subjects.keys()]
    return prefix === null ? names : names.filter((name) => name.startsWith(prefix))
  }

  #register(subject: string, schema: FakeSchema): Answer {
    if (schema.schema === 'invalid') return error(422, 42201, 'Invalid schema')
    const isKnown = this.#subjects.get(subject)?.some((it) => isSame(it.schema, schema)) === true
    if (!isKnown && !this.compatibility.isCompatible) {
      const why = this.compatibility.messages.join(', ')
      return error(
        409,
        409,
        `Schema being registered is incompatible with an earlier schema: ${why}`,
      )
    }
    const id = this.add(
      subject,
      this.ruleSet === undefined ? schema : { ...schema, ruleSet: this.ruleSet },
    )
    if (this.#options.bare === true) return { status: 200, body: { id } }
    return this.#lookup(subject, schema)
  }

  #lookup(subject: string, schema: FakeSchema): Answer {
    const versions = this.#subjects.get(subject)
    if (versions === undefined) return error(404, 40401, `Subject '${subject}' not found.`)
    const version = versions.find((it) => isSame(it.schema, schema))
    if (version === undefined) return error(404, 40403, 'Schema not found')
    return { status: 200, body: this.#full(subject, version) }
  }

  #versions(subject: string, which: string): Answer {
    const versions = this.#subjects.get(subject)
    if (versions === undefined) return error(404, 40401, `Subject '${subject}' not found.`)
    if (which === '') return { status: 200, body: versions.map(({ version }) => version) }
    const version = which === 'latest' ? versions.at(-1) : versions[Number(which) - 1]
    if (version === undefined) return error(404, 40402, `Version ${which} not found.`)
    return { status: 200, body: this.#full(subject, version) }
  }

  #schema(kind: string, name: string, rest: string): Answer {
    if (kind === 'ids') {
      const schema = this.#byId.get(Number(name))
      return schema === undefined
        ? error(404, 40403, `Schema ${name} not found`)
        : { status: 200, body: this.#withGuid(schema) }
    }
    const found = [...this.#idOf].filter(([key]) => key.endsWith(` ${name}`))
    const first = found[0]
    if (kind !== 'guids' || this.#options.bare === true || first === undefined) {
      return error(404, 40403, `Schema ${name} not found`)
    }
    if (rest !== 'ids')
      return { status: 200, body: this.#withGuid(this.#byId.get(first[1]) as FakeSchema) }
    const ids = found.map(([key, id]) => ({ context: key.slice(0, key.indexOf(' ')), id }))
    return { status: 200, body: ids }
  }

  #compare(subject: string, which: string): Answer {
    const versions = this.#subjects.get(subject)
    if (versions === undefined) return error(404, 40401, `Subject '${subject}' not found.`)
    if (which !== 'latest' && versions[Number(which) - 1] === undefined) {
      return error(404, 40402, `Version ${which} not found.`)
    }
    const { isCompatible, messages } = this.compatibility
    return { status: 200, body: { is_compatible: isCompatible, messages } }
  }

  #full(subject: string, { version, id, schema }: Version): object {
    return { subject, version, id, ...this.#withGuid(schema) }
  }

  #withGuid(schema: FakeSchema): object {
    return this.#options.bare === true ? schema : { ...schema, guid: guidOf(schema) }
  }
}

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'

function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = { 'content-type': CONTENT_TYPE },
): void {
  response.writeHead(status, { ...headers })
  response.end(body)
}

function error(status: number, errorCode: number, message: string): Answer {
  return { status, body: { error_code: errorCode, message } }
}

function schemaOf(body: Readonly<Record<string, unknown>>): FakeSchema | null {
  const { schema, schemaType, references } = body
  if (typeof schema !== 'string' || schema === '') return null
  return {
    schema,
    ...(typeof schemaType === 'string' ? { schemaType } : {}),
    ...(Array.isArray(references) ? { references } : {}),
  }
}

function isSame(one: FakeSchema, other: FakeSchema): boolean {
  return textOf(one) === textOf(other)
}

function textOf({ schema, schemaType = 'AVRO', references = [] }: FakeSchema): string {
  return JSON.stringify([schema, schemaType, references])
}

/** As Confluent: MD5, written as a UUID. Its bytes are another matter: nobody may compute them. */
function guidOf(schema: FakeSchema): string {
  const hex = createHash('md5').update(textOf(schema)).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-') // prettier-ignore
}
