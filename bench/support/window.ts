/**
 * A bound on records under way, for subjects whose client has none of its own, and the count of
 * what became of them.
 */

export class Window {
  readonly #limit: number
  #underWay = 0
  #wake: (() => void) | null = null
  #wakeAt = 0
  #failure: Error | null = null

  /** `limit`: most records under way at once. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Counts records that are handed over. Returns a promise to await where there are too many under
   * way, else null: a promise for each record would be measured too. Throws the first failure.
   */
  add(count = 1): Promise<void> | null {
    if (this.#failure !== null) throw this.#failure
    this.#underWay += count
    return this.#underWay < this.#limit ? null : this.#below(this.#limit / 2)
  }

  /** One record is acknowledged. */
  readonly acked = (): void => this.remove(1)

  /** That many are acknowledged. */
  remove(count: number): void {
    this.#underWay -= count
    if (this.#underWay <= this.#wakeAt) this.#wakeUp()
  }

  /** A record failed, and with it the run. */
  readonly failed = (error: unknown): void => {
    this.#failure ??= error instanceof Error ? error : new Error(String(error))
    this.#wakeUp()
  }

  /** Resolves when nothing is under way; rejects with the first failure. */
  async drained(): Promise<void> {
    if (this.#underWay > 0) await this.#below(0)
    if (this.#failure !== null) throw this.#failure
  }

  #below(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeAt = count
      this.#wake = resolve
      if (this.#failure !== null || this.#underWay <= count) this.#wakeUp()
    })
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}
