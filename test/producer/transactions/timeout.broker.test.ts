/**
 * A transaction that runs into transactionTimeoutMs. The producer aborts it in time by itself; where its
 * process stood still for too long, the coordinator has done so, and every call tells the truth: nothing
 * of it is visible. At level 2 the producer then goes on; below, Kafka has taken its identity away.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { Transaction } from '../../../src/index.js'
import type { Kafka } from '../../broker/kafka.js'
import { newTopic } from '../broker/bench.js'
import {
  errorOf,
  newTransactional,
  newTransactionalId,
  onEachLevel,
  readSet,
} from '../broker/transactions.js'

const QUICK = {
  own: true,
  config: { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '200' },
}
const SHORT = { transactionTimeoutMs: 2_000, deliveryTimeoutMs: 1_000, requestTimeoutMs: 1_000 }
const PROGRAM = fileURLToPath(new URL('block-until-decided.js', import.meta.url))

/** This thread stands still until the coordinator has aborted what is open in the topic. */
function standStill(kafka: Kafka, topic: string): void {
  const args = [PROGRAM, topic, ...kafka.bootstrap]
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the coordinator has not aborted: ${stderr}`)
}

await onEachLevel(
  'the producer aborts before the coordinator does',
  async (t, kafka) => {
    const topic = await newTopic(kafka)
    const producer = newTransactional(t, kafka, newTransactionalId(), SHORT)
    const txn = await producer.begin()
    await txn.send({ topic, value: 'too slow' })
    while (txn.state === 'open') await new Promise((resolve) => void setTimeout(resolve, 10))
    t.match(await errorOf(txn.commit()), { name: 'TransactionAbortedError' })
    t.equal(txn.state, 'aborted')
    await producer.transaction((next) => next.sendAll([{ topic, value: 'kept' }]))
    t.strictSame(await readSet(kafka, topic), ['kept'])
  },
  QUICK,
)

type Act = (txn: Transaction, topic: string) => Promise<unknown>

const ACTS: Readonly<Record<string, Act>> = {
  commit: (txn) => txn.commit(),
  abort: (txn) => txn.abort(),
  'send, then commit': async (txn, topic) => {
    const sent = txn.send({ topic, value: 'late' })
    const [late] = await Promise.all([errorOf(sent), txn.commit()])
    throw late ?? new Error('the record was acknowledged')
  },
  'sendOffsets, then commit': async (txn, topic) => {
    const sent = txn.sendOffsets(`late-${topic}`, [{ topic, partition: 0, offset: 1000 }])
    const [late] = await Promise.all([errorOf(sent), txn.commit()])
    throw late ?? new Error('the offsets were acknowledged')
  },
}

for (const [name, act] of Object.entries(ACTS)) {
  await onEachLevel(
    `timed out by the coordinator, then ${name}`,
    (t, kafka) => timedOut(t, kafka, act, name === 'abort'),
    QUICK,
  )
}

async function timedOut(t: Test, kafka: Kafka, act: Act, isAbort: boolean): Promise<void> {
  const topic = await newTopic(kafka)
  const id = newTransactionalId()
  const producer = newTransactional(t, kafka, id, SHORT)
  const txn = await producer.begin()
  await txn.send({ topic, value: 'too slow' })
  standStill(kafka, topic)
  const error = await errorOf(act(txn, topic))
  const isAtTwo = (await kafka.transactionVersion()) === 2
  if (isAtTwo && isAbort) t.equal(error, null)
  else t.match(error, { name: isAtTwo ? 'TransactionAbortedError' : 'FencedError' })
  t.equal(txn.state, isAtTwo ? 'aborted' : 'fenced')

  // At level 2 the same producer; below, a new one with the id.
  const next = isAtTwo ? producer : newTransactional(t, kafka, id)
  await next.transaction((it) => it.sendAll([{ topic, value: 'kept' }]))
  t.strictSame(await readSet(kafka, topic), ['kept'])
  t.strictSame(await kafka.committedOffsets(`late-${topic}`, topic), [])
  if (isAtTwo) return
  const again = producer.transaction((it) => it.sendAll([{ topic, value: 'no more' }]))
  t.match(await errorOf(again), { name: 'FencedError' })
  await next.transaction((it) => it.sendAll([{ topic, value: 'kept as well' }]))
}
