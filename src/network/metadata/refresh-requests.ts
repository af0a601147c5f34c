/**
 * What the next refresh is to ask for: topics that something has failed of, all of them, or those that
 * nobody has asked for yet.
 *
 * Neighbours: refresh-loop.ts keeps it.
 */
import type { Question } from './metadata-question.js'
import type { WantedTopic } from './wanted-topic.js'

/** One for each cache. */
export class RefreshRequests {
  /** Something has failed: a refresh is wanted, of these topics or of all. */
  #isRequested = false
  #areAllRequested = false
  readonly #requested = new Set<string>()
  #hasNewTopics = false

  get isRequested(): boolean {
    return this.#isRequested
  }

  /** Topics that were never asked for. */
  get hasNewTopics(): boolean {
    return this.#hasNewTopics
  }

  /** Something has failed, with these topics. Default: all of them. */
  add(topics?: Iterable<string>): void {
    this.#isRequested = true
    if (topics === undefined) this.#areAllRequested = true
    else for (const name of topics) this.#requested.add(name)
  }

  addNew(): void {
    this.#hasNewTopics = true
  }

  /** What is to be asked now, of all that are wanted; that much is no longer requested. */
  take(wanted: Iterable<WantedTopic>, isAged: boolean): Question {
    const isRequested = this.#isRequested
    const isFull = this.#areAllRequested || isAged
    const isAsked = ({ name, isUnresolved }: WantedTopic): boolean =>
      isFull || isUnresolved || this.#requested.has(name)
    const topics = [...wanted].filter(isAsked)
    this.#isRequested = false
    this.#areAllRequested = false
    this.#requested.clear()
    this.#hasNewTopics = false
    return { topics, isFull, isRequested }
  }

  /** It was not answered, and is to be asked again. `isRequested`: as something that has failed. */
  putBack({ topics, isFull }: Question, isRequested: boolean): void {
    if (isRequested) this.add(topics.map(({ name }) => name))
    this.#areAllRequested ||= isFull
  }
}
