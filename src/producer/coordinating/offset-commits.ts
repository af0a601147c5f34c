/**
 * Commits a consumer group's offsets as part of a transaction: they count once it is committed, and
 * never where it is aborted.
 *
 *   level 0, 1:  AddOffsetsToTxn (of the transaction's coordinator, once a group) ──> TxnOffsetCommit
 *   level 2:     TxnOffsetCommit v5 alone: the group's coordinator adds the group (KIP-890)
 *
 * One after another, in the order of the calls: a later offset of a partition counts. A request whose
 * answer was lost may still come, and after a later one of the same partition it would set the group back:
 * so a later one aborts the transaction.
 *
 * Before: transaction.ts. After: coordinator-requests.ts; the group's coordinator is another broker.
 */
import {
  addOffsetsToTxn,
  type AddOffsetsToTxnRequest,
  type AddOffsetsToTxnResponse,
} from '../../protocol/messages/add-offsets-to-txn.js'
import {
  txnOffsetCommit,
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitRequestTopic,
  type TxnOffsetCommitResponse,
} from '../../protocol/messages/txn-offset-commit.js'
import { TimeoutError } from '../../errors.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import type { ProducerIdentity } from '../sequencing/partition-sequence.js'
import type { CheckedOffset, GroupMember } from './consumer-group.js'
import type { CoordinatorRequests, Decided, Stopped } from './coordinator-requests.js'
import type { TransactionLevel } from './transaction-level.js'

/** The last version that does not add the group to the transaction. */
const LAST_VERSION_BEFORE_LEVEL_2 = 4
const OF_LEVEL = {
  1: { ...txnOffsetCommit, maxVersion: LAST_VERSION_BEFORE_LEVEL_2 },
  2: { ...txnOffsetCommit, minVersion: LAST_VERSION_BEFORE_LEVEL_2 + 1 },
} as const

export interface OffsetParts {
  readonly requests: CoordinatorRequests
  readonly transactionalId: string
  /** The transaction can still be committed. */
  isWanted(): boolean
  /** There is an answer; where it is not 'done', the transaction cannot be committed. */
  onAnswer(answer: Decided<unknown> | Stopped, groupId: string, forbiddenTopic?: string): void
  /** A request is about to leave by which the transaction begins, where it has not. */
  onSending(): void
  /** The transaction's own, once it may send; null where it has ended before. */
  whenSending(): Promise<Sending | null>
}

/** What requests are sent with. */
export interface Sending {
  readonly identity: ProducerIdentity
  readonly level: TransactionLevel
}

/** One for each transaction. */
export class OffsetCommits {
  readonly #parts: OffsetParts
  readonly #groupsAdded = new Set<string>()
  /** The partitions, by group, of requests that may still be on their way. */
  readonly #late = new Map<string, Set<string>>()
  /** The call before. */
  #last: Promise<void> = Promise.resolve()

  constructor(parts: OffsetParts) {
    this.#parts = parts
  }

  /** Settled once every call until now is. Never rejects. */
  get settled(): Promise<void> {
    return this.#last
  }

  /** Commits the offsets after those of earlier calls. True: done; false: the transaction has failed. */
  commit(group: GroupMember, offsets: readonly CheckedOffset[]): Promise<boolean> {
    const done = this.#last.then(() => this.#commit(group, offsets))
    this.#last = done.then(() => {})
    return done
  }

  async #commit(group: GroupMember, offsets: readonly CheckedOffset[]): Promise<boolean> {
    const sending = await this.#parts.whenSending()
    if (sending === null) return false
    const { identity, level } = sending
    if (this.#wouldBeSetBack(group.groupId, offsets)) {
      this.#parts.onAnswer(setBack(), group.groupId)
      return false
    }
    if (level === 1 && !(await this.#addGroup(identity, group.groupId))) return false
    const { requests, transactionalId } = this.#parts
    this.#parts.onSending()
    const answer = await requests.ask<TxnOffsetCommitRequest, TxnOffsetCommitResponse>({
      name: 'TxnOffsetCommit',
      api: OF_LEVEL[level],
      request: { transactionalId, ...identity, ...group, topics: byTopic(offsets) },
      target: { coordinator: group.groupId, type: 'group' },
      codesOf: ({ topics }) =>
        topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
      isWanted: () => this.#parts.isWanted(),
    })
    if (answer.mayArriveLate) this.#noteLate(group.groupId, offsets)
    this.#parts.onAnswer(answer, group.groupId, forbiddenTopic(answer))
    return isDone(answer)
  }

  #noteLate(groupId: string, offsets: readonly CheckedOffset[]): void {
    const late = this.#late.get(groupId) ?? new Set<string>()
    for (const offset of offsets) late.add(partitionOf(offset))
    this.#late.set(groupId, late)
  }

  #wouldBeSetBack(groupId: string, offsets: readonly CheckedOffset[]): boolean {
    const late = this.#late.get(groupId)
    return late !== undefined && offsets.some((offset) => late.has(partitionOf(offset)))
  }

  async #addGroup(identity: ProducerIdentity, groupId: string): Promise<boolean> {
    if (this.#groupsAdded.has(groupId)) return true
    const { requests, transactionalId } = this.#parts
    this.#parts.onSending()
    const answer = await requests.ask<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse>({
      name: 'AddOffsetsToTxn',
      api: addOffsetsToTxn,
      request: { transactionalId, ...identity, groupId },
      target: { coordinator: transactionalId, type: 'transaction' },
      codesOf: ({ errorCode }) => [errorCode],
      isWanted: () => this.#parts.isWanted(),
    })
    this.#parts.onAnswer(answer, groupId)
    if (isDone(answer)) this.#groupsAdded.add(groupId)
    return isDone(answer)
  }
}

/** To run the transaction again helps. */
const setBack = (): Decided<unknown> => ({
  kind: 'decided',
  verdict: { action: 'abort', needsBump: false, isBrief: false },
  response: null,
  error: new TimeoutError(
    'the answer to an earlier sendOffsets was lost; it may still come after this one, and set the group back',
  ),
  mayHaveActed: false,
  mayArriveLate: false,
})

function partitionOf({ topic, partition }: CheckedOffset): string {
  return `${topic} ${partition}`
}

function isDone(answer: Decided<unknown> | Stopped): boolean {
  return answer.kind === 'decided' && answer.verdict.action === 'done'
}

/** The topic whose offsets may not be committed; the first of several. */
function forbiddenTopic(answer: Decided<TxnOffsetCommitResponse> | Stopped): string | undefined {
  if (answer.kind !== 'decided') return undefined
  const isForbidden = ({ errorCode }: { readonly errorCode: number }): boolean =>
    errorCode === ErrorCodes.TOPIC_AUTHORIZATION_FAILED
  return answer.response?.topics.find(({ partitions }) => partitions.some(isForbidden))?.name
}

function byTopic(offsets: readonly CheckedOffset[]): TxnOffsetCommitRequestTopic[] {
  const topics = new Map<string, Map<number, CheckedOffset>>()
  for (const offset of offsets) {
    const partitions = topics.get(offset.topic) ?? new Map<number, CheckedOffset>()
    topics.set(offset.topic, partitions.set(offset.partition, offset)) // the later one of two
  }
  return [...topics].map(([name, partitions]) => ({
    name,
    partitions: [...partitions.values()].map((it) => ({
      partitionIndex: it.partition,
      committedOffset: it.offset,
      committedLeaderEpoch: it.leaderEpoch,
      committedMetadata: it.metadata,
    })),
  }))
}
