/**
 * What a serializer is told of the record, and the headers that it adds to it: an object for each call,
 * since an asynchronous serializer may look at it later. It costs nothing more where none is added.
 *
 * Neighbours: serialize-record.ts calls; record-preparer.ts and admission.ts add the headers.
 */
import { SerializationError } from '../../errors.js'
import type { WireHeaders } from '../../protocol/record-headers.js'
import { bytesOf } from '../../any-bytes.js'
import type { Headers } from '../../serialization/headers.js'
import type { Serialized, SerializerContext } from '../../serialization/serializer.js'
import { ownBytes } from './own-bytes.js'
import { kindOf, kindOfRefused } from './record.js'

/** Names and values by turns, as in WireHeaders. */
type HeaderList = (string | Uint8Array | null)[]

export class SerializerCall implements SerializerContext {
  // Declared, not defined: each record makes one, and fields that are defined are written twice.
  declare readonly topic: string
  declare readonly part: 'key' | 'value'
  declare readonly headers: Headers | undefined
  /** What was added, names and values by turns; null where nothing was. */
  declare added: (string | Uint8Array)[] | null

  constructor(topic: string, part: 'key' | 'value', headers: Headers | undefined) {
    this.topic = topic
    this.part = part
    this.headers = headers
    this.added = null
  }

  setHeader(name: string, value: Uint8Array): void {
    const bytes = bytesOf(value)
    if (typeof name !== 'string' || bytes === undefined) {
      throw new SerializationError(
        `setHeader takes a name and bytes, and was given ${kindOf(name)} and ${kindOfRefused(value)}`,
        { topic: this.topic },
      )
    }
    this.added ??= []
    this.added.push(name, bytes)
  }

  /** The record waits for its other part: copies what the serializer may write over meanwhile. */
  ownBytes(): void {
    this.added = this.added?.map(ownBytes) ?? null
  }
}

/** Of the key and of the value; null where none is called. */
export type SerializerCalls = readonly [key: SerializerCall | null, value: SerializerCall | null]

/** Key and value of a record whose serializer is not done, and what was called for them. */
export type LaterParts = Promise<
  readonly [key: Serialized, value: Serialized, calls: SerializerCalls]
>

/** True where a serializer has added a header. */
export function hasAddedHeaders(key: SerializerCall | null, value: SerializerCall | null): boolean {
  return (key !== null && key.added !== null) || (value !== null && value.added !== null)
}

/**
 * The record's headers with those that its serializers have added, the key's before the value's.
 * `list` is written into, and empty where the record has none of its own.
 */
export function withAddedHeaders(
  list: HeaderList,
  key: SerializerCall | null,
  value: SerializerCall | null,
): WireHeaders {
  for (const call of [key, value]) {
    const added = call?.added ?? []
    for (let i = 0; i < added.length; i += 2) setHeader(list, added[i] as string, added[i + 1] as Uint8Array) // prettier-ignore
  }
  return list
}

/** Gives a record that waits, and has a list of its own, what its serializers have added. */
export function addHeaders(
  record: { headers: WireHeaders | null },
  [key, value]: SerializerCalls,
): void {
  if (!hasAddedHeaders(key, value)) return
  record.headers = withAddedHeaders([...(record.headers ?? [])], key, value)
}

/** In the place of the first of this name, and once only. */
function setHeader(list: HeaderList, name: string, value: Uint8Array): void {
  let length = 0
  let isSet = false
  for (let i = 0; i < list.length; i += 2) {
    const isOfName = list[i] === name
    if (isOfName && isSet) continue
    if (isOfName) isSet = true
    list[length++] = list[i] as string // i < length
    list[length++] = isOfName ? value : (list[i + 1] as string | Uint8Array | null)
  }
  list.length = length
  if (!isSet) list.push(name, value)
}
