/**
 * The async context (Node's AsyncLocalStorage) in which this file was loaded: no request's. What outlives
 * the call by which it began is made in it: sockets, timers, and work for everybody. In the context of that
 * call all later callbacks would find its store, as long as the connection stands, and keep it in memory.
 *
 * Neighbours: system-clock.ts and network/transport/dial-each.ts, the doors to timers and sockets.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

const run = AsyncLocalStorage.snapshot()

/** Calls `work` there, now, and gives what that gives. */
export function atHome<T>(work: () => T): T {
  return run(work)
}
