/**
 * Watches the batches that leave for each partition, and what each was answered, at the producer's own
 * end of its streams: what it knows, no more. By that no batch may leave that a sound broker would have
 * to refuse, or that could overtake another:
 *
 *   - no more than `maxInFlight` batches of a partition are unanswered
 *   - none goes to one broker while another owes an answer for the partition
 *   - at first, and after a refusal or a lost answer, one goes alone until one is stored
 *   - one with new numbers goes behind others only when all before it are stored or under way
 *   - numbers begin again only when no answer is owed under the old ones, and for no batch that may be
 *     stored, or was refused for another reason
 *
 * A broker refuses what breaks these rules, and the producer fixes it, as a rule; where the broker has
 * forgotten the producer, records fail or are stored twice for it.
 *
 * Neighbours: simulation.ts puts it around the producer's streams; partition-watch.ts has the rules.
 */
import { FrameSplitter } from '../../src/network/connection/frame-splitter.js'
import type { Dial, Transport, TransportHandlers } from '../../src/network/transport/transport.js'
import { decodeRequestHeader, decodeResponseHeader } from '../../src/protocol/header.js'
import { produce } from '../../src/protocol/messages/produce.js'
import { decodeBatch } from '../../src/protocol/record-batch-reader.js'
import { Reader } from '../../src/protocol/reader.js'
import { PartitionWatch, type Attempt } from './partition-watch.js'

export interface BatchWatchOptions {
  readonly maxInFlight: number
  /** Told what breaks a rule. */
  readonly wrong: (what: string) => void
}

/** What a stream owes an answer to. */
interface OwedRequest {
  readonly correlationId: number
  readonly version: number
  /** Of each partition, `topic-index`; empty where the request is none for producing. */
  readonly attempts: ReadonlyMap<string, Attempt>
}

export class BatchWatch {
  /** Bytes of the batches whose answers are owed. */
  unansweredBytes = 0
  /** The longest pause that a broker wanted, ms. */
  longestThrottleMs = 0
  readonly #options: BatchWatchOptions
  readonly #partitions = new Map<string, PartitionWatch>()

  constructor(options: BatchWatchOptions) {
    this.#options = options
  }

  /** `dial`, watched. */
  around(dial: Dial): Dial {
    return async (address, handlers, options) => {
      const stream = new WatchedStream(this, `${address.host}:${address.port}`, handlers)
      return stream.attach(await dial(address, stream, options))
    }
  }

  /** An attempt leaves. */
  sent(attempt: Attempt): void {
    const { place, sizeBytes } = attempt
    this.unansweredBytes += sizeBytes
    let partition = this.#partitions.get(place)
    if (partition === undefined) {
      partition = new PartitionWatch(this.#options)
      this.#partitions.set(place, partition)
    }
    partition.sent(attempt)
  }

  /** Another cluster has taken the place of the first; it may give the same producer id. */
  anotherCluster(): void {
    for (const partition of this.#partitions.values()) partition.anotherCluster()
  }

  /** Its answer came; undefined: none will. */
  settled(attempt: Attempt, errorCode: number | undefined): void {
    this.unansweredBytes -= attempt.sizeBytes
    this.#partitions.get(attempt.place)?.settled(attempt, errorCode)
  }
}

class WatchedStream implements TransportHandlers {
  readonly #watch: BatchWatch
  readonly #broker: string
  readonly #handlers: TransportHandlers
  readonly #splitter = new FrameSplitter()
  /** Oldest first. */
  #owed: OwedRequest[] = []
  #isOver = false

  constructor(watch: BatchWatch, broker: string, handlers: TransportHandlers) {
    this.#watch = watch
    this.#broker = broker
    this.#handlers = handlers
  }

  attach(transport: Transport): Transport {
    return {
      write: (buffers, onWritten) => {
        this.#wrote(Buffer.concat(buffers))
        transport.write(buffers, onWritten)
      },
      destroy: () => {
        this.#end()
        transport.destroy()
      },
      ref: () => transport.ref(),
      unref: () => transport.unref(),
    }
  }

  onData(chunk: Buffer): void {
    if (!this.#isOver) this.#read(Buffer.from(chunk))
    this.#handlers.onData(chunk)
  }

  onClose(error: Error | null): void {
    this.#end()
    this.#handlers.onClose(error)
  }

  #wrote(frame: Buffer): void {
    if (this.#isOver) return
    const reader = new Reader(frame.subarray(4), { apiName: 'request', version: 0 })
    const { apiKey, apiVersion: version, correlationId } = decodeRequestHeader(reader)
    const attempts = new Map<string, Attempt>()
    if (apiKey === produce.key) {
      if (version >= produce.flexibleFrom) reader.readTaggedFields()
      for (const { name, topicId, partitionData } of produce.decodeRequest(reader, version)
        .topicData) {
        for (const { index, records } of partitionData) {
          const place = `${name || topicId}-${index}`
          const batch = decodeBatch(Buffer.from(records ?? []))
          const sizeBytes = records?.length ?? 0
          attempts.set(place, { ...batch, place, broker: this.#broker, sizeBytes })
        }
      }
    }
    this.#owed.push({ correlationId, version, attempts })
    for (const attempt of attempts.values()) this.#watch.sent(attempt)
  }

  #read(chunk: Buffer): void {
    try {
      this.#splitter.push(chunk, (frame) => this.#answered(frame))
    } catch {
      this.#isOver = true // a fault of the wire: the producer closes, and all of it is lost
    }
  }

  #answered(frame: Buffer): void {
    const [request] = this.#owed
    if (request === undefined || frame.readInt32BE(0) !== request.correlationId) {
      this.#isOver = true
      return
    }
    const { attempts, version } = request
    this.#owed.shift()
    if (attempts.size === 0) return
    const { codes, throttleTimeMs } = decode(frame, version)
    this.#watch.longestThrottleMs = Math.max(this.#watch.longestThrottleMs, throttleTimeMs)
    for (const [place, attempt] of attempts) this.#watch.settled(attempt, codes.get(place))
  }

  /** No answer will come any more. */
  #end(): void {
    this.#isOver = true
    const owed = this.#owed
    this.#owed = []
    for (const { attempts } of owed) {
      for (const attempt of attempts.values()) this.#watch.settled(attempt, undefined)
    }
  }
}

/** The error code of each partition in a Produce answer, and the pause that it wants. */
function decode(
  frame: Buffer,
  version: number,
): { codes: ReadonlyMap<string, number>; throttleTimeMs: number } {
  const reader = new Reader(frame, { apiName: produce.name, version })
  decodeResponseHeader(reader, produce, version)
  const { responses, throttleTimeMs } = produce.decodeResponse(reader, version)
  const codes = new Map<string, number>()
  for (const { name, topicId, partitionResponses } of responses) {
    for (const { index, errorCode } of partitionResponses) {
      codes.set(`${name || topicId}-${index}`, errorCode)
    }
  }
  return { codes, throttleTimeMs }
}
