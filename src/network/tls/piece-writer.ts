/**
 * Writes to a TLS socket a piece at a time, each gathered in one buffer that is used again:
 *
 *   requests, lists of buffers ──copied──> | piece | ──encrypted at once──> socket ──written──> next
 *
 * Node encrypts all that one write has, in a copy of its own, before the first byte leaves; and what
 * is written meanwhile becomes the next write, megabytes of it. So the broker, which decrypts as it
 * reads, stood still while we encrypted, and we while it read. Pieces let both work at once, and
 * spare fresh memory for each request.
 *
 * Neighbours: dial-tls.ts makes one for each socket; socket-transport.ts hands it what is to be written.
 */

/** By measurement: records a second (docs/performance.md, TLS). */
const PIECE_BYTES = 262_144
/** Enough where little is sent, as on most connections of most services. */
const SMALL_PIECE_BYTES = 16_384

/** One buffer of a request; with the last one comes the callback. */
interface Part {
  readonly bytes: Uint8Array
  readonly onWritten: (() => void) | undefined
}

/** The part of a socket that is written to. */
export interface WritableSocket {
  write(bytes: Uint8Array, onWritten: (error?: Error | null) => void): boolean
}

export class PieceWriter {
  readonly #socket: WritableSocket
  readonly #queue: Part[] = []
  /** Bytes of the queue. */
  #leftBytes = 0
  /** Of the first part of the queue: how much has left. */
  #offset = 0
  /** Parts that end in the piece under way. */
  #ended = 0
  #piece = Buffer.alloc(0)
  #isWriting = false

  constructor(socket: WritableSocket) {
    this.#socket = socket
  }

  /** As `Transport.write`. */
  write(buffers: readonly Uint8Array[], onWritten: () => void): void {
    const last = buffers.length - 1
    for (const [index, bytes] of buffers.entries()) {
      this.#queue.push({ bytes, onWritten: index === last ? onWritten : undefined })
      this.#leftBytes += bytes.length
    }
    if (!this.#isWriting) this.#writePiece()
  }

  #writePiece(): void {
    this.#isWriting = true
    this.#makeRoom()
    const length = this.#fill()
    this.#socket.write(this.#piece.subarray(0, length), this.#onPiece)
  }

  readonly #onPiece = (error?: Error | null): void => {
    if (error) return // the stream is at its end, which `close` reports
    for (const { onWritten } of this.#queue.splice(0, this.#ended)) onWritten?.()
    if (this.#queue.length > 0) this.#writePiece()
    else this.#isWriting = false
  }

  #makeRoom(): void {
    const wanted = this.#leftBytes > SMALL_PIECE_BYTES ? PIECE_BYTES : SMALL_PIECE_BYTES
    if (this.#piece.length < wanted) this.#piece = Buffer.allocUnsafeSlow(wanted)
  }

  /** Copies as much of the queue as there is room for; returns how many bytes that is. */
  #fill(): number {
    let length = 0
    this.#ended = 0
    for (const { bytes } of this.#queue) {
      const end = Math.min(bytes.length, this.#offset + this.#piece.length - length)
      this.#piece.set(bytes.subarray(this.#offset, end), length)
      length += end - this.#offset
      this.#offset = end
      if (end < bytes.length) break
      this.#offset = 0
      this.#ended++
    }
    this.#leftBytes -= length
    return length
  }
}
