/**
 * Publishes what happens in the pipeline on diagnostics channels. A message is built only where its
 * channel has subscribers: without, each event costs one look. What a subscriber throws does no harm
 * here: Node catches it, and rethrows it later as an uncaught exception of the process.
 *
 * Before: the pipeline tells it, as it tells the metrics. After: the subscribers.
 */
import type { Clock } from '../../clock.js'
import type { OttlaError } from '../../errors.js'
import type { ProducerBatch } from '../batching/batch.js'
import type { Observer } from '../observer.js'
import type { ProduceRequest } from '../sending/produce-request.js'
import { CHANNELS } from './channels.js'
import type { BatchMessage, RequestMessage } from './messages.js'

const batchAcknowledged = CHANNELS['ottla:batch:acknowledged']
const batchFailed = CHANNELS['ottla:batch:failed']
const batchSplit = CHANNELS['ottla:batch:split']
const requestSent = CHANNELS['ottla:request:sent']
const requestAnswered = CHANNELS['ottla:request:answered']
const requestLost = CHANNELS['ottla:request:lost']
const requestThrottled = CHANNELS['ottla:request:throttled']
const connectionOpened = CHANNELS['ottla:connection:opened']
const connectionLost = CHANNELS['ottla:connection:lost']

export class DiagnosticsObserver implements Observer {
  readonly #clientId: string
  readonly #clock: Pick<Clock, 'monotonicMs'>

  constructor(clientId: string, clock: Pick<Clock, 'monotonicMs'>) {
    this.#clientId = clientId
    this.#clock = clock
  }

  requestSent(request: ProduceRequest): void {
    if (requestSent.hasSubscribers) requestSent.publish(this.#request(request))
  }

  requestAnswered(request: ProduceRequest, nowMs: number): void {
    if (!requestAnswered.hasSubscribers) return
    const latencyMs = nowMs - request.sentAtMs
    requestAnswered.publish({ ...this.#request(request), latencyMs })
  }

  answerLost(request: ProduceRequest, error: OttlaError): void {
    if (requestLost.hasSubscribers) requestLost.publish({ ...this.#request(request), error })
  }

  throttled(nodeId: number, pauseMs: number): void {
    if (!requestThrottled.hasSubscribers) return
    requestThrottled.publish({ clientId: this.#clientId, nodeId, pauseMs })
  }

  batchAcknowledged(batch: ProducerBatch): void {
    if (batchAcknowledged.hasSubscribers) batchAcknowledged.publish(this.#batch(batch))
  }

  batchFailed(batch: ProducerBatch, error: OttlaError): void {
    if (batchFailed.hasSubscribers) batchFailed.publish({ ...this.#batch(batch), error })
  }

  batchSplit(batch: ProducerBatch): void {
    if (batchSplit.hasSubscribers) batchSplit.publish(this.#batch(batch))
  }

  compressed(): void {}

  connectionOpened(nodeId: number): void {
    if (!connectionOpened.hasSubscribers) return
    connectionOpened.publish({ clientId: this.#clientId, nodeId })
  }

  connectionLost(nodeId: number, error: OttlaError): void {
    if (!connectionLost.hasSubscribers) return
    connectionLost.publish({ clientId: this.#clientId, nodeId, error })
  }

  bufferExhausted(): void {}

  recordsNotAppended(): void {}

  flushed(): void {}

  transactionBegun(): void {}

  transactionEnded(): void {}

  transactionStep(): void {}

  #batch(batch: ProducerBatch): BatchMessage {
    const { queue, recordCount, sizeBytes, attempts, createdMs } = batch
    return {
      clientId: this.#clientId,
      topic: queue.topic.name,
      partition: queue.partition,
      leader: queue.leaderId,
      recordCount,
      sizeBytes,
      attempts,
      latencyMs: this.#clock.monotonicMs() - createdMs,
    }
  }

  #request(request: ProduceRequest): RequestMessage {
    const { nodeId, version, sizeBytes } = request
    let batchCount = 0
    let recordCount = 0
    for (const batch of request.batches()) {
      batchCount++
      recordCount += batch.recordCount
    }
    return { clientId: this.#clientId, nodeId, version, batchCount, recordCount, sizeBytes }
  }
}
