/**
 * Checks what the producer's calls are given besides records, and turns whatever else goes wrong
 * while a record is taken into an error of the tree.
 *
 * Before: the user, by producer.ts. A record's own checks are in record.ts.
 */
import { ConfigError, DeliveryError, FatalError, InvalidRecordError } from '../../errors.js'
import { nearest } from '../../nearest.js'
import { isOption } from '../options/option-checks.js'
import { kindOf, quote } from './record.js'

/**
 * Why a record was not taken: the error as it is, or, where the user's own code threw (a getter, an
 * iterator), an InvalidRecordError around it.
 */
export function notTaken(error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error
  const why = error instanceof Error ? error.message : kindOf(error)
  return new InvalidRecordError(`a record could not be read: ${why}`, { cause: error })
}

/** What every record and call is told once a rule of our own was found broken. */
export function failedError(cause: unknown, topic?: string): FatalError {
  const why = cause instanceof Error ? cause.message : kindOf(cause)
  return new FatalError(
    `the producer has failed, which is a bug in Ottla; report it, and make a new Producer: ${why}`,
    { topic, cause },
  )
}

/** Throws InvalidRecordError for a callback that cannot be called. */
export function checkCallback(callback: unknown): void {
  if (callback === null || typeof callback === 'function') return
  throw new InvalidRecordError(
    `the callback of enqueue is ${kindOf(callback)}: give a function, or leave it out`,
  )
}

/** The signal of a `send`. Throws InvalidRecordError for any other option. */
export function signalOf(options: unknown): AbortSignal | undefined {
  if (typeof options !== 'object') {
    const mend =
      typeof options === 'function'
        ? 'send returns a promise; enqueue takes a callback'
        : 'give { signal }, or leave it out'
    throw new InvalidRecordError(`the options of a send are ${kindOf(options)}: ${mend}`)
  }
  if (options === null) return undefined
  for (const name in options) {
    if (name === 'signal' || !Object.hasOwn(options, name)) continue
    throw new InvalidRecordError(
      `unknown option ${quote(name)} of a send: ${callMend(name, ['signal'])}`,
    )
  }
  return (options as { signal?: AbortSignal }).signal // checkSignal looks at it
}

/** Throws InvalidRecordError for a second argument of `sendAll`. */
export function checkNoOptions(options: unknown): void {
  if (options === undefined || options === null) return
  throw new InvalidRecordError(
    `sendAll takes records and no options, and was given ${kindOf(options)}: a signal is an option of send`,
  )
}

/** What to do instead of an option that a call does not have. */
function callMend(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  if (near !== undefined) return `did you mean ${near}?`
  const place = isOption(name) ? `it is one of the producer, new Producer({ ${name} }); ` : ''
  return `${place}a call's own is ${known.join(', ')}`
}

/** Throws InvalidRecordError for what is no AbortSignal. */
export function checkSignal(signal: unknown): void {
  const { aborted, addEventListener } = Object(signal) as Partial<AbortSignal>
  if (typeof aborted === 'boolean' && typeof addEventListener === 'function') return
  throw new InvalidRecordError(
    `the signal of a send is ${kindOf(signal)}: give an AbortSignal, or leave it out`,
  )
}

/** Throws InvalidRecordError for what is no list of records: it would be sent as an empty one. */
export function checkRecords(records: unknown): void {
  if (records !== null && records !== undefined && Symbol.iterator in Object(records)) return
  throw new InvalidRecordError(
    `sendAll was given ${kindOf(records)}: give an array or another iterable of records (an asynchronous one has to be collected first)`,
  )
}

/** The milliseconds of `close`, or their default. Throws ConfigError for what are none. */
export function closeTimeoutMs(options: unknown, defaultMs: number): number {
  if (options === undefined) return defaultMs
  const fail = (given: string): never => {
    throw new ConfigError(
      `close was given ${given}: give { timeoutMs } in milliseconds from 0, or nothing`,
    )
  }
  if (typeof options !== 'object' || options === null) return fail(kindOf(options))
  const { timeoutMs = defaultMs, ...others } = options as { timeoutMs?: unknown }
  const [other] = Object.keys(others)
  if (other !== undefined) return fail(`an unknown option ${quote(other)}`)
  if (typeof timeoutMs === 'number' && Number.isFinite(timeoutMs) && timeoutMs >= 0) {
    return timeoutMs
  }
  return fail(`{ timeoutMs } that is ${kindOf(timeoutMs)}`)
}
