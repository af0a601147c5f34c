/**
 * A broker of our own that is killed, or frozen, in the middle of a run, and lines that are cut:
 * nothing acked is lost; with idempotence nothing is there twice and the order is kept.
 *
 * One broker on its disk: what is acked survives the process, not the machine.
 */
import type { Test } from 'tap'
import { Producer, type ProducerOptions } from '../../src/index.js'
import { brokerTest } from '../broker/broker-test.js'
import type { Kafka } from '../broker/kafka.js'
import { forMs, newTopic, onlyNode } from './broker/bench.js'
import { Ledger } from './broker/ledger.js'
import { PRODUCE_KEY, spiedEnvironment } from './broker/spied-dial.js'

const PARTITIONS = 4
const OWN = { own: true }

type Options = Omit<ProducerOptions, 'brokers'>

/** Fails the test for every rejection that nobody handles. */
function watchRejections(t: Test): void {
  const onRejection = (reason: unknown): void => {
    t.fail('an unhandled rejection', { reason })
  }
  process.on('unhandledRejection', onRejection)
  t.teardown(() => process.off('unhandledRejection', onRejection))
}

/**
 * Goes on sending, over all three calls, until `count` records were taken; `at` is called as the
 * numbers named are reached.
 */
async function stream(
  producer: Producer,
  topic: string,
  ledger: Ledger,
  count: number,
  at: ReadonlyMap<number, () => void>,
): Promise<void> {
  for (let sent = 0; sent < count;) {
    at.get(sent)?.()
    const partition = sent % PARTITIONS
    const { value, callback } = ledger.next(partition)
    const record = { topic, partition, value }
    if (sent % 3 === 0) {
      producer.send(record).then(
        (metadata) => {
          callback(null, metadata)
        },
        (error: unknown) => {
          callback(error as Error, null)
        },
      )
      sent++
    } else if (producer.enqueue(record, callback)) {
      sent++
    } else {
      ledger.takeBack(partition)
      await producer.writable()
    }
    // A steady stream, not a burst that is over before the fault begins.
    if (sent % 250 === 0) await forMs(10)
  }
  await producer.flush()
}

/** Runs `count` records through a fault that begins at half of them. */
async function runThrough(
  t: Test,
  kafka: Kafka,
  options: Options,
  count: number,
  fault: () => Promise<void>,
): Promise<{ ledger: Ledger; topic: string }> {
  watchRejections(t)
  const topic = await newTopic(kafka, { partitions: PARTITIONS })
  const producer = new Producer({ brokers: kafka.bootstrap, ...options })
  t.teardown(() => producer.close({ timeoutMs: 0 }))
  const ledger = new Ledger(PARTITIONS)
  let isOver: Promise<void> = Promise.resolve()
  const at = new Map([[Math.floor(count / 8), () => (isOver = fault())]])
  await stream(producer, topic, ledger, count, at)
  await isOver
  await producer.close()
  t.ok(
    ledger.entries.every(({ settledCount }) => settledCount === 1),
    'everything is settled, once',
  )
  t.comment(`${ledger.entries.length} records, ${ledger.ackedCount} acked`)
  return { ledger, topic }
}

async function killAndRestart(kafka: Kafka): Promise<void> {
  const node = onlyNode(kafka)
  await node.kill()
  await forMs(500)
  await node.restart()
}

async function freeze(kafka: Kafka, ms: number): Promise<void> {
  const node = onlyNode(kafka)
  node.signal('SIGSTOP')
  await forMs(ms)
  node.signal('SIGCONT')
}

await brokerTest(
  'a broker killed and restarted: nothing lost, nothing twice, in order',
  async (t, kafka) => {
    const { ledger, topic } = await runThrough(t, kafka, {}, 100_000, () => killAndRestart(kafka))
    t.equal(ledger.ackedCount, 100_000)
    await ledger.audit(t, kafka, topic)
  },
  OWN,
)

await brokerTest(
  'killed and restarted, with small batches',
  async (t, kafka) => {
    const options = { batchSizeBytes: 512, bufferMemoryBytes: 65_536 }
    const { ledger, topic } = await runThrough(t, kafka, options, 100_000, () =>
      killAndRestart(kafka),
    )
    t.equal(ledger.ackedCount, 100_000)
    await ledger.audit(t, kafka, topic)
  },
  OWN,
)

await brokerTest(
  'killed and restarted without idempotence: nothing acked is lost',
  async (t, kafka) => {
    const options = { idempotence: false }
    const { ledger, topic } = await runThrough(t, kafka, options, 100_000, () =>
      killAndRestart(kafka),
    )
    t.equal(ledger.ackedCount, 100_000)
    await ledger.audit(t, kafka, topic, false)
  },
  OWN,
)

await brokerTest(
  'a broker frozen for a while, within the request timeout and beyond',
  async (t, kafka) => {
    for (const requestTimeoutMs of [30_000, 1_000]) {
      const { ledger, topic } = await runThrough(t, kafka, { requestTimeoutMs }, 100_000, () =>
        freeze(kafka, 3_000),
      )
      t.equal(ledger.ackedCount, 100_000)
      await ledger.audit(t, kafka, topic)
    }
  },
  OWN,
)

await brokerTest(
  'a broker frozen beyond the delivery timeout: what is said of each record is true',
  async (t, kafka) => {
    const options = { deliveryTimeoutMs: 1_500, requestTimeoutMs: 1_000, maxBlockMs: 1_000 }
    const { ledger, topic } = await runThrough(t, kafka, options, 100_000, () =>
      freeze(kafka, 3_500),
    )
    t.ok(ledger.ackedCount < 100_000, 'some ran out of time')
    await ledger.audit(t, kafka, topic)
  },
  OWN,
)

await brokerTest('lines cut again and again: exactly once, in order', async (t, kafka) => {
  watchRejections(t)
  const topic = await newTopic(kafka, { partitions: PARTITIONS })
  let produced = 0
  // Cut at different moments: at once, when the bytes are with the kernel, or a little later.
  const environment = spiedEnvironment(({ apiKey }, line) => {
    if (apiKey !== PRODUCE_KEY || ++produced % 37 !== 0) return
    setTimeout(() => {
      line.cut()
    }, produced % 3)
  })
  const options = { brokers: kafka.bootstrap, batchSizeBytes: 1024, retryBackoffMs: 5 }
  const producer = new Producer({ ...options, reconnectBackoffMs: 5 }, environment)
  t.teardown(() => producer.close({ timeoutMs: 0 }))
  const ledger = new Ledger(PARTITIONS)
  await stream(producer, topic, ledger, 50_000, new Map())
  t.equal(ledger.ackedCount, 50_000)
  t.ok(produced > 37 * 5, `${produced} requests`)
  await ledger.audit(t, kafka, topic)
})
