/**
 * Who waits for which AbortSignal: one listener on each signal, however many sends share it. (Node
 * warns of a leak from the eleventh listener on.) A signal may be anything that looks like one: nothing is
 * asked of the event.
 *
 * Before: producer.ts, for `send` with a signal.
 */
interface Waiting {
  readonly calls: Set<() => void>
  /** What listens to the signal. */
  readonly listener: () => void
}

export class AbortListeners {
  readonly #waiting = new Map<AbortSignal, Waiting>()

  /** Calls `onAbort` once when the signal fires, in the order of the calls. */
  add(signal: AbortSignal, onAbort: () => void): void {
    let waiting = this.#waiting.get(signal)
    if (waiting === undefined) {
      waiting = { calls: new Set(), listener: () => this.#fired(signal) }
      this.#waiting.set(signal, waiting)
      signal.addEventListener('abort', waiting.listener)
    }
    waiting.calls.add(onAbort)
  }

  /** Takes back `add`; without anybody left nothing of ours is left on the signal. */
  remove(signal: AbortSignal, onAbort: () => void): void {
    const waiting = this.#waiting.get(signal)
    if (waiting?.calls.delete(onAbort) === true && waiting.calls.size === 0) {
      this.#forget(signal, waiting)
    }
  }

  #forget(signal: AbortSignal, { listener }: Waiting): void {
    this.#waiting.delete(signal)
    signal.removeEventListener('abort', listener)
  }

  #fired(signal: AbortSignal): void {
    const waiting = this.#waiting.get(signal)
    if (waiting === undefined) return
    this.#waiting.delete(signal)
    for (const onAbort of waiting.calls) onAbort()
    signal.removeEventListener('abort', waiting.listener)
  }
}
