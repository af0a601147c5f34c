/**
 * Schema definitions of protobuf-es's files: a file as a FileDescriptorProto in base64, and the files
 * that it imports as references, each looked up or registered under a subject of its own first.
 *
 * Base64 is what Confluent's own clients other than Java's send. It loses nothing, custom options
 * included, and every registry that these clients work with takes it.
 *
 * Source: io.confluent.kafka.serializers.protobuf.AbstractKafkaProtobufSerializer.resolveDependencies.
 * Neighbours: protobuf.ts asks once for each serializer.
 */
import { toBinary, type DescFile } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import type { SchemaDefinition, SchemaReference } from '../schema-registry/registered-schema.js'
import type { SchemaRegistry } from '../schema-registry/registry-client.js'

/** The text of a file, where it is registered as that. */
export type TextOf = (fileName: string) => string | undefined

/** How the imports of a file become references. */
export interface ImportOptions {
  readonly registry: SchemaRegistry
  readonly isRegistering: boolean
  readonly normalize: boolean | undefined
  readonly textOf: TextOf
  readonly subjectOf: (importName: string) => string
}

/** True where a file imports nothing that a registry would have to know. */
export function isSelfContained(file: DescFile): boolean {
  return file.dependencies.every((it) => isBuiltIn(it.proto.name))
}

/** The definition of a file whose references are known. */
export function definitionOfFile(
  file: DescFile,
  references: readonly SchemaReference[] = [],
  textOf: TextOf = () => undefined,
): SchemaDefinition {
  const schema = textOf(file.proto.name) ?? base64Of(file)
  return { schemaType: 'PROTOBUF', schema, references }
}

function base64Of(file: DescFile): string {
  const bytes = toBinary(FileDescriptorProtoSchema, file.proto)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

/** The definition of a file, its imports looked up or registered: the innermost first. */
export function definitionWithImports(
  file: DescFile,
  options: ImportOptions,
): Promise<SchemaDefinition> {
  return new Imports(options).definitionOf(file)
}

/**
 * The imports of one file. Each file is encoded and asked for once, however many import it: the paths
 * through a diamond of imports double with each of its levels.
 */
class Imports {
  readonly #options: ImportOptions
  readonly #references = new Map<DescFile, Promise<SchemaReference>>()

  constructor(options: ImportOptions) {
    this.#options = options
  }

  async definitionOf(file: DescFile): Promise<SchemaDefinition> {
    const references: SchemaReference[] = []
    for (const imported of file.dependencies) {
      if (!isBuiltIn(imported.proto.name)) references.push(await this.#referenceTo(imported))
    }
    return definitionOfFile(file, references, this.#options.textOf)
  }

  #referenceTo(file: DescFile): Promise<SchemaReference> {
    const known = this.#references.get(file)
    if (known !== undefined) return known
    const reference = this.#ask(file)
    this.#references.set(file, reference)
    return reference
  }

  async #ask(file: DescFile): Promise<SchemaReference> {
    const { registry, normalize, isRegistering, subjectOf } = this.#options
    const { name } = file.proto
    const subject = subjectOf(name)
    const definition = await this.definitionOf(file)
    if (isRegistering) {
      const { version } = await registry.register(subject, definition, { normalize })
      if (version !== null) return { name, subject, version }
    }
    // Registries before Confluent 8.0 answer a registration with the id alone.
    const { version } = await registry.lookup(subject, definition, { normalize })
    return { name, subject, version: version ?? 1 }
  }
}

/** Files that registries bring along, as Confluent's clients have them. */
function isBuiltIn(name: string): boolean {
  return /^(?:google\/protobuf|google\/type|confluent)\//.test(name)
}
