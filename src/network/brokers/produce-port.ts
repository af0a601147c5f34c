/**
 * What whoever produces needs of the network: a connection to each broker, and what is known of brokers
 * that have none. Nothing here names a socket, so that a test can stand in for it with plain objects.
 *
 * Neighbours: broker-pool.ts and connection.ts are the real ones; the producer's sender works with them.
 */
import type { ConnectionError, OttlaError } from '../../errors.js'
import type { CommonVersions } from '../connection/api-version-table.js'
import type { ConnectionTarget } from '../connection/connection-contract.js'
import type { RespondingApi, ResponseHandler } from '../connection/request-queue.js'

/** An open connection to one broker. */
export interface ProduceConnection extends ConnectionTarget {
  /** Requests are accepted. */
  readonly isOpen: boolean
  /** Requests are accepted, and every byte handed over so far is in the kernel. */
  readonly isWritable: boolean
  /** Monotonic time before which the broker wants no further request (KIP-219); 0 if never asked. */
  readonly throttledUntilMs: number
  /** When that pause has begun, however often it grew. */
  readonly throttledSinceMs: number
  /** The shortest time from a request to its answer so far, in ms; Infinity before the first. */
  readonly shortestRoundTripMs: number
  /** What this broker speaks. */
  readonly versions: CommonVersions
  /** The id that the next frame must carry; frames are sent in the order of their ids. */
  nextCorrelationId(): number
  /**
   * Writes one complete request, size field and header included. Nobody may change its bytes before the
   * handler is called, which is never synchronously.
   */
  sendFrame(
    frame: readonly Uint8Array[],
    correlationId: number,
    api: RespondingApi,
    version: number,
    timeoutMs: number,
    handler: ResponseHandler,
  ): void
  /**
   * Writes a request that no answer will follow (acks 0): `onWritten` when its bytes are in the kernel,
   * or else `onFailure`; one of the two, once, never synchronously.
   */
  sendFrameWithoutAnswer(
    frame: readonly Uint8Array[],
    timeoutMs: number,
    onWritten: () => void,
    onFailure: (error: OttlaError) => void,
  ): void
  /** The broker wants a pause of `throttleTimeMs`. */
  throttle(throttleTimeMs: number): void
}

/** The brokers of the cluster, each by its id. */
export interface ProducePort {
  /** The open connection to that broker, if there is one. */
  connection(nodeId: number): ProduceConnection | undefined
  /** As `connection`; if there is none, it is dialled in the background, once backoff allows. */
  ensure(nodeId: number): ProduceConnection | undefined
  /** The cluster lists that broker. */
  knows(nodeId: number): boolean
  /** Why no request can be sent to that broker; null while one can, or where none was to be. */
  whyUnreachable(nodeId: number): ConnectionError | null
  /** That broker was just elected, so that it is there: a dial need not wait any longer. */
  forgiveFailures(nodeId: number): void
  /** Closes that broker's connection, or gives up dialling it, now. */
  drop(nodeId: number, reason: OttlaError): void
}
