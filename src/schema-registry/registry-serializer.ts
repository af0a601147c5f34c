/**
 * Makes a serializer of a format and a registry: it finds the encoding of each value, of which the
 * last one is nearly always it again.
 *
 * Neighbours: encoding.ts writes; avro/, protobuf/ and json-schema/ give the formats.
 */
import type { Serialized, Serializer, SerializerContext } from '../serialization/serializer.js'
import { Encoding, type EncodingKey, type EncodingParts } from './encoding.js'
import { wholeNumber } from './option-checks.js'
import type { SchemaChoice, SchemaFormat } from './schema-format.js'
import { SchemaSource } from './schema-source.js'
import { checkSerializerOptions, registryOf } from './serializer-checks.js'
import type { RegistrySerializerOptions, SchemaSerializer } from './serializer-options.js'
import { subjectNamer } from './subject-name.js'

/**
 * A serializer of values of a format, whose schemas a registry has. It can serve several topics, and
 * keys as well as values.
 *
 * @throws ConfigError where options do not fit, or contradict one another
 */
export function registrySerializer<T>(
  format: SchemaFormat<T>,
  options: RegistrySerializerOptions,
): SchemaSerializer<T> {
  const encodings = new Encodings(format, options)
  const serialize: Serializer<T> = (value, context) => encodings.serialize(value, context)
  return Object.assign(serialize, {
    prepare: (topic: string, part: 'key' | 'value' = 'value') => encodings.prepare(topic, part),
  })
}

class Encodings<T> {
  readonly #format: SchemaFormat<T>
  readonly #parts: EncodingParts<T>
  readonly #usesRecordName: boolean
  readonly #maxSize: number
  /** Those of each topic; few. */
  readonly #byTopic = new Map<string, Encoding<T>[]>()
  #size = 0
  #last: Encoding<T> | null = null

  constructor(format: SchemaFormat<T>, options: RegistrySerializerOptions) {
    const kind = checkSerializerOptions(options)
    const namer = subjectNamer(options.subject)
    this.#maxSize = wholeNumber('cacheSize', options.cacheSize, 1_000, 1)
    this.#format = format
    this.#usesRecordName = namer.usesRecordName
    this.#parts = {
      format,
      source: new SchemaSource(registryOf(options.registry), kind, options),
      framing: options.framing ?? 'id',
      subjectOf: ({ topic, part, recordName }) => namer.name({ topic, part, recordName }),
      encoders: new WeakMap(),
    }
  }

  serialize(value: T, context: SerializerContext): Serialized | Promise<Serialized> {
    if (value === null) return null
    const definition = this.#format.definitionOf(value)
    const recordName = this.#usesRecordName ? this.#format.recordNameOf(value, null) : null
    const { topic, part } = context
    const last = this.#last
    if (last !== null && last.isFor(topic, part, definition, recordName)) {
      return last.write(value, context)
    }
    this.#last = this.#find({ topic, part, definition, recordName })
    return this.#last.write(value, context)
  }

  async prepare(topic: string, part: 'key' | 'value'): Promise<void> {
    const choices = this.#format.choices ?? [this.#onlyChoice()]
    const encodings = choices.map(({ definition, recordName }) =>
      this.#find({ topic, part, definition, recordName: this.#usesRecordName ? recordName : null }),
    )
    await Promise.all(encodings.map((encoding) => encoding.load()))
  }

  #onlyChoice(): SchemaChoice {
    const recordName = this.#usesRecordName ? this.#format.recordNameOf(undefined, null) : null
    return { definition: this.#format.definitionOf(undefined), recordName }
  }

  #find(key: EncodingKey): Encoding<T> {
    const { topic, part, definition, recordName } = key
    const known = this.#byTopic
      .get(topic)
      ?.find((encoding) => encoding.isFor(topic, part, definition, recordName))
    return known ?? this.#add(key)
  }

  /** Too many: all are forgotten, for that is rare, and the client knows the schemas still. */
  #add(key: EncodingKey): Encoding<T> {
    if (this.#size >= this.#maxSize) {
      this.#byTopic.clear()
      this.#size = 0
    }
    const encoding = new Encoding(key, this.#parts)
    const ofTopic = this.#byTopic.get(key.topic)
    if (ofTopic === undefined) this.#byTopic.set(key.topic, [encoding])
    else ofTopic.push(encoding)
    this.#size++
    return encoding
  }
}
