/**
 * How long sends take: an interceptor that records `messaging.client.operation.duration`, a histogram,
 * once for each call. A histogram cannot be read off a snapshot of the producer (OpenTelemetry has no
 * asynchronous one), so that this is the one metric that costs something in every call; what is read
 * off the snapshot is observe-metrics.ts.
 *
 * Before: the producer calls.
 */
import type { Attributes, Histogram } from '@opentelemetry/api'
import { queueJob, type Clock } from '../clock.js'
import type { DeliveryError } from '../errors.js'
import type { ProducerRecord } from '../producer/records/record.js'
import type { InterceptedOutcome, SendCall } from '../producer/intercepting/interceptor.js'
import { systemClock } from '../system-clock.js'
import type { AnyInterceptor } from './any-interceptor.js'
import { ATTRIBUTE, DURATION_BOUNDS_S, METRIC, SYSTEM } from './conventions.js'
import { commonAttributes, meterOf, type MeterOptions } from './meter-options.js'
import { errorType } from './span-maker.js'

const MAX_TOPICS = 1000

/** A call whose records are not all settled. */
interface OpenCall {
  readonly startedMs: number
  /** Of its first record; undefined once it is known to have several. */
  topic: unknown
  givenCount: number
  settledCount: number
  areAllGiven: boolean
  firstError: DeliveryError | null
}

/**
 * An interceptor for `new Producer({ interceptors: [operationMetrics()] })`, which records how long each
 * call took until all its records were settled, in seconds, with `error.type` where one failed. The SDK
 * takes some microseconds for each. It belongs to one producer.
 */
export function operationMetrics(options: MeterOptions = {}): AnyInterceptor {
  const histogram = meterOf('operationMetrics', options).createHistogram(METRIC.operationDuration, {
    description: 'Duration of messaging operation initiated by a producer or consumer client.',
    unit: 's',
    advice: { explicitBucketBoundaries: [...DURATION_BOUNDS_S] },
  })
  return new OperationMetrics(histogram, commonAttributes(options), systemClock())
}

class OperationMetrics implements AnyInterceptor {
  readonly #histogram: Histogram
  readonly #common: Attributes
  readonly #clock: Clock
  readonly #open = new Map<SendCall, OpenCall>()
  /** Of calls that went well, by topic. */
  readonly #attributes = new Map<unknown, Attributes>()

  constructor(histogram: Histogram, common: Attributes, clock: Clock) {
    this.#histogram = histogram
    this.#common = common
    this.#clock = clock
  }

  onSend<K, V>(record: ProducerRecord<K, V>, call: SendCall): undefined {
    const topic = (record as ProducerRecord<K, V> | null | undefined)?.topic
    const open = this.#open.get(call) ?? this.#begin(call, topic)
    if (open.topic !== topic) open.topic = undefined
    if (++open.givenCount === call.recordCount) open.areAllGiven = true
  }

  onOutcome<K, V>({ call, error }: InterceptedOutcome<K, V>): void {
    const open = this.#open.get(call)
    if (open === undefined) return
    open.settledCount++
    open.firstError ??= error
    this.#endIfOver(call, open)
  }

  #begin(call: SendCall, topic: unknown): OpenCall {
    const open: OpenCall = {
      startedMs: this.#clock.stopwatchMs(),
      topic,
      givenCount: 0,
      settledCount: 0,
      areAllGiven: false,
      firstError: null,
    }
    this.#open.set(call, open)
    if (call.recordCount > 1) queueJob(() => this.#allGiven(call, open))
    return open
  }

  /** All of a call are given while it runs; fewer than it has said, where others refuse some. */
  #allGiven(call: SendCall, open: OpenCall): void {
    if (open.areAllGiven) return
    open.areAllGiven = true
    this.#endIfOver(call, open)
  }

  #endIfOver(call: SendCall, open: OpenCall): void {
    if (!open.areAllGiven || open.settledCount < open.givenCount) return
    this.#open.delete(call)
    const { startedMs, topic, firstError } = open
    const attributes = this.#attributesOf(topic)
    this.#histogram.record(
      (this.#clock.stopwatchMs() - startedMs) / 1000,
      firstError === null
        ? attributes
        : { ...attributes, [ATTRIBUTE.errorType]: errorType(firstError) },
    )
  }

  #attributesOf(topic: unknown): Attributes {
    const known = this.#attributes.get(topic)
    if (known !== undefined) return known
    if (this.#attributes.size >= MAX_TOPICS) this.#attributes.clear()
    const attributes: Attributes = {
      [ATTRIBUTE.system]: SYSTEM,
      [ATTRIBUTE.operationName]: 'send',
      [ATTRIBUTE.operationType]: 'send',
      ...(typeof topic === 'string' ? { [ATTRIBUTE.topic]: topic } : {}),
      ...this.#common,
    }
    this.#attributes.set(topic, attributes)
    return attributes
  }
}
