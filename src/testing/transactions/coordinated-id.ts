/**
 * One transactional id at its coordinator: takes its steps, one at a time.
 *
 *   step pending ─(log write)─> state ─> answer
 *                                 └ Prepare*: ─(markers)─> ─(log write)─> Complete*
 *
 * With delays of 0 a step is one call, and nobody ever sees it half done; a longer one shows clients
 * what Kafka shows them: CONCURRENT_TRANSACTIONS. When the coordinator goes, the next one has what is in
 * the log, and goes on from there.
 *
 * Spec: Kafka's TransactionStateManager, TransactionMarkerChannelManager. Neighbours: coordinator.ts
 * decides; marker-writer.ts reaches the partitions; waiting-job.ts waits.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type { CoordinatorEnvironment } from './environment.js'
import type { ProducerIdentity } from './init-rules.js'
import { MarkerWriter } from './marker-writer.js'
import type { TransactionMetadata, Transition } from './transaction-metadata.js'
import type { WriteFate } from './transaction-options.js'
import { WaitingJob } from './waiting-job.js'

/** One transactional id. */
export class CoordinatedId {
  readonly metadata: TransactionMetadata
  readonly #environment: CoordinatorEnvironment
  #brokerId: number | null
  /** Rises with every coordinator that takes it over. */
  #coordinatorEpoch = 0
  /** What it waits for: a log write, or markers. */
  #job: WaitingJob | null = null
  /** Ends the log write that is under way, whoever waits for it. */
  #settleWrite: ((fate: WriteFate) => void) | null = null

  constructor(
    environment: CoordinatorEnvironment,
    metadata: TransactionMetadata,
    brokerId: number | null,
  ) {
    this.#environment = environment
    this.metadata = metadata
    this.#brokerId = brokerId
  }

  /** Node id of its coordinator; null where there is no broker that could. */
  get brokerId(): number | null {
    return this.#brokerId
  }

  /** Its coordinator is there, and awake. */
  get isAble(): boolean {
    const broker = this.#environment.brokers.get(this.#brokerId ?? -1)
    return broker !== undefined && broker.isRunning && !broker.isFrozen
  }

  /** Writes a step to the log; calls back with NONE, or with 16 where another broker coordinates by then. */
  write(transition: Transition, done: (errorCode: number) => void): void {
    const { metadata } = this
    metadata.prepare(transition)
    this.#settleWrite = (fate) => {
      this.#settleWrite = null
      if (fate === 'keep') metadata.complete()
      else metadata.pending = null
      done(ErrorCodes.NOT_COORDINATOR)
    }
    this.#writeLog(() => {
      this.#settleWrite = null
      metadata.complete()
      done(ErrorCodes.NONE)
    })
  }

  /** Writes Prepare*; calls back with the next identity, and has the markers written. */
  end(transition: Transition, done: (errorCode: number, next: ProducerIdentity) => void): void {
    this.write(transition, (errorCode) => {
      const { metadata } = this
      const { producerId = metadata.producerId, producerEpoch = metadata.producerEpoch } =
        metadata.completion()
      if (errorCode === ErrorCodes.NONE) this.#sendMarkers()
      done(errorCode, { producerId, producerEpoch })
    })
  }

  /** Another coordinator goes on with it: from the log, which is all that it has. */
  takeOver(brokerId: number | null, fate: WriteFate): void {
    this.#brokerId = brokerId
    this.#coordinatorEpoch++
    this.stop()
    if (this.#settleWrite !== null) this.#settleWrite(fate)
    // Markers: the pending step is not in the log yet.
    else this.metadata.pending = null
    if (this.metadata.isEnding && brokerId !== null) this.#sendMarkers()
  }

  /** Nothing more happens by itself. */
  stop(): void {
    this.#job?.cancel()
    this.#job = null
  }

  /** Has the markers written, and then the step to Complete*. */
  #sendMarkers(): void {
    const { metadata } = this
    const { knobs } = this.#environment
    const writer = new MarkerWriter(this.#environment, metadata, this.#coordinatorEpoch)
    metadata.prepare(metadata.completion())
    const isReady = (): boolean => !knobs.areMarkersHeld && this.isAble && writer.write()
    this.#wait(knobs.markerDelayMs(), isReady, () => {
      this.#writeLog(() => metadata.complete())
    })
  }

  #writeLog(written: () => void): void {
    this.#wait(this.#environment.knobs.logWriteDelayMs(), () => this.isAble, written)
  }

  #wait(delayMs: number, isReady: () => boolean, job: () => void): void {
    this.#job = new WaitingJob(this.#environment.clock, delayMs, isReady, job)
    this.#job.start()
  }
}
