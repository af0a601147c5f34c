/**
 * How long to wait for a broker that no longer leads some partition and still owes answers for it.
 * Until it has answered, or its connection is closed, nothing of that partition goes to the new
 * leader: the old one may still be writing. So it gets 200 ms, and a broker that is frozen none.
 *
 *   moved away --> owes answers, silent for less than a second --> 200 ms --> connection closed
 *                  owes answers, silent for longer: frozen ------------------> at once
 *
 * Batches on a closed connection go again under the same numbers. Without numbers what goes again may
 * be stored twice, those of partitions that have not moved too: there only a broker that has been
 * silent for a second is left, since one that goes on answering will answer for all.
 *
 * Before: broker-sink.ts has one.
 */
import type { Clock } from '../../clock.js'
import { ConnectionError } from '../../errors.js'
import { formatAddress } from '../../network/address.js'
import type { ProducePort } from '../../network/brokers/produce-port.js'
import { OLD_LEADER_GRACE_MS } from '../pacing/pace-constants.js'
import type { ProduceRequest } from './produce-request.js'

/** The broker, and what it owes. */
interface Owing {
  readonly nodeId: number
  readonly inFlight: readonly ProduceRequest[]
  readonly stalledAtMs: number
}

export class OldLeader {
  readonly #broker: Owing
  readonly #network: ProducePort
  readonly #isIdempotent: boolean
  #leaveAtMs = Infinity

  constructor(broker: Owing, network: ProducePort, isIdempotent: boolean) {
    this.#broker = broker
    this.#network = network
    this.#isIdempotent = isIdempotent
  }

  /** Monotonic: when its connection is closed; Infinity: no partition has moved away. */
  get leaveAtMs(): number {
    return this.#leaveAtMs
  }

  /** A partition has moved away from the broker. */
  movedAway(clock: Clock): void {
    if (this.#leaveAtMs < Infinity || this.#broker.inFlight.length === 0) return
    const { stalledAtMs } = this.#broker
    const graceMs = clock.monotonicMs() + (this.#isIdempotent ? OLD_LEADER_GRACE_MS : Infinity)
    const hasStalled = stalledAtMs <= clock.readUntilMs()
    this.#leaveAtMs = hasStalled ? -Infinity : Math.min(stalledAtMs, graceMs)
  }

  /** Closes its connection where the time is up and it owes answers still. */
  leaveIfDue(clock: Clock): void {
    const readUntilMs = clock.readUntilMs()
    if (this.#leaveAtMs > readUntilMs) return
    this.#leaveAtMs = Infinity
    if (!this.#owesAnswers()) return
    if (this.#isIdempotent || this.#broker.stalledAtMs <= readUntilMs) this.#leave()
    else this.movedAway(clock) // it has answered something meanwhile
  }

  /** For a partition that has another leader now. */
  #owesAnswers(): boolean {
    const { nodeId, inFlight } = this.#broker
    return inFlight.some((request) =>
      [...request.batches()].some(({ queue }) => queue.leaderId >= 0 && queue.leaderId !== nodeId),
    )
  }

  #leave(): void {
    const { nodeId } = this.#broker
    const connection = this.#network.connection(nodeId) // none where the cluster no longer lists it
    const { host, port } = connection ?? { host: 'unknown', port: 0 }
    const where = connection === undefined ? '' : ` (${formatAddress(connection)})`
    const reason = new ConnectionError(
      `broker ${nodeId}${where} no longer leads its partitions and has not answered requests in flight: its connection is closed, and its batches are sent to the new leaders`,
      { host, port, phase: 'request' },
    )
    this.#network.drop(nodeId, reason)
  }
}
