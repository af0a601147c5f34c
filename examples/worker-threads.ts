/**
 * Several producers on several cores: a producer is one thread's, so each worker thread has its own.
 * Order holds within a producer, so the work is shared out by key: all readings of a sensor go
 * through the same thread.
 */
import { availableParallelism } from 'node:os'
import { parentPort, Worker, workerData } from 'node:worker_threads'
// Elsewhere this is 'ottla'; in this repository that name means dist/, which may not be built.
import { Producer, type DeliveryCallback } from '../src/index.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'readings' } = process.env
const SENSORS = 1_000
const READINGS = 100 // of each sensor

interface Share {
  readonly thread: number
  readonly threads: number
}

/** Starts the threads, and waits until each has delivered its share. */
async function main(): Promise<void> {
  const threads = Math.min(4, Math.max(2, availableParallelism() - 1))
  const shares = Array.from({ length: threads }, (_, thread): Share => ({ thread, threads }))
  const counts = await Promise.all(shares.map(runWorker))
  const sum = counts.reduce((total, count) => total + count, 0)
  console.log(`${sum} of ${SENSORS * READINGS} acknowledged, by ${threads} producers`)
}

/** Resolves with the number that the thread leaves behind; rejects with its error. */
function runWorker(share: Share): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: share })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('the thread ended without a result')))
  })
}

/** One thread: a producer of its own, and the sensors that are its share. */
async function work({ thread, threads }: Share): Promise<number> {
  await using producer = new Producer({ brokers: KAFKA_BROKERS, clientId: `readings-${thread}` })
  let acknowledged = 0
  const onSettled: DeliveryCallback = (error) => {
    if (error === null) acknowledged++
    else console.error(error.message)
  }
  for (let reading = 0; reading < READINGS; reading++) {
    for (let sensor = thread; sensor < SENSORS; sensor += threads) {
      const record = { topic: TOPIC, key: `sensor-${sensor}`, value: String(reading) }
      while (!producer.enqueue(record, onSettled)) await producer.writable()
    }
  }
  await producer.flush()
  return acknowledged
}

if (parentPort === null) await main()
else parentPort.postMessage(await work(workerData as Share))
