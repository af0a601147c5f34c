/**
 * Beats at a fixed rate, to a fraction of a millisecond, without keeping the event loop busy: Node's
 * timers have whole milliseconds, and a loop that polls the clock would serve the sockets more
 * often than a real program does. A worker thread sleeps until each beat and wakes the main thread.
 *
 *   worker: | sleep | sleep | …    --- message --->    main: every record that is due by now
 *
 * Neighbours: workload.ts asks for it; metronome-thread.ts is the worker.
 */
import { Worker } from 'node:worker_threads'

/** A running metronome. */
export interface Metronome {
  /** The time on the clock that `dueMs` is of. */
  nowMs(): number
}

/** What the worker is told. */
export interface MetronomePlan {
  /** On the clock of `clockMs`. */
  readonly startMs: number
  readonly ratePerSecond: number
  readonly beats: number
}

const START_DELAY_MS = 200 // for the worker to be up

/** Milliseconds on a clock that all threads share. */
export function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Calls `onBeat` for each of `beats` beats, at its time or as soon after as the event loop can. */
export function startMetronome(
  ratePerSecond: number,
  beats: number,
  onBeat: (index: number, dueMs: number) => void,
): Metronome {
  const startMs = clockMs() + START_DELAY_MS
  const plan: MetronomePlan = { startMs, ratePerSecond, beats }
  const worker = new Worker(new URL('metronome-thread.js', import.meta.url), { workerData: plan })
  const dueOf = (index: number): number => startMs + (index * 1000) / ratePerSecond
  let next = 0
  worker.on('message', () => {
    const nowMs = clockMs()
    while (next < beats && dueOf(next) <= nowMs) {
      const index = next++
      onBeat(index, dueOf(index))
    }
  })
  worker.on('error', (error) => {
    throw error
  })
  return { nowMs: clockMs }
}
