/**
 * What every message file exports: one API of Kafka, with the codec of its request and response in
 * all the versions that Ottla speaks. A version is chosen by whoever speaks to the broker, within
 * what both sides know; the codec takes it as given and does not check it again.
 *
 * In a message, every field is present in every version: one that a version does not carry has
 * Kafka's default after decoding. Encoding leaves such a field out where Kafka calls it ignorable,
 * and refuses any value but the default where it is not (`requireDefault`).
 *
 * Spec: Kafka's message definitions, `common/message/*.json` in kafka-clients.
 * Neighbours: messages/*.ts implement it; header.ts and network/ use it.
 */

import { ProtocolError } from '../errors.js'
import type { Reader } from './reader.js'
import type { Writer } from './writer.js'

/** One API: its number, its versions and its codec. */
export interface Api<Request, Response> {
  /** Kafka's name, such as `Produce`. */
  readonly name: string
  /** int16 in the request header. */
  readonly key: number
  /** Lowest version that Ottla speaks. */
  readonly minVersion: number
  /** Highest version that Ottla speaks. */
  readonly maxVersion: number
  /** First version with compact types and tag sections (KIP-482); Infinity where there is none. */
  readonly flexibleFrom: number
  /** Appends the body, without header. Throws ProtocolError for a value the version cannot carry. */
  encodeRequest(writer: Writer, request: Request, version: number): void
  /** Throws ProtocolError for bytes that are not this request; leaves what follows it unread. */
  decodeRequest(reader: Reader, version: number): Request
  /** Appends the body, without header. Throws ProtocolError for a value the version cannot carry. */
  encodeResponse(writer: Writer, response: Response, version: number): void
  /** Throws ProtocolError for bytes that are not this response; leaves what follows it unread. */
  decodeResponse(reader: Reader, version: number): Response
  /**
   * What makes an answer none although it can be read, as the end of a sentence about it: what was asked
   * for is missing, and no error code says why. Undefined where nothing is.
   */
  fault?(request: Request, response: Response): string | undefined
}

/** True where `version` of the API has compact types and tag sections. */
export function isFlexible(api: { readonly flexibleFrom: number }, version: number): boolean {
  return version >= api.flexibleFrom
}

/** The message and version in hand, for the text of errors. */
export interface MessageVersion {
  readonly apiName: string
  readonly version: number
}

/**
 * Throws ProtocolError unless `value` is the default of a field that the version does not carry:
 * leaving it out would change what the message means. Kafka's own codec throws
 * UnsupportedVersionException in the same place.
 */
export function requireDefault<T>(
  { apiName, version }: MessageVersion,
  field: string,
  value: T,
  defaultValue: T,
): void {
  if (value === defaultValue) return
  throw new ProtocolError(
    `${apiName} v${version} cannot carry ${field} = ${String(value)}: ` +
      `leave it at ${String(defaultValue)}, or speak a version that has the field`,
    { apiName, version },
  )
}
