/**
 * Who waits for which AbortSignal: one listener on each signal, however many sends share it. (Node
 * warns of a leak from the eleventh listener on.)
 *
 * Before: producer.ts, for `send` with a signal.
 */
export class AbortListeners {
  readonly #waiting = new Map<AbortSignal, Set<() => void>>()

  /** Calls `onAbort` once when the signal fires, in the order of the calls. */
  add(signal: AbortSignal, onAbort: () => void): void {
    let waiting = this.#waiting.get(signal)
    if (waiting === undefined) {
      waiting = new Set()
      this.#waiting.set(signal, waiting)
      signal.addEventListener('abort', this.#onAbort)
    }
    waiting.add(onAbort)
  }

  /** Takes back `add`; without anybody left nothing of ours is left on the signal. */
  remove(signal: AbortSignal, onAbort: () => void): void {
    const waiting = this.#waiting.get(signal)
    if (waiting?.delete(onAbort) === true && waiting.size === 0) this.#forget(signal)
  }

  #forget(signal: AbortSignal): void {
    this.#waiting.delete(signal)
    signal.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = ({ target }: Event): void => {
    const signal = target as AbortSignal // it listens to nothing else
    const waiting = this.#waiting.get(signal) ?? []
    this.#forget(signal)
    for (const onAbort of waiting) onAbort()
  }
}
