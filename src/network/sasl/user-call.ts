/**
 * Calls a function of the user's that may take its time, or for ever: within a limit, and only while
 * somebody still waits.
 *
 * Neighbours: credentials.ts, token-source.ts, custom.ts and oidc-token.ts.
 */
import type { Clock } from '../../clock.js'
import { TimeoutError } from '../../errors.js'

/** Until when to wait. */
export interface CallLimits {
  readonly clock: Clock
  readonly timeoutMs: number
  /** Gives the call up when it fires. */
  readonly signal?: AbortSignal | undefined
}

/**
 * What `call` answers. Rejects with what it throws, with TimeoutError once `timeoutMs` have passed, and
 * with the signal's reason; in the last two cases the signal that `call` was given fires too.
 */
export function callWithin<T>(
  call: (signal: AbortSignal) => T | Promise<T>,
  { clock, timeoutMs, signal }: CallLimits,
): Promise<T> {
  const controller = new AbortController()
  const late = new TimeoutError(`no answer within ${timeoutMs} ms`)
  const timer = clock.setTimer(() => controller.abort(late), timeoutMs)
  const giveUp = (): void => controller.abort(signal?.reason)
  signal?.addEventListener('abort', giveUp, { once: true })
  if (signal?.aborted === true) giveUp()
  const answer = untilAborted(controller.signal, () => call(controller.signal))
  return answer.finally(() => {
    timer.clear()
    signal?.removeEventListener('abort', giveUp)
  })
}

/** What `call` answers, or a rejection with the signal's reason, whichever is first. */
export function untilAborted<T>(signal: AbortSignal, call: () => T | Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as unknown)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    new Promise<T>((settle) => settle(call()))
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Resolves `delayMs` from now; rejects with the signal's reason when that fires. */
export async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  let timer: { clear(): void } | undefined
  try {
    await untilAborted(signal, () => {
      return new Promise<void>((resolve) => (timer = clock.setTimer(resolve, delayMs)))
    })
  } finally {
    timer?.clear()
  }
}
