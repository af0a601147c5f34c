/**
 * Whether a producer takes records, and how it ends.
 *
 *   open ──close──> closing ──all is settled, or the time is up──> closed
 *     └────────────────┴── a rule of our own does not hold ──> failed
 *
 * Before: producer.ts. After: pipeline.ts, whose rooms it closes.
 */
import { Closing } from '../closing.js'
import { ClosedError, type DeliveryError } from '../errors.js'
import { atHome } from '../home-context.js'
import type { Life } from './health-check.js'
import { failedError } from './intake/call-checks.js'
import type { ProducerTopic } from './partitioning/topic.js'
import type { Pipeline } from './pipeline.js'
import { EndOfSink } from './streams/end-of-sink.js'
import type { TelemetryReporter } from './telemetry/telemetry-reporter.js'
import { GroupRest } from './waiting/group-rest.js'
import { closedError } from './waiting/parked-errors.js'
import type { RoomWatch } from './waiting/room-watch.js'

/** What of a pipeline has an end. */
interface EndingPipeline extends Pick<
  Pipeline<unknown, unknown>,
  | 'abandonAll'
  | 'clock'
  | 'close'
  | 'directory'
  | 'flush'
  | 'gathering'
  | 'logger'
  | 'lot'
  | 'obstacles'
> {
  readonly transactions: { close(reason: DeliveryError): void } | null
  readonly intake: { readonly room: Pick<RoomWatch, 'wake'> }
  readonly telemetry: Pick<TelemetryReporter, 'terminate'> | null
}

export class ProducerLife {
  /** Whoever reads a source of his own hears of the end here. */
  readonly endOfSink = new EndOfSink()
  readonly #pipeline: EndingPipeline
  readonly #closing = new Closing()
  #state: Life = 'open'
  #failure: unknown = null

  constructor(pipeline: EndingPipeline) {
    this.#pipeline = pipeline
  }

  get state(): Life {
    return this.#state
  }

  /** Why the producer has failed; null where it has not. */
  get failure(): unknown {
    return this.#failure
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Throws the error of a record, or a call, that comes too late. */
  readonly assertOpen = (record?: { readonly topic?: string } | null): void => {
    if (this.#state !== 'open') throw this.closedError(record?.topic)
  }

  closedError(topic?: string): DeliveryError {
    if (this.#failure !== null) return failedError(this.#failure, topic)
    const message =
      'the producer is closed: records can be sent until close() is called; make a new Producer'
    return new ClosedError(message, { topic })
  }

  /** Closes once, however often it is called: `timeoutMs` is the first call's. */
  close(timeoutMs: number): Promise<void> {
    return this.#closing.once(() => atHome(() => this.#close(timeoutMs)))
  }

  async #close(timeoutMs: number): Promise<void> {
    const { intake, clock, telemetry } = this.#pipeline
    const endMs = clock.monotonicMs() + timeoutMs
    this.#state = 'closing'
    this.#pipeline.gathering.close(this.closedError()) // a call whose serializer has called us, too
    this.#refuseWaiting()
    intake.room.wake()
    await this.#settledWithin(timeoutMs)
    const what = `the producer was closed before it was acknowledged (${timeoutMs} ms)`
    this.#pipeline.abandonAll(new ClosedError(what), ({ topic }) => this.#closedWhile(topic, what))
    if (this.#failure === null) this.#state = 'closed'
    this.endOfSink.tell(this.closedError())
    const lastPush = telemetry?.terminate(endMs - clock.monotonicMs())
    if (lastPush) await lastPush
    this.#pipeline.close()
  }

  /** Those that were not taken yet: they wait for room, which others will need. */
  #refuseWaiting(): void {
    const what = 'the producer was closed while the record waited for room'
    this.#pipeline.lot.settleAll(
      (waiter) => waiter instanceof GroupRest || (waiter.isWaiting && !waiter.wasTaken),
      ({ topic }) => this.#closedWhile(topic, what),
    )
  }

  #settledWithin(timeoutMs: number): Promise<void> {
    const { clock } = this.#pipeline
    return new Promise((resolve) => {
      const timer = clock.setTimer(resolve, timeoutMs)
      this.#pipeline.flush(() => {
        timer.clear()
        resolve()
      })
    })
  }

  /** The error of a record that is in no batch yet, with what it has waited for. */
  #closedWhile({ name, isKnown }: ProducerTopic, what: string): ClosedError {
    const { directory, obstacles } = this.#pipeline
    return closedError(name, what, isKnown ? obstacles.ofRoom() : directory.whyUnknown(name))
  }

  /** A defect of ours: every open record is rejected, and no more are accepted. */
  fail(cause: unknown): void {
    if (this.#state !== 'failed') atHome(() => this.#fail(cause))
  }

  #fail(cause: unknown): void {
    this.#state = 'failed'
    this.#failure = cause
    this.#pipeline.logger.error({ err: cause }, 'the producer has failed; this is a bug in Ottla')
    void this.#closing.once(() => Promise.resolve())
    this.#pipeline.intake.room.wake()
    const reason = this.closedError()
    this.#pipeline.transactions?.close(reason) // before callbacks are called: none is to begin another
    this.#pipeline.abandonAll(reason)
    this.endOfSink.tell(reason)
    this.#pipeline.close()
  }
}
