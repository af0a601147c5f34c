/**
 * Judges how the producer is (health.ts has the words). It remembers two things, the last
 * acknowledgement and the last failure; all else is asked of its owners when somebody wants to know.
 *
 *   obstacles, topic directory, metadata, transactions ──> why
 *   accumulator (batches), parking lot (records without one) ──> since when
 *
 * Before: settlement.ts and the intake say what was settled. After: `health` of the producers.
 */
import type { Clock } from '../clock.js'
import {
  AbortedError,
  ClosedError,
  DeliveryError,
  InvalidRecordError,
  RecordTooLargeError,
  SerializationError,
  TransactionAbortedError,
  TransactionStateError,
  type OttlaError,
} from '../errors.js'
import { isRefusedLogin } from '../network/metadata/metadata-errors.js'
import type { ProducerBatch } from './batching/batch.js'
import type { HealthFailure, HealthStatus, OverduePartition, ProducerHealth } from './health.js'
import type { GroupRest } from './waiting/group-rest.js'
import type { ParkedRecord } from './waiting/parked-record.js'

/** A healthy cluster, even a far one, answers within that: what is amiss for less is no news. */
const PATIENCE_MS = 3000
const MOST_OVERDUE = 10
/** Batches, and waiting records, that are looked at: a call must stay cheap. */
const MOST_LOOKS = 1000

export interface HealthOptions {
  readonly clientId: string
  readonly lingerMs: number
  readonly requestTimeoutMs: number
  readonly maxBlockMs: number
  readonly hasLogin: boolean
}

/** Who knows what. */
export interface HealthParts {
  readonly clock: Pick<Clock, 'monotonicMs' | 'now'>
  readonly metadata: { readonly hasAnswered: boolean; failure(): OttlaError | null }
  /** Batches that are not settled, oldest first. */
  readonly accumulator: { readonly incomplete: Iterable<ProducerBatch> }
  /** Made later than this: looked up. */
  readonly rooms: {
    /** Records that are in no batch, oldest first. */
    readonly lot: Iterable<ParkedRecord> & {
      readonly rests: Iterable<GroupRest>
      readonly waitingCount: number
    }
    readonly directory: { whyUnknown(topic: string): OttlaError | null }
  }
  readonly obstacles: {
    ofLateBatch(batch: ProducerBatch): OttlaError | null
    ofRoom(): OttlaError | null
  }
  readonly transactions: {
    readonly fatal: OttlaError | null
    readonly lastError: OttlaError | null
    readonly isClosing: boolean
  } | null
}

/** Where the producer stands in its life. */
export type Life = 'open' | 'closing' | 'closed' | 'failed'

/** What is not settled. */
interface Unsettled {
  readonly oldestMs: number
  readonly overdue: readonly OverduePartition[]
}

export class HealthCheck {
  readonly #options: HealthOptions
  readonly #parts: HealthParts
  /** Monotonic; -Infinity before the first. */
  #acknowledgedMs = -Infinity
  #failedMs = -Infinity
  #failure: OttlaError | null = null
  /** Nothing was acknowledged since. */
  #isFailing = false

  constructor(options: HealthOptions, parts: HealthParts) {
    this.#options = options
    this.#parts = parts
  }

  /** A batch was acknowledged. */
  acknowledged(nowMs: number): void {
    this.#acknowledgedMs = nowMs
    this.#isFailing = false
  }

  /** A record was given up, or a batch. */
  failed(error: OttlaError): void {
    if (isItsOwnFault(error)) return
    this.#failedMs = this.#parts.clock.monotonicMs()
    this.#failure = error
    this.#isFailing = true
  }

  /** `failure`: why the producer has failed as a whole. */
  look(life: Life, failure: unknown): ProducerHealth {
    const { clientId } = this.#options
    const { metadata, rooms, transactions } = this.#parts
    const unsettled = this.#unsettled()
    const status = this.#status(life, unsettled)
    const outage = metadata.failure()
    const isConnected = metadata.hasAnswered && outage === null && isOpen(status)
    const fatal = failure instanceof Error ? failure : (transactions?.fatal ?? null)
    return {
      ...{ status, reason: this.#reason(status, unsettled, fatal), isConnected, clientId },
      isReady: isConnected && status !== 'stuck',
      isAlive: status !== 'failed',
      isAuthenticated: this.#isAuthenticated(outage),
      lastAcknowledgedAtMs: this.#wallMs(this.#acknowledgedMs),
      lastFailure: this.#lastFailure(),
      oldestUnsettledMs: Math.round(unsettled.oldestMs),
      waitingSends: rooms.lot.waitingCount,
      overdue: unsettled.overdue,
    }
  }

  /** Within which a healthy cluster has settled any record. */
  get #limitMs(): number {
    return this.#options.lingerMs + this.#options.requestTimeoutMs
  }

  #status(life: Life, unsettled: Unsettled): HealthStatus {
    return this.#ending(life) ?? this.#hampered(unsettled) ?? (this.hasUnsettled ? 'ok' : 'idle')
  }

  /** null while it is open. */
  #ending(life: Life): HealthStatus | null {
    const { transactions } = this.#parts
    const fatal = transactions?.fatal ?? null
    if (fatal !== null && !(fatal instanceof ClosedError)) return 'failed'
    if (life !== 'open') return life
    return transactions?.isClosing === true ? 'closing' : null
  }

  /** null where nothing is amiss. */
  #hampered({ oldestMs, overdue }: Unsettled): HealthStatus | null {
    const { clock, metadata } = this.#parts
    const silentMs = clock.monotonicMs() - this.#acknowledgedMs
    if (Math.min(oldestMs, silentMs) > this.#limitMs) return 'stuck'
    if (!metadata.hasAnswered) return 'starting'
    return overdue.length > 0 || this.#amiss() !== null ? 'degraded' : null
  }

  /** What is amiss, whether records wait or not. */
  #amiss(): OttlaError | null {
    const { metadata, transactions } = this.#parts
    const failure = this.#isFailing ? this.#failure : null
    return metadata.failure() ?? transactions?.lastError ?? failure
  }

  #reason(status: HealthStatus, { overdue }: Unsettled, fatal: Error | null): string | null {
    if (status === 'failed') return fatal?.message ?? 'the producer has failed'
    if (!isOpen(status)) return null
    const late = overdue.find(({ reason }) => reason !== null)
    return late?.reason ?? this.#amiss()?.message ?? null
  }

  #isAuthenticated(outage: OttlaError | null): boolean | null {
    if (!this.#options.hasLogin) return null
    if (outage !== null && isRefusedLogin(outage)) return false
    return this.#parts.metadata.hasAnswered ? true : null
  }

  #lastFailure(): HealthFailure | null {
    const error = this.#failure
    const atMs = this.#wallMs(this.#failedMs)
    if (error === null || atMs === null) return null
    const { topic = null, partition = null } = error instanceof DeliveryError ? error : {}
    return { atMs, topic, partition, reason: error.message }
  }

  #wallMs(monotonicMs: number): number | null {
    if (monotonicMs === -Infinity) return null
    const { clock } = this.#parts
    return Math.round(clock.now() - (clock.monotonicMs() - monotonicMs))
  }

  /** Some record is neither delivered nor given up. */
  get hasUnsettled(): boolean {
    const { accumulator } = this.#parts
    const { lot } = this.#parts.rooms
    return !isEmpty(accumulator.incomplete) || !isEmpty(lot) || !isEmpty(lot.rests)
  }

  #unsettled(): Unsettled {
    const nowMs = this.#parts.clock.monotonicMs()
    const late = new Overdue(this.#options.lingerMs + PATIENCE_MS, this.#limitMs)
    for (const batch of first(MOST_LOOKS, this.#parts.accumulator.incomplete)) {
      const { topic, partition } = batch.queue
      late.add(topic.name, partition, nowMs - batch.createdMs, () => {
        return this.#parts.obstacles.ofLateBatch(batch)?.message ?? null
      })
    }
    for (const waiting of this.#waiting()) {
      const { maxBlockMs } = this.#options
      const partition = 'partition' in waiting && waiting.partition >= 0 ? waiting.partition : null
      const ageMs = maxBlockMs - (waiting.deadlineMs - nowMs)
      late.add(waiting.topic.name, partition, ageMs, () => this.#whyWaits(waiting))
    }
    return late
  }

  /** Records that are in no batch. A group's time counts from the last of it that found room. */
  #waiting(): (ParkedRecord | GroupRest)[] {
    const { lot } = this.#parts.rooms
    return [...first(MOST_LOOKS, lot), ...first(MOST_LOOKS, lot.rests)]
  }

  #whyWaits(waiting: ParkedRecord | GroupRest): string | null {
    const { obstacles } = this.#parts
    const { directory } = this.#parts.rooms
    const { name, isKnown, partitionCount } = waiting.topic
    if (!isKnown) return directory.whyUnknown(name)?.message ?? 'no broker has answered about it'
    if ('isSerialized' in waiting) {
      if (!waiting.isSerialized) return 'its serializer is not done'
      if (waiting.partition >= partitionCount) return `the topic has ${partitionCount} partition(s)`
    }
    return obstacles.ofRoom()?.message ?? null
  }
}

/** Gathers what is late: each partition once, by its oldest record. */
class Overdue implements Unsettled {
  oldestMs = 0
  readonly #amissAfterMs: number
  readonly #limitMs: number
  readonly #found = new Map<string, OverduePartition>()

  /** Late is what has waited for `limitMs`, and what is known to be amiss after `amissAfterMs`. */
  constructor(amissAfterMs: number, limitMs: number) {
    this.#amissAfterMs = amissAfterMs
    this.#limitMs = limitMs
  }

  get overdue(): readonly OverduePartition[] {
    return [...this.#found.values()].sort((a, b) => b.ageMs - a.ageMs).slice(0, MOST_OVERDUE)
  }

  add(topic: string, partition: number | null, ageMs: number, why: () => string | null): void {
    this.oldestMs = Math.max(this.oldestMs, ageMs)
    if (ageMs <= Math.min(this.#amissAfterMs, this.#limitMs)) return
    const key = `${partition ?? ''} ${topic}`
    if (this.#found.size >= 2 * MOST_OVERDUE || this.#found.has(key)) return
    const reason = why()
    if (reason === null && ageMs <= this.#limitMs) return
    this.#found.set(key, { topic, partition, ageMs: Math.round(ageMs), reason })
  }
}

function isOpen(status: HealthStatus): boolean {
  return status !== 'closed' && status !== 'closing' && status !== 'failed'
}

/** A record that was to be sent, and was not: its sender has made no mistake, and has not taken it back. */
export function isLoss(error: OttlaError): boolean {
  return error instanceof ClosedError || !isItsOwnFault(error)
}

/** The next record fares no worse for it. */
function isItsOwnFault(error: OttlaError): boolean {
  return (
    error instanceof InvalidRecordError ||
    error instanceof SerializationError ||
    error instanceof RecordTooLargeError ||
    error instanceof AbortedError ||
    error instanceof ClosedError ||
    error instanceof TransactionAbortedError ||
    error instanceof TransactionStateError
  )
}

function isEmpty(things: Iterable<unknown>): boolean {
  return things[Symbol.iterator]().next().done === true
}

function* first<T>(most: number, things: Iterable<T>): Generator<T> {
  let count = 0
  for (const thing of things) {
    if (count++ >= most) return
    yield thing
  }
}
