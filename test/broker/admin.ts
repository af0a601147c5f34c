/**
 * The little of an admin client that tests need: is a broker up, make a topic, who leads it. It
 * speaks through src/protocol, one connection and one request at a time; a JVM per topic (Kafka's
 * own kafka-topics) would take seconds.
 *
 * Not for a user's program: no retries, no TLS, no SASL, one fixed version per API.
 */
import { connect } from 'node:net'
import type { Api } from '../../src/protocol/api.js'
import { isFlexible } from '../../src/protocol/api.js'
import { errorCode } from '../../src/protocol/error-codes.js'
import { decodeResponseHeader, encodeRequestHeader } from '../../src/protocol/header.js'
import { createTopics } from '../../src/protocol/messages/create-topics.js'
import { metadata, type MetadataResponse } from '../../src/protocol/messages/metadata.js'
import { Reader } from '../../src/protocol/reader.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import { Writer } from '../../src/protocol/writer.js'
import { waitUntil } from './wait.js'

// The newest versions that all of test/broker/versions.ts speak (2.8 is the oldest).
const METADATA_VERSION = 9
const CREATE_TOPICS_VERSION = 5

const REQUEST_TIMEOUT_MS = 10_000
const TOPIC_TIMEOUT_MS = 30_000
const BROKER_DEFAULT = -1 // lets the broker choose (KIP-464)

/** What a topic is to be; every default is the broker's but one partition. */
export interface TopicOptions {
  /** Default 1. */
  readonly partitions?: number
  /** Default the broker's `default.replication.factor`. */
  readonly replicationFactor?: number
  /** Topic configs, e.g. `{ 'max.message.bytes': '1000' }`. */
  readonly config?: Readonly<Record<string, string>>
}

/** Sends one request to one broker (`host:port`) over a connection of its own. */
export async function ask<Request, Response>(
  address: string,
  api: Api<Request, Response>,
  version: number,
  request: Request,
): Promise<Response> {
  const reader = new Reader(await exchange(address, encode(api, version, request)), {
    apiName: api.name,
    version,
  })
  decodeResponseHeader(reader, api, version)
  return api.decodeResponse(reader, version)
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

/** Makes a topic; resolves when every live broker knows a leader for each of its partitions. */
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
      what: `${address} to know the leaders of topic '${name}'`,
      timeoutMs: TOPIC_TIMEOUT_MS,
    })
  }
}

async function requestTopic(address: string, name: string, options: TopicOptions): Promise<void> {
  const configs = Object.entries(options.config ?? {}).map(([key, value]) => ({ name: key, value }))
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

async function isLed(address: string, name: string, partitions: number): Promise<boolean> {
  const topic = (await askMetadata(address, [name])).topics[0]
  if (topic === undefined || topic.errorCode !== 0) return false
  const led = topic.partitions.filter((partition) => partition.leaderId >= 0)
  return led.length === partitions
}

function encode<Request, Response>(
  api: Api<Request, Response>,
  apiVersion: number,
  request: Request,
): Buffer {
  const writer = new Writer()
  const header = { apiKey: api.key, apiVersion, correlationId: 1, clientId: 'ottla-test-admin' }
  encodeRequestHeader(writer, header, isFlexible(api, apiVersion))
  api.encodeRequest(writer, request, apiVersion)
  const body = writer.toBuffer()
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

/** Connects, writes one frame, reads one frame (returned without its size), and hangs up. */
async function exchange(address: string, frame: Buffer): Promise<Buffer> {
  const colon = address.lastIndexOf(':')
  const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) })
  const timer = setTimeout(
    () => socket.destroy(new Error(`${address}: no answer within ${REQUEST_TIMEOUT_MS} ms`)),
    REQUEST_TIMEOUT_MS,
  )
  try {
    socket.write(frame)
    let received = Buffer.alloc(0)
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      received = Buffer.concat([received, chunk])
      if (received.length < 4) continue
      const end = 4 + received.readInt32BE(0)
      if (received.length >= end) return received.subarray(4, end)
    }
    throw new Error(`${address} hung up before it answered`)
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}
