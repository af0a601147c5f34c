/**
 * The telemetry plug-in of the test cluster, and the brokers' rules in front of it (KIP-714).
 *
 *   too early, and not after a new subscription   THROTTLING_QUOTA_EXCEEDED
 *   another subscription by now                   UNKNOWN_SUBSCRIPTION_ID
 *   a codec that Kafka does not have              UNSUPPORTED_COMPRESSION_TYPE
 *   larger than `telemetryMaxBytes`               TELEMETRY_TOO_LARGE
 *   after a push that was the last                INVALID_REQUEST
 *   what cannot be decompressed                   INVALID_RECORD
 *
 * Each broker judges by what it has seen itself, and forgets a client with the connection that it first
 * came on. All clients are asked for the same.
 *
 * Spec: Kafka's ClientMetricsManager. Neighbours: handlers/get-telemetry-subscriptions.ts and
 * push-telemetry.ts ask; client-instance.ts is one client at one broker.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.js'
import { COMPRESSION_NAMES, type CompressionName } from '../../compression/codec.js'
import { createCodec } from '../../compression/create-codec.js'
import { crc32c } from '../../protocol/crc32c.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import type { GetTelemetrySubscriptionsResponse } from '../../protocol/messages/get-telemetry-subscriptions.js'
import type { PushTelemetryRequest } from '../../protocol/messages/push-telemetry.js'
import { uuidFromBytes, ZERO_UUID } from '../../protocol/uuid.js'
import { ClientInstance } from './client-instance.js'

/** What clients are asked for. */
export interface TestTelemetryOptions {
  /** From one push to the next, in ms. Default 300000, as Kafka's `interval.ms`. */
  readonly pushIntervalMs?: number | undefined
  /** Prefixes of names; `*`: all; none: nothing is wanted. Default `['*']`. */
  readonly requestedMetrics?: readonly string[] | undefined
  /** The favourite first. Default zstd, lz4, gzip, snappy, as Kafka has them. */
  readonly acceptedCompressionTypes?: readonly CompressionName[] | undefined
  /** Most bytes of a push as it travels. Default 1048576, as Kafka's `telemetry.max.bytes`. */
  readonly telemetryMaxBytes?: number | undefined
  /** Sums since the last push; false: since the beginning. Default true, as Kafka always asks. */
  readonly deltaTemporality?: boolean | undefined
}

/** A push that was accepted. */
export interface SeenPush {
  /** Id of the broker. */
  readonly broker: number
  readonly clientId: string
  readonly clientInstanceId: string
  readonly terminating: boolean
  readonly compression: CompressionName
  /** As it travelled. */
  readonly sizeBytes: number
  /** OTLP, decompressed: a `MetricsData` of opentelemetry/proto/metrics/v1. */
  readonly metrics: Uint8Array
  /** When it came, in ms since 1970. */
  readonly timeMs: number
}

/** Where a request comes in: at which broker, and on which connection. */
interface Place {
  readonly brokerId: number
  readonly session: object
}

type SubscriptionAnswer = Omit<GetTelemetrySubscriptionsResponse, 'throttleTimeMs' | 'errorCode'>

/** What clients have pushed, and what they are asked for. */
export class TestTelemetry {
  /** What was pushed and accepted, oldest first. */
  readonly pushes: SeenPush[] = []
  readonly #clock: Clock
  readonly #instances = new Map<string, ClientInstance>()
  /** The instances that a connection has brought. */
  #broughtBy = new WeakMap<object, string[]>()
  #wanted: Wanted
  #version = 0

  /** @internal */
  constructor(options: TestTelemetryOptions, clock: Clock) {
    this.#clock = clock
    this.#wanted = withDefaults(options)
  }

  /** From now on clients are asked for something else: those that push are told so, and ask anew. */
  ask(options: TestTelemetryOptions): void {
    this.#wanted = withDefaults(options)
    this.#version++
  }

  /** Answers GetTelemetrySubscriptions: an error code, or what is wanted. @internal */
  subscribe(place: Place, givenId: string): SubscriptionAnswer | number {
    const clientInstanceId = givenId === ZERO_UUID ? uuidFromBytes(randomBytes(16)) : givenId
    const instance = this.#instance(place, clientInstanceId)
    const isAskedFor: readonly number[] = [
      ErrorCodes.UNKNOWN_SUBSCRIPTION_ID,
      ErrorCodes.UNSUPPORTED_COMPRESSION_TYPE,
    ]
    if (!instance.mayGet(this.#clock.monotonicMs()) && !isAskedFor.includes(instance.lastError)) {
      return ErrorCodes.THROTTLING_QUOTA_EXCEEDED
    }
    instance.lastError = ErrorCodes.NONE
    const { acceptedCompressionTypes, ...wanted } = this.#wanted
    return {
      ...wanted,
      clientInstanceId,
      subscriptionId: instance.subscriptionId,
      acceptedCompressionTypes: acceptedCompressionTypes.map((it) => COMPRESSION_NAMES.indexOf(it)),
    }
  }

  /** Answers PushTelemetry: an error code. @internal */
  push(place: Place, clientId: string, request: PushTelemetryRequest): number {
    const { clientInstanceId, terminating } = request
    if (clientInstanceId === ZERO_UUID) return ErrorCodes.INVALID_REQUEST
    const instance = this.#instance(place, clientInstanceId)
    instance.lastError = this.#fault(instance, request)
    instance.isTerminating = terminating
    if (instance.lastError !== ErrorCodes.NONE) return instance.lastError
    if (request.metrics.length === 0) return ErrorCodes.NONE
    const compression = COMPRESSION_NAMES[request.compressionType] ?? 'none'
    try {
      this.pushes.push({
        ...{ broker: place.brokerId, clientId, clientInstanceId, terminating, compression },
        sizeBytes: request.metrics.length,
        metrics: Uint8Array.from(createCodec(compression).decompress(request.metrics)),
        timeMs: this.#clock.now(),
      })
    } catch {
      instance.lastError = ErrorCodes.INVALID_RECORD
    }
    return instance.lastError
  }

  /** A connection is gone. @internal */
  disconnected(session: object): void {
    for (const key of this.#broughtBy.get(session) ?? []) this.#instances.delete(key)
    this.#broughtBy.delete(session)
  }

  #fault(instance: ClientInstance, request: PushTelemetryRequest): number {
    if (instance.isTerminating) return ErrorCodes.INVALID_REQUEST
    if (!instance.mayPush(this.#clock.monotonicMs()) && !request.terminating) {
      return ErrorCodes.THROTTLING_QUOTA_EXCEEDED
    }
    if (request.subscriptionId !== instance.subscriptionId) {
      return ErrorCodes.UNKNOWN_SUBSCRIPTION_ID
    }
    if (COMPRESSION_NAMES[request.compressionType] === undefined) {
      return ErrorCodes.UNSUPPORTED_COMPRESSION_TYPE
    }
    const isTooLarge = request.metrics.length > this.#wanted.telemetryMaxBytes
    return isTooLarge ? ErrorCodes.TELEMETRY_TOO_LARGE : ErrorCodes.NONE
  }

  /** As the broker knows it; anew where something else is wanted by now. */
  #instance({ brokerId, session }: Place, clientInstanceId: string): ClientInstance {
    const key = `${brokerId} ${clientInstanceId}`
    const known = this.#instances.get(key)
    if (known?.version === this.#version) return known
    const { pushIntervalMs } = this.#wanted
    const identity = `${clientInstanceId} ${JSON.stringify(this.#wanted)}`
    const subscriptionId = crc32c(Buffer.from(identity)) | 0
    const made = new ClientInstance(subscriptionId, this.#version, pushIntervalMs)
    this.#instances.set(key, made)
    this.#broughtBy.set(session, [...(this.#broughtBy.get(session) ?? []), key])
    return made
  }
}

type Wanted = Required<{
  [Name in keyof TestTelemetryOptions]: NonNullable<TestTelemetryOptions[Name]>
}>

function withDefaults(options: TestTelemetryOptions): Wanted {
  return {
    pushIntervalMs: options.pushIntervalMs ?? 300_000,
    requestedMetrics: options.requestedMetrics ?? ['*'],
    acceptedCompressionTypes: options.acceptedCompressionTypes ?? ['zstd', 'lz4', 'gzip', 'snappy'],
    telemetryMaxBytes: options.telemetryMaxBytes ?? 1_048_576,
    deltaTemporality: options.deltaTemporality ?? true,
  }
}
