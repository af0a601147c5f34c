/**
 * Waiting for one of several things, with an end: what is waited for, the time limit, or a signal.
 *
 * Before and after: the files of this folder.
 */
import { addAbortCall, removeAbortCall } from '../../abort-signals.js'
import type { Clock } from '../../clock.js'

export interface WaitLimits {
  readonly clock: Clock
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly onTimeout: () => Error
  readonly onAbort?: (signal: AbortSignal) => Error
}

/** Resolves once `subscribe` calls back; rejects at the time limit, or with the signal. */
export function waitUntil(
  subscribe: (done: () => void) => () => void,
  { clock, timeoutMs, signal, onTimeout, onAbort }: WaitLimits,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let unsubscribe = (): void => {}
    const end = (settle: () => void): void => {
      timer.clear()
      if (signal !== undefined) removeAbortCall(signal, aborted)
      unsubscribe()
      settle()
    }
    const aborted = (): void => {
      const error = signal === undefined ? onTimeout() : (onAbort?.(signal) ?? onTimeout())
      end(() => reject(error))
    }
    const timer = clock.setTimer(() => end(() => reject(onTimeout())), timeoutMs)
    if (signal?.aborted === true) return aborted()
    if (signal !== undefined) addAbortCall(signal, aborted)
    unsubscribe = subscribe(() => end(resolve))
  })
}

/** The promise's outcome, or the time limit's error; the promise goes on, and is heard however it ends. */
export async function waitFor<T>(promise: Promise<T>, limits: WaitLimits): Promise<T> {
  promise.catch(() => {}) // a signal that has fired already never subscribes
  await waitUntil((done) => {
    promise.then(done, done)
    return () => {}
  }, limits)
  return promise
}
