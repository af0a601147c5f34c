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
const COUNT = 100_000
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

interface Run {
  readonly topic: string
  readonly ledger: Ledger
}

/**
 * Runs `COUNT` records through each of several producers, at once, and through a fault that begins
 * when the first of them has taken an eighth.
 */
async function runThrough(
  t: Test,
  kafka: Kafka,
  optionsOfEach: readonly Options[],
  fault: () => Promise<void>,
): Promise<Run[]> {
  watchRejections(t)
  const topics = await Promise.all(
    optionsOfEach.map(() => newTopic(kafka, { partitions: PARTITIONS })),
  )
  const faults: Promise<void>[] = []
  const at = new Map([[COUNT / 8, () => void (faults.length === 0 && faults.push(fault()))]])
  const runOne = async (options: Options, topic: string): Promise<Run> => {
    const producer = new Producer({ brokers: kafka.bootstrap, ...options })
    t.teardown(() => producer.close({ timeoutMs: 0 }))
    const ledger = new Ledger(PARTITIONS)
    await stream(producer, topic, ledger, COUNT, at)
    await producer.close()
    return { topic, ledger }
  }
  const runs = await Promise.all(
    optionsOfEach.map((options, i) => runOne(options, topics[i] as string)),
  )
  await Promise.all(faults)
  runs.forEach(({ ledger }, i) => {
    const { entries, ackedCount } = ledger
    t.ok(
      entries.every(({ settledCount }) => settledCount === 1),
      'everything is settled, once',
    )
    t.comment(`${JSON.stringify(optionsOfEach[i])}: ${entries.length} records, ${ackedCount} acked`)
  })
  return runs
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
    const small = { batchSizeBytes: 512, bufferMemoryBytes: 65_536 }
    // With acks 0 nothing is promised, but that everything is settled and nothing breaks.
    const each = [{}, small, { idempotence: false }, { acks: 0 as const }]
    const runs = await runThrough(t, kafka, each, () => killAndRestart(kafka))
    for (const [i, { ledger, topic }] of runs.slice(0, 3).entries()) {
      t.equal(ledger.ackedCount, COUNT)
      await ledger.audit(t, kafka, topic, i < 2) // without idempotence only that nothing is lost
    }
  },
  OWN,
)

await brokerTest(
  'a broker frozen for a while, within the time-outs and beyond',
  async (t, kafka) => {
    const impatient = { deliveryTimeoutMs: 1_500, requestTimeoutMs: 1_000, maxBlockMs: 1_000 }
    const runs = await runThrough(t, kafka, [{}, { requestTimeoutMs: 1_000 }, impatient], () =>
      freeze(kafka, 3_000),
    )
    const [patient, retried, expired] = runs.map(({ ledger }) => ledger.ackedCount)
    t.equal(patient, COUNT)
    t.equal(retried, COUNT)
    t.ok((expired ?? 0) < COUNT, 'some ran out of time')
    for (const { ledger, topic } of runs) await ledger.audit(t, kafka, topic)
  },
  OWN,
)

await brokerTest(
  'closed in an outage, made in an outage, idle through an outage',
  async (t, kafka) => {
    watchRejections(t)
    const topic = await newTopic(kafka, { partitions: 3 })
    const ledger = new Ledger(3)
    const make = (): Producer => {
      const producer = new Producer({ brokers: kafka.bootstrap })
      t.teardown(() => producer.close({ timeoutMs: 0 }))
      return producer
    }
    // Each producer has a partition to itself.
    const enqueue = (producer: Producer, partition: number): void => {
      for (let i = 0; i < 100; i++) {
        const { value, callback } = ledger.next(partition)
        if (!producer.enqueue({ topic, partition, value }, callback)) t.fail('there is room')
      }
    }
    const [closing, idle] = [make(), make()]
    enqueue(closing, 0)
    enqueue(idle, 1)
    await Promise.all([closing.flush(), idle.flush()])

    await onlyNode(kafka).kill()
    const late = make()
    enqueue(late, 2)
    const connected = late.connect()
    enqueue(closing, 0)
    const closed = closing.close()
    await onlyNode(kafka).restart()

    await Promise.all([connected, late.flush(), closed])
    enqueue(idle, 1)
    await idle.flush()
    t.equal(ledger.ackedCount, 500)
    await ledger.audit(t, kafka, topic)
  },
  OWN,
)

await brokerTest('lines cut again and again: exactly once, in order', async (t, kafka) => {
  watchRejections(t)
  const topic = await newTopic(kafka, { partitions: PARTITIONS })
  let produced = 0
  // Cut as soon as the kernel has the bytes, which it delivers all the same, or a little later.
  const environment = spiedEnvironment(({ apiKey }, line) => {
    if (apiKey !== PRODUCE_KEY || ++produced % 11 !== 0) return
    if (produced % 2 === 0) line.cut()
    else
      setTimeout(() => {
        line.cut()
      }, 1)
  })
  const options = { brokers: kafka.bootstrap, batchSizeBytes: 1024, retryBackoffMs: 5 }
  const producer = new Producer({ ...options, reconnectBackoffMs: 5 }, environment)
  t.teardown(() => producer.close({ timeoutMs: 0 }))
  const ledger = new Ledger(PARTITIONS)
  await stream(producer, topic, ledger, 50_000, new Map())
  t.equal(ledger.ackedCount, 50_000)
  t.ok(produced > 11 * 5, `${produced} requests`)
  await ledger.audit(t, kafka, topic)
})
