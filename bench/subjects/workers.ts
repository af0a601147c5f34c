/**
 * Subject: several Ottlas, each in a worker thread with its share of the records. All warm up first
 * and begin together; the clock stops when the last one has its acknowledgements.
 *
 *   main:    | wait for all warm | go ---------------------- | last one done
 *   worker:  warm-up -> warm     go -> records -> done
 */
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { VERSION } from '../../src/index.js'
import type { SubjectReport, SubjectTask } from '../contract.js'
import { startMeter } from '../support/meter.js'
import { OttlaClient } from '../support/ottla-client.js'
import { NODE_RUNTIME, runSubject } from '../support/subject.js'
import { handFor } from '../support/workload.js'

async function run(task: SubjectTask): Promise<SubjectReport> {
  const { threads } = task
  const share = {
    ...task,
    warmupRecords: Math.ceil(task.warmupRecords / threads),
    records: Math.ceil(task.records / threads),
    outstanding: Math.ceil(task.outstanding / threads),
  }
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL(import.meta.url), { workerData: share }),
  )
  const warmedUp = await sumOf(workers)
  const stop = startMeter()
  for (const worker of workers) worker.postMessage('go')
  const records = await sumOf(workers)
  const cost = { ...stop(), loopDelayP99Ms: null } // this thread's only waits
  const totalRecords = warmedUp + records
  return { version: VERSION, runtime: NODE_RUNTIME, records, totalRecords, ...cost }
}

/** The sum of the next number that each says; rejects if one fails first. */
async function sumOf(workers: readonly Worker[]): Promise<number> {
  const said = await Promise.all(workers.map((worker) => once(worker, 'message')))
  return said.reduce((sum, [records]) => sum + Number(records), 0)
}

async function work(task: SubjectTask): Promise<void> {
  const client = new OttlaClient(task)
  parentPort?.postMessage(await handFor(client, task.warmupRecords, task.maxSeconds))
  await once(parentPort as NonNullable<typeof parentPort>, 'message')
  parentPort?.postMessage(await handFor(client, task.records, task.maxSeconds))
  await client.close()
  parentPort?.close()
}

if (isMainThread) runSubject(run)
else await work(workerData as SubjectTask)
