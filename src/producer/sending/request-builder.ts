/**
 * Builds one Produce request: takes a batch each from as many partitions as fit, in a version that the
 * broker and these batches have in common, and gives each its numbers and its checksum.
 *
 *   lines -> next batch of each, prepared -> version -> stamped, sealed -> ProduceRequest
 *
 * Before: broker-sink.ts, when its connection can take a request. After: produce-request.ts.
 */
import type { OttlaError } from '../../errors.js'
import type { ApiIdentity, CommonVersions } from '../../network/connection/api-version-table.js'
import type { BatchQueue, ProducerBatch } from '../batching/batch.js'
import type { BatchPreparation } from '../preparing/preparation.js'
import type { BrokerLines } from './broker-lines.js'
import {
  codecUnknown,
  isCodecKnown,
  ProduceRequest,
  produceVersion,
  type ProduceListener,
  type RequestFacts,
} from './produce-request.js'

/** What a request is built with. */
export interface BuilderParts {
  /** Which versions a transaction's records may travel in; none without transactions. */
  readonly transaction?: { readonly produceApi: ApiIdentity } | null
  readonly preparation: BatchPreparation
  readonly accumulator: {
    /** Lets every lingering batch leave whose partition this broker leads. */
    releaseLingeringFor(nodeId: number): void
  }
  /** The batch cannot be sent in any version that the broker speaks. */
  readonly completion: { refused(batch: ProducerBatch, error: OttlaError): void }
}

export class RequestBuilder {
  readonly #parts: BuilderParts
  readonly #nodeId: number
  readonly #lines: BrokerLines

  constructor(nodeId: number, lines: BrokerLines, parts: BuilderParts) {
    this.#nodeId = nodeId
    this.#lines = lines
    this.#parts = parts
  }

  /**
   * Takes one batch each from the partitions of a line, `mostBytes` together; at least one if there is any.
   * Batches that linger join a request that leaves anyway (as in Kafka's RecordAccumulator): to wait longer
   * would cost them time and another request.
   */
  collect(isProbe: boolean, mostBytes: number, nowMs: number): ProducerBatch[] {
    const batches: ProducerBatch[] = []
    const taken = new Set<BatchQueue>()
    let sizeBytes = 0
    let mayJoin = !isProbe
    for (;;) {
      const queue = this.#lines.take(isProbe)
      if (queue === undefined) {
        if (!mayJoin || batches.length === 0) break
        mayJoin = false
        this.#parts.accumulator.releaseLingeringFor(this.#nodeId)
        continue
      }
      // A request takes one batch of a partition. It may line up again meanwhile (compressing a batch
      // frees memory, which lets a record in), and does so anyway once the request is sent.
      if (taken.has(queue)) continue
      const batch = this.#preparedBatch(queue, nowMs)
      if (batch === null) continue
      if (batches.length > 0 && sizeBytes + batch.sizeBytes > mostBytes) {
        this.#lines.putBack(queue)
        break
      }
      queue.take(batch)
      taken.add(queue)
      sizeBytes += batch.sizeBytes
      batches.push(batch)
    }
    return batches
  }

  /** The partition's next batch, ready to travel; null where there is none, or it is not ready yet. */
  #preparedBatch(queue: BatchQueue, nowMs: number): ProducerBatch | null {
    const batch = queue.next(nowMs)
    if (batch === null) return null
    if (batch === queue.open) queue.closeOpen() // with lingerMs 0 it has filled until now
    return this.#parts.preparation.prepare(batch) ? batch : null
  }

  /** The request that carries them; null where the broker can take none of them. */
  build(
    batches: readonly ProducerBatch[],
    versions: CommonVersions,
    facts: Omit<RequestFacts, 'version'>,
    listener: ProduceListener,
  ): ProduceRequest | null {
    const version = this.#versionFor(batches, versions)
    if (version === null) return null
    const { nodeId, sentAtMs, isProbe, replicationTimeoutMs } = facts
    const request = new ProduceRequest(
      { nodeId, sentAtMs, version, isProbe, replicationTimeoutMs },
      listener,
    )
    for (const batch of batches) if (!batch.isDone) this.#add(batch, request) // by a callback, since
    return request.hasBatches ? request : null
  }

  #add(batch: ProducerBatch, request: ProduceRequest): void {
    if (!isCodecKnown(request.version, batch)) {
      this.#parts.completion.refused(batch, codecUnknown(request.version))
      return
    }
    batch.queue.stamp(batch)
    batch.seal()
    request.add(batch)
  }

  #versionFor(batches: readonly ProducerBatch[], versions: CommonVersions): number | null {
    try {
      return produceVersion(versions, batches, this.#parts.transaction?.produceApi)
    } catch (error) {
      for (const batch of batches) this.#parts.completion.refused(batch, error as OttlaError)
      return null
    }
  }
}
