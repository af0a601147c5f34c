// A test cluster in a thread of its own, whose loop is not the test's. Each Produce answer takes 30 ms.
import { parentPort, workerData } from 'node:worker_threads'
import { TestCluster } from '../../../src/testing/cluster.js'

const seen = new Int32Array(workerData as SharedArrayBuffer)
const cluster = await TestCluster.start({
  topics: { t: {}, u: {}, later: {} },
  transactionVersion: 1, // whoever is out of time is fenced
  transactions: { timeoutCheckIntervalMs: 20 },
})
cluster.failNext('Produce', { delayMs: 30, times: Infinity })
const timer = setInterval(() => Atomics.store(seen, 0, cluster.requests.length), 5)
parentPort?.once('message', () => {
  clearInterval(timer)
  void cluster.close()
})
parentPort?.postMessage(cluster.bootstrap)
