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
import { thrownWords } from '../../thrown.js'
import type { DeliveryCallback } from './delivery-callback.js'
import type { RecordMetadata } from '../../record-metadata.js'
import { kindOf } from './record.js'

/** Told when every record of the group is settled. */
export interface GroupOutcome {
  resolve(metadata: RecordMetadata[]): void
  reject(error: SendAllError): void
}

/** Told of the record at `place`: an error, or where it lies. */
type RecordListener = (place: number, error: Error | null, metadata: RecordMetadata | null) => void

export class RecordGroup {
  /** Records at the time of the call: the user's code may change his list meanwhile. */
  readonly count: number
  readonly #metadata: RecordMetadata[]
  readonly #failures = new Map<number, Error>()
  readonly #outcome: GroupOutcome
  readonly #onRecord: RecordListener | null
  #openCount: number
  #settledListeners: (() => void)[] | null = null

  /** `count` records, at places 0 to `count` - 1; `onRecord` is told of each, before the whole is. */
  constructor(count: number, outcome: GroupOutcome, onRecord: RecordListener | null = null) {
    this.count = count
    this.#onRecord = onRecord
    this.#metadata = new Array<RecordMetadata>(count)
    this.#openCount = count
    this.#outcome = outcome
    if (count === 0) this.#finish()
  }

  /** The record at `place` is acknowledged. To be called once for each, or `failed`. */
  acknowledged(place: number, metadata: RecordMetadata): void {
    this.#metadata[place] = metadata
    this.#onRecord?.(place, null, metadata)
    if (--this.#openCount === 0) this.#finish()
  }

  failed(place: number, error: Error): void {
    this.#failures.set(place, error)
    this.#onRecord?.(place, error, null)
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
    else this.#outcome.reject(sendAllError(this.#metadata, this.#failures))
  }
}

/**
 * The fate of each of the records, by its place: those that are not among `failures` have metadata.
 * `source` is what they were read from, where that has failed, too.
 */
export function sendAllError(
  metadata: readonly RecordMetadata[],
  failed: ReadonlyMap<number, Error>,
  source: { readonly cause: unknown } | null = null,
): SendAllError {
  const results = Array.from(metadata, (value, place): SendAllResult => {
    // Every error that settles a record is a DeliveryError; those of callbacks have Node's type.
    const reason = failed.get(place) as DeliveryError | undefined
    return reason === undefined ? { status: 'fulfilled', value } : { status: 'rejected', reason }
  })
  const failures = [...failed].sort(([a], [b]) => a - b).map(([, error]) => error)
  const outcome = commonOutcome(failures)
  if (source !== null) return sourceError(results, source.cause, outcome)
  const [first] = failures
  const message = `${failures.length} of ${results.length} records were not acknowledged (see results); the first: ${first?.message ?? ''}`
  return new SendAllError(message, results, { cause: first, outcome })
}

function sourceError(
  results: SendAllResult[],
  cause: unknown,
  outcome: DeliveryOutcome,
): SendAllError {
  const why = thrownWords(cause, kindOf)
  const message = `the source failed after ${results.length} records, which were sent (see results): ${why}`
  return new SendAllError(message, results, { cause, outcome })
}

/** What holds for all of them; *unknown* where they differ. */
function commonOutcome(failures: readonly Error[]): DeliveryOutcome {
  const outcomes = failures.map((failure) =>
    failure instanceof DeliveryError ? failure.outcome : 'unknown',
  )
  const [first = 'unknown'] = outcomes
  return outcomes.every((outcome) => outcome === first) ? first : 'unknown'
}
