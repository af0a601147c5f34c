/**
 * Brokers that no longer lead some partition and still owe answers for it. Until they have given them,
 * or their connection is closed, nothing of that partition goes to its new leader; so each is waited
 * for a moment, and a frozen one not even that.
 *
 *   leader moved --> owes answers, silent for less than a second --> 200 ms --> connection closed
 *                    owes answers, silent for longer: frozen ------------------> at once
 *
 * Batches on a closed connection are unknown, and go again under the same numbers. Without numbers what
 * goes again may be stored twice, those of partitions that have not moved too: there only a broker
 * that has been silent for a second is left, since one that goes on answering will answer for all.
 *
 * Before and after: sender.ts.
 */
import type { Clock } from '../../clock.js'
import { ConnectionError } from '../../errors.js'
import { formatAddress } from '../../network/address.js'
import type { ProducePort } from '../../network/brokers/produce-port.js'
import type { Outbox } from './outbox.js'
import { OLD_LEADER_GRACE_MS, STALL_MS } from '../pacing/pace-constants.js'

export class OldLeaders {
  readonly #pool: ProducePort
  readonly #isIdempotent: boolean
  /** Until when each is waited for; monotonic. */
  readonly #graceMs = new Map<Outbox, number>()

  constructor(pool: ProducePort, isIdempotent: boolean) {
    this.#pool = pool
    this.#isIdempotent = isIdempotent
  }

  /** The broker of this outbox leads one partition less, and owes an answer for it. */
  add(outbox: Outbox, clock: Clock): void {
    if (this.#graceMs.has(outbox) || outbox.requests.length === 0) return
    const stalledMs = stalledAtMs(outbox)
    const hasStalled = stalledMs <= clock.readUntilMs()
    const graceMs = clock.monotonicMs() + (this.#isIdempotent ? OLD_LEADER_GRACE_MS : Infinity)
    this.#graceMs.set(outbox, hasStalled ? -Infinity : Math.min(stalledMs, graceMs))
  }

  /** When `leave` has something to do; Infinity with none. */
  nextMs(): number {
    let nextMs = Infinity
    for (const graceMs of this.#graceMs.values()) nextMs = Math.min(nextMs, graceMs)
    return nextMs
  }

  /** Closes the connections of those whose time is up, if they owe answers still. */
  leave(clock: Clock): void {
    const readUntilMs = clock.readUntilMs()
    for (const [outbox, graceMs] of this.#graceMs) {
      if (graceMs > readUntilMs) continue
      this.#graceMs.delete(outbox)
      if (!owesAnswers(outbox)) continue
      if (this.#isIdempotent || stalledAtMs(outbox) <= readUntilMs) this.#drop(outbox.nodeId)
      else this.add(outbox, clock) // it has answered something meanwhile
    }
  }

  #drop(nodeId: number): void {
    const connection = this.#pool.connection(nodeId) // none where the cluster no longer lists it
    const { host, port } = connection ?? { host: 'unknown', port: 0 }
    const where = connection === undefined ? '' : ` (${formatAddress(connection)})`
    const reason = new ConnectionError(
      `broker ${nodeId}${where} no longer leads its partitions and still owes answers: its connection is closed, and its batches go to the new leaders`,
      { host, port, phase: 'request' },
    )
    this.#pool.drop(nodeId, reason)
  }
}

/** When its broker has been silent for so long that it counts as stalled; Infinity where it owes nothing. */
function stalledAtMs({ requests: [oldest] }: Outbox): number {
  return oldest === undefined ? Infinity : oldest.silentSinceMs + STALL_MS
}

/** For a partition that has another leader now. */
function owesAnswers({ nodeId, requests }: Outbox): boolean {
  return requests.some((request) =>
    [...request.batches()].some(({ queue }) => queue.leaderId >= 0 && queue.leaderId !== nodeId),
  )
}
