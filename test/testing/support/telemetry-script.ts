/**
 * Raw requests of client telemetry (KIP-714), and what a broker makes of them: played against the test
 * cluster, and against a real Kafka with a plug-in.
 */
import { connect } from 'node:net'
import { once } from 'node:events'
import { COMPRESSION_NAMES } from '../../../src/compression/codec.js'
import { createCodec } from '../../../src/compression/create-codec.js'
import { errorCode } from '../../../src/protocol/error-codes.js'
import { getTelemetrySubscriptions } from '../../../src/protocol/messages/get-telemetry-subscriptions.js'
import {
  pushTelemetry,
  type PushTelemetryRequest,
} from '../../../src/protocol/messages/push-telemetry.js'
import { uuidFromBytes, ZERO_UUID } from '../../../src/protocol/uuid.js'
import { askOver } from '../../broker/ask.js'

/** The cluster's telemetry.max.bytes; its interval must be longer than the script takes. */
export const MAX_BYTES = 10_000

/** The metrics that are pushed: no broker reads what is in them. */
export const PUSHED = 'not looked into '.repeat(20)

/** By what is done: what Kafka 4.3.1 answers. */
export const VERDICTS: Readonly<Record<string, string>> = {
  'a first question': 'NONE',
  'a second one at once': 'THROTTLING_QUOTA_EXCEEDED',
  'a push of another subscription': 'UNKNOWN_SUBSCRIPTION_ID',
  'a question after that': 'NONE',
  'a push at once after one that was refused': 'THROTTLING_QUOTA_EXCEEDED',
  'a push in an unknown codec': 'UNSUPPORTED_COMPRESSION_TYPE',
  'a push that is too large': 'TELEMETRY_TOO_LARGE',
  'a push that is no gzip': 'INVALID_RECORD',
  'an empty last push': 'NONE',
  'a push after the last': 'INVALID_REQUEST',
  'a push of nobody': 'INVALID_REQUEST',
  'a push in none': 'NONE',
  'a push in gzip': 'NONE',
  'a push in snappy': 'NONE',
  'a push in lz4': 'NONE',
  'a push in zstd': 'NONE',
  'a second push at once': 'THROTTLING_QUOTA_EXCEEDED',
}

/** Plays it; the name of the error of each answer. */
export async function playTelemetry(address: string): Promise<Record<string, string>> {
  const colon = address.lastIndexOf(':')
  const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) })
  await once(socket, 'connect')
  const seen: Record<string, string> = {}
  let clients = 0

  const get = async (clientInstanceId: string, what?: string): Promise<number> => {
    const request = { clientInstanceId }
    const answer = await askOver(socket, getTelemetrySubscriptions, 0, request)
    if (what !== undefined) seen[what] = errorCode(answer.errorCode).name
    return answer.subscriptionId
  }
  const push = async (what: string, request: Partial<PushTelemetryRequest>): Promise<void> => {
    const plain = { terminating: false, compressionType: 0, metrics: Buffer.from(PUSHED) }
    const whole = { clientInstanceId: ZERO_UUID, subscriptionId: 0, ...plain, ...request }
    const answer = await askOver(socket, pushTelemetry, 0, whole)
    seen[what] = errorCode(answer.errorCode).name
  }
  /** Another client, which has a subscription. */
  const client = async (what?: string): Promise<Partial<PushTelemetryRequest>> => {
    const id = Buffer.alloc(16, process.pid & 0xff)
    id.writeInt32BE(++clients)
    id.writeDoubleBE(Date.now(), 4)
    const clientInstanceId = uuidFromBytes(id)
    return { clientInstanceId, subscriptionId: await get(clientInstanceId, what) }
  }

  try {
    const first = await client('a first question')
    const { clientInstanceId = '', subscriptionId = 0 } = first
    await get(clientInstanceId, 'a second one at once')
    const other = { ...first, subscriptionId: subscriptionId ^ 1 }
    await push('a push of another subscription', other)
    await get(clientInstanceId, 'a question after that')
    await push('a push at once after one that was refused', first)
    await push('a push in an unknown codec', { ...(await client()), compressionType: 9 })
    const large = Buffer.alloc(MAX_BYTES + 1)
    await push('a push that is too large', { ...(await client()), metrics: large })
    await push('a push that is no gzip', { ...(await client()), compressionType: 1 })
    const last = { ...(await client()), terminating: true, metrics: Buffer.alloc(0) }
    await push('an empty last push', last)
    await push('a push after the last', last)
    await push('a push of nobody', {})
    for (const [compressionType, name] of COMPRESSION_NAMES.entries()) {
      const metrics = createCodec(name).compressSync(Buffer.from(PUSHED))
      const request = { ...(await client()), compressionType, metrics }
      await push(`a push in ${name}`, request)
      if (name === 'zstd') await push('a second push at once', request)
    }
    return seen
  } finally {
    socket.destroy()
  }
}
