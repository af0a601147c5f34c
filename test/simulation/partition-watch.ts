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
}

/** A range of sequence numbers. */
type Numbers = Pick<Attempt, 'baseSequence' | 'recordCount'>

export interface PartitionWatchOptions {
  readonly maxInFlight: number
  readonly wrong: (what: string) => void
}

const SEQUENCE_MODULUS = 2 ** 31

export class PartitionWatch {
  readonly #options: PartitionWatchOptions
  #unanswered: Attempt[] = []
  /** One was stored, and none refused or lost since. */
  #isProven = false
  /** The attempt with the highest numbers so far; null before the first. */
  #last: Attempt | null = null
  /** Refused or lost, and not sent again. */
  #missing: Numbers[] = []

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

  #checkNumbers(attempt: Attempt): void {
    const last = this.#last
    if (last === null || !isSameEpoch(last, attempt)) {
      if (last !== null) this.#checkRestart(attempt)
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

  #checkRestart(attempt: Attempt): void {
    this.#isProven = false
    const owed = this.#unanswered.length
    if (owed > 0) this.#wrong(attempt, `has other numbers than ${owed} that are unanswered`)
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
    if (this.#last !== null && isSameEpoch(this.#last, attempt)) this.#missing.push(attempt)
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

/** What is left of `numbers`, in up to two pieces. */
function without(numbers: Numbers, taken: Numbers): Numbers[] {
  const before = Math.min(numbers.recordCount, Math.max(0, distance(numbers, taken)))
  const end = distance(numbers, taken) + taken.recordCount // index behind what is taken
  const from = Math.min(numbers.recordCount, Math.max(0, end))
  const pieces: Numbers[] = []
  if (before > 0) pieces.push({ baseSequence: numbers.baseSequence, recordCount: before })
  if (from < numbers.recordCount) {
    const baseSequence = (numbers.baseSequence + from) % SEQUENCE_MODULUS
    pieces.push({ baseSequence, recordCount: numbers.recordCount - from })
  }
  return pieces
}
