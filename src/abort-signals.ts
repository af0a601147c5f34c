/**
 * Who waits for which AbortSignal of a user's: one listener on each signal, however many calls share it,
 * of however many producers. (Node warns of a leak from the eleventh listener on.) A signal may be
 * anything that looks like one: nothing is asked of the event.
 *
 * Neighbours: none; every room that takes a signal from a user may import it.
 */
interface Waiting {
  readonly calls: Set<() => void>
  /** What listens to the signal. */
  readonly listener: () => void
}

const waitings = new WeakMap<AbortSignal, Waiting>()

/** Calls `onAbort` once when the signal fires, in the order of the calls; not if it has fired before. */
export function addAbortCall(signal: AbortSignal, onAbort: () => void): void {
  let waiting = waitings.get(signal)
  if (waiting === undefined) {
    waiting = { calls: new Set(), listener: () => fired(signal) }
    waitings.set(signal, waiting)
    signal.addEventListener('abort', waiting.listener)
  }
  waiting.calls.add(onAbort)
}

/** Takes back `addAbortCall`; without anybody left nothing of ours is left on the signal. */
export function removeAbortCall(signal: AbortSignal, onAbort: () => void): void {
  const waiting = waitings.get(signal)
  if (waiting?.calls.delete(onAbort) !== true || waiting.calls.size > 0) return
  waitings.delete(signal)
  signal.removeEventListener('abort', waiting.listener)
}

/** As `addAbortCall`, and at once where the signal has fired; gives what takes it back. */
export function whenAborted(signal: AbortSignal | undefined, onAbort: () => void): () => void {
  if (signal === undefined) return () => {}
  if (signal.aborted) onAbort()
  else addAbortCall(signal, onAbort)
  return () => removeAbortCall(signal, onAbort)
}

function fired(signal: AbortSignal): void {
  const waiting = waitings.get(signal)
  if (waiting === undefined) return
  waitings.delete(signal)
  for (const onAbort of waiting.calls) onAbort()
  signal.removeEventListener('abort', waiting.listener)
}
