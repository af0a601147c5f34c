/**
 * The seam between Ottla and the operating system's sockets: bytes in, bytes out, and an end.
 *
 * Not a protocol: it knows neither frames nor requests. tcp.ts is the real one; the tests and the
 * in-process cluster put another in its place. TLS is a `Dial` of its own (tls/dial-tls.ts) behind the same seam.
 *
 * Neighbours: tcp.ts implements it; connection.ts uses it.
 */

/** Where a broker listens. An IPv6 host stands without brackets. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Called with what a transport receives. Neither method may throw. @internal */
export interface TransportHandlers {
  /** Bytes in the order of the wire. The receiver may keep the chunk: nobody writes to it again. */
  onData(chunk: Buffer): void
  /** Called once; nothing comes after it. Null: the other side closed in good order. */
  onClose(error: Error | null): void
}

/** An open stream of bytes to one broker. @internal */
export interface Transport {
  /**
   * Hands the list to the kernel as one vectored write, uncopied: nobody may change the bytes until
   * `onWritten` is called, which happens when the kernel has them all, never synchronously, and not
   * at all when the stream fails first.
   */
  write(buffers: readonly Uint8Array[], onWritten: () => void): void
  /** Closes at once, unsent bytes included. Idempotent. Whether `onClose` follows is left open. */
  destroy(): void
  /** Lets the stream keep the process alive (the state it starts in). */
  ref(): void
  /** Lets the process end although the stream is open. */
  unref(): void
  /**
   * Notes what came of the stream: whether a broker has answered on it. Where a name has several
   * addresses, the next dial tries those of no use last.
   */
  judge?(isUseful: boolean): void
}

/** How to dial. @internal */
export interface DialOptions {
  /** For the whole of it: resolving the name and trying every address that it has. */
  readonly timeoutMs: number
  /** Gives up at once when it fires; the promise then rejects. */
  readonly signal?: AbortSignal
}

/**
 * Opens a stream to a broker, trying each IPv4 and IPv6 address of the name in turn, those that
 * were of no use before last. Rejects with ConnectionError, whose phase is `resolve`, `connect` or
 * `tls`.
 *
 * @internal
 */
export type Dial = (
  address: Address,
  handlers: TransportHandlers,
  options: DialOptions,
) => Promise<Transport>
