/**
 * The thread of alarm.ts: sleeps until the time that is set, rings, and sleeps until it is set anew.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { clockMs } from '../metronome.js'
import type { AlarmMemory } from './alarm.js'

const { ringMs, settings } = workerData as AlarmMemory

for (;;) {
  const setting = Atomics.load(settings, 0)
  const waitMs = (ringMs[0] ?? Infinity) - clockMs()
  if (waitMs <= 0) parentPort?.postMessage(null)
  // Of a setting that has rung nothing more is to be expected.
  Atomics.wait(settings, 0, setting, waitMs <= 0 ? Infinity : waitMs)
}
