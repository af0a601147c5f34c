/**
 * Cuts a stream of bytes into Kafka's frames: the only code that knows of chunks.
 *
 *   frame = size (int32, big-endian) | `size` bytes
 *
 *           4 bytes seen                  `size` bytes seen: frame out
 *   SIZE ─────────────────> BODY ───────────────────────────────────────> SIZE
 *     └─ size < 0 or too large: ProtocolError, and nothing more is read
 *
 * A frame that lies within one chunk is a view of it, uncopied; one that spans several is copied
 * once, when its last byte is there; one that comes in very many is gathered in one buffer, which grows
 * twofold, since each part costs more than a few bytes. So memory grows with the bytes received and never
 * with the size claimed. Not a decoder: a frame's content is none of its business.
 *
 * Neighbours: connection.ts feeds it and takes the frames; tls/first-bytes.ts knows who else speaks.
 */
import { ProtocolError } from '../../errors.js'
import { strangerBy } from '../tls/first-bytes.js'

const SIZE_BYTES = 4
/** More parts of a frame than that are gathered in one buffer. */
const MAX_PARTS = 64
const NOT_KAFKA = 'the other side does not speak the Kafka protocol, or the stream is broken'

/**
 * Largest frame accepted, as librdkafka's receive.message.max.bytes; real answers are far smaller.
 */
export const MAX_FRAME_BYTES = 100_000_000

/** Largest frame accepted before the broker has shown what it is: its versions, a login. */
export const MAX_FIRST_FRAME_BYTES = 1_048_576

/** One per stream. */
export class FrameSplitter {
  /** Larger frames are refused; may be changed at any time. */
  maxFrameBytes: number
  /** The four bytes of a size that was refused. */
  refusedHead: Buffer | undefined
  /** Bytes of a frame that has begun and is not complete, its size field first. */
  #parts: Buffer[] = []
  /** In place of the parts, once there were too many: as many of its bytes as have come. */
  #gathered: Buffer | null = null
  #partsBytes = 0
  /** Size field plus body of the frame that has begun; 0 while that is not known. */
  #wholeBytes = 0
  #stopped = false

  constructor(maxFrameBytes = MAX_FRAME_BYTES) {
    this.maxFrameBytes = maxFrameBytes
  }

  /** What is held of a frame that is not complete. */
  get held(): { readonly parts: number; readonly bytes: number } {
    const gatheredBytes = this.#gathered?.length
    return { parts: this.#parts.length, bytes: gatheredBytes ?? this.#partsBytes }
  }

  /**
   * Takes the next chunk and hands over each frame that it completes, without the size field. The
   * frame may be kept. Throws ProtocolError for a size that no Kafka broker sends; the stream cannot
   * be read any further then.
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    let rest = this.#partsBytes === 0 ? chunk : this.#continueFrame(chunk, onFrame)
    while (!this.#stopped && rest.length >= SIZE_BYTES) {
      const wholeBytes = SIZE_BYTES + this.#readSize(rest)
      if (rest.length < wholeBytes) break
      onFrame(rest.subarray(SIZE_BYTES, wholeBytes))
      rest = rest.subarray(wholeBytes)
    }
    if (!this.#stopped && rest.length > 0) this.#keep(rest)
  }

  /** Drops what is held; no frame is handed over after it, not even from the chunk at hand. */
  stop(): void {
    this.#stopped = true
    this.#drop()
  }

  /** Adds to the frame that has begun; returns the bytes after its end. */
  #continueFrame(chunk: Buffer, onFrame: (frame: Buffer) => void): Buffer {
    if (this.#wholeBytes === 0) this.#learnSize(chunk)
    const missingBytes = (this.#wholeBytes || SIZE_BYTES) - this.#partsBytes
    this.#keep(chunk.subarray(0, missingBytes))
    if (this.#wholeBytes !== 0 && this.#partsBytes === this.#wholeBytes) this.#finishFrame(onFrame)
    return chunk.subarray(missingBytes)
  }

  /** Puts a size field together that a chunk's end has cut in two. */
  #learnSize(chunk: Buffer): void {
    const head = Buffer.concat([...this.#parts, chunk.subarray(0, SIZE_BYTES - this.#partsBytes)])
    if (head.length === SIZE_BYTES) this.#wholeBytes = SIZE_BYTES + this.#readSize(head)
  }

  #finishFrame(onFrame: (frame: Buffer) => void): void {
    const whole = this.#gathered ?? Buffer.concat(this.#parts, this.#partsBytes)
    this.#drop()
    onFrame(whole.subarray(SIZE_BYTES))
  }

  #drop(): void {
    this.#parts = []
    this.#gathered = null
    this.#partsBytes = 0
    this.#wholeBytes = 0
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return
    if (this.#gathered !== null || this.#parts.length >= MAX_PARTS) {
      this.#gather(part)
      return
    }
    this.#parts.push(part)
    this.#partsBytes += part.length
    if (this.#parts.length === 1 && part.length >= SIZE_BYTES) {
      this.#wholeBytes = SIZE_BYTES + part.readInt32BE(0)
    }
  }

  /** Each byte is copied twice or so: the buffer doubles, but never beyond the frame. */
  #gather(part: Buffer): void {
    const bytes = this.#partsBytes + part.length
    let gathered = this.#gathered
    if (gathered === null || gathered.length < bytes) {
      const held = gathered === null ? this.#parts : [gathered.subarray(0, this.#partsBytes)]
      gathered = Buffer.concat(held, Math.min(2 * bytes, this.#wholeBytes))
      this.#gathered = gathered
      this.#parts = []
    }
    part.copy(gathered, this.#partsBytes)
    this.#partsBytes = bytes
  }

  #readSize(bytes: Buffer): number {
    const sizeBytes = bytes.readInt32BE(0)
    if (sizeBytes < 0 || sizeBytes > this.maxFrameBytes) {
      this.stop()
      this.refusedHead = Buffer.from(bytes.subarray(0, SIZE_BYTES))
      throw new ProtocolError(
        `a frame claims ${sizeBytes} bytes, where 0 to ${this.maxFrameBytes} are possible: ` +
          (strangerBy(this.refusedHead)?.words ?? NOT_KAFKA),
      )
    }
    return sizeBytes
  }
}
