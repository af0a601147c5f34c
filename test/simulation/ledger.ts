/**
 * The books: every call, what the producer said became of its record, and when. Written by the
 * workload, audited by audit.ts against what the cluster has.
 */
import { DeliveryError, FatalError, type DeliveryOutcome } from '../../src/errors.js'
import type { RecordMetadata } from '../../src/record-metadata.js'

/** One record that was given to the producer. */
export interface Entry {
  /** Rises with the calls: the order that each partition must keep. */
  readonly id: number
  readonly topic: string
  readonly via: 'send' | 'enqueue' | 'sendAll' | 'unheard'
  readonly calledAtMs: number
  /** What must be stored if anything is. */
  expected: Expected
  /** The signal fired after the record had been taken: it may go on without its promise. */
  wasAborted: boolean
  /** `enqueue` said false: nothing was taken. */
  wasRefused: boolean
  /** How often the producer said what became of it. Must be one. */
  settledCount: number
  settledAtMs: number
  fate: 'open' | 'acked' | DeliveryOutcome
  partition: number
  /** -1n where it is not told. */
  offset: bigint
  error: Error | null
}

/** A record's contents; `partition` where the caller chose it. */
export interface Expected {
  readonly text: string
  readonly key: string | null
  readonly partition: number | undefined
}

/** Tells the trace. */
export type Tell = (line: string) => void

export class Ledger {
  readonly entries: Entry[] = []
  /** What went against the rules while the simulation ran. */
  readonly violations: string[] = []
  readonly #nowMs: () => number
  readonly #tell: Tell

  constructor(nowMs: () => number, tell: Tell) {
    this.#nowMs = nowMs
    this.#tell = tell
  }

  open(topic: string, via: Entry['via']): Entry {
    const entry: Entry = {
      id: this.entries.length,
      topic,
      via,
      calledAtMs: this.#nowMs(),
      expected: { text: '', key: null, partition: undefined },
      wasAborted: false,
      wasRefused: false,
      settledCount: 0,
      settledAtMs: -1,
      fate: 'open',
      partition: -1,
      offset: -1n,
      error: null,
    }
    this.entries.push(entry)
    return entry
  }

  /** `enqueue` took nothing. */
  refused(entry: Entry): void {
    entry.wasRefused = true
    entry.fate = 'not-written'
    this.#tell(`#${entry.id} refused: no room`)
  }

  acked(entry: Entry, { topic, partition, offset }: RecordMetadata): void {
    if (topic !== entry.topic) this.violations.push(`#${entry.id} was acked in topic ${topic}`)
    entry.partition = partition
    entry.offset = offset
    this.#settle(entry, 'acked', null)
  }

  failed(entry: Entry, error: unknown): void {
    if (error instanceof FatalError) this.violations.push(`the producer failed: ${error.message}`)
    if (error instanceof DeliveryError) this.#settle(entry, error.outcome, error)
    else this.violations.push(`#${entry.id} failed with what is no DeliveryError: ${String(error)}`)
  }

  get openEntries(): Entry[] {
    return this.entries.filter(
      ({ fate, via, wasRefused }) => fate === 'open' && via !== 'unheard' && !wasRefused,
    )
  }

  #settle(entry: Entry, fate: Entry['fate'], error: Error | null): void {
    entry.settledCount++
    if (entry.settledCount > 1) {
      this.violations.push(`#${entry.id} was told ${entry.fate}, and then ${fate}`)
      return
    }
    if (entry.wasRefused) this.violations.push(`#${entry.id} was not taken, and yet told ${fate}`)
    entry.settledAtMs = this.#nowMs()
    entry.fate = fate
    entry.error = error
    this.#tell(describe(entry))
  }
}

function describe({ id, topic, fate, partition, offset, error }: Entry): string {
  const where = fate === 'acked' ? `${topic}-${partition} @${offset}` : (error?.message ?? '')
  return `#${id} ${fate}: ${where}`
}
