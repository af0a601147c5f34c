/**
 * The producer id and epoch of a transactional id: asked of its coordinator at the beginning, which
 * fences whoever had the id before and decides what he left undecided; and raised where numbers must
 * begin anew (KIP-360).
 *
 *   none ── acquire: InitProducerId(-1, -1) ──> known ── bump: InitProducerId(P, E) ──> known, E + 1
 *                                                  └──── adopt: what EndTxn v5 gives (KIP-890)
 *
 * The epoch is never counted here, but taken as it comes: the coordinator may give another id.
 *
 * Before: transaction-manager.ts. After: sequencing/transactional-sequencer.ts numbers by it.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import {
  initProducerId,
  type InitProducerIdRequest,
  type InitProducerIdResponse,
} from '../../protocol/messages/init-producer-id.js'
import type { ProducerIdentity } from '../sequencing/partition-sequence.js'
import type { CoordinatorRequests, Decided, Stopped } from './coordinator-requests.js'

/** The first version that takes a producer id and epoch (KIP-360). */
const FIRST_VERSION_WITH_EPOCH = 3
const NONE: ProducerIdentity = { producerId: -1n, producerEpoch: -1 }

export interface IdentityOptions {
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
}

/** One for each transactional producer. */
export class TransactionalIdentity {
  readonly #options: IdentityOptions
  readonly #requests: CoordinatorRequests
  #current: ProducerIdentity | null = null

  constructor(options: IdentityOptions, requests: CoordinatorRequests) {
    this.#options = options
    this.#requests = requests
  }

  /** Null until it is known. The object is another one whenever id or epoch is. */
  get current(): ProducerIdentity | null {
    return this.#current
  }

  /** What the end of a transaction gave; less than a producer id is none. */
  adopt({ producerId, producerEpoch }: ProducerIdentity): void {
    const current = this.#current
    if (producerId < 0n || producerEpoch < 0) return
    if (current?.producerId === producerId && current.producerEpoch === producerEpoch) return
    this.#current = { producerId, producerEpoch }
  }

  /** The cluster that gave it is gone. */
  forget(): void {
    this.#current = null
  }

  /** As a fresh incarnation: whoever had the id before is fenced. Adopts what is given. */
  acquire(isWanted: () => boolean): Promise<Decided<InitProducerIdResponse> | Stopped> {
    return this.#ask(NONE, isWanted)
  }

  /** Another epoch of the same incarnation. Adopts what is given. */
  bump(isWanted: () => boolean): Promise<Decided<InitProducerIdResponse> | Stopped> {
    return this.#ask(this.#current ?? NONE, isWanted)
  }

  async #ask(
    { producerId, producerEpoch }: ProducerIdentity,
    isWanted: () => boolean,
  ): Promise<Decided<InitProducerIdResponse> | Stopped> {
    const isBump = producerId !== NONE.producerId
    const answer = await this.#requests.ask<InitProducerIdRequest, InitProducerIdResponse>({
      name: 'InitProducerId',
      api: isBump ? { ...initProducerId, minVersion: FIRST_VERSION_WITH_EPOCH } : initProducerId,
      request: { ...this.#options, producerId, producerEpoch },
      target: { coordinator: this.#options.transactionalId, type: 'transaction' },
      isFirst: this.#current === null,
      codesOf: ({ errorCode }) => [errorCode],
      isWanted,
    })
    if (answer.kind === 'decided' && answer.response?.errorCode === ErrorCodes.NONE) {
      this.adopt(answer.response)
    }
    return answer
  }
}
