/**
 * Writes values as JSON behind the room for a registry's framing.
 *
 * Before: json-format.ts.
 */
import { SerializationError } from '../errors.js'
import type { ValueEncoder } from '../schema-registry/schema-format.js'
import { ByteSlab, writeUtf8 } from '../serialization/byte-slab.js'
import { jsonText } from '../serialization/json-text.js'
import type { Check } from './checks.js'

/** Most bytes of UTF-8 for one unit of a string. */
const BYTES_PER_UNIT = 3
/** Longer texts are counted first: three bytes for each unit would be too much room. */
const LONG_TEXT = 8_192

export class JsonEncoder<T> implements ValueEncoder<T> {
  /** What looks at each value; null: nothing does. */
  readonly #check: Check | null
  readonly #slab = new ByteSlab()

  constructor(check: Check | null) {
    this.#check = check
  }

  encode(value: T, prefixLength: number): Uint8Array {
    const check = this.#check
    const text = check === null ? textOf(value) : check(value, textOf)
    if (typeof text === 'string') return this.#write(text, prefixLength)
    text.catch(() => {})
    throw new SerializationError(
      'json schema: a registered schema with $async cannot be used: give validator, which may be asynchronous',
    )
  }

  #write(text: string, prefixLength: number): Uint8Array {
    const slab = this.#slab
    const most = mostBytes(text)
    const start = slab.claim(prefixLength + most)
    const { bytes } = slab
    const textStart = start + prefixLength
    const end = textStart + writeUtf8(bytes, text, textStart, most)
    slab.release(bytes, end)
    return ByteSlab.part(bytes, start, end)
  }
}

function textOf(value: unknown): string {
  return jsonText(value, 'json schema')
}

function mostBytes(text: string): number {
  return text.length > LONG_TEXT ? Buffer.byteLength(text) : text.length * BYTES_PER_UNIT
}
