/**
 * The bound on what a producer holds: `bufferMemoryBytes` (Java's buffer.memory). It counts bytes
 * of batch buffers, head to tail, and of records that were taken before their topic was known. It
 * allocates nothing and knows no waiter: who waits for room, and in which order, is the parking lot's.
 */
export class MemoryBudget {
  readonly totalBytes: number
  #usedBytes = 0

  constructor(totalBytes: number) {
    this.totalBytes = totalBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** Negative while more was forced than there is. */
  get availableBytes(): number {
    return this.totalBytes - this.#usedBytes
  }

  /** Takes `bytes`, or returns false and takes nothing. */
  tryTake(bytes: number): boolean {
    if (bytes > this.availableBytes) return false
    this.#usedBytes += bytes
    return true
  }

  /**
   * Takes `bytes` even where that overdraws: for records that were promised room before (they gave
   * their own bytes back; a batch's buffer is a little larger), so that they never wait for it.
   */
  forceTake(bytes: number): void {
    this.#usedBytes += bytes
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#usedBytes -= bytes
  }
}
