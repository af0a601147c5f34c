/**
 * A whole producer against one scripted broker, on a manual clock: the broker answers soundly, but
 * for what a test makes of its answers. For brokers that say what no sound one would.
 */
import { Producer, type ProducerOptions } from '../../../src/index.js'
import { apiVersions, type ApiVersion } from '../../../src/protocol/messages/api-versions.js'
import {
  initProducerId,
  type InitProducerIdResponse,
} from '../../../src/protocol/messages/init-producer-id.js'
import {
  metadata,
  OPERATIONS_NOT_ASKED,
  type MetadataResponse,
} from '../../../src/protocol/messages/metadata.js'
import {
  produce,
  type ProduceRequest,
  type ProduceResponse,
} from '../../../src/protocol/messages/produce.js'
import { responseFrame } from '../../../src/testing/response-frame.js'
import { ManualClock } from '../../support/manual-clock.js'
import { MemoryNetwork, type Peer } from '../../network/support/memory-network.js'
import {
  ALL_VERSIONS,
  replyVersions,
  splitRequests,
  type ReceivedRequest,
} from '../../network/support/scripted-broker.js'
import { TOPIC_ID } from './pieces.js'

const BOOT = { host: 'boot', port: 9092 }
const REPLICAS = { replicaNodes: [], isrNodes: [], offlineReplicas: [] }

/** What the broker does other than a sound one. */
export interface Oddity {
  readonly versions?: readonly ApiVersion[]
  /** Other answers to Produce. */
  readonly produced?: (sound: ProduceResponse, request: ProduceRequest) => ProduceResponse
  /** Other bytes of a frame, size field included; null: none, and the connection is closed. */
  readonly altered?: (frame: Buffer, request: ReceivedRequest) => Buffer | null
  /** Other answers to Metadata, and to InitProducerId. */
  readonly described?: (sound: MetadataResponse) => MetadataResponse
  readonly identified?: (sound: InitProducerIdResponse) => InitProducerIdResponse
  readonly topicId?: string
}

export class ScriptedCluster {
  readonly clock = new ManualClock()
  readonly network = new MemoryNetwork()
  readonly producer: Producer
  oddity: Oddity
  /** Batches in Produce requests, so far. */
  produceRequests = 0
  #offset = 0n

  constructor(oddity: Oddity, options: Partial<ProducerOptions> = {}) {
    this.oddity = oddity
    this.network.listen(BOOT, (peer) => {
      peer.onBytes = splitRequests(peer, (request) => this.#answer(request, peer))
    })
    this.producer = new Producer(
      { brokers: 'boot:9092', ...options },
      { clock: this.clock, random: () => 0.5, dial: this.network.dial },
    )
  }

  /** Moves time on until the promise is settled; its value, or what it was rejected with. */
  async outcome(promise: Promise<unknown>, limitMs = 300_000): Promise<unknown> {
    let result: unknown
    let isSettled = false
    const settle = (value: unknown): void => {
      result = value
      isSettled = true
    }
    promise.then(settle, settle)
    const isOpen = (): boolean => !isSettled
    await this.clock.settle()
    while (isOpen() && this.clock.monotonicMs() < limitMs) {
      await this.clock.advanceSettled(
        Math.max(1, (this.clock.nextTimerMs ?? 0) - this.clock.monotonicMs()),
      )
    }
    if (isOpen()) throw new Error(`not settled after ${limitMs} virtual ms`)
    return result
  }

  #answer(request: ReceivedRequest, peer: Peer): void {
    if (request.apiKey === apiVersions.key) {
      replyVersions(this.#through(request, peer), this.oddity.versions ?? ALL_VERSIONS)
    } else if (request.apiKey === metadata.key) this.#describe(request, peer)
    else if (request.apiKey === initProducerId.key) {
      const identity = { producerId: 2n ** 60n + 1n, producerEpoch: 0 }
      const sound = { throttleTimeMs: 0, errorCode: 0, ...identity }
      const answer = this.oddity.identified?.(sound) ?? sound
      this.#through(request, peer).reply(initProducerId, answer)
    } else if (request.apiKey === produce.key) this.#produce(request, peer)
    else peer.close()
  }

  /** The request, whose answer is altered on its way. */
  #through(request: ReceivedRequest, peer: Peer): ReceivedRequest {
    const { altered } = this.oddity
    const { version, correlationId } = request
    return {
      ...request,
      reply: (api, response) => {
        const sound = responseFrame(api, version, correlationId, response)
        const frame = altered === undefined ? sound : altered(sound, request)
        if (frame === null) peer.close()
        else peer.send(frame)
      },
    }
  }

  #describe(request: ReceivedRequest, peer: Peer): void {
    const { topics } = request.decode(metadata)
    const { topicId = TOPIC_ID } = this.oddity
    const partition = { errorCode: 0, leaderId: 1, leaderEpoch: 3, ...REPLICAS }
    const sound: MetadataResponse = {
      throttleTimeMs: 0,
      brokers: [{ nodeId: 1, ...BOOT, rack: null }],
      clusterId: null,
      controllerId: 1,
      topics: (topics ?? []).map(({ name }) => ({
        errorCode: 0,
        name,
        topicId,
        isInternal: false,
        partitions: [0, 1].map((partitionIndex) => ({ ...partition, partitionIndex })),
        topicAuthorizedOperations: OPERATIONS_NOT_ASKED,
      })),
      clusterAuthorizedOperations: OPERATIONS_NOT_ASKED,
      errorCode: 0,
    }
    this.#through(request, peer).reply(metadata, this.oddity.described?.(sound) ?? sound)
  }

  #produce(request: ReceivedRequest, peer: Peer): void {
    this.produceRequests++
    const body = request.decode(produce)
    if (body.acks === 0) return
    const responses = body.topicData.map(({ name, topicId, partitionData }) => ({
      name,
      topicId,
      partitionResponses: partitionData.map(({ index }) => this.#stored(index)),
    }))
    const sound = { responses, throttleTimeMs: 0, nodeEndpoints: [] }
    this.#through(request, peer).reply(produce, this.oddity.produced?.(sound, body) ?? sound)
  }

  #stored(index: number): ProduceResponse['responses'][number]['partitionResponses'][number] {
    return {
      index,
      errorCode: 0,
      baseOffset: 2n ** 60n + this.#offset++,
      logAppendTimeMs: -1n,
      logStartOffset: 0n,
      recordErrors: [],
      errorMessage: null,
      currentLeader: { leaderId: -1, leaderEpoch: -1 },
    }
  }
}
