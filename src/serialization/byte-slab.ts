/**
 * Room for the bytes of many values, one behind the other, in few large pieces: an allocation for each
 * value would cost more than most values take to encode. What was handed out is never written over;
 * a piece goes when nobody holds a part of it any more.
 *
 * Neighbours: the encoders of avro/ and json-schema/.
 */

const PIECE_BYTES = 65_536
const NO_BYTES = Buffer.alloc(0)

export class ByteSlab {
  /** The piece at hand. */
  bytes: Buffer = NO_BYTES
  #usedBytes = 0

  /**
   * Claims the rest of the piece at hand, at least `sizeBytes` of it, and gives its start. Code of the
   * user's that runs before `release`, such as a getter that sends a record, finds another piece.
   */
  claim(sizeBytes: number): number {
    if (this.bytes.length - this.#usedBytes < sizeBytes) this.#renew(sizeBytes)
    const start = this.#usedBytes
    this.#usedBytes = this.bytes.length
    return start
  }

  /** Gives back what lies behind `end`, unless another piece is at hand by now. */
  release(bytes: Buffer, end: number): void {
    if (this.bytes === bytes) this.#usedBytes = end
  }

  /** The bytes from `start` to `end`. A view made so costs half of what `subarray` of a Buffer does. */
  static part({ buffer, byteOffset }: Buffer, start: number, end: number): Uint8Array {
    return new Uint8Array(buffer, byteOffset + start, end - start)
  }

  #renew(sizeBytes: number): void {
    // A little more than was asked for: the next value may be a little larger.
    this.bytes = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, sizeBytes + (sizeBytes >> 2)))
    this.#usedBytes = 0
  }
}

/** Not in Node's documentation; half the time of `write`, which other runtimes may have alone. */
type Utf8Write = (this: Buffer, text: string, offset: number, length: number) => number
const { utf8Write } = Buffer.prototype as unknown as { utf8Write?: Utf8Write }

/** Writes text, for which there are at least `length` bytes from `offset` on; returns how many it took. */
export function writeUtf8(bytes: Buffer, text: string, offset: number, length: number): number {
  return utf8Write === undefined
    ? bytes.write(text, offset, length, 'utf8')
    : utf8Write.call(bytes, text, offset, length)
}
