/**
 * Measures what a phase costs the process that it runs in: time, CPU, event-loop delay, memory.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'

const LOOP_DELAY_RESOLUTION_MS = 5
const NANOSECONDS_PER_MS = 1e6

/** What a phase cost; see SubjectReport. */
export interface Cost {
  readonly seconds: number
  readonly cpuMicros: number
  readonly rssBytes: number
  readonly loopDelayP99Ms: number
}

/** Begins a phase; the function returned ends it. */
export function startMeter(): () => Cost {
  const loopDelay = monitorEventLoopDelay({ resolution: LOOP_DELAY_RESOLUTION_MS })
  loopDelay.enable()
  const startedMs = performance.now()
  const cpuBefore = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(cpuBefore)
    const seconds = (performance.now() - startedMs) / 1000
    loopDelay.disable()
    // The histogram has the time between two ticks of a timer: the timer's own period is no delay.
    const tickMs = loopDelay.percentile(99) / NANOSECONDS_PER_MS
    return {
      seconds,
      cpuMicros: user + system,
      rssBytes: process.resourceUsage().maxRSS * 1024,
      loopDelayP99Ms: Math.max(0, tickMs - LOOP_DELAY_RESOLUTION_MS),
    }
  }
}
