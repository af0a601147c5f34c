/**
 * A broker in memory that takes everything at once and keeps nothing: what is left is the client's
 * own work. It stands behind the same seam as a socket (network/transport/transport.ts).
 *
 * Not a test double: it checks nothing.
 */
import { isFlexible, type Api } from '../../src/protocol/api.js'
import { decodeRequestHeader } from '../../src/protocol/header.js'
import { apiVersions } from '../../src/protocol/messages/api-versions.js'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.js'
import { metadata, type MetadataResponse } from '../../src/protocol/messages/metadata.js'
import {
  produce,
  type ProduceRequest,
  type ProduceResponse,
} from '../../src/protocol/messages/produce.js'
import { Reader } from '../../src/protocol/reader.js'
import { FrameSplitter } from '../../src/network/connection/frame-splitter.js'
import { responseFrame } from '../../src/testing/response-frame.js'
import type { Dial, Transport, TransportHandlers } from '../../src/network/transport/transport.js'

const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAEQ'
const HOST = 'null-broker'
const PORT = 9092
const NO_OPERATIONS = -0x80000000

/** A `Dial` to a broker that has one topic. */
export function dialNullBroker(topic: string, partitions: number): Dial {
  const description = describe(topic, partitions)
  return (_address, handlers) => Promise.resolve(new NullTransport(handlers, description))
}

class NullTransport implements Transport {
  readonly #handlers: TransportHandlers
  readonly #metadata: MetadataResponse
  readonly #splitter = new FrameSplitter()
  #isOpen = true

  constructor(handlers: TransportHandlers, description: MetadataResponse) {
    this.#handlers = handlers
    this.#metadata = description
  }

  write(buffers: readonly Uint8Array[], onWritten: () => void): void {
    const answers: Buffer[] = []
    for (const { buffer, byteOffset, length } of buffers) {
      const chunk = Buffer.from(buffer, byteOffset, length)
      this.#splitter.push(chunk, (frame) => answers.push(this.#answer(frame)))
    }
    setImmediate(() => {
      onWritten()
      for (const answer of answers) if (this.#isOpen) this.#handlers.onData(answer)
    })
  }

  destroy(): void {
    this.#isOpen = false
  }

  ref(): void {}

  unref(): void {}

  #answer(frame: Buffer): Buffer {
    const reader = new Reader(frame, { apiName: 'request', version: 0 })
    const { apiKey, apiVersion: version, correlationId } = decodeRequestHeader(reader)
    const reply = <Request, Response>(api: Api<Request, Response>, response: Response): Buffer =>
      responseFrame(api, version, correlationId, response)
    if (apiKey === produce.key) {
      if (isFlexible(produce, version)) reader.readTaggedFields()
      return reply(produce, acknowledge(produce.decodeRequest(reader, version)))
    }
    if (apiKey === metadata.key) return reply(metadata, this.#metadata)
    if (apiKey === initProducerId.key) return reply(initProducerId, PRODUCER_ID)
    return reply(apiVersions, VERSIONS)
  }
}

function acknowledge({ topicData }: ProduceRequest): ProduceResponse {
  const responses = topicData.map(({ name, topicId, partitionData }) => ({
    name,
    topicId,
    partitionResponses: partitionData.map(({ index }) => ({
      index,
      errorCode: 0,
      baseOffset: 0n,
      logAppendTimeMs: -1n,
      logStartOffset: 0n,
      recordErrors: [],
      errorMessage: null,
      currentLeader: { leaderId: -1, leaderEpoch: -1 },
    })),
  }))
  return { responses, throttleTimeMs: 0, nodeEndpoints: [] }
}

const PRODUCER_ID = { throttleTimeMs: 0, errorCode: 0, producerId: 1n, producerEpoch: 0 }

const VERSIONS = {
  errorCode: 0,
  apiKeys: [produce, metadata, initProducerId, apiVersions].map((api) => ({
    apiKey: api.key,
    minVersion: api.minVersion,
    maxVersion: api.maxVersion,
  })),
  throttleTimeMs: 0,
  supportedFeatures: [],
  finalizedFeaturesEpoch: -1n,
  finalizedFeatures: [],
  zkMigrationReady: false,
}

function describe(topic: string, partitions: number): MetadataResponse {
  const partition = (partitionIndex: number) => ({
    errorCode: 0,
    partitionIndex,
    leaderId: 1,
    leaderEpoch: 0,
    replicaNodes: [1],
    isrNodes: [1],
    offlineReplicas: [],
  })
  return {
    throttleTimeMs: 0,
    brokers: [{ nodeId: 1, host: HOST, port: PORT, rack: null }],
    clusterId: 'null',
    controllerId: 1,
    topics: [
      {
        errorCode: 0,
        name: topic,
        topicId: TOPIC_ID,
        isInternal: false,
        partitions: Array.from({ length: partitions }, (_, index) => partition(index)),
        topicAuthorizedOperations: NO_OPERATIONS,
      },
    ],
    clusterAuthorizedOperations: NO_OPERATIONS,
    errorCode: 0,
  }
}
