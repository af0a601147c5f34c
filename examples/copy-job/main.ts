/**
 * Copies one topic to another, exactly once: what it has read (by kafkajs), what it has made of it, and
 * how far it has come are committed together, or not at all. It may be killed at any moment; started
 * again, it goes on where the last commit was. It ends once it has all that was there when it began.
 *
 * It can be read from top to bottom; README.md says what to look out for.
 */
import { setTimeout } from 'node:timers/promises'
import { Kafka, logLevel, type EachBatchPayload, type IHeaders } from 'kafkajs'
// Elsewhere this is 'ottla'; in this repository that name means dist/, which may not be built.
import { TransactionalProducer, type HeaderValue } from '../../src/index.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'orders' } = process.env
const COPY = process.env.COPY ?? `${TOPIC}-copy`
const JOB = process.env.JOB ?? `copy-of-${TOPIC}` // the name of this job: of its group, and its id

const producer = new TransactionalProducer({
  brokers: KAFKA_BROKERS,
  clientId: JOB,
  transactionalId: JOB,
})
// First of all: an earlier process of this job is fenced now, and what it left open is aborted. Only
// then is it certain how far the job has come.
await producer.connect()

const brokers = KAFKA_BROKERS.split(',')
const kafka = new Kafka({ clientId: JOB, brokers, logLevel: logLevel.NOTHING })

/** For each partition the offset of the next record to copy; and where each ended when we began. */
const { next, ends } = await readProgress()

const consumer = kafka.consumer({
  groupId: JOB,
  sessionTimeout: 6_000, // a process that was killed is forgotten after this long
  heartbeatInterval: 1_000,
  maxBytesPerPartition: 100_000, // one transaction for so much of a partition
})

try {
  if (!isDone()) await copyAll()
} finally {
  await producer.close()
}
// kafkajs may wait for ever for an answer of a broker that was restarted meanwhile. Nothing depends on it:
// how far we have come is committed.
await Promise.race([consumer.disconnect(), setTimeout(5_000)])
process.exit()

/**
 * Rejects with the error of the first transaction that failed: then this process is to end, and another
 * one to begin where the last commit was.
 */
async function copyAll(): Promise<void> {
  await consumer.connect()
  await consumer.subscribe({ topics: [TOPIC], fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => {
      if (!payload.restart) reject(payload.error)
    })
    const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
      try {
        await copyBatch(payload)
        if (isDone()) resolve()
      } catch (error) {
        reject(error)
        throw error // so that kafkajs does not go on behind this batch
      }
    }
    consumer.run({ autoCommit: false, eachBatch }).catch(reject)
  })
}

/** One transaction: the records, and the offset after the last of them. */
async function copyBatch({ batch }: EachBatchPayload): Promise<void> {
  const { topic, partition } = batch
  // After a rebalance kafkajs may begin at an older offset than ours: it does not wait for a commit that
  // is under way (KIP-447). So who decides is we.
  const from = next.get(partition) ?? 0n
  const messages = batch.messages.filter(({ offset }) => BigInt(offset) >= from)
  const last = messages.at(-1)
  if (last === undefined) return
  const offset = BigInt(last.offset) + 1n // the next one to read, not the last one read
  await producer.transaction(
    async (txn) => {
      for (const { key, value, headers, timestamp } of messages) {
        const record = { topic: COPY, partition, key, value: value && changed(value) }
        const rest = { headers: pairsOf(headers), timestamp: Number(timestamp) }
        while (!txn.enqueue({ ...record, ...rest })) await txn.writable()
      }
      await txn.sendOffsets(JOB, [{ topic, partition, offset }])
    },
    { attempts: 5 }, // again only where it was certainly aborted, and where that can help
  )
  next.set(partition, offset)
  console.log(`${messages.length} records of partition ${partition} copied, up to offset ${offset}`)
}

/** A header that occurs several times has a list of values in kafkajs. */
function pairsOf(headers: IHeaders = {}): [name: string, value: HeaderValue][] {
  return Object.entries(headers).flatMap(([name, values]) =>
    [values ?? null].flat().map((value): [string, HeaderValue] => [name, value]),
  )
}

/** The work of the job. */
function changed(value: Buffer): string {
  return value.toString().toUpperCase()
}

function isDone(): boolean {
  return [...ends].every(([partition, end]) => (next.get(partition) ?? 0n) >= end)
}

async function readProgress(): Promise<Record<'next' | 'ends', Map<number, bigint>>> {
  const admin = kafka.admin()
  await admin.connect()
  const [[committed], partitions] = await Promise.all([
    admin.fetchOffsets({ groupId: JOB, topics: [TOPIC] }),
    admin.fetchTopicOffsets(TOPIC),
  ])
  await admin.disconnect()
  const known = (committed?.partitions ?? []).filter(({ offset }) => offset !== '-1') // none yet
  return {
    next: new Map(known.map(({ partition, offset }) => [partition, BigInt(offset)])),
    ends: new Map(partitions.map(({ partition, high }) => [partition, BigInt(high)])),
  }
}
