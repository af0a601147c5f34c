/**
 * The bound on what a producer holds: `bufferMemoryBytes` (Java's buffer.memory). It counts bytes
 * of batch buffers, head to tail, and of records that were taken and wait, and of each topic's share
 * in them. It is never overdrawn. It allocates nothing and knows no waiter: who waits for room, and
 * in which order, is the parking lot's.
 */

/** What one topic holds. */
export class MemoryShare {
  usedBytes = 0
}

/** Part of the memory that a topic may fill with what does not move, beside other topics. */
const LARGEST_RESTING_PART = 0.5

export class MemoryBudget {
  readonly totalBytes: number
  readonly #topicCount: () => number
  #usedBytes = 0

  /** `topicCount`: how many topics the producer writes to. */
  constructor(totalBytes: number, topicCount: () => number = () => 1) {
    this.totalBytes = totalBytes
    this.#topicCount = topicCount
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get availableBytes(): number {
    return this.totalBytes - this.#usedBytes
  }

  /** Takes `bytes` for a topic, or returns false and takes nothing. Fewer than 0 are given back. */
  tryTake(bytes: number, share: MemoryShare): boolean {
    if (bytes > this.availableBytes) return false
    this.#usedBytes += bytes
    share.usedBytes += bytes
    return true
  }

  /** Takes `bytes`, or as many as there are, and says how many. */
  takeUpTo(bytes: number, share: MemoryShare): number {
    const takenBytes = Math.min(bytes, this.availableBytes)
    this.tryTake(takenBytes, share)
    return takenBytes
  }

  /** Gives back what was taken. */
  give(bytes: number, share: MemoryShare): void {
    this.#usedBytes -= bytes
    share.usedBytes -= bytes
  }

  /**
   * Whether a topic may hold `bytes` more that do not move (it is unknown, its serializer is slow,
   * its leader is away). Beside other topics that is half of the memory, or they would stand still
   * for as long as it does; one record is always allowed.
   */
  mayRest(bytes: number, share: MemoryShare): boolean {
    if (this.#topicCount() <= 1 || share.usedBytes === 0) return true
    return share.usedBytes + bytes <= this.totalBytes * LARGEST_RESTING_PART
  }
}
