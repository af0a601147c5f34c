/**
 * What the brokers were asked, in the order in which they came to it; the newest are kept.
 *
 * Neighbours: server-connection.ts notes; cluster.ts shows.
 */

/** One request that a broker has read. */
export interface SeenRequest {
  /** Node id of the broker. */
  readonly broker: number
  /** Kafka's name of the API, such as `Produce`. */
  readonly api: string
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | null
  /** The decoded body, shaped as in Kafka's message definitions. */
  readonly body: unknown
}

const MOST_KEPT = 10_000

/** The newest requests. */
export class RequestLog {
  #requests: SeenRequest[] = []

  get all(): readonly SeenRequest[] {
    return this.#requests
  }

  note(request: SeenRequest): void {
    this.#requests.push(request)
    // In halves, so that a long run does not move the list for each request.
    if (this.#requests.length > 2 * MOST_KEPT) this.#requests = this.#requests.slice(-MOST_KEPT)
  }

  clear(): void {
    this.#requests = []
  }
}
