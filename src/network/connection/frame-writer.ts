/**
 * Writes the requests of one connection, and knows whether the socket is backed up: how many frames are
 * not in the kernel yet, and which requests without answer (acks 0) wait for just that.
 *
 * Neighbours: connection.ts is its only user; transport.ts is what it writes to.
 */
import type { OttlaError } from '../../errors.js'
import type { Log } from '../../logger.js'
import type { Transport } from '../transport/transport.js'
import { failSafely } from './request-queue.js'

/** A request without answer (acks 0) that is not in the kernel yet. */
export interface UnansweredRequest {
  readonly timeoutMs: number
  /** Monotonic. */
  readonly deadlineMs: number
  onFailure(error: OttlaError): void
}

/** Called with what has been written. */
export interface WriteListener {
  /** A frame is in the kernel. */
  onFrameWritten(): void
  /** The same, and no answer will follow: the request is over. */
  onUnansweredWritten(): void
}

/** One for each connection. */
export class FrameWriter {
  readonly #listener: WriteListener
  readonly #unanswered = new Set<UnansweredRequest>()
  #transport: Transport | undefined
  #unwrittenCount = 0
  #isReferenced = true

  constructor(listener: WriteListener) {
    this.#listener = listener
  }

  /** Every byte handed over so far is in the kernel. */
  get isClear(): boolean {
    return this.#unwrittenCount === 0
  }

  /** Requests without answer that are not in the kernel. */
  get unansweredCount(): number {
    return this.#unanswered.size
  }

  /** The oldest of them, and so the most urgent. */
  get oldestUnanswered(): UnansweredRequest | undefined {
    const [oldest] = this.#unanswered
    return oldest
  }

  start(transport: Transport): void {
    this.#transport = transport
  }

  /** As one vectored write: nobody may change the bytes before the answer is there. */
  write(frame: readonly Uint8Array[]): void {
    this.#unwrittenCount++
    this.#transport?.write(frame, this.#onFrameWritten)
  }

  /** Counts a request without answer among those that wait; `writeUnanswered` follows. */
  expect(request: UnansweredRequest): void {
    this.#unanswered.add(request)
  }

  /** The same as `write`; `onWritten` is called when its bytes are in the kernel. */
  writeUnanswered(
    frame: readonly Uint8Array[],
    request: UnansweredRequest,
    onWritten: () => void,
  ): void {
    this.#unwrittenCount++
    this.#transport?.write(frame, () => {
      if (!this.#unanswered.delete(request)) return
      onWritten()
      this.#onFrameWritten()
      this.#listener.onUnansweredWritten()
    })
  }

  /** Whether the stream keeps the process alive. */
  keepAlive(isWanted: boolean): void {
    if (isWanted === this.#isReferenced) return
    this.#isReferenced = isWanted
    if (isWanted) this.#transport?.ref()
    else this.#transport?.unref()
  }

  /** Closes the stream at once, and forgets it: who keeps a closed connection keeps none of its buffers. */
  destroy(): void {
    this.#transport?.destroy()
    this.#transport = undefined
  }

  /** Fails the requests without answer that are not in the kernel, oldest first. */
  failUnanswered(reason: OttlaError, logger: Log): void {
    const requests = [...this.#unanswered]
    this.#unanswered.clear()
    for (const request of requests) failSafely(request, reason, logger)
  }

  // One function for all writes: the hot path makes no closure.
  readonly #onFrameWritten = (): void => {
    this.#unwrittenCount--
    this.#listener.onFrameWritten()
  }
}
