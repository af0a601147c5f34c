/**
 * Commit and abort, as Kafka's consumer sees them: of many partitions and topics, records and offsets
 * together, all or nothing, in order.
 */
import type { Test } from 'tap'
import { TransactionalPool, type RecordMetadata } from '../../../src/index.js'
import type { Kafka } from '../../broker/kafka.js'
import { untilDecided } from '../../broker/transactions.js'
import { newTopic } from '../broker/bench.js'
import {
  newTransactional,
  newTransactionalId,
  onEachLevel,
  readSet,
  readValues,
} from '../broker/transactions.js'

const PARTITIONS = 3
const COUNT = 300

/** What each call is given, by number: the topics and partitions in turn. */
function place(topics: readonly string[], number: number): { topic: string; partition: number } {
  const topic = topics[number % topics.length] ?? ''
  return { topic, partition: Math.floor(number / topics.length) % PARTITIONS }
}

/** The values of a topic by partition, as `place` shares them out. */
function expected(
  topics: readonly string[],
  topic: string,
  numbers: readonly number[],
): string[][] {
  return Array.from({ length: PARTITIONS }, (_, partition) =>
    numbers
      .filter((number) => place(topics, number).topic === topic)
      .filter((number) => place(topics, number).partition === partition)
      .map(String),
  )
}

async function stateOf(kafka: Kafka, transactionalId: string): Promise<string | undefined> {
  if (kafka.version === '2.8.2') return undefined // it has no tool that says
  const [row] = await kafka.transactions('describe', '--transactional-id', transactionalId)
  return row?.['TransactionState']
}

function newTopics(kafka: Kafka): Promise<string[]> {
  return Promise.all([1, 2].map(() => newTopic(kafka, { partitions: PARTITIONS })))
}

const NUMBERS = Array.from({ length: COUNT }, (_, number) => number)

await onEachLevel('a commit shows everything at once, in order', async (t, kafka) => {
  const topics = await newTopics(kafka)
  const id = newTransactionalId()
  const producer = newTransactional(t, kafka, id)
  await producer.connect()
  const txn = await producer.begin()
  t.equal(txn.state, 'open')
  const told = new Map<number, RecordMetadata>()
  const keep = (number: number) => (metadata: RecordMetadata) => void told.set(number, metadata)
  const calls: Promise<unknown>[] = []
  for (const number of NUMBERS) {
    const record = { ...place(topics, number), value: String(number) }
    if (number % 3 === 0) calls.push(txn.send(record).then(keep(number)))
    else if (number % 3 === 1)
      calls.push(txn.sendAll([record]).then(([it]) => it && keep(number)(it)))
    else txn.enqueue(record, (_, metadata) => metadata && keep(number)(metadata))
  }
  await txn.flush()
  await Promise.all(calls)
  t.equal(told.size, COUNT)
  const [first = ''] = topics
  t.strictSame(await kafka.readTopic(first, { isolationLevel: 'read_committed' }), [])
  t.strictSame(await readValues(kafka, first, 'read_uncommitted'), expected(topics, first, NUMBERS))
  const open = await stateOf(kafka, id)
  if (open !== undefined) t.equal(open, 'Ongoing')

  await txn.commit()
  t.equal(txn.state, 'committed')
  for (const topic of topics) {
    const wanted = expected(topics, topic, NUMBERS)
    const found = wanted.map(() => [] as string[])
    const misplaced: string[] = []
    await untilDecided(kafka.bootstrap, topic)
    await kafka.readTopic(topic, {
      isolationLevel: 'read_committed',
      onRecord({ partition, offset, value }) {
        found[partition]?.push(String(value))
        const metadata = told.get(Number(value))
        if (metadata?.partition !== partition || metadata.offset !== offset) misplaced.push(String(value)) // prettier-ignore
      },
    })
    t.strictSame(found, wanted)
    t.strictSame(misplaced, [], 'each lies where it was said to lie')
  }
  const ended = await stateOf(kafka, id)
  if (ended !== undefined) t.equal(ended, 'CompleteCommit')
})

await onEachLevel('an abort shows nothing, and what was not sent is not sent', async (t, kafka) => {
  const topics = await newTopics(kafka)
  const producer = newTransactional(t, kafka, newTransactionalId(), { lingerMs: 10_000 })
  const txn = await producer.begin()
  for (const number of NUMBERS) {
    txn.enqueue({ ...place(topics, number), value: String(number) }, () => {})
  }
  await txn.flush()
  const unsent = txn.send({ ...place(topics, 0), value: 'unsent' })
  await Promise.all([
    t.rejects(unsent, { name: 'TransactionAbortedError', outcome: 'not-written' }),
    txn.abort(),
  ])
  t.equal(txn.state, 'aborted')
  await t.rejects(txn.send({ ...place(topics, 0), value: 'late' }), {
    name: 'TransactionStateError',
  })
  // The same producer, the same partitions: what is aborted has left nothing behind.
  const NEXT = NUMBERS.map((number) => number + COUNT)
  await producer.transaction((next) => {
    for (const n of NEXT) next.enqueue({ ...place(topics, n), value: String(n) })
  })
  for (const topic of topics) {
    t.strictSame(await readValues(kafka, topic), expected(topics, topic, NEXT))
    const all = expected(topics, topic, [...NUMBERS, ...NEXT])
    t.strictSame(await readValues(kafka, topic, 'read_uncommitted'), all)
  }
})

await onEachLevel('a function that throws aborts, and its error comes out', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newTransactional(t, kafka, newTransactionalId())
  const error = new Error('the caller’s own')
  const failed = producer.transaction(async (txn) => {
    await txn.send({ topic, value: 'gone' })
    throw error
  })
  t.equal(await failed.catch((reason: unknown) => reason), error)
  const result = await producer.transaction(async (txn) => {
    await txn.send({ topic, value: 'kept' })
    return 17
  })
  t.equal(result, 17)
  t.strictSame(await readSet(kafka, topic), ['kept'])
})

await onEachLevel('a disposed transaction and a closed producer abort', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newTransactional(t, kafka, newTransactionalId())
  {
    await using txn = await producer.begin()
    await txn.send({ topic, value: 'disposed' })
  }
  const txn = await producer.begin()
  await txn.send({ topic, value: 'closed' })
  await producer.close()
  t.equal(txn.state, 'aborted')
  t.strictSame(await readSet(kafka, topic), [])
  t.equal((await readSet(kafka, topic, 'read_uncommitted')).length, 2)
})

await onEachLevel('200 transactions back to back, empty ones among them', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newTransactional(t, kafka, newTransactionalId())
  const kept: string[] = []
  for (let number = 0; number < 200; number++) {
    const txn = await producer.begin()
    if (number % 10 !== 9) txn.enqueue({ topic, value: String(number) })
    if (number % 7 === 6) await txn.abort()
    else {
      await txn.commit()
      if (number % 10 !== 9) kept.push(String(number))
    }
  }
  t.strictSame(await readValues(kafka, topic), [kept])
})

await onEachLevel('the next one is filled while the last is committed', async (t, kafka) => {
  const topic = await newTopic(kafka)
  const producer = newTransactional(t, kafka, newTransactionalId())
  const commits: Promise<void>[] = []
  for (let number = 0; number < 50; number++) {
    const txn = await producer.begin()
    for (let i = 0; i < 10; i++) txn.enqueue({ topic, value: `${number}:${i}` })
    commits.push(txn.commit())
  }
  await Promise.all(commits)
  const sent = Array.from({ length: 500 }, (_, i) => `${Math.floor(i / 10)}:${i % 10}`)
  t.strictSame(await readValues(kafka, topic), [sent])
})

await onEachLevel('a pool runs several at once', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: PARTITIONS })
  const transactionalId = newTransactionalId()
  const pool = new TransactionalPool({ brokers: kafka.bootstrap, transactionalId, size: 4 })
  t.teardown(() => pool.close({ timeoutMs: 0 }))
  const run = async (number: number): Promise<void> => {
    const aborts = number % 5 === 4
    const done = pool.transaction(async (txn) => {
      await txn.send({ topic, value: String(number) })
      if (aborts) throw new Error('not this one')
    })
    await (aborts ? t.rejects(done, /not this one/) : done)
  }
  const numbers = Array.from({ length: 40 }, (_, number) => number)
  await Promise.all(numbers.map(run))
  const kept = numbers.filter((number) => number % 5 !== 4).map(String)
  t.strictSame(await readSet(kafka, topic), kept.sort())
  await pool.close()
})

await onEachLevel('what a user gets wrong is told, and aborts only what it must', wrongRecords)

async function wrongRecords(t: Test, kafka: Kafka): Promise<void> {
  const topic = await newTopic(kafka, { config: { 'max.message.bytes': '2000' } })
  const producer = newTransactional(t, kafka, newTransactionalId(), { compression: 'none' })
  const txn = await producer.begin()
  await t.rejects(txn.send({ topic: '', value: 'no topic' }), { name: 'InvalidRecordError' })
  await txn.send({ topic, value: 'sound' })
  await txn.commit()

  const failing = await producer.begin()
  await failing.send({ topic, value: 'sound as well' })
  await t.rejects(failing.send({ topic, value: 'x'.repeat(5000) }), { name: 'RecordTooLargeError' })
  const error = await failing.commit().catch((reason: unknown) => reason)
  t.match(error, { name: 'TransactionAbortedError', retriable: false })
  t.equal(failing.state, 'aborted')
  await producer.transaction(async (next) => void (await next.send({ topic, value: 'the next' })))
  t.strictSame(await readSet(kafka, topic), ['sound', 'the next'])
}
