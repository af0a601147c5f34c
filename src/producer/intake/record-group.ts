/**
 * The records of one `sendAll`: who waits for them is one object, told of each by its place in the
 * list, so that a record costs neither a promise nor a closure.
 *
 * Before: producer.ts. Neighbours: batch-waiters.ts tells, group-feeder.ts feeds, waiting/group-rest.ts is
 * what has found no room yet.
 */
import {
  DeliveryError,
  SendAllError,
  type DeliveryOutcome,
  type SendAllResult,
} from '../../errors.js'
import type { DeliveryCallback } from './delivery-callback.js'
import type { RecordMetadata } from '../batching/record-metadata.js'

/** Told when every record of the group is settled. */
export interface GroupOutcome {
  resolve(metadata: RecordMetadata[]): void
  reject(error: SendAllError<RecordMetadata>): void
}

export class RecordGroup {
  readonly #metadata: RecordMetadata[]
  readonly #failures = new Map<number, Error>()
  readonly #outcome: GroupOutcome
  #openCount: number
  #settledListeners: (() => void)[] | null = null

  /** `count` records, at places 0 to `count` - 1. */
  constructor(count: number, outcome: GroupOutcome) {
    this.#metadata = new Array<RecordMetadata>(count)
    this.#openCount = count
    this.#outcome = outcome
    if (count === 0) this.#finish()
  }

  /** The record at `place` is acknowledged. To be called once for each, or `failed`. */
  acknowledged(place: number, metadata: RecordMetadata): void {
    this.#metadata[place] = metadata
    if (--this.#openCount === 0) this.#finish()
  }

  failed(place: number, error: Error): void {
    this.#failures.set(place, error)
    if (--this.#openCount === 0) this.#finish()
  }

  /** What tells of the record at `place`, where it is by itself. */
  callbackFor(place: number): DeliveryCallback {
    return (error, metadata) => {
      if (metadata !== null) this.acknowledged(place, metadata)
      else this.failed(place, error as Error) // one of the two is there
    }
  }

  /** Calls `listener` once every record is settled; some are not yet. */
  onSettled(listener: () => void): void {
    ;(this.#settledListeners ??= []).push(listener)
  }

  #finish(): void {
    this.#settledListeners?.forEach((listener) => listener())
    if (this.#failures.size === 0) this.#outcome.resolve(this.#metadata)
    else this.#outcome.reject(this.#error())
  }

  #error(): SendAllError<RecordMetadata> {
    const results = Array.from(this.#metadata, (value, place): SendAllResult<RecordMetadata> => {
      const reason = this.#failures.get(place)
      return reason === undefined ? { status: 'fulfilled', value } : { status: 'rejected', reason }
    })
    const failures = [...this.#failures].sort(([a], [b]) => a - b).map(([, error]) => error)
    const [first] = failures
    const message = `${failures.length} of ${results.length} records were not acknowledged (see results); the first: ${first?.message ?? ''}`
    return new SendAllError(message, results, { cause: first, outcome: commonOutcome(failures) })
  }
}

/** What holds for all of them; *unknown* where they differ. */
function commonOutcome(failures: readonly Error[]): DeliveryOutcome {
  const outcomes = failures.map((failure) =>
    failure instanceof DeliveryError ? failure.outcome : 'unknown',
  )
  const [first = 'unknown'] = outcomes
  return outcomes.every((outcome) => outcome === first) ? first : 'unknown'
}
