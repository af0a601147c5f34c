/**
 * Asks several places the same question until one answers: the next place is asked when the one
 * before has failed, and also when it has been silent for a while ("hedging"), so that a frozen
 * broker costs that while and no more.
 *
 *   A ──ask──> … silent for hedgeMs … ─────────────────> late: discarded
 *   B              └──ask──> fails ┐ … pause … ──ask──> answers: the result
 *   C                              └──ask──> fails … pause …
 *
 * What has failed is asked again after a pause of its own for as long as another is silent: a place
 * that needs long to fail holds up nobody. Once each has failed, all has been tried: it is for the
 * caller to say when to begin again. After a failure that decides (a refused login), the others get
 * the time of one silence in which to answer, and who has failed so is not asked again.
 *
 * Neighbours: control-addresses.ts asks brokers with it.
 */
import type { Clock, Timer } from '../../clock.js'

/** How to ask, and what becomes of answers nobody needs. */
export interface TryInTurnOptions<Place, Answer> {
  readonly clock: Clock
  /** Silence after which the next place is asked as well. */
  readonly hedgeMs: number
  /** The pause before a place is asked again that has failed so many times in a row. */
  pauseMs(failures: number): number
  ask(place: Place): Promise<Answer>
  /** Called with each place that failed, in the order of the failures. */
  onFailure(place: Place, error: unknown): void
  /** The failure says what the others would: they are all asked at once, and waited for no longer than `hedgeMs`. */
  isDecisive?(error: unknown): boolean
  /** Called with the places that had not answered when another did. */
  onSilent(place: Place): void
}

/**
 * Resolves with the first answer. Rejects, with the latest errors in the order of the places, when
 * all have failed. `onFailure` and `onSilent` are called before it settles.
 */
export function tryInTurn<Place, Answer>(
  places: readonly Place[],
  options: TryInTurnOptions<Place, Answer>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    new Round(places, options, resolve, reject).start()
  })
}

/** One call of `tryInTurn`. */
class Round<Place, Answer> {
  readonly #places: readonly Place[]
  readonly #options: TryInTurnOptions<Place, Answer>
  readonly #resolve: (answer: Answer) => void
  readonly #reject: (error: AggregateError) => void
  /** By place: the latest error, and how many there were. */
  readonly #errors: unknown[] = []
  readonly #failures: number[] = []
  /** Places being asked. */
  readonly #running = new Set<number>()
  readonly #pauses = new Set<Timer>()
  #hedge: Timer | undefined
  #lastChance: Timer | undefined
  #nextIndex = 0
  #isSettled = false

  constructor(
    places: readonly Place[],
    options: TryInTurnOptions<Place, Answer>,
    resolve: (answer: Answer) => void,
    reject: (error: AggregateError) => void,
  ) {
    this.#places = places
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
  }

  start(): void {
    if (this.#places.length === 0) this.#giveUp()
    else this.#askNext()
  }

  /** Asks the first that was not asked yet, and after a silence the one behind it. */
  #askNext(): void {
    this.#hedge?.clear()
    if (this.#nextIndex >= this.#places.length) return
    const { clock, hedgeMs } = this.#options
    this.#hedge = clock.setTimer(() => this.#askNext(), hedgeMs, { keepAlive: false })
    this.#ask(this.#nextIndex++)
  }

  #ask(index: number): void {
    this.#running.add(index)
    this.#options.ask(this.#place(index)).then(
      (answer) => this.#settle(index, answer),
      (error: unknown) => this.#fail(index, error),
    )
  }

  #settle(index: number, answer: Answer): void {
    if (this.#isSettled) return
    this.#end()
    this.#running.delete(index)
    for (const silent of this.#running) this.#options.onSilent(this.#place(silent))
    this.#resolve(answer)
  }

  #fail(index: number, error: unknown): void {
    if (this.#isSettled) return
    const failures = (this.#failures[index] ?? 0) + 1
    this.#running.delete(index)
    this.#errors[index] = error
    this.#failures[index] = failures
    this.#options.onFailure(this.#place(index), error)
    const isDecisive = this.#options.isDecisive?.(error) === true
    if (isDecisive) this.#askAllOnceMore()
    else if (failures === 1) this.#askNext()
    if (this.#haveAllFailed) this.#giveUp()
    else if (!isDecisive) this.#askAgain(index, this.#options.pauseMs(failures))
  }

  /**
   * Each that was not asked yet is; that is the last chance of all. One broker may lag behind in
   * its users, but the password is the same at all of them: to try each to the end helps nobody.
   */
  #askAllOnceMore(): void {
    if (this.#lastChance !== undefined) return
    const { clock, hedgeMs } = this.#options
    this.#lastChance = clock.setTimer(() => this.#giveUp(), hedgeMs)
    while (this.#nextIndex < this.#places.length) this.#askNext()
  }

  #askAgain(index: number, pauseMs: number): void {
    const again = (): void => {
      this.#pauses.delete(pause)
      this.#ask(index)
    }
    const pause = this.#options.clock.setTimer(again, pauseMs, { keepAlive: false })
    this.#pauses.add(pause)
  }

  get #haveAllFailed(): boolean {
    return this.#places.every((_, index) => this.#failures[index] !== undefined)
  }

  #giveUp(): void {
    this.#end()
    const isAnybodyThere = this.#places.length > 0
    const message = isAnybodyThere ? 'no address has answered' : 'there is no address to ask'
    this.#reject(new AggregateError(this.#errors, message))
  }

  #end(): void {
    this.#isSettled = true
    this.#hedge?.clear()
    this.#lastChance?.clear()
    for (const pause of this.#pauses) pause.clear()
  }

  #place(index: number): Place {
    return this.#places[index] as Place // an index of the list
  }
}
