/**
 * Subject: how many bytes of heap Ottla allocates for one record, from the call to its
 * acknowledgement, with a broker in memory that answers at once. One record object is used again
 * and again and nobody listens to the outcome, so that what is counted is Ottla's own: nothing for
 * the caller in mode `enqueue`, the promise in mode `send`.
 *
 * Needs --expose-gc and a young generation that holds all of it (cases/memory.ts): a collection
 * during the count would spoil it, and is an error.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Producer, VERSION } from '../../src/index.js'
import { systemEnvironment } from '../../src/producer/pipeline.js'
import type { SubjectReport, SubjectTask } from '../contract.js'
import { startMeter } from '../support/meter.js'
import { dialNullBroker } from '../support/null-broker.js'
import { ottlaOptions } from '../support/ottla-client.js'
import { RecordSource } from '../support/record-source.js'
import { NODE_RUNTIME, runSubject } from '../support/subject.js'

/** Node reports a collection to observers some time after it. */
const OBSERVER_DELAY_MS = 100

async function run(task: SubjectTask): Promise<SubjectReport> {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('run node with --expose-gc')
  const environment = { ...systemEnvironment(), dial: dialNullBroker(task.topic, task.partitions) }
  const producer = new Producer(ottlaOptions({ ...task, brokers: ['localhost:9092'] }), environment)
  await handAll(producer, task) // the same once before, so that it is compiled
  let collections = 0
  const observer = new PerformanceObserver((list) => (collections += list.getEntries().length))
  gc()
  await sleep(OBSERVER_DELAY_MS)
  observer.observe({ entryTypes: ['gc'] })
  const stop = startMeter()
  const before = process.memoryUsage().heapUsed
  await handAll(producer, task)
  const allocatedBytes = (process.memoryUsage().heapUsed - before) / task.records
  const cost = stop()
  await sleep(OBSERVER_DELAY_MS)
  if (collections > 0) throw new Error(`${collections} collections spoilt the count: fewer records`)
  await producer.close()
  return {
    version: VERSION,
    runtime: NODE_RUNTIME,
    records: task.records,
    totalRecords: null,
    ...cost,
    figures: { allocatedBytes },
  }
}

async function handAll(producer: Producer, task: SubjectTask): Promise<void> {
  const record = { topic: task.topic, value: new RecordSource(task).value(0) }
  for (let index = 0; index < task.records; index++) {
    if (task.mode === 'send') void producer.send(record)
    else while (!producer.enqueue(record)) await producer.writable()
  }
  await producer.flush()
}

runSubject(run)
