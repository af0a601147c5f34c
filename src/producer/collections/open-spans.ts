/**
 * What is open, counted by when it began: so that whoever waits until all that is open now is over costs
 * one place in a line, however much is open and however many wait.
 *
 *   began:  a b c │ d │ e f …      each counts in its span until it is over
 *                 ↑   ↑
 *                 two who wait, each until nothing in the spans before his mark is open
 *
 * What was begun may live on in something that began later (a record that waited, in its batch): that one
 * counts in the earlier span from then on.
 *
 * Neighbours: batches, parked records and what is left of a sendAll are counted; a flush waits.
 */
import { Deque } from './deque.js'

export class OpenSpans {
  /** Those that somebody waits for: the oldest first. */
  readonly #awaited = new Deque<Span>()
  #present = new Span(this, 0)

  /** What begins now counts in it. */
  get present(): Span {
    return this.#present
  }

  /** Calls `listener` once all that is open now is over: at once where nothing is. In the order of the calls. */
  whenOver(listener: () => void): void {
    const last = this.#present.openCount > 0 ? this.#mark() : this.#awaited.last()
    if (last === undefined) listener()
    else last.listeners.push(listener)
  }

  /** Another span begins. */
  #mark(): Span {
    const marked = this.#present
    this.#awaited.push(marked)
    this.#present = new Span(this, marked.ordinal + 1)
    return marked
  }

  /** Nothing of some span is open any more. */
  emptied(): void {
    const awaited = this.#awaited
    for (let first = awaited.peek(); first?.openCount === 0; first = awaited.peek()) {
      awaited.shift()
      for (const listener of first.listeners) listener()
    }
  }
}

/** What began between two who wait. */
export class Span {
  readonly ordinal: number
  /** Who waits until it is over, and all before it. */
  readonly listeners: (() => void)[] = []
  readonly #all: OpenSpans
  #openCount = 0

  constructor(all: OpenSpans, ordinal: number) {
    this.#all = all
    this.ordinal = ordinal
  }

  get openCount(): number {
    return this.#openCount
  }

  /** Somebody waits until it is over. */
  get isAwaited(): boolean {
    return this.#all.present !== this
  }

  /** Another one counts in it: it began just now, or goes on with one that does. */
  begin(): void {
    this.#openCount++
  }

  /** One that counts in it is over. */
  end(): void {
    if (--this.#openCount === 0) this.#all.emptied()
  }
}

/** What counts in one span, until it is over. */
export interface Spanned {
  span: Span | null
}

/** It counts in `span` from now on, unless it counts in an earlier one. */
export function countIn(it: Spanned, span: Span): void {
  const { span: old } = it
  if (old !== null && old.ordinal <= span.ordinal) return
  span.begin()
  it.span = span
  old?.end()
}

/** It is over. */
export function countOut(it: Spanned): void {
  const { span } = it
  it.span = null
  span?.end()
}
