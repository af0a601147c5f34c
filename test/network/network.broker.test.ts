// Metadata and connections against a real Kafka, over real sockets and the machine's clock.
import type { Test } from 'tap'
import { systemClock } from '../../src/system-clock.js'
import { OttlaError } from '../../src/errors.js'
import { parseAddress } from '../../src/network/address.js'
import { BrokerPool } from '../../src/network/brokers/broker-pool.js'
import { ControlPlane } from '../../src/network/control/control-plane.js'
import { MetadataCache } from '../../src/network/metadata/metadata.js'
import type { TopicMetadata } from '../../src/network/metadata/metadata.js'
import { dialTcp } from '../../src/network/transport/tcp.js'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.js'
import { brokerTest } from '../broker/broker-test.js'
import type { Kafka } from '../broker/kafka.js'
import { testContext } from './support/context.js'

interface Client {
  readonly control: ControlPlane
  readonly cache: MetadataCache
  readonly pool: BrokerPool
  /** Resolves at the first news, now or later, that fits. */
  until(fits: (topic: TopicMetadata) => boolean): Promise<TopicMetadata>
}

function connectTo(t: Test, kafka: Kafka): Client {
  const options = { bootstrap: kafka.bootstrap.map(parseAddress) }
  const clock = systemClock()
  const context = { ...testContext(options), clock, dial: dialTcp(clock) }
  const topics = new Map<string, TopicMetadata>()
  let check = (): void => {}
  const pool: BrokerPool = new BrokerPool({
    ...context,
    listener: {
      onReady: () => check(),
      // As the producer does with records waiting: look for a new leader, and try the old one again.
      onLost: (nodeId) => {
        cache.requestRefresh()
        pool.ensure(nodeId)
      },
      onWritable: () => {},
    },
  })
  const control = new ControlPlane({
    ...context,
    listener: { onFailure: () => cache.requestRefresh([]) },
  })
  const cache: MetadataCache = new MetadataCache({
    ...context,
    control,
    listener: {
      onTopic: (topic) => {
        topics.set(topic.name, topic)
        check()
      },
      onLeader: () => {},
      onTopicError: () => {},
      onBrokers: (brokers) => {
        pool.updateBrokers(brokers)
      },
      onRebootstrap: (reason) => {
        pool.dropAll(reason)
      },
    },
  })
  // The network keeps nothing alive for a leader that nobody waits for; this test does wait.
  const alive = setInterval(() => {}, 1_000)
  t.teardown(() => {
    clearInterval(alive)
    cache.close()
    control.close()
    pool.close()
  })
  const until: Client['until'] = (fits) =>
    new Promise((resolve) => {
      check = () => {
        const topic = [...topics.values()].find(fits)
        if (topic !== undefined) resolve(topic)
      }
      check()
    })
  return { control, cache, pool, until }
}

function leaderOf(topic: TopicMetadata): number {
  return topic.partitions[0]?.leaderId ?? -1
}

/** A fresh producer id; a broker that has just started asks to try again. */
async function producerId(control: ControlPlane): Promise<bigint> {
  const ask = { transactionalId: null, transactionTimeoutMs: 60_000 }
  const request = { ...ask, producerId: -1n, producerEpoch: -1 }
  for (let tries = 0; tries < 100; tries++) {
    try {
      return (await control.ask(initProducerId, request, 'any')).response.producerId
    } catch (error) {
      if (!(error instanceof OttlaError) || !error.retriable) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the broker gives out no producer ids')
}

await brokerTest('learns topics, leaders and producer ids', async (t, kafka) => {
  const { control, cache, pool, until } = connectTo(t, kafka)
  await cache.connect(10_000)
  await kafka.createTopic('network-known', { partitions: 3 })
  cache.want('network-known')
  cache.want('network-made-by-wanting-it')
  const known = await until(
    (topic) => topic.name === 'network-known' && topic.partitions.length === 3,
  )
  t.strictSame(known.partitions.map(({ partition }) => partition), [0, 1, 2]) // prettier-ignore
  const made = await until((topic) => topic.name !== 'network-known' && leaderOf(topic) >= 0)
  pool.ensure(leaderOf(made))
  await until(() => pool.connection(leaderOf(made)) !== undefined)
  const first = await producerId(control)
  t.equal((await producerId(control)) > first, true)
})

await brokerTest(
  'finds the new leader when the old one is killed',
  async (t, kafka) => {
    const { cache, pool, until } = connectTo(t, kafka)
    await kafka.createTopic('network-moving', { partitions: 1, replicationFactor: 3 })
    cache.want('network-moving')
    const before = await until((topic) => leaderOf(topic) >= 0)
    const leaderId = leaderOf(before)
    pool.ensure(leaderId)
    await until(() => pool.connection(leaderId) !== undefined)
    await kafka.nodes.find(({ id }) => id === leaderId)?.kill()
    const after = await until((topic) => leaderOf(topic) >= 0 && leaderOf(topic) !== leaderId)
    t.ok((after.partitions[0]?.leaderEpoch ?? -1) > (before.partitions[0]?.leaderEpoch ?? 0))
    pool.ensure(leaderOf(after))
    await until(() => pool.connection(leaderOf(after)) !== undefined)
    t.equal(pool.connection(leaderId), undefined)
  },
  { nodes: 3, own: true },
)
