/**
 * The little of an admin client that tests need: is a broker up, make a topic, who leads it. A JVM
 * per topic (Kafka's own kafka-topics) would take seconds.
 *
 * Not for a user's program: no retries, no TLS, no SASL, one fixed version per API.
 *
 * Neighbour: ask.ts carries the requests.
 */
import { errorCode } from '../../src/protocol/error-codes.js'
import { createTopics } from '../../src/protocol/messages/create-topics.js'
import { metadata, type MetadataResponse } from '../../src/protocol/messages/metadata.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import { ask } from './ask.js'
import { LIST_OFFSETS_VERSION, listOffsets } from './list-offsets.js'
import { waitUntil } from './wait.js'

// The newest versions that all of test/broker/versions.ts speak (2.8 is the oldest).
const METADATA_VERSION = 9
const CREATE_TOPICS_VERSION = 5

const REQUEST_TIMEOUT_MS = 10_000
const TOPIC_TIMEOUT_MS = 30_000
const BROKER_DEFAULT = -1 // lets the broker choose (KIP-464)

/**
 * Records are kept whatever their timestamps: a broker deletes what is older than a week, first half
 * a minute after its start, which a slow machine's test lives to see.
 */
const TOPIC_CONFIG = { 'retention.ms': '-1' }

/** What a topic is to be; every default is the broker's, but one partition and TOPIC_CONFIG. */
export interface TopicOptions {
  /** Default 1. */
  readonly partitions?: number
  /** Default the broker's `default.replication.factor`. */
  readonly replicationFactor?: number
  /** Topic configs, e.g. `{ 'max.message.bytes': '1000' }`. */
  readonly config?: Readonly<Record<string, string>>
}

/** Metadata from one broker, of the topics named (none by default). */
export function askMetadata(
  address: string,
  topics: readonly string[] = [],
): Promise<MetadataResponse> {
  return ask(address, metadata, METADATA_VERSION, {
    topics: topics.map((name) => ({ name, topicId: ZERO_UUID })),
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
}

/** The same, from the first of these brokers that answers. */
export async function askAnyMetadata(
  addresses: readonly string[],
  topics: readonly string[] = [],
): Promise<MetadataResponse> {
  let cause: unknown
  for (const address of addresses) {
    try {
      return await askMetadata(address, topics)
    } catch (error) {
      cause = error
    }
  }
  throw new Error(`none of ${addresses.join(', ')} answers a Metadata request`, { cause })
}

/** Makes a topic; resolves when every live broker knows its leaders, and they take records. */
export async function createTopic(
  bootstrap: readonly string[],
  name: string,
  options: TopicOptions = {},
): Promise<void> {
  const { brokers, controllerId } = await askAnyMetadata(bootstrap)
  const addresses = brokers.map((broker) => `${broker.host}:${broker.port}`)
  // With ZooKeeper only the controller may create; with KRaft any broker is named, and forwards.
  const controller = addresses[brokers.findIndex((broker) => broker.nodeId === controllerId)]
  await requestTopic(controller ?? addresses[0] ?? '', name, options)
  for (const address of addresses) {
    await waitUntil(() => isLed(address, name, options.partitions ?? 1), {
      what: `${address} to know the leaders of topic '${name}', and they that they lead`,
      timeoutMs: TOPIC_TIMEOUT_MS,
    })
  }
}

async function requestTopic(address: string, name: string, options: TopicOptions): Promise<void> {
  const config = { ...TOPIC_CONFIG, ...options.config }
  const configs = Object.entries(config).map(([key, value]) => ({ name: key, value }))
  const response = await ask(address, createTopics, CREATE_TOPICS_VERSION, {
    topics: [
      {
        name,
        numPartitions: options.partitions ?? 1,
        replicationFactor: options.replicationFactor ?? BROKER_DEFAULT,
        assignments: [],
        configs,
      },
    ],
    timeoutMs: REQUEST_TIMEOUT_MS,
    validateOnly: false,
  })
  const result = response.topics[0]
  if (result === undefined || result.errorCode === 0) return
  const reason = result.errorMessage ?? ''
  throw new Error(`topic '${name}' was not created: ${errorCode(result.errorCode).name} ${reason}`)
}

/** Whether a broker names a leader for every partition, and each of these leaders agrees. */
async function isLed(address: string, name: string, partitions: number): Promise<boolean> {
  const { brokers, topics } = await askMetadata(address, [name])
  const found = topics[0]?.partitions ?? []
  if (found.length !== partitions) return false
  const leaders = new Set(found.map((partition) => partition.leaderId))
  for (const leaderId of leaders) {
    const leader = brokers.find((broker) => broker.nodeId === leaderId)
    if (leader === undefined) return false
    const led = found.filter((partition) => partition.leaderId === leaderId)
    const numbers = led.map((partition) => partition.partitionIndex)
    if (!(await leads(`${leader.host}:${leader.port}`, name, numbers))) return false
  }
  return true
}

async function leads(address: string, topic: string, partitions: number[]): Promise<boolean> {
  const request = { topic, partitions }
  const offsets = await ask(address, listOffsets, LIST_OFFSETS_VERSION, request)
  return offsets.every((it) => it.errorCode === 0)
}
