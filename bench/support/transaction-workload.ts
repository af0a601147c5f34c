/**
 * Drives a client through transactions of one size, one after the other: warm-up, then the measured
 * phase, bounded in count and time; a transaction that has begun is finished.
 *
 * Neighbours: ottla-transactions.ts gives the client; workload.ts is for records without transactions.
 */
import type { SubjectReport, SubjectTask } from '../contract.js'
import { summarize } from './latency-recorder.js'
import { startMeter } from './meter.js'
import { NODE_RUNTIME } from './subject.js'

/** A client as this workload sees it; it has no transaction open yet. */
export interface TransactionalClient {
  readonly version: string
  /** Resolves when records can be handed to a new transaction. */
  begin(): Promise<OpenTransaction>
  close(): Promise<void>
}

/** One transaction of a client. */
export interface OpenTransaction {
  /** Hands over records `from` to `to`, waiting where the client asks for it. */
  hand(from: number, to: number): Promise<void>
  /** Resolves when it is committed, all of its records with it; else rejects. */
  commit(): Promise<void>
}

/**
 * Records between two turns of the event loop: a program reads them from somewhere, and Node sends none
 * while it does not come back from a loop over 100,000.
 */
const SLICE_RECORDS = 2_000

/** Runs the task; the client is closed afterwards. */
export async function runTransactions(
  task: SubjectTask,
  client: TransactionalClient,
): Promise<SubjectReport> {
  const size = task.recordsPerTransaction
  const warmup = await transact(client, task, Infinity, task.warmupSeconds)
  const stop = startMeter()
  const latenciesMs = await transact(client, task, task.records, task.maxSeconds)
  const cost = stop()
  await client.close()
  const records = latenciesMs.length * size
  return {
    version: client.version,
    runtime: NODE_RUNTIME,
    records,
    totalRecords: warmup.length * size + records,
    ...cost,
    latencyMs: summarize(Float64Array.from(latenciesMs)),
    figures: { transactions: latenciesMs.length },
  }
}

/** Resolves with each transaction's latency once all are committed. */
async function transact(
  client: TransactionalClient,
  { recordsPerTransaction: size, overlapsCommits }: SubjectTask,
  records: number,
  maxSeconds: number,
): Promise<number[]> {
  const latenciesMs: number[] = []
  const deadlineMs = performance.now() + maxSeconds * 1000
  let committed: Promise<unknown> = Promise.resolve()
  for (let from = 0; from < records && performance.now() < deadlineMs; from += size) {
    const transaction = await client.begin()
    const begunMs = performance.now()
    await handInSlices(transaction, from, from + size)
    const isCommitted = transaction.commit().then(() => {
      latenciesMs.push(performance.now() - begunMs)
    })
    committed = Promise.all([committed, isCommitted])
    if (!overlapsCommits) await committed
  }
  await committed
  return latenciesMs
}

async function handInSlices(transaction: OpenTransaction, from: number, to: number): Promise<void> {
  let next = Math.min(from + SLICE_RECORDS, to)
  await transaction.hand(from, next)
  while (next < to) {
    await new Promise(setImmediate)
    const handed = next
    next = Math.min(handed + SLICE_RECORDS, to)
    await transaction.hand(handed, next)
  }
}
