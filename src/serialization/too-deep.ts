/**
 * What is said of a value that goes deeper than the stack: a writer calls itself for what is within, and one
 * that holds itself has no end. The engine says "Maximum call stack size exceeded", and no place.
 *
 * Before: whoever calls a writer, once it has thrown (producer/records/serialize-record.ts, avro/, protobuf/).
 */
import { thrownKind, thrownWords } from '../thrown.js'

/** No more objects are looked at: an error is to be found soon. */
const MOST_OBJECTS = 100_000
const MOST_STEPS_SHOWN = 4
/** No writer needs so much for a level that fewer fill the stack. */
const LEAST_DEEP = 200

/** The engine's error where a call finds no room on the stack. */
export function isTooDeep(thrown: unknown): boolean {
  return thrownKind(thrown) === 'RangeError' && /call stack/.test(thrownWords(thrown, String))
}

/**
 * What is wrong with the value, where, and what to do: `.next.next is value.next again: …`; null where it
 * is not the value that is deep.
 */
export function depthFault(value: unknown): string | null {
  try {
    return new Descent(value).fault()
  } catch {
    return null // a getter, or a proxy, that throws
  }
}

/** An object on the way down, and which of its members are still to be looked at. */
interface Level {
  readonly object: object
  /** Its name in the one above. */
  readonly step: string
  readonly names: readonly string[]
  next: number
}

/** Goes down without calling itself. */
class Descent {
  readonly #value: unknown
  readonly #way: Level[] = []
  /** Where each object of the way stands in it. */
  readonly #depths = new Map<object, number>()
  readonly #seen = new WeakSet()
  #seenCount = 0
  #deepest = 0
  /** How the way down to there begins. */
  #beginning = ''

  constructor(value: unknown) {
    this.#value = value
  }

  fault(): string | null {
    this.#enter(this.#value, '')
    for (let level = this.#way.at(-1); level !== undefined; level = this.#way.at(-1)) {
      const name = level.names[level.next++]
      if (name === undefined) this.#leave(level)
      else if (this.#seenCount >= MOST_OBJECTS) break
      else {
        const circle = this.#look(level.object, name)
        if (circle !== null) return circle
      }
    }
    if (this.#deepest < LEAST_DEEP) return null
    return `${this.#beginning}… goes ${this.#deepest} levels deep, more than the stack holds: give it flatter, e.g. as a list`
  }

  #leave(level: Level): void {
    this.#depths.delete(level.object)
    this.#way.pop()
  }

  #look(object: object, name: string): string | null {
    const member = (object as Readonly<Record<string, unknown>>)[name]
    if (typeof member !== 'object' || member === null) return null
    const step = Array.isArray(object) ? `[${name}]` : stepText(name)
    const depth = this.#depths.get(member)
    if (depth !== undefined) return this.#circle(step, depth)
    this.#enter(member, step)
    return null
  }

  #enter(member: unknown, step: string): void {
    if (typeof member !== 'object' || member === null) return
    if (ArrayBuffer.isView(member) || this.#seen.has(member)) return
    this.#seen.add(member)
    this.#seenCount++
    this.#depths.set(member, this.#way.length)
    this.#way.push({ object: member, step, names: Object.keys(member), next: 0 })
    if (this.#way.length <= this.#deepest) return
    this.#deepest = this.#way.length
    this.#beginning = this.#steps(MOST_STEPS_SHOWN + 1).join('')
  }

  #circle(step: string, depth: number): string {
    const above = this.#steps(depth + 1).join('')
    const below = this.#steps(this.#way.length)
    const shown =
      below.length > 2 * MOST_STEPS_SHOWN
        ? `${below.slice(0, MOST_STEPS_SHOWN).join('')}…${below.slice(-MOST_STEPS_SHOWN).join('')}`
        : below.join('')
    const whole = above === '' ? 'the value itself' : `value${above}`
    return `${shown}${step} is ${whole} again: a value that holds itself has no end, leave the way back out`
  }

  #steps(count: number): string[] {
    return this.#way.slice(1, count).map(({ step }) => step)
  }
}

function stepText(name: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}
