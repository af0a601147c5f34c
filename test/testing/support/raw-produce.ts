/** Raw Produce requests to any broker, and of the answers what a producer can see. */
import { connect } from 'node:net'
import { errorCode } from '../../../src/protocol/error-codes.js'
import { encodeRequestHeader } from '../../../src/protocol/header.js'
import { apiVersions } from '../../../src/protocol/messages/api-versions.js'
import { metadata } from '../../../src/protocol/messages/metadata.js'
import {
  produce,
  type PartitionProduceResponse,
  type ProduceRequest,
} from '../../../src/protocol/messages/produce.js'
import { ZERO_UUID } from '../../../src/protocol/uuid.js'
import { Writer } from '../../../src/protocol/writer.js'
import { ask } from '../../broker/ask.js'

/** One request with one batch, or two. */
export interface RawProduce {
  readonly topic: string
  readonly records: Uint8Array | null
  /** Default 0. */
  readonly partition?: number
  /** A batch for partition 1 in the same request. */
  readonly alongside?: Uint8Array
  /** Default 8, the newest before flexible ones. */
  readonly version?: number
  /** Default -1. */
  readonly acks?: number
  /** Default that of metadata, which v13 needs. */
  readonly topicId?: string
}

/** What a producer sees of each partition's answer; or that the connection was closed. */
export type Seen = readonly Record<string, unknown>[] | 'closed'

const METADATA_VERSION = 12
const TOPIC_IDS_FROM = 13

export async function rawProduce(address: string, raw: RawProduce): Promise<Seen> {
  const { topic, version = 8, acks = -1, partition = 0 } = raw
  const topicId =
    raw.topicId ?? (version >= TOPIC_IDS_FROM ? await idOf(address, topic) : ZERO_UUID)
  const partitionData = [{ index: partition, records: raw.records }]
  if (raw.alongside !== undefined) partitionData.push({ index: 1, records: raw.alongside })
  const request = {
    transactionalId: null,
    acks,
    timeoutMs: 5000,
    topicData: [{ name: topic, topicId, partitionData }],
  }
  if (acks === 0) return produceUnanswered(address, request, version)
  try {
    const response = await ask(address, produce, version, request)
    const answers = response.responses.flatMap((it) => it.partitionResponses)
    return answers.sort((a, b) => a.index - b.index).map(visible)
  } catch (error) {
    if (error instanceof Error && error.message.includes('hung up')) return 'closed'
    throw error
  }
}

async function idOf(address: string, topic: string): Promise<string> {
  const response = await ask(address, metadata, METADATA_VERSION, {
    topics: [{ name: topic, topicId: ZERO_UUID }],
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
  return response.topics[0]?.topicId ?? ZERO_UUID
}

function visible(partition: PartitionProduceResponse): Record<string, unknown> {
  const { baseOffset, logAppendTimeMs, logStartOffset, recordErrors, errorMessage } = partition
  return {
    partition: partition.index,
    error: errorCode(partition.errorCode).name,
    baseOffset,
    logAppendTime: logAppendTimeMs === -1n ? 'none' : 'some',
    logStartOffset,
    recordErrors: recordErrors.map(({ batchIndex }) => batchIndex),
    hasMessage: errorMessage !== null,
    currentLeader: partition.currentLeader,
  }
}

/** With acks 0 only the next answer on the connection, or its end, tells what became of it. */
function produceUnanswered(
  address: string,
  request: ProduceRequest,
  version: number,
): Promise<Seen> {
  const colon = address.lastIndexOf(':')
  const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) })
  const first = frame(produce.key, version, (writer) => {
    produce.encodeRequest(writer, request, version)
  })
  const second = frame(apiVersions.key, 0, () => {})
  return new Promise((resolve) => {
    socket.on('data', () => {
      socket.destroy()
      resolve([])
    })
    socket.on('error', () => {}) // `close` follows
    socket.on('close', () => resolve('closed'))
    socket.write(Buffer.concat([first, second]))
  })
}

function frame(apiKey: number, apiVersion: number, body: (writer: Writer) => void): Buffer {
  const writer = new Writer()
  writer.writeInt32(0)
  encodeRequestHeader(writer, { apiKey, apiVersion, correlationId: 1, clientId: 'test' }, false)
  body(writer)
  const bytes = Buffer.from(writer.toBuffer())
  bytes.writeInt32BE(bytes.length - 4, 0)
  return bytes
}
