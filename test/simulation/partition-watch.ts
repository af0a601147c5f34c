/**
 * What one partition's producer may know of its batches, attempt by attempt, and the rules that follow
 * (batch-watch.ts lists them).
 */
import { ErrorCodes } from '../../src/protocol/error-codes.js'

/** One batch on its way to a broker. */
export interface Attempt {
  /** `topic-index`; the topic's id where the request has no name. */
  readonly place: string
  /** `host:port`. */
  readonly broker: string
  /** -1n: no numbers. */
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordCount: number
  readonly recordBytes: Buffer
  readonly sizeBytes: number
}

/** A range of sequence numbers. */
type Numbers = Pick<Attempt, 'baseSequence' | 'recordCount'>

interface Missing extends Numbers {
  /** Null where only a part of it was sent again. */
  readonly attempt: Attempt | null
  /** What the broker said; undefined where its answer was lost. */
  readonly errorCode: number | undefined
}

export interface PartitionWatchOptions {
  readonly maxInFlight: number
  readonly wrong: (what: string) => void
}

const SEQUENCE_MODULUS = 2 ** 31

const FOR_NUMBERS: ReadonlySet<number> = new Set([
  ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCodes.UNKNOWN_PRODUCER_ID,
  ErrorCodes.INVALID_PRODUCER_EPOCH,
])

export class PartitionWatch {
  readonly #options: PartitionWatchOptions
  #unanswered: Attempt[] = []
  /** One was stored, and none refused or lost since. */
  #isProven = false
  /** The attempt with the highest numbers so far; null before the first. */
  #last: Attempt | null = null
  /** Refused or lost, and not sent again. */
  #missing: Missing[] = []

  constructor(options: PartitionWatchOptions) {
    this.#options = options
  }

  sent(attempt: Attempt): void {
    const { broker } = attempt
    if (this.#unanswered.length >= this.#options.maxInFlight)
      this.#wrong(attempt, `leaves with ${this.#unanswered.length} unanswered`)
    const other = this.#unanswered.find((it) => it.broker !== broker)
    if (other !== undefined)
      this.#wrong(attempt, `leaves for ${broker}, and ${other.broker} owes an answer`)
    if (attempt.producerId >= 0n) this.#checkNumbers(attempt)
    this.#unanswered.push(attempt)
  }

  /** Numbers of the cluster that was there say nothing of those of the one that is. */
  anotherCluster(): void {
    this.#isProven = false
    this.#last = null
    this.#missing = []
  }

  #checkNumbers(attempt: Attempt): void {
    const last = this.#last
    if (last === null || !isSameEpoch(last, attempt)) {
      if (last !== null) this.#checkRestart(last, attempt)
      this.#last = attempt
      this.#missing = []
      return
    }
    if (attempt.baseSequence === endOf(last)) {
      const [gap] = this.#missing
      // Alone it shows that the numbers must begin again: so goes what was sent under older ones.
      if (gap !== undefined && this.#unanswered.length > 0)
        this.#wrong(attempt, `leaves, and seq ${gap.baseSequence} before it is missing`)
      this.#last = attempt
    }
    const isBehind = this.#unanswered.some(
      (it) => isSameEpoch(it, attempt) && isBefore(it, attempt),
    )
    if (isBehind && !this.#isProven)
      this.#wrong(attempt, `does not leave alone, and none was stored lately`)
    this.#missing = this.#missing.flatMap((it) => without(it, attempt))
  }

  #checkRestart(last: Attempt, attempt: Attempt): void {
    this.#isProven = false
    const owed = this.#unanswered.length
    if (owed > 0) this.#wrong(attempt, `has other numbers than ${owed} that are unanswered`)
    if (last.producerId !== attempt.producerId) return // perhaps another cluster's
    const first = this.#missing.find((it) => !this.#missing.some((other) => isBefore(other, it)))
    const isSame = first?.attempt?.recordBytes.equals(attempt.recordBytes) === true
    if (first === undefined || !isSame) return
    if (first.errorCode === undefined)
      this.#wrong(attempt, `may be stored as seq ${first.baseSequence}`)
    else if (!FOR_NUMBERS.has(first.errorCode))
      this.#wrong(attempt, `was refused as seq ${first.baseSequence} with ${first.errorCode} alone`)
  }

  /** `errorCode`: undefined where no answer came. */
  settled(attempt: Attempt, errorCode: number | undefined): void {
    this.#unanswered = this.#unanswered.filter((it) => it !== attempt)
    if (errorCode === ErrorCodes.NONE || errorCode === ErrorCodes.DUPLICATE_SEQUENCE_NUMBER) {
      this.#isProven = true
      // The broker has gone past what is before it.
      this.#missing = this.#missing.filter((it) => !isBefore(it, attempt))
      return
    }
    // What is too large says nothing of the broker.
    const isForSize =
      errorCode === ErrorCodes.MESSAGE_TOO_LARGE || errorCode === ErrorCodes.RECORD_LIST_TOO_LARGE
    if (!isForSize) this.#isProven = false
    if (this.#last !== null && isSameEpoch(this.#last, attempt)) {
      const { baseSequence, recordCount } = attempt
      this.#missing.push({ baseSequence, recordCount, attempt, errorCode })
    }
  }

  #wrong({ place, producerId, producerEpoch, baseSequence }: Attempt, what: string): void {
    const numbers = producerId < 0n ? 'a batch' : `seq ${producerEpoch}/${baseSequence}`
    this.#options.wrong(`${place}: ${numbers} ${what}`)
  }
}

function isSameEpoch(a: Attempt, b: Attempt): boolean {
  return a.producerId === b.producerId && a.producerEpoch === b.producerEpoch
}

/** The sequence number behind its last record. */
function endOf({ baseSequence, recordCount }: Numbers): number {
  return (baseSequence + recordCount) % SEQUENCE_MODULUS
}

/** How many numbers `a` begins before `b`; negative where it begins behind. */
function distance(a: Numbers, b: Numbers): number {
  const forward = (b.baseSequence - a.baseSequence + SEQUENCE_MODULUS) % SEQUENCE_MODULUS
  return forward < SEQUENCE_MODULUS / 2 ? forward : forward - SEQUENCE_MODULUS
}

function isBefore(a: Numbers, b: Numbers): boolean {
  return distance(a, b) > 0
}

/** What is left of it, in up to two pieces. */
function without(missing: Missing, taken: Numbers): Missing[] {
  const { baseSequence, recordCount } = missing
  const begin = Math.min(recordCount, Math.max(0, distance(missing, taken)))
  const end = Math.min(recordCount, Math.max(0, distance(missing, taken) + taken.recordCount))
  if (begin === end) return [missing]
  const piece = { ...missing, attempt: null }
  const pieces: Missing[] = []
  if (begin > 0) pieces.push({ ...piece, recordCount: begin })
  if (end < recordCount) {
    const from = (baseSequence + end) % SEQUENCE_MODULUS
    pieces.push({ ...piece, baseSequence: from, recordCount: recordCount - end })
  }
  return pieces
}
