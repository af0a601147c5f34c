/**
 * Times small functions: fixed work, several runs, the median and half the distance of the
 * extremes. Good for telling whether a change helped; the bench with a broker tells whether it mattered.
 */
import Table from 'cli-table3'
import { median, spread } from '../support/statistics.js'

const WARMUP_MS = 150
const WARMUP_CALLS = 3
const RUNS = 15
const RUN_MS = 40

/** One thing to time. */
export interface Micro {
  readonly name: string
  /** Operations that one call of `run` does. */
  readonly operations: number
  /** Bytes that one operation works on, where MB/s tell more than ns. */
  readonly bytes?: number
  /** Returns something that depends on the work, so that it cannot be optimised away. */
  run(): number
}

let sink = 0

/** Times each and prints a table. */
export function runMicros(title: string, micros: readonly Micro[]): void {
  const table = new Table({
    head: [title, 'ns/op', '±', 'MB/s'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  })
  for (const micro of micros) {
    const nanoseconds = time(micro)
    const middle = median(nanoseconds)
    const speed = micro.bytes === undefined ? '' : ((micro.bytes / middle) * 1000).toFixed(0)
    const percent = `${(spread(nanoseconds) * 100).toFixed(0)} %`
    table.push([micro.name, middle.toFixed(1), percent, speed])
  }
  console.log(`${table.toString()}\n`)
}

/** Nanoseconds an operation, one figure for each run. */
function time(micro: Micro): number[] {
  const calls = warmUp(micro)
  return Array.from({ length: RUNS }, () => timeRun(micro, calls))
}

/** Runs it until it is compiled; returns how many calls then fill a run. */
function warmUp(micro: Micro): number {
  const endMs = performance.now() + WARMUP_MS
  let fastestNs = Infinity
  while (performance.now() < endMs) fastestNs = Math.min(fastestNs, timeRun(micro, WARMUP_CALLS))
  return Math.max(1, Math.ceil((RUN_MS * 1e6) / (fastestNs * micro.operations)))
}

function timeRun(micro: Micro, calls: number): number {
  const started = process.hrtime.bigint()
  for (let call = 0; call < calls; call++) sink ^= micro.run()
  const elapsedNs = Number(process.hrtime.bigint() - started)
  return elapsedNs / (calls * micro.operations)
}

/** What the work left behind; printed once, so that it counts as used. */
export function sinkValue(): number {
  return sink
}
