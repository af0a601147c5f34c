/**
 * Which partitions the coordinator has to add to a transaction before anything is sent to them
 * (AddPartitionsToTxn; transaction.version 0 and 1, under 2 the leaders do it: KIP-890). A partition is
 * wanted once a batch of it is opened, so that the request overlaps the time in which the batch fills;
 * one request is in flight, with all that are wanted by then.
 *
 *   wanted ──> asked ──NONE──> added: its batches may go
 *                └──> refused: the transaction cannot be committed
 *
 * One counts as added when it is answered, never when it is asked (KAFKA-5364).
 *
 * Before: sequencing/transactional-numbering.ts wants. After: coordinator-requests.ts.
 */
import {
  addPartitionsToTxn,
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
} from '../../protocol/messages/add-partitions-to-txn.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import type { AddablePartition } from '../sequencing/transactional-numbering.js'
import type { CoordinatorRequests, Decided, Stopped } from './coordinator-requests.js'

/** The identity of the transaction that they are added to. */
type Identified = Pick<
  AddPartitionsToTxnRequest,
  'transactionalId' | 'producerId' | 'producerEpoch'
>

export interface AdditionsParts {
  readonly requests: CoordinatorRequests
  readonly defer: (callback: () => void) => void
  /** The transaction that they belong to. */
  readonly transaction: number
  /** It is still to be committed. */
  isWanted(): boolean
  /** There is an answer to a request that was sent; `topic`: the one refused by name. */
  onAnswer(answer: Decided<unknown> | Stopped, topic: string | undefined): void
}

/** One for each transaction. */
export class PartitionAdditions {
  readonly #parts: AdditionsParts
  #wanted = new Set<AddablePartition>()
  #identified: Identified | null = null
  #isAsking = false
  #idleListeners: (() => void)[] = []

  constructor(parts: AdditionsParts) {
    this.#parts = parts
  }

  /** The partition will have batches. */
  want(partition: AddablePartition): void {
    this.#wanted.add(partition)
    this.#askSoon()
  }

  /** The transaction may send, under this identity: the coordinator is asked from now on. */
  begin(identified: Identified): void {
    this.#identified = identified
    this.#askSoon()
  }

  /** Calls back once no request is under way. */
  whenIdle(listener: () => void): void {
    if (this.#isAsking) this.#idleListeners.push(listener)
    else listener()
  }

  /** With whatever else is wanted by then. */
  #askSoon(): void {
    if (this.#isAsking || this.#identified === null || this.#wanted.size === 0) return
    this.#isAsking = true
    this.#parts.defer(() => void this.#ask())
  }

  async #ask(): Promise<void> {
    const asked = [...this.#wanted]
    this.#wanted = new Set()
    const answer = await this.#request(asked)
    this.#isAsking = false
    if (answer.kind === 'decided' && answer.verdict.action === 'done') {
      for (const partition of asked) partition.added(this.#parts.transaction)
    }
    const refused = answer.kind === 'decided' ? refusedTopic(answer.response) : undefined
    this.#parts.onAnswer(answer, refused)
    const listeners = this.#idleListeners
    this.#idleListeners = []
    for (const listener of listeners) listener()
    if (this.#parts.isWanted()) this.#askSoon()
  }

  #request(
    asked: readonly AddablePartition[],
  ): Promise<Decided<AddPartitionsToTxnResponse> | Stopped> {
    const identified = this.#identified ?? {
      transactionalId: '',
      producerId: -1n,
      producerEpoch: -1,
    }
    return this.#parts.requests.ask<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse>({
      name: 'AddPartitionsToTxn',
      api: addPartitionsToTxn,
      request: { ...identified, topics: byTopic(asked) },
      target: { coordinator: identified.transactionalId, type: 'transaction' },
      codesOf: ({ results }) =>
        results.flatMap(({ resultsByPartition }) =>
          resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode),
        ),
      isWanted: () => this.#parts.isWanted(),
    })
  }
}

/** Each partition once, though a topic that was dropped and is used again has it twice. */
function byTopic(asked: readonly AddablePartition[]): { name: string; partitions: number[] }[] {
  const topics = new Map<string, Set<number>>()
  for (const { topic, partition } of asked) {
    const partitions = topics.get(topic) ?? new Set()
    topics.set(topic, partitions.add(partition))
  }
  return [...topics].map(([name, partitions]) => ({ name, partitions: [...partitions] }))
}

function refusedTopic(response: AddPartitionsToTxnResponse | null): string | undefined {
  return response?.results.find(({ resultsByPartition }) =>
    resultsByPartition.some(
      ({ partitionErrorCode: code }) =>
        code !== ErrorCodes.NONE && code !== ErrorCodes.OPERATION_NOT_ATTEMPTED,
    ),
  )?.name
}
