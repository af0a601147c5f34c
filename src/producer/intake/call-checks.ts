/**
 * Checks what the producer's calls are given besides records, and turns whatever else goes wrong
 * while a record is taken into an error of the tree.
 *
 * Before: the user, by producer.ts. A record's own checks are in record.ts.
 */
import {
  AbortedError,
  ConfigError,
  DeliveryError,
  FatalError,
  InvalidRecordError,
} from '../../errors.js'
import { nearest } from '../../nearest.js'
import { checkPlain } from '../../plain-options.js'
import { isThrown, thrownWords } from '../../thrown.js'
import { isOption } from '../options/option-checks.js'
import { kindOf, quote } from '../records/record.js'

/**
 * Why a record was not taken: the error as it is, or, where the user's own code threw (a getter, an
 * iterator), an InvalidRecordError around it.
 */
export function notTaken(error: unknown): DeliveryError {
  if (isThrown(error, DeliveryError)) return error
  const why = thrownWords(error, kindOf)
  return new InvalidRecordError(`a record could not be read: ${why}`, { cause: error })
}

/** What every record and call is told once a rule of our own was found broken. */
export function failedError(cause: unknown, topic?: string): FatalError {
  const why = thrownWords(cause, kindOf)
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
  const { signal } = options as { signal?: AbortSignal } // checkSignal looks at it
  if (signal === undefined) checkIsOptions(options)
  return signal
}

/** A signal instead of `{ signal }`: it has no fields of its own, and would count as no options. */
function checkIsOptions(options: object): void {
  const other = otherThanOptions(options)
  if (other === null) return
  throw new InvalidRecordError(
    `the options of a send are ${other}: give { signal }, or leave it out`,
  )
}

/** What was given in place of options, as an AbortSignal, a Map or an array; null for an object of options. */
function otherThanOptions(options: object): string | null {
  if (isSignal(options)) return 'an AbortSignal'
  if (Array.isArray(options)) return 'an array'
  if (!(Symbol.iterator in options)) return null
  return `a ${Object.prototype.toString.call(options).slice('[object '.length, -1)}`
}

/** Throws InvalidRecordError for a second argument of `sendAll`. */
export function checkNoOptions(options: unknown): void {
  if (options === undefined || options === null) return
  throw new InvalidRecordError(
    `sendAll takes records and no options, and was given ${kindOf(options)}: a signal is an option of send`,
  )
}

/**
 * A ConfigError for what a call was given that takes no options; null for nothing. `limit`: the option of the
 * producer that says how long the call may take.
 */
export function strayError(call: string, given: unknown, limit: string): ConfigError | null {
  if (given === undefined || given === null) return null
  const what = (typeof given === 'object' ? otherThanOptions(given) : null) ?? kindOf(given)
  return new ConfigError(
    `${call} takes no options, and was given ${what}: leave it out; how long it may take is the producer's ${limit}`,
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
  if (isSignal(signal)) return
  throw new InvalidRecordError(
    `the signal of a send is ${kindOf(signal)}: give an AbortSignal, or leave it out`,
  )
}

/** Throws InvalidRecordError for what is no list of records: it would be sent as an empty one. */
export function checkRecords(records: unknown): void {
  if (records !== null && records !== undefined && Symbol.iterator in Object(records)) return
  throw new InvalidRecordError(
    `sendAll was given ${kindOf(records)}: give an array of records, or another iterable, asynchronous or not`,
  )
}

/** The milliseconds of `close`, or their default. Throws ConfigError for what are none. */
export function closeTimeoutMs(options: unknown, defaultMs: number): number {
  return timeoutMsOf('close', options, defaultMs)
}

/** The `timeoutMs` that a call was given. Throws ConfigError. */
export function timeoutMsOf(call: string, options: unknown, defaultMs: number): number {
  if (options === undefined) return defaultMs
  checkCallOptions(call, options, ['timeoutMs'])
  const { timeoutMs = defaultMs } = options as { timeoutMs?: unknown }
  if (typeof timeoutMs === 'number' && Number.isFinite(timeoutMs) && timeoutMs >= 0) {
    return timeoutMs
  }
  throw new ConfigError(
    `${call} was given { timeoutMs } that is ${kindOf(timeoutMs)}: give milliseconds from 0`,
  )
}

/** Throws ConfigError for what are not the options of that call, by their names. */
export function checkCallOptions(call: string, options: unknown, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError(
      `${call} was given ${kindOf(options)}: give { ${names.join(', ')} }, or nothing`,
    )
  }
  const other = otherThanOptions(options)
  if (other !== null) {
    throw new ConfigError(`${call} was given ${other}: give { ${names.join(', ')} }, or nothing`)
  }
  checkPlain(`what ${call} was given`, options, names)
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue
    throw new ConfigError(`unknown option ${quote(name)} of ${call}: ${callMend(name, names)}`)
  }
}

/** Throws ConfigError for a signal that is none. */
export function checkSignalOption(call: string, signal: unknown): void {
  if (signal === undefined || isSignal(signal)) return
  throw new ConfigError(
    `${call} was given { signal } that is ${kindOf(signal)}: give an AbortSignal, or leave it out`,
  )
}

function isSignal(signal: unknown): boolean {
  const it = Object(signal) as Partial<AbortSignal>
  const { aborted, addEventListener, removeEventListener } = it
  const calls: unknown[] = [addEventListener, removeEventListener]
  return typeof aborted === 'boolean' && calls.every((call) => typeof call === 'function')
}

/** What a `send` rejects with when its signal fires. */
export function abortedError(
  signal: AbortSignal | undefined,
  outcome: 'not-written' | 'unknown',
  topic: string,
): AbortedError {
  const known =
    outcome === 'unknown'
      ? 'it was in a batch already, and may be in the log'
      : 'it is not in the log'
  return new AbortedError(`a send to topic "${topic}" was aborted: ${known}`, {
    outcome,
    topic,
    cause: signal?.reason as unknown,
  })
}
