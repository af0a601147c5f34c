/**
 * The thread of metronome.ts: sleeps until the next beat, says so, and ends after the last.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { clockMs, type MetronomePlan } from './metronome.js'

const { startMs, ratePerSecond, beats } = workerData as MetronomePlan
const nobodyWakesIt = new Int32Array(new SharedArrayBuffer(4))

for (let index = 0; index < beats; index++) {
  const waitMs = startMs + (index * 1000) / ratePerSecond - clockMs()
  if (waitMs > 0) Atomics.wait(nobodyWakesIt, 0, 0, waitMs)
  parentPort?.postMessage(null)
}
