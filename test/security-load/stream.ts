/**
 * A steady load on one topic: each record is given when it is due, whatever became of those before
 * (an open loop), and its latency counts from then.
 *
 * Neighbours: main.ts runs several side by side; secured-records.ts judges what is stored.
 */
import { OttlaError, Producer, type ProducerOptions } from '../../src/index.js'
import { LatencyRecorder } from '../../bench/support/latency-recorder.js'
import { numberedRecord, type CaseVerdict } from '../broker/secured/secured-records.js'
import type { HoldSummary } from './holds.js'

/** How much, where and how. */
export interface StreamOptions {
  /** The records' key, so that all lie in one partition. */
  readonly name: string
  readonly topic: string
  readonly producer: ProducerOptions
  readonly recordsPerSecond: number
  readonly seconds: number
}

/** What became of it. */
export interface StreamReport {
  readonly name: string
  readonly sent: number
  readonly acked: number
  readonly failed: number
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly p999: number }
  /** Longest time without an acknowledgement. */
  readonly longestStallMs: number
  /** As Kafka's consumer sees it. */
  readonly verdict: CaseVerdict
  /** Where connections have logged in again. */
  readonly holds?: HoldSummary
}

/** Records of one stream that failed, by class and message of the error. */
export type Failures = Readonly<Record<string, number>>

export class Stream {
  readonly options: StreamOptions
  readonly failures: Record<string, number> = {}
  /** When each was acknowledged, by its number; -1 for those that were not. */
  readonly ackedAtMs: Float64Array
  sent = 0
  acked = 0
  failed = 0
  #longestStallMs = 0
  #lastAckMs = 0
  readonly #latencies: LatencyRecorder
  #producer: Producer
  #isOwner = true

  constructor(options: StreamOptions) {
    this.options = options
    const count = Math.ceil(options.recordsPerSecond * options.seconds)
    this.ackedAtMs = new Float64Array(count).fill(-1)
    this.#latencies = new LatencyRecorder(count)
    this.#producer = new Producer(options.producer)
  }

  /** Sends by the other's producer, which that one closes: it must end no sooner. */
  shareProducer(other: Stream): void {
    void this.#producer.close()
    this.#producer = other.#producer
    this.#isOwner = false
  }

  /** Sends all and waits for the last answer; resolves whatever became of them. */
  async run(): Promise<void> {
    await this.#producer.connect()
    const { recordsPerSecond } = this.options
    const total = this.ackedAtMs.length
    const startMs = performance.now()
    this.#lastAckMs = startMs
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const due = Math.floor(((performance.now() - startMs) / 1_000) * recordsPerSecond)
        while (this.sent < Math.min(due, total)) this.#send(startMs + (this.sent / recordsPerSecond) * 1_000) // prettier-ignore
        if (this.sent < total) return
        clearInterval(timer)
        resolve()
      }, 1)
    })
    await this.#producer.flush()
    if (this.#isOwner) await this.#producer.close()
  }

  /** `verdict`: of what is stored, for as many as were acknowledged. */
  report(verdict: CaseVerdict, holds?: HoldSummary): StreamReport {
    const { p50, p99, p999 } = this.#latencies.summary()
    const { name } = this.options
    const { sent, acked, failed } = this
    const latencyMs = { p50, p99, p999 }
    const longestStallMs = this.#longestStallMs
    return {
      name,
      sent,
      acked,
      failed,
      latencyMs,
      longestStallMs,
      verdict,
      ...(holds && { holds }),
    }
  }

  #send(dueMs: number): void {
    const index = this.sent++
    const { topic, name } = this.options
    this.#producer.send({ topic, ...numberedRecord(name, index) }).then(
      () => this.#onAck(index, dueMs),
      (error: unknown) => {
        this.failed++
        const what = error instanceof OttlaError ? `${error.name} ${error.code}` : String(error)
        this.failures[what] = (this.failures[what] ?? 0) + 1
      },
    )
  }

  #onAck(index: number, dueMs: number): void {
    const nowMs = performance.now()
    this.acked++
    this.ackedAtMs[index] = nowMs
    this.#latencies.record(nowMs - dueMs)
    this.#longestStallMs = Math.max(this.#longestStallMs, nowMs - this.#lastAckMs)
    this.#lastAckMs = nowMs
  }
}
