/**
 * What a transaction coordinator knows of one transactional id, and the steps that it may take. A step
 * is prepared (the state becomes pending), then written to the transaction log, then completed: whoever
 * asks in between is answered CONCURRENT_TRANSACTIONS.
 *
 *   Empty ──> Ongoing ──> PrepareCommit ──> CompleteCommit ─┐
 *     ^          ^  └───> PrepareAbort ───> CompleteAbort ──┤
 *     └──────────┴──────────────────────────────────────────┘
 *
 * Spec: Kafka's TransactionMetadata, TransactionState; KIP-98, KIP-360, KIP-890. Neighbours: init-rules.ts
 * and end-rules.ts decide which step is next; coordinator.ts takes it.
 */

/** Kafka's names of the states. */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'Dead'

/** From which states each may be entered. PrepareAbort has more than that from transaction level 2 on. */
const SOURCES: Readonly<Record<TransactionState, readonly TransactionState[]>> = {
  Empty: ['Empty', 'CompleteCommit', 'CompleteAbort'],
  Ongoing: ['Ongoing', 'Empty', 'CompleteCommit', 'CompleteAbort'],
  PrepareCommit: ['Ongoing'],
  PrepareAbort: ['Ongoing', 'Empty', 'CompleteCommit', 'CompleteAbort'],
  CompleteCommit: ['PrepareCommit'],
  CompleteAbort: ['PrepareAbort'],
  Dead: ['Empty', 'CompleteCommit', 'CompleteAbort'],
}

/** A partition of a topic, or one of `__consumer_offsets`. */
export interface TransactionPartition {
  readonly topic: string
  readonly partition: number
}

/** What a step changes; what is left out stays. */
export interface Transition {
  readonly state: TransactionState
  readonly producerId?: bigint
  readonly nextProducerId?: bigint
  readonly producerEpoch?: number
  readonly lastProducerEpoch?: number
  readonly timeoutMs?: number
  readonly partitions?: readonly TransactionPartition[]
  /** Monotonic milliseconds; -1: none. */
  readonly startMs?: number
  /** 2: markers have an epoch of their own (KIP-890). */
  readonly clientVersion?: 0 | 2
}

export const NO_PRODUCER_ID = -1n
export const NO_PRODUCER_EPOCH = -1
/** The largest epoch is the coordinator's own, to fence with: a producer never gets it. */
const LAST_EPOCH_OF_PRODUCER = 32_766

/** No further epoch can be given under this producer id. */
export function isEpochExhausted(epoch: number): boolean {
  return epoch >= LAST_EPOCH_OF_PRODUCER
}

/** One transactional id. */
export class TransactionMetadata {
  readonly transactionalId: string
  producerId: bigint
  /** Of the time before the last step; told apart from `producerId` after the epochs ran out. */
  previousProducerId = NO_PRODUCER_ID
  /** Takes the place of `producerId` once the markers are written. */
  nextProducerId = NO_PRODUCER_ID
  producerEpoch = NO_PRODUCER_EPOCH
  lastProducerEpoch = NO_PRODUCER_EPOCH
  timeoutMs: number
  state: TransactionState = 'Empty'
  /** The step that is being written. */
  pending: Transition | null = null
  partitions: readonly TransactionPartition[] = []
  /** Monotonic milliseconds of the first partition; -1: none. */
  startMs = -1
  clientVersion: 0 | 2 = 0

  constructor(transactionalId: string, producerId: bigint, timeoutMs: number) {
    this.transactionalId = transactionalId
    this.producerId = producerId
    this.timeoutMs = timeoutMs
  }

  has({ topic, partition }: TransactionPartition): boolean {
    return this.partitions.some((it) => it.topic === topic && it.partition === partition)
  }

  /** True between the decision and the last marker. */
  get isEnding(): boolean {
    return this.state === 'PrepareCommit' || this.state === 'PrepareAbort'
  }

  /** Begins a step. Throws where the state does not allow it: a mistake of the coordinator. */
  prepare(transition: Transition): void {
    if (this.pending !== null || !SOURCES[transition.state].includes(this.state)) {
      const pending = this.pending === null ? '' : ` (${this.pending.state} is pending)`
      throw new Error(`${this.transactionalId}: ${transition.state} from ${this.state}${pending}`)
    }
    this.pending = transition
  }

  /** The pending step is in the log. */
  complete(): void {
    const { pending } = this
    if (pending === null) throw new Error(`${this.transactionalId}: nothing is pending`)
    this.pending = null
    this.previousProducerId = this.producerId
    this.state = pending.state
    this.producerId = pending.producerId ?? this.producerId
    this.nextProducerId = pending.nextProducerId ?? this.nextProducerId
    this.producerEpoch = pending.producerEpoch ?? this.producerEpoch
    this.lastProducerEpoch = pending.lastProducerEpoch ?? this.lastProducerEpoch
    this.timeoutMs = pending.timeoutMs ?? this.timeoutMs
    this.partitions = pending.partitions ?? this.partitions
    this.startMs = pending.startMs ?? this.startMs
    this.clientVersion = pending.clientVersion ?? this.clientVersion
  }

  /** The step after the markers: a producer id whose epochs ran out is replaced here. */
  completion(): Transition {
    const state = this.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort'
    const isRotated = this.clientVersion === 2 && this.nextProducerId !== NO_PRODUCER_ID
    const identity = isRotated ? { producerId: this.nextProducerId, producerEpoch: 0 } : {}
    return { state, ...identity, nextProducerId: NO_PRODUCER_ID, partitions: [] }
  }
}
