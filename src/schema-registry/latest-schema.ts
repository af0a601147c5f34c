/**
 * The latest version of a subject, as it was when it was last asked for: `isStale` after a while, or
 * when this client has registered another. Whoever uses it asks again in the background meanwhile, also
 * after the client has let it go for others.
 *
 * Neighbours: registry-client.ts has one for each subject; encoding.ts uses it.
 */
import type { Clock, Timer } from '../clock.js'
import type { RegisteredSchema } from './registered-schema.js'

/** A subject's latest version, kept up to date by those who use it. */
export class LatestSchema {
  readonly #fetch: (isBackground: boolean) => Promise<RegisteredSchema>
  readonly #clock: Clock
  readonly #cacheMs: number
  #schema: RegisteredSchema | null = null
  #asked: Promise<RegisteredSchema> | null = null
  #timer: Timer | null = null
  #isClosed = false
  #isLetGo = false
  /** Monotonic: what is known is used until then. */
  #useUntilMs = -Infinity
  /** Of what may be known: an answer that was asked for before another version was registered is none. */
  #generation = 0
  /** A plain field, for it is looked at for each record; whether it is to be asked for again: `isDue`. */
  isStale = true
  /**
   * Raised whenever the registry was asked. `isStale` ends with the first of several users who asks, so
   * each of them compares this with what it was when it last looked at `current`.
   */
  looks = 0

  constructor(
    fetch: (isBackground: boolean) => Promise<RegisteredSchema>,
    clock: Clock,
    cacheMs: number,
  ) {
    this.#fetch = fetch
    this.#clock = clock
    this.#cacheMs = cacheMs
  }

  /** The last one known, or once it is stale what the registry has now. */
  get(): Promise<RegisteredSchema> {
    if (this.#schema !== null && !this.isStale) return Promise.resolve(this.#schema)
    return this.#refresh(false)
  }

  /**
   * What the registry has now, or while it does not answer the last one known: then it is asked again
   * after another `cacheMs`.
   */
  async refreshed(): Promise<RegisteredSchema> {
    const known = this.#schema
    if (known === null) return this.get()
    try {
      return await this.#refresh(true)
    } catch {
      this.#keep()
      return known
    }
  }

  /** False where one that was let go need not be asked for yet. */
  get isDue(): boolean {
    return this.isStale && (!this.#isLetGo || this.#clock.monotonicMs() >= this.#useUntilMs)
  }

  /** The last one known. */
  get current(): RegisteredSchema | null {
    return this.#schema
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Another version was registered. */
  drop(): void {
    this.#clearTimer()
    this.#generation++
    this.isStale = true
  }

  /**
   * The client has no room for it: it has no timer from now on, so that only those who use it hold it.
   * They look at the clock instead, for each record: slower, but there are many subjects then.
   */
  letGo(): void {
    this.#clearTimer()
    this.#isLetGo = true
    this.isStale = true
  }

  /** The client is closed: what is known stays as it is. */
  close(): void {
    this.#isClosed = true
    this.#clearTimer()
    this.isStale = this.#schema === null
  }

  #refresh(isBackground: boolean): Promise<RegisteredSchema> {
    this.#asked ??= this.#ask(isBackground).finally(() => (this.#asked = null))
    return this.#asked
  }

  /** Once more for each version that was registered meanwhile: the answer may be of before. */
  async #ask(isBackground: boolean): Promise<RegisteredSchema> {
    for (;;) {
      const generation = this.#generation
      try {
        const schema = await this.#fetch(isBackground)
        if (generation === this.#generation) return this.#take(schema)
      } catch (error) {
        if (generation === this.#generation) throw error
      }
    }
  }

  /** The object stays the same while the schema does. */
  #take(schema: RegisteredSchema): RegisteredSchema {
    if (this.#schema === null || !isSame(this.#schema, schema)) this.#schema = schema
    this.#keep()
    return this.#schema
  }

  #keep(): void {
    this.#clearTimer()
    this.looks++
    this.#useUntilMs = this.#clock.monotonicMs() + this.#cacheMs
    this.isStale = (this.#isLetGo || this.#cacheMs === 0) && !this.#isClosed
    if (this.isStale || this.#isClosed || this.#cacheMs === Infinity) return
    const options = { keepAlive: false }
    this.#timer = this.#clock.setTimer(() => (this.isStale = true), this.#cacheMs, options)
  }

  #clearTimer(): void {
    this.#timer?.clear()
    this.#timer = null
  }
}

function isSame(one: RegisteredSchema, other: RegisteredSchema): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
