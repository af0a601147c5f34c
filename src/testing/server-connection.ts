/**
 * A broker's end of one connection: frames in, answers out, strictly in order.
 *
 *   bytes ──> frames ──> one request at a time ──> answers in order ──> bytes
 *               └ held while the broker is frozen, or the client throttled
 *
 * As in Kafka, the next request is read when the one before has been answered, so that a Produce
 * that waits for replicas holds up what is behind it. Faults of the wire happen here; faults that
 * an answer tells, in the handlers. Where clients must log in, a request first asks the session.
 *
 * Spec: Kafka's SocketServer. Neighbours: a ClusterNetwork carries the bytes; handlers/services.ts
 * knows the answers.
 */
import type { Clock, Timer } from '../clock.js'
import { FrameSplitter } from '../network/connection/frame-splitter.js'
import { ErrorCodes } from '../protocol/error-codes.js'
import { decodeRequestHeader, type RequestHeader } from '../protocol/header.js'
import { apiVersions } from '../protocol/messages/api-versions.js'
import { CoordinatorTypes } from '../protocol/messages/find-coordinator.js'
import { saslAuthenticate } from '../protocol/messages/sasl-authenticate.js'
import { Reader } from '../protocol/reader.js'
import type { Broker, BrokerConnection } from './broker.js'
import type { ServerStream, ServerStreamHandlers } from './cluster-network.js'
import type { ClusterState } from './cluster-state.js'
import { RequestFaults, type Fault, type FaultSubject } from './fault-script.js'
import { highestVersion } from './handlers/api-versions.js'
import { HANG_UP, NO_ANSWER, type Answer, type Exchange, type Service } from './handlers/handler.js'
import { serviceOf } from './handlers/services.js'
import { responseFrame } from './response-frame.js'
import { SaslSession } from './sasl/sasl-session.js'

interface OutgoingAnswer {
  readonly bytes: Uint8Array
  /** Monotonic time before which it does not leave. */
  readonly leavesAtMs: number
  readonly isLast: boolean
}

const SIZE_BYTES = 4

/** A login is running, and this is not part of it. */
const OUT_OF_PLACE = new RequestFaults([{ errorCode: ErrorCodes.ILLEGAL_SASL_STATE }])

export class ServerConnection implements ServerStreamHandlers, BrokerConnection {
  readonly #cluster: ClusterState
  readonly #broker: Broker
  readonly #stream: ServerStream
  readonly #session: SaslSession
  #splitter: FrameSplitter
  /** Of a frame that has begun. */
  #heldBytes = 0
  readonly #frames: Buffer[] = []
  readonly #outgoing: OutgoingAnswer[] = []
  #timer: Timer | null = null
  #mutedUntilMs = 0
  #isServing = false
  #isPumping = false
  #isSilent = false
  /** Set once the last answer is known: how much later it leaves. */
  #endsAfterMs: number | null = null
  #isClosed = false

  constructor(cluster: ClusterState, broker: Broker, stream: ServerStream) {
    this.#cluster = cluster
    this.#broker = broker
    this.#stream = stream
    this.#session = new SaslSession(cluster.sasl, this.#clock, broker.id)
    this.#splitter = new FrameSplitter(this.#session.maxRequestBytes)
    broker.connections.add(this)
  }

  get #clock(): Clock {
    return this.#cluster.settings.clock
  }

  onData(chunk: Buffer): void {
    if (this.#heldBytes === 0) this.#splitter = new FrameSplitter(this.#session.maxRequestBytes)
    this.#heldBytes += chunk.length
    try {
      this.#splitter.push(chunk, (frame) => {
        this.#heldBytes -= SIZE_BYTES + frame.length
        this.#frames.push(frame)
      })
    } catch {
      this.close() // no size that a Kafka client sends
      return
    }
    this.resume()
  }

  onClose(): void {
    this.#isClosed = true
    this.#timer?.clear()
    this.#broker.connections.delete(this)
    this.#cluster.settings.telemetry?.disconnected(this.#session)
  }

  /** Cuts the connection. Idempotent. */
  close(): void {
    if (this.#isClosed) return
    this.onClose()
    this.#stream.destroy()
  }

  /**
   * Goes on with what waits, unless the broker is frozen. The time is read once: what is not due when it is
   * looked at must not be past when the timer is set, or nothing would wake it.
   */
  resume(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#flush(nowMs)
    if (this.#isPumping) return
    this.#isPumping = true
    while (this.#mayServe(nowMs)) this.#serveNext()
    this.#isPumping = false
    this.#armTimer(nowMs)
  }

  #mayServe(nowMs: number): boolean {
    const isMuted = this.#mutedUntilMs > nowMs
    const isOver = this.#isClosed || this.#endsAfterMs !== null
    const isHeld = this.#isServing || isOver || this.#broker.isFrozen || isMuted
    return !isHeld && this.#frames.length > 0
  }

  #serveNext(): void {
    const frame = this.#frames.shift() as Buffer // mayServe has seen it
    try {
      this.#serve(frame)
    } catch {
      this.close() // bytes that are no request: what a broker does, too
    }
  }

  /** Throws ProtocolError. */
  #serve(frame: Buffer): void {
    if (this.#session.takesRawTokens) return this.#serveRawToken(frame)
    const reader = new Reader(frame, { apiName: 'request', version: 0 })
    const header = decodeRequestHeader(reader)
    const service = serviceOf(header.apiKey, this.#cluster)
    const { apiVersion } = header
    if (service === undefined) return this.close()
    const highest = highestVersion(this.#broker, service)
    if (apiVersion < service.minVersion || apiVersion > highest) {
      return this.#refuseVersion(header, service)
    }
    const admission = this.#session.admit(service.key)
    if (admission === 'close') return this.close()
    const isOutOfPlace = admission === 'refuse'
    if (isOutOfPlace) this.#endsAfterMs = 0
    const body = service.decode(reader, apiVersion)
    this.#carryOut(header, service, body, { sizeBytes: frame.length, isOutOfPlace })
  }

  /** A message of the mechanism without a request around it, as after SaslHandshake v0. */
  #serveRawToken(token: Buffer): void {
    const outcome = this.#session.step(token)
    if (!('bytes' in outcome)) return this.close()
    const size = Buffer.alloc(SIZE_BYTES)
    size.writeInt32BE(outcome.bytes.length)
    this.#send(Buffer.concat([size, outcome.bytes]))
  }

  #carryOut(
    header: RequestHeader,
    service: Service,
    body: unknown,
    { sizeBytes, isOutOfPlace }: { readonly sizeBytes: number; readonly isOutOfPlace: boolean },
  ): void {
    const cluster = this.#cluster
    const broker = this.#broker
    const { apiVersion: version, correlationId, clientId } = header
    const api = service.name
    const seen = service.key === saslAuthenticate.key ? { authBytes: '[secret]' } : body
    cluster.requests.note({ broker: broker.id, api, version, correlationId, clientId, body: seen })
    const faults = isOutOfPlace
      ? OUT_OF_PLACE
      : cluster.faults.take(api, broker.id, service.targets(body, cluster), subjectOf(body))
    const { wire } = faults
    if (wire !== undefined && 'disconnect' in wire && wire.disconnect === 'before') {
      return this.close()
    }
    this.#isServing = true
    const exchange: Exchange<unknown> = {
      cluster,
      broker,
      version,
      correlationId,
      clientId: clientId ?? '',
      request: body,
      sizeBytes,
      faults,
      throttle: { ms: faults.throttleMs },
      session: this.#session,
      ending: { afterMs: this.#endsAfterMs },
    }
    service.serve(exchange, (answer) => {
      this.#isServing = false
      this.#endsAfterMs = exchange.ending.afterMs
      if (!this.#isClosed) this.#answer(answer, wire, exchange.throttle.ms)
      this.resume()
    })
  }

  /** ApiVersions of a version unknown here: answered in v0, with the range of ApiVersions alone. */
  #refuseVersion({ correlationId }: RequestHeader, service: Service): void {
    if (service.key !== apiVersions.key) return this.close()
    const maxVersion = highestVersion(this.#broker, service)
    const response = {
      errorCode: ErrorCodes.UNSUPPORTED_VERSION,
      apiKeys: [{ apiKey: service.key, minVersion: service.minVersion, maxVersion }],
      throttleTimeMs: 0,
      supportedFeatures: [],
      finalizedFeaturesEpoch: -1n,
      finalizedFeatures: [],
      zkMigrationReady: false,
    }
    this.#send(responseFrame(apiVersions, 0, correlationId, response))
  }

  #answer(answer: Answer<Buffer>, wire: Fault | undefined, throttleMs: number): void {
    if (throttleMs > 0) this.#mutedUntilMs = this.#clock.monotonicMs() + throttleMs
    if (answer === HANG_UP || (wire !== undefined && 'disconnect' in wire)) return this.close()
    if (wire !== undefined && 'silent' in wire) this.#isSilent = true
    if (answer === NO_ANSWER || this.#isSilent) return
    if (wire === undefined) return this.#send(answer)
    this.#sendAltered(answer, wire)
  }

  #sendAltered(answer: Buffer, wire: Fault): void {
    if ('delayMs' in wire) return this.#send(answer, wire.delayMs)
    if ('cutAnswerAt' in wire) return this.#send(answer.subarray(0, wire.cutAnswerAt), 0, true)
    if ('answerBytes' in wire) return this.#send(wire.answerBytes)
    if ('wrongCorrelationId' in wire) answer.writeInt32BE(answer.readInt32BE(4) ^ 1, 4)
    if ('frameLength' in wire) answer.writeInt32BE(wire.frameLength, 0)
    this.#send(answer)
  }

  #send(bytes: Uint8Array, delayMs = 0, isLast = this.#endsAfterMs !== null): void {
    const nowMs = this.#clock.monotonicMs()
    const leavesAtMs = nowMs + delayMs + (this.#endsAfterMs ?? 0)
    this.#outgoing.push({ bytes, leavesAtMs, isLast })
    this.#flush(nowMs)
  }

  #flush(nowMs: number): void {
    for (let next = this.#outgoing[0]; next !== undefined; next = this.#outgoing[0]) {
      if (this.#broker.isFrozen || this.#isClosed || next.leavesAtMs > nowMs) return
      this.#outgoing.shift()
      this.#stream.write(next.bytes)
      if (next.isLast) this.#hangUp()
    }
  }

  /** Closes behind what was written. */
  #hangUp(): void {
    this.onClose()
    this.#stream.end()
  }

  /** Wakes when the next answer may leave, or the client's pause is over. */
  #armTimer(nowMs: number): void {
    this.#timer?.clear()
    this.#timer = null
    if (this.#isClosed || this.#broker.isFrozen) return
    const dueMs = [this.#outgoing[0]?.leavesAtMs ?? 0, this.#mutedUntilMs].filter(
      (it) => it > nowMs,
    )
    if (dueMs.length === 0) return
    const wake = (): void => this.resume()
    this.#timer = this.#clock.setTimer(wake, Math.min(...dueMs) - nowMs, { keepAlive: false })
  }
}

/** Whom a request is about, by the fields that every API calls alike. */
function subjectOf(body: unknown): FaultSubject {
  const { transactionalId, groupId, keyType, coordinatorKeys } = Object(body) as {
    readonly transactionalId?: string | null
    readonly groupId?: string
    readonly keyType?: number
    readonly coordinatorKeys?: readonly string[]
  }
  const [key] = coordinatorKeys ?? []
  if (key === undefined) return { transactionalId, group: groupId }
  return keyType === CoordinatorTypes.group ? { group: key } : { transactionalId: key }
}
