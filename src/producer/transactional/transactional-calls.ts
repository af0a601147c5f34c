/**
 * Checks the options of a transactional producer's calls.
 *
 * Before: the user. After: transaction.ts and transactional-producer.ts.
 */
import { ConfigError } from '../../errors.js'
import { checkCallOptions, checkSignalOption } from '../intake/call-checks.js'
import { kindOf } from '../records/record.js'

/** Throws ConfigError. */
export function checkBegin(options: unknown): void {
  checkCallOptions('begin', options, ['wait', 'signal'])
  const { wait, signal } = options as { wait?: unknown; signal?: unknown }
  if (wait !== undefined && typeof wait !== 'boolean') {
    throw new ConfigError(`begin was given { wait } that is ${kindOf(wait)}: give true or false`)
  }
  checkSignalOption('begin', signal)
}

/** Throws ConfigError. */
export function checkRun(action: unknown, options: unknown): void {
  if (typeof action !== 'function') {
    throw new ConfigError(
      `transaction was given ${kindOf(action)}: give a function that takes the transaction`,
    )
  }
  checkCallOptions('transaction', options, ['attempts', 'signal', 'onRetry'])
  const { attempts, signal, onRetry } = options as Record<string, unknown>
  const isCount =
    attempts === undefined || (Number.isInteger(attempts) && (attempts as number) >= 1)
  if (!isCount)
    throw new ConfigError(
      `transaction was given { attempts } that is ${kindOf(attempts)}: give an integer from 1`,
    )
  checkSignalOption('transaction', signal)
  if (onRetry !== undefined && typeof onRetry !== 'function') {
    throw new ConfigError(
      `transaction was given { onRetry } that is ${kindOf(onRetry)}: give a function`,
    )
  }
}
