/**
 * Another program that writes to the cluster of the simulation with a producer of its own, as plain
 * as can be: nobody asks what becomes of its records, but its producer id and its batches are real.
 *
 * Neighbours: later-faults.ts starts it where another cluster takes the place of the first;
 * simulation.ts gives it its parts.
 */
import type { Clock } from '../../src/clock.js'
import type { Dial } from '../../src/network/transport/transport.js'
import { Producer } from '../../src/producer/producer.js'
import type { TestCluster } from '../../src/testing/cluster.js'
import { OTHER_USER } from './login-vault.js'
import type { Random } from './random.js'

/** What the values of its records begin with: the audit knows them by it. */
export const OTHER_PREFIX = 'other'

const RECORDS = 40
const PAUSE_MS = 20

interface OtherParts {
  readonly clock: Clock
  readonly dial: Dial
  readonly random: Random
  readonly hasLogins: boolean
}

/** Starts it; it ends by itself. */
export function startOtherProgram(
  cluster: TestCluster,
  { clock, dial, random, hasLogins }: OtherParts,
): void {
  const producer = new Producer<string, string>(
    {
      brokers: cluster.brokers.map(({ address }) => address),
      logger: SILENT,
      ...(hasLogins ? { sasl: { mechanism: 'PLAIN', ...OTHER_USER } } : {}),
      deliveryTimeoutMs: 35_000,
    },
    { clock, dial, random: random.next },
  )
  let left = RECORDS
  const next = (): void => {
    const topics = cluster.topics
    const topic = topics.length === 0 ? undefined : random.pick(topics)
    if (topic !== undefined) {
      const partition = random.integer(0, cluster.partitions(topic).length - 1)
      producer.enqueue({ topic, partition, value: `${OTHER_PREFIX} ${left}` }, () => {})
    }
    if (--left > 0) clock.setTimer(next, random.around(PAUSE_MS))
    else void producer.close({ timeoutMs: 1000 })
  }
  next()
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }
