/**
 * How the values of one schema are written to one part of one topic: at first it has to be found, and
 * everybody who needs it waits for the same search; then it is at hand.
 *
 *   unknown --load--> loading --> ready --(the latest is stale, or another)--> ready, and searched for beside
 *      ^                |                                                          |
 *      +-- it failed ---+----------- the new latest cannot be written with --------+
 *
 * Neighbours: registry-serializer.ts has one for each topic, part and schema; schema-source.ts finds.
 */
import { OttlaError } from '../errors.js'
import type { SerializerContext } from '../serialization/serializer.js'
import { isThrown } from '../thrown.js'
import { guidHeader, guidHeaderName, idPrefix } from './framing.js'
import type { LatestSchema } from './latest-schema.js'
import type { RegisteredSchema, SchemaDefinition, SchemaType } from './registered-schema.js'
import { SchemaRegistryError } from './registry-error.js'
import type { SchemaFormat, ValueEncoder } from './schema-format.js'
import type { SchemaSource } from './schema-source.js'

/** What a serializer's encodings have in common. */
export interface EncodingParts<T> {
  readonly format: SchemaFormat<T>
  readonly source: SchemaSource
  readonly framing: 'id' | 'guid-header'
  readonly subjectOf: (encoding: EncodingKey) => string
  /** So that each registered schema has one encoder, whatever the topic. */
  readonly encoders: WeakMap<RegisteredSchema, Promise<ValueEncoder<T>>>
}

/** Which values it is for. */
export interface EncodingKey {
  readonly topic: string
  readonly part: 'key' | 'value'
  readonly definition: SchemaDefinition | null
  readonly recordName: string | null
}

/** All that a record needs. */
class Ready<T> {
  readonly schema: RegisteredSchema
  readonly latest: LatestSchema | null
  /** What `latest.looks` was when this was compared with `latest.current`. */
  looks = -1
  readonly #encoder: ValueEncoder<T>
  readonly #prefix: Uint8Array | null
  readonly #headerName: string
  readonly #header: Uint8Array | null

  constructor(
    { framing }: EncodingParts<T>,
    { part }: EncodingKey,
    encoder: ValueEncoder<T>,
    schema: RegisteredSchema,
    latest: LatestSchema | null,
  ) {
    this.schema = schema
    this.latest = latest
    this.#encoder = encoder
    this.#headerName = guidHeaderName(part)
    const isPrefix = framing === 'id'
    this.#prefix = isPrefix ? idPrefix(schema.id, encoder.messageIndexes) : null
    this.#header = isPrefix ? null : guidHeader(schema, encoder.messageIndexes)
  }

  write(value: T, context: SerializerContext): Uint8Array {
    const prefix = this.#prefix
    if (prefix === null) {
      const payload = this.#encoder.encode(value, 0)
      context.setHeader(this.#headerName, this.#header as Uint8Array) // one of the two is there
      return payload
    }
    const { length } = prefix
    const bytes = this.#encoder.encode(value, length)
    for (let i = 0; i < length; i++) bytes[i] = prefix[i] as number // few: quicker than `set`
    return bytes
  }
}

export class Encoding<T> implements EncodingKey {
  readonly topic: string
  readonly part: 'key' | 'value'
  readonly definition: SchemaDefinition | null
  readonly recordName: string | null
  readonly #parts: EncodingParts<T>
  #ready: Ready<T> | null = null
  #loading: Promise<Ready<T>> | null = null
  #isRefreshing = false

  constructor(key: EncodingKey, parts: EncodingParts<T>) {
    this.topic = key.topic
    this.part = key.part
    this.definition = key.definition
    this.recordName = key.recordName
    this.#parts = parts
  }

  isFor(
    topic: string,
    part: 'key' | 'value',
    definition: SchemaDefinition | null,
    recordName: string | null,
  ): boolean {
    return (
      this.topic === topic &&
      this.part === part &&
      this.definition === definition &&
      this.recordName === recordName
    )
  }

  /** The value's bytes; a promise of them until the schema is known. */
  write(value: T, context: SerializerContext): Uint8Array | Promise<Uint8Array> {
    const ready = this.#ready
    if (ready === null) return this.#load().then((it) => it.write(value, context))
    const { latest } = ready
    if (latest !== null && (latest.isStale || latest.looks !== ready.looks)) this.#refresh(latest, ready) // prettier-ignore
    return ready.write(value, context)
  }

  async load(): Promise<void> {
    if (this.#ready === null) await this.#load()
  }

  #load(): Promise<Ready<T>> {
    this.#loading ??= this.#find().finally(() => (this.#loading = null))
    return this.#loading
  }

  async #find(): Promise<Ready<T>> {
    const { source, subjectOf } = this.#parts
    const { schema, latest } = await source.find(this.definition, () => subjectOf(this))
    this.#ready = await this.#makeReady(schema, latest)
    return this.#ready
  }

  async #makeReady(schema: RegisteredSchema, latest: LatestSchema | null): Promise<Ready<T>> {
    const { source, format, encoders } = this.#parts
    checkSchemaType(schema, format.schemaType)
    const definition = latest === null ? this.definition : null
    let encoder = encoders.get(schema)
    if (encoder === undefined) {
      encoder = format.encoder(schema, source.resolverOf(schema), definition)
      encoders.set(schema, encoder)
      encoder.catch(() => encoders.delete(schema))
    }
    return new Ready(this.#parts, this, await encoder, schema, latest)
  }

  /**
   * Records go on by the schema that is at hand; one that cannot be written with ends that. Others of the
   * same subject may have asked: then their answer is looked at.
   */
  #refresh(latest: LatestSchema, ready: Ready<T>): void {
    if (this.#isRefreshing) return
    if (latest.isDue) {
      this.#isRefreshing = true
      void latest.refreshed().then(() => this.#takeCurrent(latest, ready))
    } else if (latest.looks !== ready.looks) {
      this.#isRefreshing = true
      void this.#takeCurrent(latest, ready)
    }
  }

  async #takeCurrent(latest: LatestSchema, ready: Ready<T>): Promise<void> {
    const { current, looks } = latest
    ready.looks = looks
    try {
      if (current !== null && current !== ready.schema) {
        this.#parts.source.check(current)
        this.#ready = await this.#makeReady(current, latest)
        this.#ready.looks = looks
      }
    } catch (error) {
      // What it refers to could not be had: looked at again when it has been asked for once more.
      const isPassing = isThrown(error, OttlaError) && error.retriable
      if (!isPassing && !latest.isClosed) this.#ready = null // the next record's search says why
    } finally {
      this.#isRefreshing = false
    }
  }
}

/** Whoever reads a record goes by the schema behind its id: bytes of another format are none to him. */
function checkSchemaType(schema: RegisteredSchema, schemaType: SchemaType): void {
  const { schemaType: registered = 'AVRO', id, subject } = schema
  if (registered === schemaType) return
  const which = subject === null ? `schema ${id}` : `schema ${id} of the subject "${subject}"`
  throw new SchemaRegistryError(
    `${which} is of the type ${registered}, and this serializer writes ${schemaType}: take the serializer of ${registered}, or another subject or id`,
  )
}
