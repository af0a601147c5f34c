/**
 * A record's headers as the user gives them. A file of its own, since serializers are told of them
 * and know no record.
 *
 * Neighbours: record.ts has them in a record; serializer.ts hands them to serializers.
 */

/** The value of a header: text is written as UTF-8 (see ProducerRecord), null is Kafka's null. */
export type HeaderValue = string | Uint8Array | null

/** Headers: an object, or a list of pairs where a name occurs twice. Order is kept. */
export type Headers =
  Readonly<Record<string, HeaderValue>> | readonly (readonly [name: string, value: HeaderValue])[]
