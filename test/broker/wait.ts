/**
 * Waiting for something outside this process: ask, pause briefly, ask again, and give up with a
 * message that says what was waited for. Not a sleep: the pause only spaces the questions.
 */
import { setTimeout as pause } from 'node:timers/promises'

/** How to wait. */
export interface WaitOptions {
  /** What is awaited, for the error's message: `node 1 to answer`. */
  readonly what: string
  readonly timeoutMs: number
  /** Milliseconds between two questions. Default 50. */
  readonly intervalMs?: number
  /** Adds what helps to fix a wait that ran out, such as the tail of a log. */
  readonly onTimeout?: () => string
}

/**
 * Asks until `probe` returns true. A probe that throws has answered no, and its last error becomes
 * the cause of the timeout; a `FatalError` ends the wait at once.
 */
export async function waitUntil(
  probe: () => Promise<boolean>,
  options: WaitOptions,
): Promise<void> {
  const deadline = performance.now() + options.timeoutMs
  let cause: unknown
  do {
    try {
      if (await probe()) return
    } catch (error) {
      if (error instanceof FatalError) throw error
      cause = error
    }
    await pause(options.intervalMs ?? 50)
  } while (performance.now() < deadline)
  const message = `waited ${options.timeoutMs} ms for ${options.what}, in vain`
  throw new Error([message, options.onTimeout?.()].filter(Boolean).join('\n'), { cause })
}

/** Asking again is no use: ends a `waitUntil` at once. */
export class FatalError extends Error {}
