/**
 * Subject: how many bytes of heap Ottla allocates for one record, from the call to its
 * acknowledgement, with a broker in memory that answers at once. One record object is used again
 * and again and nobody listens to the outcome, so that what is counted is Ottla's own: nothing for
 * the caller in mode `enqueue` (with `hasCallback` what it is told), the promise in mode `send`.
 *
 * Counted by V8's sampling heap profiler, which sees every allocation, whatever is collected in
 * between; one sample for 512 bytes on average.
 */
import { Session, type HeapProfiler } from 'node:inspector/promises'
import {
  Producer,
  VERSION,
  type DeliveryCallback,
  type ProducerRecord,
  type RecordMetadata,
} from '../../src/index.js'
import { systemEnvironment } from '../../src/producer/environment.js'
import type { SubjectReport, SubjectTask } from '../contract.js'
import { startMeter } from '../support/meter.js'
import { dialNullBroker } from '../support/null-broker.js'
import { ottlaOptions } from '../support/ottla-client.js'
import { RecordSource } from '../support/record-source.js'
import { NODE_RUNTIME, runSubject } from '../support/subject.js'

/** Kept, so that V8 cannot do without the object. */
export let lastMetadata: RecordMetadata | null = null

/** Before the count, until the code is compiled as it will be for long. */
const WARMUP_PASSES = 8
const SAMPLING = {
  samplingInterval: 512,
  includeObjectsCollectedByMajorGC: true,
  includeObjectsCollectedByMinorGC: true,
}

async function run(task: SubjectTask): Promise<SubjectReport> {
  const environment = { ...systemEnvironment(), dial: dialNullBroker(task.topic, task.partitions) }
  const producer = new Producer(ottlaOptions({ ...task, brokers: ['localhost:9092'] }), environment)
  const record = { topic: task.topic, value: new RecordSource(task).value(0) }
  for (let pass = 0; pass < WARMUP_PASSES; pass++) await handAll(producer, task, record)
  const session = new Session()
  session.connect()
  const stop = startMeter()
  await session.post('HeapProfiler.startSampling', SAMPLING)
  await handAll(producer, task, record)
  const { profile } = await session.post('HeapProfiler.stopSampling')
  const cost = stop()
  session.disconnect()
  await producer.close()
  return {
    version: VERSION,
    runtime: NODE_RUNTIME,
    records: task.records,
    totalRecords: null,
    ...cost,
    figures: { allocatedBytes: allocatedIn(profile.head) / task.records },
  }
}

/** Bytes allocated in a function and in all that it called. */
function allocatedIn({ selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number {
  return children.reduce((sum, child) => sum + allocatedIn(child), selfSize)
}

async function handAll(
  producer: Producer,
  task: SubjectTask,
  record: ProducerRecord,
): Promise<void> {
  const keep: DeliveryCallback = (_error, metadata) => (lastMetadata = metadata)
  const callback = task.hasCallback ? keep : undefined
  for (let index = 0; index < task.records; index++) {
    if (task.mode === 'send') void producer.send(record)
    else while (!producer.enqueue(record, callback)) await producer.writable()
  }
  await producer.flush()
}

runSubject(run)
