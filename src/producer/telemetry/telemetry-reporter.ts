/**
 * Pushes this producer's metrics to the cluster, where the cluster asks for them (KIP-714).
 *
 * | State                    | Waits for              | then                                                    |
 * |--------------------------|------------------------|---------------------------------------------------------|
 * | no broker                | a broker that offers it| subscription needed, at once                            |
 * | subscription needed      | its timer              | asks: subscription in progress                          |
 * | subscription in progress | the answer             | metrics wanted: push needed, after 0.5 to 1.5 intervals |
 * |                          |                        | none wanted: subscription needed, after an interval     |
 * | push needed              | its timer              | pushes: push in progress                                |
 * | push in progress         | the answer             | push needed, after an interval                          |
 * | terminating              | the last answer, 1 s   | terminated                                              |
 * | terminated               | nothing                | closed, or refused for good                             |
 *
 * From both in progress: an error code is judged by telemetry-verdict.ts; no answer at all: the next broker
 * that offers it, after five minutes. From all: `terminate` and `close`.
 *
 * One broker is asked, until it is lost. It is one that the control plane has a connection to already, and
 * it is asked on that connection: brokers without a telemetry plug-in do not offer the requests, and are
 * never asked. Nothing waits for this room, and its timers do not keep the process alive.
 *
 * What a broker refuses, or is too large, is not lost: the next push counts from the last one that was sent
 * and not refused. Where the answer is lost, the push may have arrived, and counts as if it had.
 *
 * Counterpart in Kafka: ClientTelemetryReporter, ClientTelemetryState.
 * Neighbours: pipeline.ts makes it, cluster-news.ts says which connections there are.
 */
import type { Clock, Timer } from '../../clock.js'
import { BrokerError, ClosedError, FatalError, ProtocolError, TimeoutError } from '../../errors.js'
import type { OttlaError } from '../../errors.js'
import type { Log } from '../../logger.js'
import type { ApiVersionTable } from '../../network/connection/api-version-table.js'
import type { ConnectionTarget } from '../../network/connection/connection-contract.js'
import { Waiters } from '../../network/waiters.js'
import type { Api } from '../../protocol/api.js'
import { ErrorCodes, errorCode } from '../../protocol/error-codes.js'
import {
  getTelemetrySubscriptions,
  type GetTelemetrySubscriptionsResponse,
} from '../../protocol/messages/get-telemetry-subscriptions.js'
import {
  pushTelemetry,
  type PushTelemetryResponse,
} from '../../protocol/messages/push-telemetry.js'
import { ZERO_UUID } from '../../protocol/uuid.js'
import { VERSION } from '../../version.js'
import type { ProducerMetrics } from '../metrics.js'
import { encodeMetrics, type Attributes } from './otlp.js'
import { subscriptionOf, type Subscription } from './subscription.js'
import { metricsOf, type Interval, type Reading } from './telemetry-metrics.js'
import { TelemetryPayloads, type TelemetryPayload } from './telemetry-payload.js'
import { judgeTelemetry } from './telemetry-verdict.js'

/** How long no answer at all is followed by silence. Kafka: DEFAULT_PUSH_INTERVAL_MS. */
const LOST_PAUSE_MS = 300_000

/** The first push comes after the interval times something from here up to one more. */
const LEAST_FIRST_INTERVAL = 0.5

/** How long `terminate` waits for the answer to the last push. */
const LAST_PUSH_MS = 1000

const SCOPE = { name: 'ottla', version: VERSION }

type State =
  | 'no broker'
  | 'subscription needed'
  | 'subscription in progress'
  | 'push needed'
  | 'push in progress'
  | 'terminating'
  | 'terminated'

/** What the reporter lives by. */
export interface TelemetryParts {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly logger: Log
  /** Asks the broker at that address; any error code is an answer. */
  ask<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    address: ConnectionTarget,
  ): Promise<Response>
  metrics(): ProducerMetrics
  /** What the metrics are about, beside what the broker knows. */
  readonly resource: Attributes
}

/** A connection that has come up. */
export interface OfferedConnection extends ConnectionTarget {
  readonly versions: Pick<ApiVersionTable, 'has'>
}

/** One for each producer that pushes metrics. */
export class TelemetryReporter {
  readonly #parts: TelemetryParts
  readonly #payloads = new TelemetryPayloads()
  readonly #waiters: Waiters
  readonly #beginning: Reading
  #state: State = 'no broker'
  /** Those that offer it, each address once; the first is the one that is asked. */
  #brokers: ConnectionTarget[] = []
  #subscription: Subscription | null = null
  /** What the last push has told. */
  #before: Reading
  #timer: Timer | null = null
  /** Why it was stopped. */
  #failure: OttlaError | null = null

  constructor(parts: TelemetryParts) {
    this.#parts = parts
    this.#waiters = new Waiters(parts.clock)
    const { clock } = parts
    this.#beginning = { timeMs: clock.now(), monotonicMs: clock.monotonicMs(), metrics: null }
    this.#before = this.#beginning
  }

  /** A connection of the control plane has come up: its broker may offer telemetry, or no longer. */
  opened({ nodeId, host, port, versions }: OfferedConnection): void {
    const broker = { nodeId, host, port }
    const known = this.#brokers.some((it) => isSame(it, broker))
    const isOffered = versions.has(getTelemetrySubscriptions) && versions.has(pushTelemetry)
    if (known && !isOffered) this.#brokers = this.#brokers.filter((it) => !isSame(it, broker))
    if (known || !isOffered) return
    this.#brokers.push(broker)
    if (this.#state === 'no broker') this.#askAfter(0)
  }

  /**
   * The id that the cluster has given to this client. Rejects with TimeoutError, or with what the telemetry
   * was stopped for.
   */
  async clientInstanceId(timeoutMs: number): Promise<string> {
    if (this.#subscription === null) {
      if (this.#failure !== null) throw this.#failure
      await this.#waiters.wait(timeoutMs, () => this.#timedOut(timeoutMs))
    }
    return this.#id
  }

  /**
   * The last push, where metrics were asked for: resolves once it is answered, and after `limitMs` or a
   * second in any case. null: there is none, and nothing to wait for.
   */
  terminate(limitMs: number): Promise<void> | null {
    const hasLast = this.#state === 'push needed' || this.#state === 'push in progress'
    this.#timer?.clear()
    this.#state = hasLast && limitMs > 0 ? 'terminating' : 'terminated'
    if (this.#state === 'terminated') return null
    return new Promise((resolve) => {
      const end = (): void => {
        timer.clear()
        this.#state = 'terminated'
        resolve()
      }
      const timer = this.#parts.clock.setTimer(end, Math.min(limitMs, LAST_PUSH_MS))
      this.#push().then(end, end)
    })
  }

  /** Stops for good; leaves no timer. */
  close(): void {
    this.#end(new ClosedError('the producer is closed'))
  }

  get #id(): string {
    return this.#subscription?.clientInstanceId ?? ZERO_UUID
  }

  /** While an answer was awaited the producer may have been closed. */
  #isStill(state: State): boolean {
    return this.#state === state
  }

  #askAfter(delayMs: number): void {
    this.#wait('subscription needed', delayMs, () => this.#ask())
  }

  #pushAfter(delayMs: number): void {
    this.#wait('push needed', delayMs, () => this.#push())
  }

  /** A timer even for 0 ms: whoever the connection was opened for asks first. */
  #wait(state: State, delayMs: number, act: () => Promise<void>): void {
    this.#state = state
    this.#timer?.clear()
    const run = (): void => void act().catch((error: unknown) => this.#broke(error))
    this.#timer = this.#parts.clock.setTimer(run, delayMs, { keepAlive: false })
  }

  async #ask(): Promise<void> {
    this.#state = 'subscription in progress'
    const request = { clientInstanceId: this.#id }
    const response = await this.#put(getTelemetrySubscriptions, request)
    if (response !== null && this.#isStill('subscription in progress')) this.#subscribed(response)
  }

  #subscribed(response: GetTelemetrySubscriptionsResponse): void {
    if (this.#isRefused(getTelemetrySubscriptions, response)) return
    const subscription = subscriptionOf(response)
    if (subscription.clientInstanceId === ZERO_UUID) {
      return this.#stop(new ProtocolError('a broker gave no client instance id'))
    }
    const earlier = this.#subscription
    if (earlier !== null && earlier.isDelta !== subscription.isDelta) this.#before = this.#beginning
    this.#subscription = subscription
    this.#waiters.resolve()
    const { pushIntervalMs, wantsMetrics } = subscription
    this.#logChange(earlier?.wantsMetrics ?? false, wantsMetrics)
    const firstMs = pushIntervalMs * (LEAST_FIRST_INTERVAL + this.#parts.random())
    if (wantsMetrics) this.#pushAfter(Math.max(Math.round(firstMs), response.throttleTimeMs))
    else this.#askAfter(Math.max(pushIntervalMs, response.throttleTimeMs))
  }

  /** Sends what has been measured since the last push; without `terminating` what follows is its answer's. */
  async #push(): Promise<void> {
    const subscription = this.#subscription
    if (subscription === null) return
    const terminating = this.#state === 'terminating'
    const reading = this.#read()
    const payload = this.#payloadOf(reading, subscription)
    if (payload.metrics.length > subscription.maxBytes) return this.#tooLarge(subscription)
    if (!terminating) this.#state = 'push in progress'
    const earlier = this.#before
    this.#before = reading
    const { clientInstanceId, subscriptionId } = subscription
    const request = { clientInstanceId, subscriptionId, terminating, ...payload }
    const response = await this.#put(pushTelemetry, request)
    if (response !== null && this.#isStill('push in progress')) this.#pushed(response, earlier)
  }

  #pushed(response: PushTelemetryResponse, earlier: Reading): void {
    const { pushIntervalMs = LOST_PAUSE_MS } = this.#subscription ?? {}
    if (this.#isRefused(pushTelemetry, response)) this.#before = earlier
    else this.#pushAfter(Math.max(pushIntervalMs, response.throttleTimeMs))
  }

  /** A rule of ours does not hold: nothing but telemetry ends. */
  #broke(cause: unknown): void {
    this.#parts.logger.error({ err: cause }, 'client telemetry has failed; this is a bug in Ottla')
    this.#end(new FatalError('client telemetry has failed', { cause }))
  }

  /** It is not sent: the broker would say the same. */
  #tooLarge({ pushIntervalMs }: Subscription): void {
    this.#parts.logger.debug({}, 'metrics are larger than the cluster accepts, and not pushed')
    if (this.#state !== 'terminating') this.#askAfter(pushIntervalMs)
  }

  #read(): Interval['now'] {
    const { clock } = this.#parts
    const metrics = this.#parts.metrics()
    return { timeMs: clock.now(), monotonicMs: clock.monotonicMs(), metrics }
  }

  #payloadOf(now: Interval['now'], subscription: Subscription): TelemetryPayload {
    const { isDelta, wants, acceptedCompressionTypes } = subscription
    const interval = { beginning: this.#beginning, before: this.#before, now, isDelta }
    const metrics = metricsOf(interval, wants)
    const { resource } = this.#parts
    const document = { metrics, timeMs: now.timeMs, isDelta, resource, scope: SCOPE }
    return this.#payloads.compress(encodeMetrics(document), acceptedCompressionTypes)
  }

  /** Whether the answer is an error; then what follows from it is done. */
  #isRefused(
    { name: apiName }: { readonly name: string },
    { errorCode: code, throttleTimeMs }: PushTelemetryResponse,
  ): boolean {
    const question = apiName === pushTelemetry.name ? 'push' : 'subscription'
    const verdict = judgeTelemetry(question, code, this.#subscription?.pushIntervalMs ?? null)
    if (verdict === 'go on') return false
    const { name: errorName, description, retriable } = errorCode(code)
    const err = new BrokerError(`${errorName}, ${description} (${apiName})`, {
      ...{ apiName, errorCode: code, errorName, retriable },
    })
    if (verdict === 'stop') this.#stop(err)
    else {
      this.#parts.logger.debug({ err }, 'a broker refused client telemetry for now')
      this.#askAfter(Math.max(verdict.askAfterMs, throttleTimeMs))
    }
    return true
  }

  /** The answer; null where there is none, and what follows from that is done. */
  async #put<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
  ): Promise<Response | null> {
    const [broker] = this.#brokers
    if (broker === undefined) {
      if (this.#state !== 'terminating') this.#state = 'no broker'
      return null
    }
    try {
      return await this.#parts.ask(api, request, broker)
    } catch (error) {
      this.#lost(broker, error)
      return null
    }
  }

  #lost(broker: ConnectionTarget, err: unknown): void {
    if (this.#state === 'terminating' || this.#state === 'terminated') return
    this.#parts.logger.debug({ err, ...broker }, 'a broker did not answer client telemetry')
    const others = this.#brokers.filter((it) => !isSame(it, broker))
    const isUnsupported =
      err instanceof BrokerError && err.errorCode === ErrorCodes.UNSUPPORTED_VERSION
    this.#brokers = isUnsupported ? others : [...others, broker]
    if (this.#brokers.length === 0) this.#state = 'no broker'
    else this.#askAfter(LOST_PAUSE_MS)
  }

  #logChange(wanted: boolean, wants: boolean): void {
    if (wanted === wants) return
    const { logger } = this.#parts
    if (wants) logger.info({}, 'the cluster asks for metrics: they are pushed (option metricsPush)')
    else logger.info({}, 'the cluster asks for metrics no longer')
  }

  #stop(err: OttlaError): void {
    this.#parts.logger.warn({ err }, 'metrics are no longer pushed: a broker refuses them for good')
    this.#end(err)
  }

  #end(failure: OttlaError): void {
    this.#failure ??= failure
    this.#state = 'terminated'
    this.#timer?.clear()
    this.#waiters.reject(failure)
  }

  #timedOut(timeoutMs: number): TimeoutError {
    const why =
      this.#brokers.length === 0
        ? 'no broker connected to so far offers client telemetry (it needs a plug-in, metric.reporters)'
        : 'no telemetry subscription has come'
    return new TimeoutError(`no client instance id within ${timeoutMs} ms: ${why}`)
  }
}

function isSame(a: ConnectionTarget, b: ConnectionTarget): boolean {
  return a.host === b.host && a.port === b.port
}
