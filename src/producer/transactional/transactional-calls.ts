/**
 * Checks the options of a transactional producer's calls.
 *
 * Before: the user. After: transaction.ts and transactional-producer.ts.
 */
import { ConfigError } from '../../errors.js'
import { nearest } from '../../nearest.js'
import { checkSignal } from '../intake/call-checks.js'
import { kindOf, quote } from '../intake/record.js'

/** Throws ConfigError for what are not the options of that call, by their names. */
function checkNames(call: string, options: unknown, names: readonly string[]): object {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError(
      `${call} was given ${kindOf(options)}: give { ${names.join(', ')} }, or nothing`,
    )
  }
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue
    const near = nearest(name, names)
    const mend = near === undefined ? `it takes ${names.join(', ')}` : `did you mean ${near}?`
    throw new ConfigError(`unknown option ${quote(name)} of ${call}: ${mend}`)
  }
  return options
}

/** The milliseconds to wait for an outcome, or their default. Throws ConfigError. */
export function timeoutOf(call: string, options: unknown, defaultMs: number): number {
  const { timeoutMs } = checkNames(call, options, ['timeoutMs']) as { timeoutMs?: unknown }
  if (timeoutMs === undefined) return defaultMs
  if (typeof timeoutMs === 'number' && Number.isFinite(timeoutMs) && timeoutMs >= 0)
    return timeoutMs
  throw new ConfigError(
    `${call} was given { timeoutMs } that is ${kindOf(timeoutMs)}: give milliseconds from 0`,
  )
}

/** Throws ConfigError. */
export function checkBegin(options: unknown): void {
  const { wait, signal } = checkNames('begin', options, ['wait', 'signal']) as {
    wait?: unknown
    signal?: unknown
  }
  if (wait !== undefined && typeof wait !== 'boolean') {
    throw new ConfigError(`begin was given { wait } that is ${kindOf(wait)}: give true or false`)
  }
  if (signal !== undefined) checkSignal(signal)
}

/** Throws ConfigError. */
export function checkRun(action: unknown, options: unknown): void {
  if (typeof action !== 'function') {
    throw new ConfigError(
      `transaction was given ${kindOf(action)}: give a function that takes the transaction`,
    )
  }
  const names = ['attempts', 'signal', 'onRetry']
  const { attempts, signal, onRetry } = checkNames('transaction', options, names) as Record<
    string,
    unknown
  >
  const isCount =
    attempts === undefined || (Number.isInteger(attempts) && (attempts as number) >= 1)
  if (!isCount)
    throw new ConfigError(
      `transaction was given { attempts } that is ${kindOf(attempts)}: give an integer from 1`,
    )
  if (signal !== undefined) checkSignal(signal)
  if (onRetry !== undefined && typeof onRetry !== 'function') {
    throw new ConfigError(
      `transaction was given { onRetry } that is ${kindOf(onRetry)}: give a function`,
    )
  }
}
