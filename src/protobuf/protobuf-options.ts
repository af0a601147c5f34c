/**
 * The options of a Protobuf serializer with a registry.
 *
 * Neighbours: protobuf.ts takes them; importing-serializer.ts reads them.
 */
import type { SchemaReference } from '../schema-registry/registered-schema.js'
import type { RegistrySerializerOptions } from '../schema-registry/serializer-options.js'

/** Where the schema of the messages is found, and how a record tells which it is. */
export interface ProtobufSerializerOptions extends RegistrySerializerOptions {
  /**
   * The text of the `.proto` file, as it is registered; with protobuf-es also several texts, by the
   * names of their files (`shop/v1/order.proto`), for those that it imports and for
   * messages of several files. Default: protobuf-es's descriptor of each file in base64, as Confluent's clients other than Java's send it. protobufjs has
   * none: without the text, its messages are written with the latest schema of the subject.
   */
  readonly proto?: string | Readonly<Record<string, string>> | undefined
  /**
   * The imports of the file, as they are registered. Default with protobuf-es: they are looked up, or
   * with `register` registered, before the file itself; with protobufjs none.
   */
  readonly references?: readonly SchemaReference[] | undefined
  /**
   * The subject of an imported file, by its name in the import (`shop/v1/money.proto`). Default: that
   * name, as with Confluent's clients.
   */
  readonly referenceSubject?: ((importName: string) => string) | undefined
}
