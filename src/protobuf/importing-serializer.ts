/**
 * A serializer that looks up or registers the files that its schema imports before its own; where
 * there are none it is the registry's serializer itself.
 *
 * Neighbours: imported-files.ts makes the definitions; protobuf-format.ts uses them.
 */
import type { DescFile } from '@bufbuild/protobuf'
import { ConfigError, SerializationError } from '../errors.js'
import type { SchemaDefinition } from '../schema-registry/registered-schema.js'
import { registrySerializer } from '../schema-registry/registry-serializer.js'
import {
  checkFormatOptions,
  checkSerializerOptions,
  registryOf,
} from '../schema-registry/serializer-checks.js'
import type { SchemaSerializer } from '../schema-registry/serializer-options.js'
import type { Serializer } from '../serialization/serializer.js'
import {
  definitionOfFile,
  definitionWithImports,
  isSelfContained,
  type TextOf,
} from './imported-files.js'
import { isDescriptor, messageEncoding, type MessageSchema } from './message-encoding.js'
import type { ProtobufSerializerOptions } from './protobuf-options.js'
import { protobufFormat } from './protobuf-format.js'

type Definitions = readonly (SchemaDefinition | null)[]

/** A serializer of messages of these schemas. */
export function importingSerializer(
  schemas: readonly MessageSchema[],
  options: ProtobufSerializerOptions,
): SchemaSerializer<object> {
  checkSerializerOptions(options)
  checkFormatOptions('protobufSerializer', options, ['proto', 'referenceSubject'])
  refuseContradictions(schemas, options)
  const registry = registryOf(options.registry)
  const settings = { ...options, registry }
  const make = (definitions: Definitions): SchemaSerializer<object> =>
    oneOf(schemas.map((schema, index) => ofMessage(schema, definitions[index] ?? null, settings)))
  const ready = definitionsAtOnce(schemas, options)
  if (ready !== null) return make(ready)
  const { normalize, register, proto, referenceSubject = (name) => name } = options
  const files = schemas.filter(isDescriptor).map(({ file }) => file)
  const definitionOf = (file: DescFile): Promise<SchemaDefinition> =>
    definitionWithImports(file, {
      ...{ registry, normalize, isRegistering: register === true },
      ...{ subjectOf: referenceSubject, textOf: textsOf(proto, file) },
    })
  return afterwards(async () => make(await Promise.all(files.map(definitionOf))))
}

/** One text is that of the file itself. */
function textsOf(proto: ProtobufSerializerOptions['proto'], file: DescFile): TextOf {
  if (typeof proto !== 'object') return (name) => (name === file.proto.name ? proto : undefined)
  return (name) => (Object.hasOwn(proto, name) ? proto[name] : undefined)
}

interface MessageSerializer {
  readonly fullName: string
  readonly serialize: SchemaSerializer<object>
}

/** Each message has a serializer of its own, for two of one file have the same registered schema. */
function ofMessage(
  schema: MessageSchema,
  definition: SchemaDefinition | null,
  options: ProtobufSerializerOptions,
): MessageSerializer {
  const encoding = messageEncoding(schema)
  const serialize = registrySerializer(protobufFormat(encoding, definition), options)
  return { fullName: encoding.fullName, serialize }
}

/** Of several the one that a message names by its `$typeName`. */
function oneOf(serializers: readonly MessageSerializer[]): SchemaSerializer<object> {
  const [first] = serializers
  if (serializers.length === 1 && first !== undefined) return first.serialize
  const byName = new Map(serializers.map(({ fullName, serialize }) => [fullName, serialize]))
  const serialize: Serializer<object> = (value, context) => {
    const { $typeName } = value as { readonly $typeName?: unknown }
    const found = typeof $typeName === 'string' ? byName.get($typeName) : undefined
    if (found !== undefined) return found(value, context)
    const names = [...byName.keys()].join(', ')
    throw new SerializationError(`the value must be made with create(), a message of ${names}`)
  }
  return Object.assign(serialize, {
    prepare: async (topic: string, part?: 'key' | 'value') => {
      await Promise.all([...byName.values()].map((it) => it.prepare(topic, part)))
    },
  })
}

/** The definitions, where the registry need not be asked for them; else null. */
function definitionsAtOnce(
  schemas: readonly MessageSchema[],
  options: ProtobufSerializerOptions,
): Definitions | null {
  const { proto, references } = options
  if (isChosen(options)) return []
  const files = schemas.filter(isDescriptor).map(({ file }) => file)
  if (files.length < schemas.length) {
    const isText = typeof proto === 'string'
    return isText ? [{ schemaType: 'PROTOBUF', schema: proto, references: references ?? [] }] : []
  }
  if (references === undefined && !files.every(isSelfContained)) return null
  return files.map((file) => definitionOfFile(file, references, textsOf(proto, file)))
}

/** True where the options, not the value, say which schema it is. */
function isChosen({ useLatest, id, guid }: ProtobufSerializerOptions): boolean {
  return useLatest === true || id !== undefined || guid !== undefined
}

function refuseContradictions(
  schemas: readonly MessageSchema[],
  options: ProtobufSerializerOptions,
): void {
  const isAll = schemas.every(isDescriptor)
  if (schemas.length === 0) throw new ConfigError('schema is an empty list')
  if (schemas.length > 1 && !isAll) {
    throw new ConfigError('schema may be a list of messages of @bufbuild/protobuf alone')
  }
  if (isAll) return refuseSharedText(schemas, options)
  if (typeof options.proto === 'object') {
    throw new ConfigError('proto must be the one text that a Type of protobufjs is from')
  }
  if (options.register === true && options.proto === undefined) {
    throw new ConfigError(
      'register needs proto: protobufjs does not keep the text of a .proto file',
    )
  }
}

/** A text and its references are those of one file: of another they would be registered as what they are not. */
function refuseSharedText(
  schemas: readonly MessageSchema[],
  { proto, references }: ProtobufSerializerOptions,
): void {
  const names = new Set(schemas.filter(isDescriptor).map(({ file }) => file.proto.name))
  if (names.size === 1) return
  const which = `the messages of schema are of ${names.size} files (${[...names].join(', ')})`
  if (typeof proto === 'string') {
    throw new ConfigError(`proto is one text, and ${which}: give { 'name.proto': text, … }`)
  }
  if (references !== undefined) {
    throw new ConfigError(`references are those of one file, and ${which}: leave them out, or make a serializer for each file`) // prettier-ignore
  }
}

/** The serializer that `make` gives, made when the first record comes, and again if that fails. */
function afterwards(make: () => Promise<SchemaSerializer<object>>): SchemaSerializer<object> {
  let made: SchemaSerializer<object> | null = null
  let making: Promise<SchemaSerializer<object>> | null = null
  const load = (): Promise<SchemaSerializer<object>> => {
    making ??= make().then(
      (serializer) => (made = serializer),
      (error: unknown) => {
        making = null
        throw error
      },
    )
    return making
  }
  const serialize: Serializer<object> = (value, context) =>
    made === null ? load().then((it) => it(value, context)) : made(value, context)
  return Object.assign(serialize, {
    prepare: async (topic: string, part?: 'key' | 'value') => (await load()).prepare(topic, part),
  })
}
