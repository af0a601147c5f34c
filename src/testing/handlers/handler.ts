/**
 * What a broker's answer to one API is made by: a function from the decoded request to the decoded
 * response, which may call back later. `makeService` puts the codec around it.
 *
 * Neighbours: services.ts lists them; server-connection.ts calls them; each other file of this
 * folder has the handler of one API.
 */
import { isFlexible, type Api } from '../../protocol/api.js'
import type { Reader } from '../../protocol/reader.js'
import type { Broker } from '../broker.js'
import type { ClusterState } from '../cluster-state.js'
import type { FaultTarget, RequestFaults } from '../fault-script.js'
import { responseFrame } from '../response-frame.js'
import type { SaslSession } from '../sasl/sasl-session.js'

/** One request at one broker. */
export interface Exchange<Request> {
  readonly cluster: ClusterState
  readonly broker: Broker
  readonly version: number
  readonly correlationId: number
  readonly request: Request
  readonly faults: RequestFaults
  readonly clientId: string
  /** Of the whole frame behind its length. */
  readonly sizeBytes: number
  readonly throttle: Throttle
  readonly session: SaslSession
  readonly ending: Ending
}

/** How long the client is to pause, in ms: told in the answer, and kept by reading nothing. */
export interface Throttle {
  ms: number
}

/** Whether the answer is the connection's last: it leaves so many ms later, and then the broker hangs up. */
export interface Ending {
  afterMs: number | null
}

/** Instead of a response: nothing (acks 0). */
export const NO_ANSWER = 'no answer'
/** Instead of a response: the end of the connection. */
export const HANG_UP = 'hang up'

/** What a request comes to. */
export type Answer<Response> = Response | typeof NO_ANSWER | typeof HANG_UP

/** Carries out a request and responds once, now or later. */
export type Handler<Request, Response> = (
  exchange: Exchange<Request>,
  respond: (answer: Answer<Response>) => void,
) => void

/** An API that the brokers serve. */
export interface Service {
  readonly name: string
  readonly key: number
  readonly minVersion: number
  readonly maxVersion: number
  /** Reads the body behind a header whose tags are still unread. Throws ProtocolError. */
  decode(reader: Reader, version: number): unknown
  /** What a decoded request is about, for the scope of faults. */
  targets(request: unknown, cluster: ClusterState): readonly FaultTarget[]
  /** Carries out a decoded request; responds with a whole frame. */
  serve(exchange: Exchange<unknown>, respond: (frame: Answer<Buffer>) => void): void
}

/** A service, from the codec of an API and what answers it. */
export function makeService<Request, Response>(
  api: Api<Request, Response>,
  handler: Handler<Request, Response>,
  targetsOf: (request: Request, cluster: ClusterState) => readonly FaultTarget[] = () => [],
): Service {
  const { name, key, minVersion, maxVersion } = api
  return {
    name,
    key,
    minVersion,
    maxVersion,
    decode(reader, version) {
      if (isFlexible(api, version)) reader.readTaggedFields()
      const request = api.decodeRequest(reader, version)
      reader.expectEnd()
      return request
    },
    // The assertions: a request comes back to the service that decoded it.
    targets: (request, cluster) => targetsOf(request as Request, cluster),
    serve(exchange, respond) {
      handler({ ...exchange, request: exchange.request as Request }, (answer) => {
        if (answer === NO_ANSWER) respond(NO_ANSWER)
        else if (answer === HANG_UP) respond(HANG_UP)
        else respond(responseFrame(api, exchange.version, exchange.correlationId, answer))
      })
    },
  }
}
