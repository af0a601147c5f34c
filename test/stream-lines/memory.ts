/** How much memory a process holds as it goes on: the most in each part of its work. */

const MIB = 2 ** 20
const INTERVAL_MS = 100

/** The most that was seen during one part. */
export interface MemoryPart {
  rssMib: number
  heapMib: number
}

export class MemoryWatch {
  readonly #progress: () => number
  readonly #timer: NodeJS.Timeout
  readonly parts: MemoryPart[]

  /** `progress` says how much of the work is done, from 0 to 1. */
  constructor(progress: () => number, partCount = 10) {
    this.#progress = progress
    this.parts = Array.from({ length: partCount }, () => ({ rssMib: 0, heapMib: 0 }))
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS)
  }

  #look(): void {
    const part = this.parts[Math.min(this.parts.length - 1, Math.floor(this.#progress() * this.parts.length))] // prettier-ignore
    if (part === undefined) return
    const { rss, heapUsed } = process.memoryUsage()
    part.rssMib = Math.max(part.rssMib, Math.round(rss / MIB))
    part.heapMib = Math.max(part.heapMib, Math.round(heapUsed / MIB))
  }

  stop(): MemoryPart[] {
    this.#look()
    clearInterval(this.#timer)
    return this.parts.filter(({ rssMib }) => rssMib > 0)
  }
}
