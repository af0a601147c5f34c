/**
 * The members of a message, and the quick way over a value that is right: `for ... in` visits each once,
 * while to ask for each by its name, and to count them, costs a quarter of the encoding.
 *
 * Neighbours: message-check.ts fills it, and looks for the fault where not all is right.
 */
import { isObject, type Check, type Members } from './value-check.js'

/** What is known of a field, or of a oneof. */
interface MemberParts {
  readonly name: string
  /** `typeof` of a value that needs no further look; the empty text for all others. */
  readonly plainType: string
  /** False for what a made message always has: were it missing, something would be written for it. */
  readonly mayBeMissing: boolean
  /** False also where it has to be looked at in full. */
  readonly isRight: (value: unknown) => boolean
  readonly faultOf: Check
}

/** A field, or a oneof, of a message. */
export class Member implements MemberParts {
  readonly name: string
  readonly plainType: string
  readonly mayBeMissing: boolean
  readonly isRight: (value: unknown) => boolean
  readonly faultOf: Check
  /** The member that was found behind this one last time. */
  next: Member = this

  constructor(parts: MemberParts) {
    this.name = parts.name
    this.plainType = parts.plainType
    this.mayBeMissing = parts.mayBeMissing
    this.isRight = parts.isRight
    this.faultOf = parts.faultOf
  }

  takes(item: unknown): boolean {
    return typeof item === this.plainType || (item !== undefined && this.isRight(item))
  }
}

/** All members of one message. */
export class KnownMembers {
  readonly all: Member[] = []
  readonly #typeName: string
  /** Where another prototype is, members may be out of sight of `for ... in`. */
  readonly #prototype: unknown
  #required = 0

  /** `example` is any value that `create` made. */
  constructor(typeName: string, example: object) {
    this.#typeName = typeName
    this.#prototype = Object.getPrototypeOf(example)
  }

  add(member: Member): void {
    const last = this.all.at(-1) ?? member
    last.next = member
    member.next = this.all[0] ?? member
    if (!member.mayBeMissing) this.#required++
    this.all.push(member)
  }

  /** True where `create` made the value and all is right; false where it has to be looked at in full. */
  areRight(value: unknown): boolean {
    const end = this.all.at(-1)
    if (end === undefined || !this.#isMade(value)) return false
    let last: Member = end
    let required = 0
    for (const name in value) {
      if (name === '$typeName') continue
      const member: Member | undefined =
        last.next.name === name ? last.next : this.#search(last, name)
      if (!member?.takes(value[name])) return false
      if (!member.mayBeMissing) required++
      last = member
    }
    return required === this.#required
  }

  #isMade(value: unknown): value is Members {
    return (
      isObject(value) &&
      value.$typeName === this.#typeName &&
      Object.getPrototypeOf(value) === this.#prototype
    )
  }

  /** Values of one kind have their members in the same order: the next one is found at once. */
  #search(last: Member, name: string): Member | undefined {
    const member = this.all.find((it) => it.name === name)
    if (member !== undefined) last.next = member
    return member
  }
}
