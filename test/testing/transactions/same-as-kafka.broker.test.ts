/**
 * The test cluster's transactions against a real Kafka: the same raw requests, the same answers. Where
 * they differ Kafka is right by definition.
 */
import type { Test } from 'tap'
import { TestCluster, type TransactionVersion } from '../../../src/testing/cluster.js'
import { brokerTest } from '../../broker/broker-test.js'
import type { Kafka } from '../../broker/kafka.js'
import { PINNED_VERSION } from '../../broker/versions.js'
import { Play, SCRIPTS, TIMEOUT_SCRIPTS, type Script } from './scripts.js'

interface Comparison {
  /** Of the cluster. */
  readonly transactionVersion: TransactionVersion
  /** Of the client. */
  readonly level: 1 | 2
  readonly scripts?: Readonly<Record<string, Script>>
}

/** Far below Kafka's ten seconds. */
const CHECK_INTERVAL_MS = 200
const IMPATIENT = {
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': String(CHECK_INTERVAL_MS),
}

let runs = 0

async function compare(t: Test, kafka: Kafka, how: Comparison): Promise<void> {
  const { transactionVersion, level, scripts = SCRIPTS } = how
  const transactions = { timeoutCheckIntervalMs: CHECK_INTERVAL_MS }
  const cluster = await TestCluster.start({ transactionVersion, transactions })
  t.teardown(() => cluster.close())
  for (const [title, script] of Object.entries(scripts)) {
    const name = `transactions-${process.pid}-${Date.now()}-${runs++}`
    const place = { name, topic: name, level }
    await kafka.createTopic(name, { partitions: 2 })
    cluster.createTopic(name, { partitions: 2 })
    const [theirs, ours] = [kafka.bootstrap[0] ?? '', cluster.bootstrap[0] ?? ''].map(
      (address) => new Play({ ...place, address }),
    )
    if (theirs === undefined || ours === undefined) throw new Error('there are two')
    await script(theirs)
    await script(ours)
    t.strictSame(ours.seen, theirs.seen, title)
    t.strictSame(ours.baseOffsets, theirs.baseOffsets, `${title}: offsets`)
  }
}

await brokerTest(
  'answers clients of level 2 as Kafka does',
  (t, kafka) => compare(t, kafka, { transactionVersion: 2, level: 2 }),
  { version: PINNED_VERSION },
)

await brokerTest(
  'answers clients of level 1 as a Kafka of level 2 does',
  (t, kafka) => compare(t, kafka, { transactionVersion: 2, level: 1 }),
  { version: PINNED_VERSION },
)

await brokerTest(
  'answers clients of level 1 as a Kafka of level 0 does',
  (t, kafka) => compare(t, kafka, { transactionVersion: 0, level: 1 }),
  { version: '3.9.2' },
)

await brokerTest(
  'aborts by itself as a Kafka of level 2 does',
  async (t, kafka) => {
    const scripts = TIMEOUT_SCRIPTS
    await compare(t, kafka, { transactionVersion: 2, level: 2, scripts })
    await compare(t, kafka, { transactionVersion: 2, level: 1, scripts })
  },
  { version: PINNED_VERSION, config: IMPATIENT },
)

await brokerTest(
  'aborts by itself as a Kafka of level 0 does',
  (t, kafka) => compare(t, kafka, { transactionVersion: 0, level: 1, scripts: TIMEOUT_SCRIPTS }),
  { version: '3.9.2', config: IMPATIENT },
)
