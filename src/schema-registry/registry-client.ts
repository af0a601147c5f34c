/**
 * The client of a schema registry: its questions as methods, each answer kept as long as it holds.
 *
 *   by id, by guid, a version, looked up, registered   never change: kept while there is room
 *   latest                                             kept for `latestCacheMs`
 *   compatibility, lists                               asked for each time
 *
 * It reads and registers schemas; a subject's configuration it never writes.
 *
 * Source: Confluent's Schema Registry REST API, version 1; Apicurio has the same under
 * /apis/ccompat/v7. Neighbours: registry-caller.ts asks; answer-cache.ts and latest-schema.ts keep.
 */
import { createHash } from 'node:crypto'
import '../globals.js'
import { ConfigError } from '../errors.js'
import { AnswerCache } from './answer-cache.js'
import { systemEnvironment, type RegistryEnvironment } from './environment.js'
import { LatestSchema } from './latest-schema.js'
import { isObject } from './option-checks.js'
import { isSchemaId, parseList, parseSchema, unusable } from './parse-answer.js'
import type { RegisteredSchema, SchemaDefinition } from './registered-schema.js'
import { RegistryCaller, type RegistryCall } from './registry-caller.js'
import type { SchemaRegistryOptions } from './registry-options.js'
import { resolveRegistryOptions } from './resolve-registry-options.js'
import { contextSubject, inContext } from './subject-context.js'

/** How a schema is looked up or registered. */
export interface DefinitionOptions {
  /** The registry brings the schema into its normal form first, so that spelling does not matter. Default false. */
  readonly normalize?: boolean | undefined
}

/** How a schema is asked for by its id. */
export interface ByIdOptions {
  /** One that has the schema: registries that give rights by subject, or several contexts, need it. */
  readonly subject?: string | undefined
  /** Confluent's `format`, e.g. `serialized` for Protobuf as a descriptor in base64. */
  readonly format?: string | undefined
}

/** Whether a schema may become the next version of a subject. */
export interface Compatibility {
  readonly isCompatible: boolean
  /** Why not, in the registry's words. */
  readonly messages: readonly string[]
}

/**
 * A client of a schema registry (Confluent's, Apicurio, Karapace). One serves all serializers; share it.
 *
 * Every method rejects with SchemaRegistryError: `retriable` says whether the same call may succeed
 * later. It is tried again as the options say, so a call may take `timeoutMs`.
 */
export class SchemaRegistry {
  readonly #caller: RegistryCaller
  readonly #environment: RegistryEnvironment
  readonly #context: string | null
  readonly #latestCacheMs: number
  readonly #cacheSize: number
  readonly #byId: AnswerCache<RegisteredSchema>
  readonly #byGuid: AnswerCache<RegisteredSchema>
  readonly #lookedUp: AnswerCache<RegisteredSchema>
  readonly #registered: AnswerCache<RegisteredSchema>
  readonly #versions: AnswerCache<RegisteredSchema>
  /** By subject; the least recently used first. */
  readonly #latest = new Map<string, LatestSchema>()

  /**
   * Nothing is asked yet.
   *
   * @param environment the machine's, but in tests
   * @throws ConfigError where an option is unknown or does not fit
   */
  constructor(options: SchemaRegistryOptions, environment?: RegistryEnvironment) {
    const resolved = resolveRegistryOptions(options)
    this.#environment = environment ?? systemEnvironment()
    this.#caller = new RegistryCaller(resolved, this.#environment)
    this.#context = resolved.context
    this.#latestCacheMs = resolved.latestCacheMs
    this.#cacheSize = resolved.cacheSize
    this.#byId = new AnswerCache(resolved.cacheSize)
    this.#byGuid = new AnswerCache(resolved.cacheSize)
    this.#lookedUp = new AnswerCache(resolved.cacheSize)
    this.#registered = new AnswerCache(resolved.cacheSize)
    this.#versions = new AnswerCache(resolved.cacheSize)
  }

  /**
   * Registers a schema as the next version of a subject, if it is not one of its versions already. Older
   * registries answer with the id alone: then `version` and `guid` are null.
   */
  async register(
    subject: string,
    schema: SchemaDefinition,
    options: DefinitionOptions = {},
  ): Promise<RegisteredSchema> {
    const named = this.#subject(subject)
    const body = bodyOf(schema)
    return this.#registered.get(keyOf(named, body, options), async () => {
      const what = `register a schema under subject "${named}"`
      const path = `subjects/${encodeURIComponent(named)}/versions${normalizeQuery(options)}`
      const answer = await this.#caller.call({ method: 'POST', path, body, what, subject: named })
      this.#latest.get(named)?.drop()
      return parseSchema(answer, { definition: schema, subject: named }, what)
    })
  }

  /** The version of a subject that has this schema. Fails with `errorCode` 40403 where none has. */
  async lookup(
    subject: string,
    schema: SchemaDefinition,
    options: DefinitionOptions = {},
  ): Promise<RegisteredSchema> {
    const named = this.#subject(subject)
    const body = bodyOf(schema)
    return this.#lookedUp.get(keyOf(named, body, options), async () => {
      const what = `look up a schema under subject "${named}"`
      const path = `subjects/${encodeURIComponent(named)}${normalizeQuery(options)}`
      const answer = await this.#caller.call({ method: 'POST', path, body, what, subject: named })
      return parseSchema(answer, { definition: schema, subject: named }, what)
    })
  }

  /** The schema of an id. */
  async byId(id: number, options: ByIdOptions = {}): Promise<RegisteredSchema> {
    if (!Number.isSafeInteger(id) || id < 0) throw new ConfigError('byId: give a whole number')
    const subject = this.#subjectOfId(options.subject)
    const query = queryOf({ subject, format: options.format })
    return this.#byId.get(`${id}${query}`, async () => {
      const what = `get the schema of id ${id}`
      const answer = await this.#get(`schemas/ids/${id}${query}`, what)
      return parseSchema(answer, { id }, what)
    })
  }

  /** The schema of a guid; its `id` is that of this client's context. Confluent 8.0 and up. */
  async byGuid(guid: string, options: Pick<ByIdOptions, 'format'> = {}): Promise<RegisteredSchema> {
    if (typeof guid !== 'string' || !/^[\w-]+$/.test(guid)) {
      throw new ConfigError('byGuid: give a guid')
    }
    const query = queryOf({ format: options.format })
    return this.#byGuid.get(`${guid}${query}`, async () => {
      const what = `get the schema of guid ${guid}`
      const path = `schemas/guids/${encodeURIComponent(guid)}`
      const answer = await this.#get(`${path}${query}`, what)
      const id = isObject(answer) && isSchemaId(answer.id) ? answer.id : this.#idOf(await this.#get(`${path}/ids`, what), what) // prettier-ignore
      return parseSchema(answer, { id, guid }, what)
    })
  }

  /** The latest version of a subject, as it was at most `latestCacheMs` ago. */
  async latest(subject: string): Promise<RegisteredSchema> {
    return this.followLatest(subject).get()
  }

  /**
   * The latest version of a subject as an object that is kept up to date: for serializers, which must
   * not ask for each record. Nothing is asked yet.
   */
  followLatest(subject: string): LatestSchema {
    const named = this.#subject(subject)
    const known = this.#latest.get(named)
    this.#latest.delete(named)
    const fetch = (isBackground: boolean): Promise<RegisteredSchema> =>
      this.#fetchVersion(named, 'latest', isBackground)
    const latest = known ?? new LatestSchema(fetch, this.#environment.clock, this.#latestCacheMs)
    this.#latest.set(named, latest)
    this.#dropOldest()
    return latest
  }

  /** One version of a subject, from 1. */
  async version(subject: string, version: number): Promise<RegisteredSchema> {
    const named = this.#subject(subject)
    checkVersion(version)
    return this.#versions.get(`${version} ${named}`, () => this.#fetchVersion(named, version, false)) // prettier-ignore
  }

  /**
   * Whether a schema may become the next version of a subject, compared with its latest or with
   * `version`, by the level that the subject has. Fails with `errorCode` 40401 where there is no subject.
   */
  async isCompatible(
    subject: string,
    schema: SchemaDefinition,
    version: number | 'latest' = 'latest',
  ): Promise<Compatibility> {
    const named = this.#subject(subject)
    if (version !== 'latest') checkVersion(version)
    const what = `compare a schema with ${version} of subject "${named}"`
    const path = `compatibility/subjects/${encodeURIComponent(named)}/versions/${version}?verbose=true`
    const body = bodyOf(schema)
    const answer = await this.#caller.call({ method: 'POST', path, body, what, subject: named })
    if (!isObject(answer) || typeof answer.is_compatible !== 'boolean') {
      throw unusable(what, 'does not say whether it is compatible')
    }
    const messages = Array.isArray(answer.messages) ? answer.messages.map(String) : []
    return { isCompatible: answer.is_compatible, messages }
  }

  /** The names of all subjects (of this client's context). */
  async subjects(): Promise<string[]> {
    const what = 'list the subjects'
    const prefix = this.#context === null ? undefined : contextSubject(this.#context)
    return parseList(await this.#get(`subjects${queryOf({ subjectPrefix: prefix })}`, what), isText, what) // prettier-ignore
  }

  /** The numbers of a subject's versions. */
  async versions(subject: string): Promise<number[]> {
    const named = this.#subject(subject)
    const what = `list the versions of subject "${named}"`
    const path = `subjects/${encodeURIComponent(named)}/versions`
    return parseList(await this.#get(path, what, named), isNumber, what)
  }

  /**
   * Ends what is under way, its connections and timers. Serializers go on with the schemas that they
   * know; what the registry would have to be asked for is refused. Idempotent.
   */
  close(): Promise<void> {
    this.#caller.close()
    for (const latest of this.#latest.values()) latest.close()
    this.#latest.clear()
    return Promise.resolve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #get(path: string, what: string, subject?: string): Promise<unknown> {
    return this.#caller.call({ method: 'GET', path, what, subject })
  }

  async #fetchVersion(
    subject: string,
    version: number | 'latest',
    isBackground: boolean,
  ): Promise<RegisteredSchema> {
    const which = version === 'latest' ? 'the latest version' : `version ${version}`
    const what = `get ${which} of subject "${subject}"`
    const path = `subjects/${encodeURIComponent(subject)}/versions/${version}`
    const call: RegistryCall = { method: 'GET', path, what, subject, isBackground }
    return parseSchema(await this.#caller.call(call), { subject }, what)
  }

  #dropOldest(): void {
    for (const [subject, latest] of this.#latest) {
      if (this.#latest.size <= this.#cacheSize) return
      latest.letGo() // whoever uses it goes on with it
      this.#latest.delete(subject)
    }
  }

  #subject(subject: string): string {
    if (typeof subject !== 'string' || /^\.{0,2}$/.test(subject)) {
      throw new ConfigError('give the name of a subject') // a dot or two would lead to another path
    }
    return inContext(subject, this.#context)
  }

  #subjectOfId(subject: string | undefined): string | undefined {
    if (subject !== undefined) return this.#subject(subject)
    return this.#context === null ? undefined : contextSubject(this.#context)
  }

  /** The id in this client's context, of those that a guid has. */
  #idOf(answer: unknown, what: string): number {
    const wanted = this.#context ?? '.'
    const ids = parseList(answer, isObject, what)
    const own = ids.find(({ context }) => context === wanted)
    if (isSchemaId(own?.id)) return own.id
    throw unusable(what, `has no id for the context "${wanted}"`)
  }
}

function checkVersion(version: number): void {
  if (Number.isSafeInteger(version) && version >= 1) return
  throw new ConfigError('give a version as a whole number from 1')
}

function bodyOf(definition: SchemaDefinition): object {
  if (!isObject(definition) || typeof definition.schema !== 'string') {
    throw new ConfigError("give a schema as { schema: 'its text', schemaType: 'AVRO' }")
  }
  const { schema, schemaType, references } = definition as SchemaDefinition
  return {
    schema,
    ...(schemaType === undefined || schemaType === 'AVRO' ? {} : { schemaType }),
    ...(references === undefined || references.length === 0 ? {} : { references }),
  }
}

/** A schema's text may be long; its digest is not. */
function keyOf(subject: string, body: object, { normalize }: DefinitionOptions): string {
  const digest = createHash('sha256').update(JSON.stringify(body)).digest('base64')
  return `${digest} ${normalize === true} ${subject}`
}

function normalizeQuery({ normalize }: DefinitionOptions): string {
  return normalize === true ? '?normalize=true' : ''
}

function queryOf(values: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given as [string, string][]).toString()}`
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}
