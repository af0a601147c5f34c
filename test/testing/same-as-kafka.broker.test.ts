/**
 * The test cluster against a real Kafka: the same raw requests, the same visible answers. Where they
 * differ Kafka is right by definition.
 */
import { ErrorCodes } from '../../src/protocol/error-codes.js'
import { apiVersions } from '../../src/protocol/messages/api-versions.js'
import { createTopics } from '../../src/protocol/messages/create-topics.js'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.js'
import { metadata } from '../../src/protocol/messages/metadata.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import { TestCluster } from '../../src/testing/cluster.js'
import { ask } from '../broker/ask.js'
import { brokerTest } from '../broker/broker-test.js'
import { PINNED_VERSION } from '../broker/versions.js'
import { makeBatch } from './support/batches.js'
import { rawProduce, type Seen } from './support/raw-produce.js'
import { SCENARIOS, type Scenario } from './support/scenarios.js'

let topics = 0

async function play(address: string, topic: string, { steps }: Scenario): Promise<Seen[]> {
  const seen: Seen[] = []
  for (const { batch, records = makeBatch(batch), alongside, ...step } of steps) {
    const second = alongside === undefined ? {} : { alongside: makeBatch(alongside) }
    seen.push(await rawProduce(address, { topic, ...step, records, ...second }))
  }
  return seen
}

// Older ones do not speak the newest versions.
const OPTIONS = { version: PINNED_VERSION }

await brokerTest(
  'answers every script of raw requests as Kafka does',
  async (t, kafka) => {
    const cluster = await TestCluster.start()
    t.teardown(() => cluster.close())
    const [real = '', ours = ''] = [kafka.bootstrap[0], cluster.bootstrap[0]]
    for (const [name, scenario] of Object.entries(SCENARIOS)) {
      const topic = `same-as-kafka-${process.pid}-${Date.now()}-${topics++}`
      const { config = {}, partitions = 1 } = scenario
      await kafka.createTopic(topic, { config, partitions })
      cluster.createTopic(topic, { config, partitions })
      const theirs = await play(real, topic, scenario)
      t.strictSame(await play(ours, topic, scenario), theirs, name)
      t.equal(outcome(theirs.at(-1)), scenario.expect, `${name}: ${scenario.expect}`)
    }
  },
  OPTIONS,
)

function outcome(seen: Seen | undefined): string | undefined {
  return Array.isArray(seen) ? seen.map(({ error }) => String(error)).join(' ') : (seen as 'closed')
}

/** Small requests, and of the answers what a client can see. */
const QUESTIONS: Record<string, (address: string, topic: string) => Promise<unknown>> = {
  'an ApiVersions of a future version': async (address) => {
    const inV0 = {
      ...apiVersions,
      decodeResponse: (...[reader]: Parameters<typeof apiVersions.decodeResponse>) =>
        apiVersions.decodeResponse(reader, 0),
    }
    const software = { clientSoftwareName: 'x', clientSoftwareVersion: '1' }
    const { errorCode, apiKeys } = await ask(address, inV0, 99, software)
    return [errorCode, apiKeys.map(({ apiKey, minVersion }) => [apiKey, minVersion])]
  },
  'an ApiVersions of a client without a name': async (address) => {
    const software = { clientSoftwareName: '', clientSoftwareVersion: '1' }
    return (await ask(address, apiVersions, 3, software)).errorCode
  },
  'an ApiVersions of a client with a strange version': async (address) => {
    const software = { clientSoftwareName: 'x', clientSoftwareVersion: '1.0+2' }
    return (await ask(address, apiVersions, 4, software)).errorCode
  },
  'an ApiVersions in v0': async (address) => {
    const software = { clientSoftwareName: '', clientSoftwareVersion: '' }
    return (await ask(address, apiVersions, 0, software)).errorCode
  },
  'the metadata of a topic': (address, topic) => askTopic(address, 13, topic),
  'the metadata of a topic in v0': (address, topic) => askTopic(address, 0, topic),
  'the metadata of a topic in v8': (address, topic) => askTopic(address, 8, topic),
  'the metadata of an unknown topic': (address) => askTopic(address, 12, 'there-is-none'),
  'the metadata of an impossible topic': (address) => askTopic(address, 12, 'no / topic'),
  'the metadata of an unknown id': (address) =>
    askTopic(address, 12, null, 'b3R0bGEtbm8tc3VjaC1pZA'),
  'the metadata of no topic': async (address) => {
    return (await ask(address, metadata, 12, metadataRequest([]))).topics
  },
  'a producer id': async (address) => {
    const { errorCode, producerId, producerEpoch } = await askProducerId(address, -1n, -1)
    return [errorCode, producerId >= 0n, producerEpoch]
  },
  'a producer id for one that is unknown': async (address) => {
    const { errorCode, producerId, producerEpoch } = await askProducerId(address, 123_456_789n, 3)
    return [errorCode, producerId !== 123_456_789n, producerEpoch]
  },
  'a producer id for half of one': async (address) => {
    return (await askProducerId(address, 5n, -1)).errorCode
  },
  'a topic that exists': (address, topic) => askCreate(address, { name: topic }),
  'a topic with a bad name': (address) => askCreate(address, { name: '..' }),
  'a topic whose name another has with other marks': (address, topic) =>
    askCreate(address, { name: `${topic}.a_b` }),
  'the same in metadata that may make topics': (address, topic) =>
    askTopic(address, 12, `${topic}.a_b`, ZERO_UUID, true),
  'the same a moment later': (address, topic) => askTopic(address, 12, `${topic}.a_b`),
  'a record for a topic of the brokers': async (address) => {
    await askTopic(address, 12, '__consumer_offsets', ZERO_UUID, true)
    const isThere = async (): Promise<boolean> =>
      (await askTopic(address, 12, '__consumer_offsets')).topics[0]?.errorCode === ErrorCodes.NONE
    while (!(await isThere())) await new Promise((resolve) => setTimeout(resolve, 50))
    const { topics } = await askTopic(address, 12, '__consumer_offsets')
    const request = { topic: '__consumer_offsets', version: 11, records: makeBatch() }
    return [topics[0]?.isInternal, await rawProduce(address, request)]
  },
  'a topic without partitions': (address) => askCreate(address, { numPartitions: 0 }),
  'a topic with too many replicas': (address) => askCreate(address, { replicationFactor: 99 }),
  'a topic with an unknown setting': (address) =>
    askCreate(address, { configs: [{ name: 'no.such.setting', value: '1' }] }),
  'a topic with a bad value': (address) =>
    askCreate(address, { configs: [{ name: 'max.message.bytes', value: '-1' }] }),
  'a topic with a bad policy': (address) =>
    askCreate(address, { configs: [{ name: 'cleanup.policy', value: 'shred' }] }),
  'a good topic, only to be checked': (address) => askCreate(address, {}),
}

await brokerTest(
  'answers small requests as Kafka does',
  async (t, kafka) => {
    const cluster = await TestCluster.start()
    t.teardown(() => cluster.close())
    const topic = `same-as-kafka-${process.pid}-${Date.now()}-${topics++}`
    await kafka.createTopic(topic, { partitions: 2 })
    cluster.createTopic(topic, { partitions: 2 })
    await kafka.createTopic(`${topic}_a.b`, {})
    cluster.createTopic(`${topic}_a.b`)
    for (const [name, question] of Object.entries(QUESTIONS)) {
      const theirs = await question(kafka.bootstrap[0] ?? '', topic)
      t.strictSame(await question(cluster.bootstrap[0] ?? '', topic), theirs, name)
    }
  },
  OPTIONS,
)

function metadataRequest(topics: readonly { name: string | null; topicId: string }[]) {
  return {
    topics,
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  }
}

async function askTopic(
  address: string,
  version: number,
  name: string | null,
  topicId = ZERO_UUID,
  allowAutoTopicCreation = version < 4,
) {
  const request = { ...metadataRequest([{ name, topicId }]), allowAutoTopicCreation }
  const { brokers, topics, controllerId } = await ask(address, metadata, version, request)
  const isNode = (id: number): boolean => brokers.some(({ nodeId }) => nodeId === id)
  return {
    hasController: version === 0 || isNode(controllerId),
    topics: topics.map((topic) => ({
      ...topic,
      topicId: topic.topicId === ZERO_UUID || topic.topicId === topicId ? topic.topicId : 'an id',
      partitions: topic.partitions
        .map(({ leaderId, replicaNodes, isrNodes, ...partition }) => ({
          ...partition,
          isLed: isNode(leaderId),
          replicas: replicaNodes.length,
          inSync: isrNodes.length,
        }))
        .sort((a, b) => a.partitionIndex - b.partitionIndex),
    })),
  }
}

async function askProducerId(address: string, producerId: bigint, producerEpoch: number) {
  const request = { transactionalId: null, transactionTimeoutMs: 1000, producerId, producerEpoch }
  let answer = await ask(address, initProducerId, 5, request)
  const isUnready = (): boolean => answer.errorCode === ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS
  for (let tries = 0; isUnready() && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50)) // Kafka's first ids take a moment
    answer = await ask(address, initProducerId, 5, request)
  }
  return answer
}

async function askCreate(
  address: string,
  topic: Partial<Parameters<typeof createTopics.encodeRequest>[1]['topics'][0]>,
): Promise<unknown> {
  const plan = {
    name: 'checked',
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  }
  const request = { topics: [{ ...plan, ...topic }], timeoutMs: 5000, validateOnly: true }
  const result = (await ask(address, createTopics, 7, request)).topics[0]
  return [result?.errorCode, (result?.errorMessage ?? null) !== null, result?.numPartitions]
}
