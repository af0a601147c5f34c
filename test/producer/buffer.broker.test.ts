/**
 * The bound on memory, with a broker that is frozen: what is refused and how, what the process
 * grows by, and that everything taken is delivered once the broker goes on.
 */
import type { Test } from 'tap'
import { BufferFullError, Producer, TimeoutError } from '../../src/index.js'
import { brokerTest } from '../broker/broker-test.js'
import type { Kafka } from '../broker/kafka.js'
import { newTopic, onlyNode } from './broker/bench.js'
import { Ledger } from './broker/ledger.js'

const OWN = { own: true }
const MIB = 1_048_576
const BUFFER_BYTES = 8 * MIB
const PADDING = 'x'.repeat(1_000)
const MAX_WAITING = 100

await brokerTest(
  'a frozen broker: the buffer fills, no more is taken, and all of it is delivered at last',
  async (t, kafka) => {
    const topic = await newTopic(kafka, { partitions: 2 })
    const producer = new Producer({
      brokers: kafka.bootstrap,
      bufferMemoryBytes: BUFFER_BYTES,
      maxBlockMs: 500,
      maxWaitingSends: MAX_WAITING,
    })
    t.teardown(() => producer.close({ timeoutMs: 0 }))
    const ledger = new Ledger(2)
    let partition = 0
    const enqueue = (): boolean => {
      partition = 1 - partition
      const { value, callback } = ledger.next(partition)
      const headers = { padding: PADDING }
      const isTaken = producer.enqueue({ topic, partition, value, headers }, callback)
      if (!isTaken) ledger.takeBack(partition)
      return isTaken
    }
    await producer.send({ topic, partition: 0, value: ledger.next(0).value }).then((metadata) => {
      t.equal(metadata.offset, 0n)
    })
    ledger.takeBack(0) // it was there to open the connection; it lies in front of record 0 of the books

    onlyNode(kafka).signal('SIGSTOP')
    t.teardown(() => {
      onlyNode(kafka).signal('SIGCONT')
    })
    let taken = 0
    while (enqueue()) taken++
    t.ok(
      taken * PADDING.length <= BUFFER_BYTES,
      `${taken} records, not more than there is room for`,
    )
    t.ok(taken * PADDING.length >= BUFFER_BYTES / 2, `${taken} records, and not much less`)

    // The partition that was refused: the open batch of the other one may still have room.
    const fullPartition = partition
    const send = (): Promise<unknown> =>
      producer.send({ topic, partition: fullPartition, value: PADDING }).then(
        () => 'acked',
        (error: unknown) => error,
      )
    const waiting = Array.from({ length: MAX_WAITING }, send)
    const refused = await Promise.all(Array.from({ length: 50 }, send))
    t.ok(refused.every((error) => error instanceof BufferFullError))
    t.match(refused, Array(50).fill(/maxWaitingSends/))
    await t.rejects(producer.writable(), TimeoutError)
    const errors = await Promise.all(waiting)
    t.ok(errors.every((error) => error instanceof BufferFullError))
    t.match(errors, Array(MAX_WAITING).fill(/maxBlockMs/))

    const before = process.memoryUsage().rss
    // The other partition's open batch may have had room for a few more.
    for (let i = 0; i < 200_000; i++) if (enqueue()) taken++
    t.ok(taken * PADDING.length <= BUFFER_BYTES, `${taken} records`)
    const grownBytes = process.memoryUsage().rss - before
    t.ok(grownBytes < 64 * MIB, `${Math.round(grownBytes / MIB)} MiB more after 200,000 refusals`)

    const writable = producer.writable()
    onlyNode(kafka).signal('SIGCONT')
    await writable
    t.equal(enqueue(), true, 'there is room again')
    await producer.flush()
    t.equal(ledger.ackedCount, taken + 1)
    await auditBehindFirst(t, kafka, topic, ledger)
  },
  OWN,
)

/** Everything in the books is there once and in order, in partition 0 behind the first record. */
async function auditBehindFirst(
  t: Test,
  kafka: Kafka,
  topic: string,
  ledger: Ledger,
): Promise<void> {
  const found: string[][] = [[], []]
  await kafka.readTopic(topic, {
    onRecord: ({ partition, value }) => void found[partition]?.push(String(value)),
  })
  const sent = (partition: number): string[] =>
    ledger.entries.map(({ value }) => value).filter((value) => value.startsWith(`${partition}:`))
  t.strictSame(found[0]?.slice(1), sent(0))
  t.strictSame(found[1], sent(1))
}

await brokerTest('many times the buffer through it, over all three calls', async (t, kafka) => {
  const topic = await newTopic(kafka, { partitions: 3 })
  const options = { bufferMemoryBytes: 65_536, batchSizeBytes: 16_384 }
  const producer = new Producer({ brokers: kafka.bootstrap, ...options })
  t.teardown(() => producer.close({ timeoutMs: 0 }))
  const ledger = new Ledger(3)
  const sends: Promise<void>[] = []
  for (let i = 0; i < 6_000; i++) {
    const partition = i % 3
    const { value, callback } = ledger.next(partition)
    const record = { topic, partition, value, headers: { padding: PADDING.slice(0, 300) } }
    if (i % 2 === 0) {
      sends.push(
        producer.send(record).then(
          (metadata) => {
            callback(null, metadata)
          },
          (error: unknown) => {
            callback(error as Error, null)
          },
        ),
      )
      continue
    }
    while (!producer.enqueue(record, callback)) await producer.writable()
  }
  await producer.flush()
  await Promise.all(sends)
  t.equal(ledger.ackedCount, 6_000)
  await ledger.audit(t, kafka, topic)
})
