/**
 * Reads a record's headers: checks each, once, and hands them on as one list of names and values
 * (record-headers.ts), from which they are written into the batch. The same list serves record after
 * record, so that headers cost no allocation; whoever has to wait takes a copy.
 *
 * Before: record-preparer.ts, after the serializers.
 */
import { InvalidRecordError, SerializationError } from '../../errors.js'
import type { WireHeaders } from '../../protocol/record-headers.js'
import { bytesOf } from '../../any-bytes.js'
import type { Headers } from '../../serialization/headers.js'
import { kindOfRefused, quote } from './record.js'

type List = (string | Uint8Array | null)[]

export class HeaderReader {
  readonly #shared: List = []

  /**
   * Names and values, order and duplicates kept; null where there are none. `isShared`: in the list
   * that the next record with it overwrites.
   */
  read(topic: string, headers: Headers | null | undefined, isShared: boolean): WireHeaders | null {
    if (headers === undefined) return null
    if (headers === null || typeof headers !== 'object') throw noHeaders(topic)
    return readInto(isShared ? this.#shared : [], topic, headers)
  }

  /** The list of what `read` has answered, to be written into; an empty one where that was null. */
  listOf(headers: WireHeaders | null, isShared: boolean): List {
    if (headers !== null) return headers as List // made here
    if (!isShared) return []
    this.#shared.length = 0
    return this.#shared
  }
}

function readInto(list: List, topic: string, headers: Headers): WireHeaders | null {
  const length =
    Symbol.iterator in headers ? readPairs(list, topic, headers) : readObject(list, topic, headers)
  if (length === 0) return null
  if (list.length !== length) list.length = length // the last record had more
  return list
}

/** The usual form. Returns the length of the list. */
function readObject(list: List, topic: string, headers: Readonly<Record<string, unknown>>): number {
  let length = 0
  for (const name in headers) {
    // Compiled away in such a loop; Object.hasOwn is not.
    if (!Object.prototype.hasOwnProperty.call(headers, name)) continue
    list[length++] = name
    list[length++] = headerValue(topic, name, headers[name])
  }
  return length
}

function readPairs(list: List, topic: string, headers: Iterable<unknown>): number {
  if (isIterator(headers)) throw readOnce(topic)
  let length = 0
  for (const pair of headers) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') {
      throw noPair(topic, pair)
    }
    const [name, value] = pair as [string, unknown]
    list[length++] = name
    list[length++] = headerValue(topic, name, value)
  }
  return length
}

function headerValue(topic: string, name: string, value: unknown): string | Uint8Array | null {
  if (typeof value === 'string' || value === null) return value
  const bytes = bytesOf(value)
  if (bytes !== undefined) return bytes
  throw new SerializationError(
    `header "${name}" of a record for topic "${topic}" is ${kindOfRefused(value)}: give a string, bytes or null${Array.isArray(value) ? severalMend(name) : ''}`,
    { topic },
  )
}

function severalMend(name: string): string {
  const pair = `[${quote(name)}, …]`
  return `; for several of one name a list of pairs, headers: [${pair}, ${pair}]`
}

/** It can be read once only: a record that is offered again would go without its headers. */
export function isIterator(headers: object): boolean {
  return !Array.isArray(headers) && 'next' in headers && Symbol.iterator in headers
}

function readOnce(topic: string): InvalidRecordError {
  return new InvalidRecordError(
    `headers of a record for topic "${topic}" are an iterator, which can be read once only: give an object or a list of [name, value] pairs ([...headers])`,
    { topic },
  )
}

function noHeaders(topic: string): InvalidRecordError {
  return new InvalidRecordError(
    `headers of a record for topic "${topic}": give an object or a list of [name, value] pairs`,
    { topic },
  )
}

function noPair(topic: string, pair: unknown): InvalidRecordError {
  return new InvalidRecordError(
    `headers of a record for topic "${topic}": ${quote(pair)} is not a [name, value] pair`,
    { topic },
  )
}
