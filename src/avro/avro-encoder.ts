/**
 * Writes values of one avsc type, each once, into room that is there already (byte-slab.ts).
 *
 * Before: avro.ts, by itself or through a registry's serializer.
 */
import { isBytes } from '../any-bytes.js'
import { SerializationError } from '../errors.js'
import type { ValueEncoder } from '../schema-registry/schema-format.js'
import { ByteSlab } from '../serialization/byte-slab.js'
import { avroFault } from './avro-fault.js'
import type { AvroOptions } from './avro-options.js'
import type { ParsedType } from './avro-type.js'

const FIRST_GUESS_BYTES = 256
/** A value that is longer each time it is read (by getters) is not followed for ever. */
const MOST_TRIES = 8

export class AvroEncoder<T> implements ValueEncoder<T> {
  readonly #type: ParsedType['type']
  readonly #isStrict: boolean
  readonly #isUnknownRefused: boolean
  readonly #slab = new ByteSlab()
  /** Bytes of the last value: the next one finds as much room from the first. */
  #expectedBytes = FIRST_GUESS_BYTES

  constructor({ type, isStrict }: ParsedType, { unknownFields = 'refuse' }: AvroOptions) {
    this.#type = type
    this.#isStrict = isStrict
    this.#isUnknownRefused = unknownFields === 'refuse'
  }

  encode(value: T, prefixLength: number): Uint8Array {
    if (!this.#isStrict) this.#check(value)
    const slab = this.#slab
    const start = slab.claim(prefixLength + this.#expectedBytes)
    const { bytes } = slab
    let end: number
    try {
      end = this.#type.encode(value, bytes, start + prefixLength)
    } catch (error) {
      slab.release(bytes, start)
      throw avroFault(this.#type, value, this.#isUnknownRefused, error)
    }
    if (end < 0) {
      slab.release(bytes, start)
      return this.#encodeLarge(value, prefixLength, bytes.length - start - end)
    }
    slab.release(bytes, end)
    this.#expectedBytes = end - start
    return ByteSlab.part(bytes, start, end)
  }

  /** The value did not fit; avsc has said how much it wants. */
  #encodeLarge(value: T, prefixLength: number, sizeBytes: number): Uint8Array {
    let wantedBytes = sizeBytes
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const bytes = Buffer.allocUnsafeSlow(wantedBytes)
      const end = this.#type.encode(value, bytes, prefixLength)
      if (end >= 0) {
        this.#expectedBytes = end
        return ByteSlab.part(bytes, 0, end)
      }
      wantedBytes = bytes.length - end
    }
    throw new SerializationError('avro: the value is longer each time it is read')
  }

  /** A type that is used as it is says nothing of fields it does not know, and so is asked first. */
  #check(value: T): void {
    const isUnknownRefused = this.#isUnknownRefused
    let thrown: unknown
    try {
      if (this.#type.isValid(value, { noUndeclaredFields: isUnknownRefused })) return
    } catch (error) {
      thrown = error
    }
    throw avroFault(this.#type, value, isUnknownRefused, thrown)
  }
}

/**
 * A schema of nothing but `bytes`, through a registry: the bytes as they are, without the length that
 * Avro has in front, as Confluent's KafkaAvroSerializer writes them.
 */
export class RawBytesEncoder implements ValueEncoder<unknown> {
  encode(value: unknown, prefixLength: number): Uint8Array {
    if (!isBytes(value)) {
      throw new SerializationError('avro: the schema is bytes, and takes a Uint8Array alone')
    }
    const bytes = Buffer.allocUnsafe(prefixLength + value.length)
    bytes.set(value, prefixLength)
    return bytes
  }
}
