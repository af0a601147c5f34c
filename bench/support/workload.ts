/**
 * Drives a client through a task: warm-up, then the measured phase, bounded in count and time; at
 * full speed or at a fixed rate. Every Node subject, ours and the peers', is driven by this.
 *
 * Neighbours: subjects/ and peers/ give a Client; meter.ts measures; pace.ts keeps the rate.
 */
import type { SubjectReport, SubjectTask } from '../contract.js'
import { LatencyRecorder } from './latency-recorder.js'
import { startMeter } from './meter.js'
import { clockMs, startMetronome } from './metronome.js'
import { NODE_RUNTIME } from './subject.js'

/** A client as the workload sees it. */
export interface Client {
  readonly version: string
  /**
   * Hands over records `from` to `to` (numbers that choose values and keys), waiting where the
   * client or the subject's bound asks for it; resolves when all are handed over.
   */
  hand(from: number, to: number): Promise<void>
  /** Resolves when all that were handed over are acknowledged; rejects if one failed. */
  settle(): Promise<void>
  /** Hands over one record; `onAck` is called once it is acknowledged. For fixed rates. */
  handOne(index: number, onAck: () => void): void
  /** More to report of the run. */
  summary?(): Pick<SubjectReport, 'choice' | 'figures'>
  close(): Promise<void>
}

/** Records between two looks at the clock. */
const SLICE_RECORDS = 2_000

/** Runs the task; the client is closed afterwards. */
export async function runWorkload(task: SubjectTask, client: Client): Promise<SubjectReport> {
  const before = await handFor(client, task.warmupRecords, task.maxSeconds)
  const { warmupRecords, ...report } =
    task.ratePerSecond > 0 ? await atRate(task, client) : await atFullSpeed(task, client)
  const summary = client.summary?.()
  await client.close()
  const totalRecords = before + warmupRecords + report.records
  return { version: client.version, runtime: NODE_RUNTIME, totalRecords, ...report, ...summary }
}

/** `warmupRecords`: those of the task's `warmupSeconds`. */
type Measured = Omit<SubjectReport, 'version' | 'runtime' | 'totalRecords'> & {
  readonly warmupRecords: number
}

async function atFullSpeed(task: SubjectTask, client: Client): Promise<Measured> {
  const warmupRecords = await handFor(client, Infinity, task.warmupSeconds)
  const stop = startMeter()
  const records = await handFor(client, task.records, task.maxSeconds)
  return { warmupRecords, records, ...stop() }
}

/** Hands over records until all are, or the time is over; resolves once these are acknowledged. */
export async function handFor(client: Client, limit: number, maxSeconds: number): Promise<number> {
  const deadlineMs = performance.now() + maxSeconds * 1000
  let records = 0
  while (records < limit && performance.now() < deadlineMs) {
    const next = Math.min(records + SLICE_RECORDS, limit)
    await client.hand(records, next)
    records = next
  }
  await client.settle()
  return records
}

/**
 * Open loop: record i is due at start + i / rate, and its latency counts from then, whether or not
 * the client (or the event loop) was ready: a stall is charged to every record that it held up.
 */
async function atRate(task: SubjectTask, client: Client): Promise<Measured> {
  const warmupRecords = Math.ceil(task.warmupSeconds * task.ratePerSecond)
  const records = Math.min(task.records, Math.ceil(task.maxSeconds * task.ratePerSecond))
  const all = warmupRecords + records
  const latencies = new LatencyRecorder(records)
  let stop = startMeter()
  let firstDueMs = 0
  await new Promise<void>((resolve) => {
    let acked = 0
    const metronome = startMetronome(task.ratePerSecond, all, (index, dueMs) => {
      if (index === warmupRecords) {
        stop = startMeter()
        firstDueMs = dueMs
      }
      client.handOne(index, () => {
        if (index >= warmupRecords) latencies.record(metronome.nowMs() - dueMs)
        if (++acked === all) resolve()
      })
    })
  })
  const cost = { ...stop(), seconds: (clockMs() - firstDueMs) / 1000 }
  await client.settle()
  return { warmupRecords, records, ...cost, latencyMs: latencies.summary() }
}
