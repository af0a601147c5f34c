/**
 * Wakes the event loop at a time, to a fraction of a millisecond: Node's timers have whole ones, and
 * half of a round trip of 2 ms is one. A worker thread sleeps until then, as the metronome's does.
 *
 *   set(ringMs) --- shared memory --->  worker: | sleep |  --- message --->  onRing
 *
 * Neighbours: delay-queue.ts sets it; alarm-thread.ts is the worker.
 */
import { Worker } from 'node:worker_threads'

/** What the worker shares with us. */
export interface AlarmMemory {
  /** One number: when to ring, on the clock of `clockMs`; Infinity: not at all. */
  readonly ringMs: Float64Array
  /** One number, another one after each `set`: what the worker sleeps on. */
  readonly settings: Int32Array
}

export class Alarm {
  readonly #memory: AlarmMemory
  readonly #worker: Worker

  constructor(onRing: () => void) {
    const ringMs = new Float64Array(new SharedArrayBuffer(8)).fill(Infinity)
    this.#memory = { ringMs, settings: new Int32Array(new SharedArrayBuffer(4)) }
    const options = { workerData: this.#memory }
    this.#worker = new Worker(new URL('alarm-thread.js', import.meta.url), options)
    this.#worker.on('message', onRing)
    this.#worker.on('error', (error) => {
      throw error
    })
  }

  /** Rings once, then, in place of any earlier setting. */
  set(ringMs: number): void {
    this.#memory.ringMs[0] = ringMs
    Atomics.add(this.#memory.settings, 0, 1)
    Atomics.notify(this.#memory.settings, 0)
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}
