/**
 * Publishes what happens in the pipeline on diagnostics channels. A message is built only where its
 * channel has subscribers: without, each event costs one look. It is published in a microtask: whoever tells
 * is amid a change, and a subscriber may send, abort or close. What one throws does no harm here: Node
 * catches it, and rethrows it later as an uncaught exception of the process.
 *
 * Before: the pipeline tells it, as it tells the metrics. After: the subscribers.
 */
import { queueJob, type Clock } from '../../clock.js'
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
    if (requestSent.hasSubscribers) publishLater(requestSent, this.#request(request))
  }

  requestAnswered(request: ProduceRequest, nowMs: number): void {
    if (!requestAnswered.hasSubscribers) return
    const latencyMs = nowMs - request.sentAtMs
    publishLater(requestAnswered, { ...this.#request(request), latencyMs })
  }

  answerLost(request: ProduceRequest, error: OttlaError): void {
    if (!requestLost.hasSubscribers) return
    publishLater(requestLost, { ...this.#request(request), error })
  }

  throttled(nodeId: number, pauseMs: number): void {
    if (!requestThrottled.hasSubscribers) return
    publishLater(requestThrottled, { clientId: this.#clientId, nodeId, pauseMs })
  }

  batchAcknowledged(batch: ProducerBatch): void {
    if (batchAcknowledged.hasSubscribers) publishLater(batchAcknowledged, this.#batch(batch))
  }

  batchFailed(batch: ProducerBatch, error: OttlaError): void {
    if (batchFailed.hasSubscribers) publishLater(batchFailed, { ...this.#batch(batch), error })
  }

  batchSplit(batch: ProducerBatch): void {
    if (batchSplit.hasSubscribers) publishLater(batchSplit, this.#batch(batch))
  }

  compressed(): void {}

  connectionOpened(nodeId: number): void {
    if (!connectionOpened.hasSubscribers) return
    publishLater(connectionOpened, { clientId: this.#clientId, nodeId })
  }

  connectionLost(nodeId: number, error: OttlaError): void {
    if (!connectionLost.hasSubscribers) return
    publishLater(connectionLost, { clientId: this.#clientId, nodeId, error })
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

function publishLater<Message>(
  channel: { publish(message: Message): void },
  message: Message,
): void {
  queueJob(() => channel.publish(message))
}
