/**
 * Where an acknowledged record lies, as its user sees it: types alone, for the errors as for the producer.
 *
 * Neighbours: producer/batching/record-metadata.ts is what they are at run time.
 */

/**
 * Where an acknowledged record lies: what `send` resolves to, and a callback is given. It works the
 * offset out when it is asked, so read it field by field, or take a plain object by `toJSON()`: spread or
 * cloned it loses them, which TypeScript knows of a class's accessors. A mock is an object with these
 * fields.
 */
export declare abstract class RecordMetadata {
  get topic(): string
  get partition(): number
  /** The record's offset; -1n where Kafka does not tell it (acks 0, DUPLICATE_SEQUENCE_NUMBER). */
  get offset(): bigint
  /** Milliseconds since 1970: the record's own, or the broker's where the topic has LogAppendTime. */
  get timestamp(): number
  /** Always there but in mocks: plain fields; the offset as text, since JSON has no integers of 64 bits. */
  toJSON?(): PlainRecordMetadata
}

/** What `JSON.stringify` writes of a RecordMetadata. */
export interface PlainRecordMetadata {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly timestamp: number
}
