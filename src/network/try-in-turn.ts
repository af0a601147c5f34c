/**
 * Asks several places the same question until one answers: the next place is asked when the one
 * before has failed, and also when it has been silent for a while ("hedging"), so that a frozen
 * broker costs that while and no more.
 *
 *   A ──ask──> … silent for hedgeMs …  ──────> late: discarded
 *   B              └──ask──> fails ┐
 *   C                              └──ask──> answers: the result
 *
 * Neighbours: control-plane.ts asks brokers with it.
 */
import type { Clock, Timer } from '../clock.js'

/** How to ask, and what becomes of answers nobody needs. */
export interface TryInTurnOptions<Place, Answer> {
  readonly clock: Clock
  /** Silence after which the next place is asked as well. */
  readonly hedgeMs: number
  ask(place: Place): Promise<Answer>
  /** Told of each place that failed, in the order of the failures. */
  onFailure(place: Place, error: unknown): void
  /** Told of the places that had not answered when another did. */
  onSilent(place: Place): void
}

/**
 * Resolves with the first answer. Rejects, with the errors in the order of the places, when all
 * have failed. `onFailure` and `onSilent` are called before it settles.
 */
export function tryInTurn<Place, Answer>(
  places: readonly Place[],
  options: TryInTurnOptions<Place, Answer>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const errors: unknown[] = []
    const running = new Set<Place>()
    let nextIndex = 0
    let timer: Timer | undefined
    let isSettled = false

    const askNext = (): void => {
      timer?.clear()
      const index = nextIndex
      const place = places[index]
      if (place === undefined) return
      nextIndex++
      running.add(place)
      timer = options.clock.setTimer(askNext, options.hedgeMs, { keepAlive: false })
      options.ask(place).then(
        (answer) => {
          settle(place, answer)
        },
        (error: unknown) => {
          errors[index] = error
          fail(place, error)
        },
      )
    }
    const settle = (place: Place, answer: Answer): void => {
      if (isSettled) return
      isSettled = true
      timer?.clear()
      running.delete(place)
      for (const silent of running) options.onSilent(silent)
      resolve(answer)
    }
    const fail = (place: Place, error: unknown): void => {
      if (isSettled) return
      running.delete(place)
      options.onFailure(place, error)
      askNext()
      if (running.size > 0) return
      isSettled = true
      timer?.clear()
      reject(new AggregateError(errors, 'nobody has answered'))
    }

    askNext()
    if (running.size === 0) reject(new AggregateError(errors, 'there is nobody to ask'))
  })
}
