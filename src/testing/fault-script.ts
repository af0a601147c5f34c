/**
 * The script of what shall go wrong: for the next requests of an API, wholly or for one topic or
 * partition, at one broker or at any.
 *
 *   Produce: [errorCode 6, 2 times] [disconnect after, once, broker 2] …
 *                 └─ each request uses up one time of each fault that it meets
 *
 * Of several faults that could touch the same thing, the one scripted first does.
 *
 * Neighbours: cluster.ts fills it; fault-table.ts says which faults there are; server-connection.ts and
 * handlers/ obey it.
 */

import { checkFault } from './fault-table.js'

/** Which requests a fault touches. */
export interface FaultScope {
  /** How many requests. Default 1; Infinity: until `clearFaults`. */
  readonly times?: number | undefined
  /** Node id; default any broker. */
  readonly broker?: number | undefined
  /** Only requests that speak of this topic, and there only this topic. Default all. */
  readonly topic?: string | undefined
  /** With `topic`: only this partition (Produce, AddPartitionsToTxn, TxnOffsetCommit). Default all. */
  readonly partition?: number | undefined
  /** Only requests of this transactional id; null: only those that have none. Default all. */
  readonly transactionalId?: string | null | undefined
  /** Only requests about this consumer group. Default all. */
  readonly group?: string | undefined
}

/** What goes wrong; exactly one of these. */
export type FaultEffect =
  /**
   * Answered with this error of Kafka's table. Nothing is appended, or done about a transaction, unless
   * `appended` says so, as with REQUEST_TIMED_OUT or NOT_ENOUGH_REPLICAS_AFTER_APPEND.
   */
  | { readonly errorCode: number; readonly errorMessage?: string; readonly appended?: boolean }
  /** The topic, or the partition, is left out of the answer; nothing is appended. */
  | { readonly omitted: true }
  /** The connection is cut: before the request is carried out, or after it and unanswered. */
  | { readonly disconnect: 'before' | 'after' }
  /** Carried out; neither it nor anything behind it on this connection is ever answered. */
  | { readonly silent: true }
  /** Carried out; the answer, and so those behind it, leaves this much later. */
  | { readonly delayMs: number }
  /** Carried out; only the first so many bytes of the answer arrive, then the connection is cut. */
  | { readonly cutAnswerAt: number }
  /** Carried out; these bytes come instead of the answer. */
  | { readonly answerBytes: Uint8Array }
  /** Carried out; the answer bears the correlation id of another request. */
  | { readonly wrongCorrelationId: true }
  /** Carried out; the answer's frame claims this length, which may be negative or huge. */
  | { readonly frameLength: number }
  /**
   * SaslAuthenticate alone: carried out, and answered without error whatever it came to, with what
   * this makes of the mechanism's bytes: a broker that lies. Empty bytes where there would be none.
   */
  | { readonly authBytes: (bytes: Uint8Array) => Uint8Array }
  /** Carried out; the answer asks for a pause, in which the broker reads nothing (KIP-219). */
  | { readonly throttleMs: number }

/** A fault: what, and for which requests. */
export type Fault = FaultScope & FaultEffect

/** What a request is about, for the scope of faults. */
export interface FaultTarget {
  readonly topic: string
  readonly partition: number
}

/** Who asks, and about whom, for the scope of faults. */
export interface FaultSubject {
  readonly transactionalId?: string | null | undefined
  readonly group?: string | undefined
}

interface ScriptedFault {
  readonly api: string
  readonly fault: Fault
  timesLeft: number
}

/** The faults that one request meets. */
export class RequestFaults {
  readonly #faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    this.#faults = faults
  }

  /** What goes wrong with the answer as a whole. */
  get wire(): Fault | undefined {
    return this.#faults.find((it) => !isError(it) && !('throttleMs' in it))
  }

  /** Milliseconds; 0 without a fault that says so. */
  get throttleMs(): number {
    const fault = this.#faults.find((it) => 'throttleMs' in it)
    return fault !== undefined && 'throttleMs' in fault ? fault.throttleMs : 0
  }

  /** The error, or the omission, of the whole answer. */
  get error(): ErrorFault | undefined {
    return this.#faults.filter(isError).find((it) => it.topic === undefined)
  }

  /** The error, or the omission, of one topic or partition. */
  errorOf(topic: string, partition?: number): ErrorFault | undefined {
    return this.#faults.filter(isError).find((it) => covers(it, topic, partition))
  }
}

/** A fault that an answer tells, rather than suffers. */
export type ErrorFault = Extract<Fault, { readonly errorCode: number } | { readonly omitted: true }>

/** One per cluster. */
export class FaultScript {
  #scripted: ScriptedFault[] = []

  /** Adds a fault behind those that are there. Returns how to take it back. */
  add(api: string, fault: Fault): () => void {
    checkFault(api, fault)
    const scripted = { api, fault, timesLeft: fault.times ?? 1 }
    this.#scripted.push(scripted)
    return () => void (this.#scripted = this.#scripted.filter((it) => it !== scripted))
  }

  clear(): void {
    this.#scripted = []
  }

  /** Uses up one time of each fault that a request meets. */
  take(
    api: string,
    broker: number,
    targets: readonly FaultTarget[],
    subject: FaultSubject = {},
  ): RequestFaults {
    const met: Fault[] = []
    for (const scripted of this.#scripted) {
      if (scripted.api !== api || !touches(scripted.fault, broker, targets)) continue
      if (!isAbout(scripted.fault, subject)) continue
      if (met.some((it) => isSameThing(it, scripted.fault))) continue
      scripted.timesLeft--
      met.push(scripted.fault)
    }
    this.#scripted = this.#scripted.filter(({ timesLeft }) => timesLeft > 0)
    return new RequestFaults(met)
  }
}

function touches(fault: Fault, broker: number, targets: readonly FaultTarget[]): boolean {
  if (fault.broker !== undefined && fault.broker !== broker) return false
  if (fault.topic === undefined) return true
  return targets.some(({ topic, partition }) => covers(fault, topic, partition))
}

function isAbout(fault: FaultScope, subject: FaultSubject): boolean {
  const { transactionalId, group } = fault
  if (transactionalId !== undefined && transactionalId !== subject.transactionalId) return false
  return group === undefined || group === subject.group
}

function covers(fault: FaultScope, topic: string, partition?: number): boolean {
  if (fault.topic === undefined) return true
  if (fault.topic !== topic) return false
  return partition === undefined || fault.partition === undefined || fault.partition === partition
}

/** Two faults of one request would touch the same thing: the second one's turn is later. */
function isSameThing(met: Fault, fault: Fault): boolean {
  if ('throttleMs' in met || 'throttleMs' in fault)
    return 'throttleMs' in met && 'throttleMs' in fault
  if (isError(met) !== isError(fault)) return false
  if (!isError(met)) return true
  if (met.topic === undefined || fault.topic === undefined) return true
  return covers(met, fault.topic, fault.partition)
}

function isError(fault: Fault): fault is ErrorFault {
  return 'errorCode' in fault || 'omitted' in fault
}
