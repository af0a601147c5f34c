/**
 * Text keys as bytes, without an allocation for each: murmur2 and the batch both need the bytes,
 * and both are done with them before the next key comes.
 */
const SCRATCH_BYTES = 4096
/** Up to here a loop beats the call into V8's own encoder. */
const SHORT_TEXT_UNITS = 24

export class KeyEncoder {
  /** The key's bytes: `bytes` up to `length`. Valid until the next call. */
  bytes: Uint8Array = Buffer.alloc(0)
  length = 0
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)

  encode(text: string): void {
    if (text.length * 3 > SCRATCH_BYTES) {
      this.bytes = Buffer.from(text)
      this.length = this.bytes.length
      return
    }
    this.bytes = this.#scratch
    this.length = text.length <= SHORT_TEXT_UNITS ? this.#encodeAscii(text) : -1
    if (this.length < 0) this.length = this.#scratch.write(text)
  }

  /** True where `bytes` is our scratch, which the next key overwrites. */
  isScratch(bytes: Uint8Array): boolean {
    return bytes === this.#scratch
  }

  #encodeAscii(text: string): number {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) return -1
      this.#scratch[i] = unit
    }
    return text.length
  }
}
