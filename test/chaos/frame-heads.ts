/**
 * Finds the beginnings of frames in a stream of bytes, however the stream is cut into chunks:
 *
 *   | length, int32 | head, of `headBytes` - 4 | rest |     a request's head: api key, version,
 *                                                         correlation id; an answer's: correlation id
 *
 * Neighbour: proxy.ts looks at both directions with it.
 */
const LENGTH_BYTES = 4

export class FrameHeads {
  readonly #headBytes: number
  #head = Buffer.alloc(0)
  /** Bytes of the frame at hand that are still to pass. */
  #left = 0

  /** `headBytes`: the length field's included. */
  constructor(headBytes: number) {
    this.#headBytes = headBytes
  }

  /** Calls `onHead` for each head that ends in this chunk; `start`: where its frame begins, or < 0. */
  push(chunk: Buffer, onHead: (head: Buffer, start: number) => void): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#left > 0) {
        const passed = Math.min(this.#left, chunk.length - at)
        this.#left -= passed
        at += passed
        continue
      }
      const piece = chunk.subarray(at, at + this.#headBytes - this.#head.length)
      this.#head = Buffer.concat([this.#head, piece])
      at += piece.length
      if (this.#head.length < this.#headBytes) return
      onHead(this.#head, at - this.#headBytes)
      this.#left = LENGTH_BYTES + this.#head.readInt32BE() - this.#headBytes
      this.#head = Buffer.alloc(0)
    }
  }
}
