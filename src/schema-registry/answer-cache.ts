/**
 * Answers of a registry that never change, by key: the most recently used ones are kept, and a key
 * that is asked for twice at a time is fetched once. A failure is not kept.
 *
 * Neighbours: registry-client.ts has one for each kind of question.
 */

export class AnswerCache<Answer> {
  readonly #maxSize: number
  /** The least recently used first. */
  readonly #answers = new Map<string, Promise<Answer>>()

  constructor(maxSize: number) {
    this.#maxSize = maxSize
  }

  get size(): number {
    return this.#answers.size
  }

  /** The answer to `key`; `fetch` is called where there is none, and none is on its way. */
  get(key: string, fetch: () => Promise<Answer>): Promise<Answer> {
    const known = this.#answers.get(key)
    if (known !== undefined) {
      this.#answers.delete(key)
      this.#answers.set(key, known)
      return known
    }
    const answer = fetch()
    this.#answers.set(key, answer)
    answer.catch(() => {
      if (this.#answers.get(key) === answer) this.#answers.delete(key)
    })
    this.#shrink()
    return answer
  }

  #shrink(): void {
    for (const key of this.#answers.keys()) {
      if (this.#answers.size <= this.#maxSize) return
      this.#answers.delete(key)
    }
  }
}
