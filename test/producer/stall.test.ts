// The program computes past a deadline while the answer lies in the socket: only the peer's silence counts.
// Real sockets; the brokers run in another thread. Outcomes are judged, not times.
import { once } from 'node:events'
import { stat } from 'node:fs'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import type { Test } from 'tap'
import { Producer, TransactionalProducer, type ProducerOptions } from '../../src/index.js'

/** How many requests the brokers have seen. */
const seen = new Int32Array(new SharedArrayBuffer(4))
const nothing = new Int32Array(new SharedArrayBuffer(4))

/** The whole thread stands still, until the brokers have seen `requests` more and then for `ms`. */
function stall(ms: number, requests = 0): void {
  const until = Atomics.load(seen, 0) + requests
  for (let i = 0; i < 1000 && Atomics.load(seen, 0) < until; i++) Atomics.wait(nothing, 0, 0, 5)
  Atomics.wait(nothing, 0, 0, ms)
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const worker = new Worker(new URL('./support/cluster-worker.js', import.meta.url), {
  workerData: seen.buffer,
})
const [brokers] = (await once(worker, 'message')) as [string[]]
t.teardown(() => worker.postMessage('close'))

function make(t: Test, options: Partial<ProducerOptions>): Producer {
  const producer = new Producer({ brokers, ...options })
  t.teardown(() => producer.close())
  return producer
}

/** Where the program computes, as the loop has it. */
const PHASES: Readonly<Record<string, (act: () => void) => void>> = {
  'a timer': (act) => void setTimeout(act, 1),
  setImmediate: (act) => void setImmediate(act),
  'an I/O callback': (act) => stat('.', act),
}

for (const [where, at] of Object.entries(PHASES)) {
  for (const idempotence of [true, false]) {
    t.test(`request and delivery: a stall in ${where}, idempotence ${idempotence}`, async (t) => {
      const producer = make(t, { requestTimeoutMs: 700, deliveryTimeoutMs: 900, idempotence })
      await producer.send({ topic: 't', value: 'warm' })
      const { requestsSent } = producer.metrics()
      const sent = producer.send({ topic: 't', value: 'x' })
      while (producer.metrics().requestsSent === requestsSent) await nextTurn()
      await new Promise<void>((resolve) => at(() => resolve(stall(1200))))
      await sent
      t.match(producer.metrics(), { answersLost: 0, batchesRetried: 0 })
    })
  }
}

t.test('connect, handshake, metadata, producer id: stalls with one turn between', async (t) => {
  const producer = make(t, {
    connectionTimeoutMs: 500,
    requestTimeoutMs: 300,
    deliveryTimeoutMs: 1500,
    maxBlockMs: 1500,
  })
  const sent = producer.send({ topic: 't', value: 'x' })
  const settled: true[] = []
  const note = (): void => void settled.push(true)
  sent.then(note, note)
  while (settled.length === 0) {
    stall(600)
    await nextTurn()
  }
  await sent
  t.match(producer.metrics(), { answersLost: 0, batchesRetried: 0 })
})

t.test('block: the topic is known when the stall is over', async (t) => {
  const producer = make(t, { maxBlockMs: 500 })
  await producer.send({ topic: 't', value: 'warm' })
  const sent = producer.send({ topic: 'later', value: 'x' })
  const known = producer.partitionsFor('u')
  await nextTurn()
  stall(800, 1)
  t.match(await sent, { topic: 'later' })
  t.equal((await known).length, 1)
})

t.test('close: what was answered during a stall is acknowledged', async (t) => {
  const producer = make(t, {})
  await producer.send({ topic: 't', value: 'warm' })
  const { requestsSent } = producer.metrics()
  const sent = producer.send({ topic: 't', value: 'x' })
  while (producer.metrics().requestsSent === requestsSent) await nextTurn()
  const closed = producer.close({ timeoutMs: 500 })
  stall(800)
  t.match(await sent, { topic: 't' })
  await closed
})

t.test(
  "a transaction's time, which the coordinator keeps: it is aborted before that fences",
  async (t) => {
    const options = { transactionTimeoutMs: 3000, deliveryTimeoutMs: 1500, requestTimeoutMs: 1000 }
    const producer = new TransactionalProducer({ brokers, transactionalId: 'busy', ...options })
    t.teardown(() => producer.close())
    const txn = await producer.begin()
    await txn.send({ topic: 't', value: 'x' })
    const endMs = performance.now() + 4000
    while (txn.state === 'open' && performance.now() < endMs) {
      stall(200)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await t.rejects(txn.commit(), { code: 'ERR_OTTLA_TRANSACTION_ABORTED', message: /in time/ })
    await producer.transaction((next) => next.send({ topic: 't', value: 'y' }))
  },
)
