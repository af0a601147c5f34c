/**
 * One message, ours beside Kafka's: the bytes that both make of it, and what both read in them.
 * Nothing is asserted here; the answer is where they differ, so that a test can also ask whether a
 * difference would be seen.
 */
import { isDeepStrictEqual } from 'node:util'
import { ProtocolError } from '../../src/errors.js'
import { difference, kafkaJson, kafkaShape } from './kafka-json.js'
import type { MessageSpec } from './messages.js'
import { KafkaRefusal } from './oracle-process.js'
import type { Oracle } from './oracle.js'

/** One version of a message, and a value of it. */
export interface MessageCase {
  readonly spec: MessageSpec
  readonly version: number
  readonly message: unknown
}

/**
 * Where ours and Kafka's differ, or null: Kafka makes other bytes of the message than `ours`, or
 * reads something else in them, or we do.
 */
export async function compareMessage(
  oracle: Oracle,
  { spec, version, message }: MessageCase,
  ours: Buffer,
): Promise<string | null> {
  const id = { name: spec.name, version }
  const [encoded, decoded] = await Promise.all([
    oracle.encode(id, kafkaJson(id, message)),
    oracle.decode(id, ours).catch(asRefusal),
  ])
  const read =
    decoded instanceof KafkaRefusal ? decoded.message : difference(kafkaShape(id, message), decoded)
  const found =
    differenceOfBytes(ours, encoded) ?? read ?? ownDifference(spec, version, ours, message)
  return found && `${spec.name} v${version}: ${found}`
}

/** A message with a field that nobody knows in each of its structs: what do we read in it? */
export async function compareUnknownTags(
  oracle: Oracle,
  { spec, version, message }: MessageCase,
  unknownTag: Uint8Array,
): Promise<string | null> {
  const id = { name: spec.name, version }
  const bytes = await oracle.encode(id, kafkaJson(id, message), { unknownTag })
  const found = ownDifference(spec, version, bytes, message)
  return found && `${spec.name} v${version} with unknown tags: ${found}`
}

/** A message as `readVersion` has it, written in another version: the same bytes, or both refuse. */
export async function compareAcrossVersions(
  oracle: Oracle,
  { spec, version, message }: MessageCase,
  readVersion: number,
): Promise<string | null> {
  const id = { name: spec.name, version }
  const json = kafkaJson({ name: spec.name, version: readVersion }, message)
  const theirs = await oracle.encode(id, json, { readVersion }).catch(asRefusal)
  const ours = encodeOrRefuse(spec, version, message)
  if (theirs instanceof KafkaRefusal && ours instanceof ProtocolError) return null
  const found =
    theirs instanceof KafkaRefusal || ours instanceof ProtocolError
      ? `ours ${outcome(ours)}, Kafka's ${outcome(theirs)}`
      : differenceOfBytes(ours, theirs)
  return found && `${spec.name} as v${readVersion} has it, in v${version}: ${found}`
}

/** The first byte in which two buffers differ, or null. */
export function differenceOfBytes(ours: Uint8Array, kafkas: Uint8Array): string | null {
  if (Buffer.compare(ours, kafkas) === 0) return null
  const at = ours.findIndex((byte, index) => byte !== kafkas[index])
  const offset = at < 0 ? ours.length : at
  const around = (bytes: Uint8Array): string =>
    Buffer.from(bytes.subarray(Math.max(0, offset - 4), offset + 12)).toString('hex')
  const sizes = `${ours.length} and ${kafkas.length} bytes`
  return `bytes differ at ${offset} (${sizes}): ours …${around(ours)}…, Kafka's …${around(kafkas)}…`
}

function ownDifference(
  spec: MessageSpec,
  version: number,
  bytes: Buffer,
  message: unknown,
): string | null {
  try {
    const read = spec.codec.decode(bytes, version)
    return isDeepStrictEqual(read, message) ? null : 'we read another message in these bytes'
  } catch (error) {
    return `we refuse these bytes: ${String(error)}`
  }
}

function encodeOrRefuse(
  spec: MessageSpec,
  version: number,
  message: unknown,
): Buffer | ProtocolError {
  try {
    return spec.codec.encode(message, version)
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
}

function outcome(result: Buffer | Error): string {
  return result instanceof Error ? `refused (${result.message})` : result.toString('hex')
}

function asRefusal(error: unknown): KafkaRefusal {
  if (error instanceof KafkaRefusal) return error
  throw error
}
