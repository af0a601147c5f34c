/**
 * Metrics as they travel: compressed by the first codec that the broker accepts and this process has.
 *
 * A codec whose package is not installed is passed over for good; without any the bytes go as they are. The
 * bytes are few, and compressed on the loop: once an interval, in less time than a batch takes.
 *
 * Counterpart in Kafka: ClientTelemetryUtils.preferredCompressionType, compress.
 * Neighbours: telemetry-reporter.ts pushes them.
 */
import { COMPRESSION_NAMES, type Codec } from '../../compression/codec.js'
import { createCodec } from '../../compression/create-codec.js'

const NONE = 0

/** What PushTelemetry carries. */
export interface TelemetryPayload {
  readonly compressionType: number
  readonly metrics: Uint8Array
}

/** One for each producer. */
export class TelemetryPayloads {
  /** By compression id; null: it cannot be had. */
  readonly #codecs = new Map<number, Codec | null>()

  /** `accepted`: compression ids, the best first. */
  compress(metrics: Uint8Array, accepted: readonly number[]): TelemetryPayload {
    for (const id of accepted) {
      const codec = this.#codec(id)
      if (codec !== null) return { compressionType: id, metrics: codec.compressSync(metrics) }
    }
    return { compressionType: NONE, metrics }
  }

  #codec(id: number): Codec | null {
    const known = this.#codecs.get(id)
    if (known !== undefined) return known
    const codec = make(id)
    this.#codecs.set(id, codec)
    return codec
  }
}

function make(id: number): Codec | null {
  const name = COMPRESSION_NAMES[id]
  if (name === undefined) return null
  try {
    return createCodec(name)
  } catch {
    return null // its package is not there
  }
}
