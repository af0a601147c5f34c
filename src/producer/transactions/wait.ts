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

/** Who waits for which promise: what hangs on one itself cannot be taken off, and stays as long as it does. */
const waiting = new WeakMap<Promise<unknown>, Set<() => void>>()

/** The promise's outcome, or the time limit's error; the promise goes on, and is heard however it ends. */
export async function waitFor<T>(promise: Promise<T>, limits: WaitLimits): Promise<T> {
  const listeners = listenersOf(promise) // also with a signal that has fired already, which never subscribes
  await waitUntil((done) => {
    listeners.add(done)
    return () => listeners.delete(done)
  }, limits)
  return promise
}

/** All of those who wait for the promise hang on it by one reaction. */
function listenersOf(promise: Promise<unknown>): Set<() => void> {
  const known = waiting.get(promise)
  if (known !== undefined) return known
  const listeners = new Set<() => void>()
  waiting.set(promise, listeners)
  const settled = (): void => {
    waiting.delete(promise)
    for (const listener of listeners) listener()
  }
  promise.then(settled, settled)
  return listeners
}
