/** Raw transactional requests to a broker: what each test of the coordinator speaks with. */
import { connect, type Socket } from 'node:net'
import type { Api } from '../../../src/protocol/api.js'
import { errorCode } from '../../../src/protocol/error-codes.js'
import { addOffsetsToTxn } from '../../../src/protocol/messages/add-offsets-to-txn.js'
import { addPartitionsToTxn } from '../../../src/protocol/messages/add-partitions-to-txn.js'
import { endTxn } from '../../../src/protocol/messages/end-txn.js'
import {
  CoordinatorTypes,
  findCoordinator,
} from '../../../src/protocol/messages/find-coordinator.js'
import { initProducerId } from '../../../src/protocol/messages/init-producer-id.js'
import { produce } from '../../../src/protocol/messages/produce.js'
import { txnOffsetCommit } from '../../../src/protocol/messages/txn-offset-commit.js'
import { ZERO_UUID } from '../../../src/protocol/uuid.js'
import { askOver } from '../../broker/ask.js'
import { makeBatch, type BatchPlan } from '../support/batches.js'

/** Who a producer is. */
export interface Identity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

export const NOBODY: Identity = { producerId: -1n, producerEpoch: -1 }

/** Versions of a client: the newest of a transaction level. */
export const VERSIONS = {
  1: { produce: 11, endTxn: 4, txnOffsetCommit: 4 },
  2: { produce: 12, endTxn: 5, txnOffsetCommit: 5 },
} as const

/** The transactional bit. */
export const transactional = (batch: Buffer): void => {
  batch.writeInt16BE(batch.readInt16BE(21) | 0x10, 21)
}

/** A client of one broker and one transactional id, over connections of its own. */
export class RawTransactions {
  readonly address: string
  readonly transactionalId: string
  readonly level: 1 | 2
  /** Of the batches that were taken. */
  readonly baseOffsets: bigint[] = []
  readonly #sockets = new Set<Socket>()

  constructor(address: string, transactionalId: string, level: 1 | 2) {
    this.address = address
    this.transactionalId = transactionalId
    this.level = level
  }

  async ask<Q, A>(api: Api<Q, A>, version: number, request: Q): Promise<A> {
    const [host = '', port] = this.address.split(':')
    const socket = connect({ host, port: Number(port) })
    this.#sockets.add(socket)
    try {
      return await askOver(socket, api, version, request)
    } finally {
      socket.destroy()
      this.#sockets.delete(socket)
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async find(keyType: 'group' | 'transaction', key = this.transactionalId, version = 4) {
    const request = { keyType: CoordinatorTypes[keyType], coordinatorKeys: [key] }
    const [found] = (await this.ask(findCoordinator, version, request)).coordinators
    return { error: name(found?.errorCode), nodeId: found?.nodeId }
  }

  async init(
    identity: Identity = NOBODY,
    { transactionTimeoutMs = 60_000, version = 5, transactionalId = this.transactionalId } = {},
  ): Promise<Identity & { error: string }> {
    const request = { transactionalId, transactionTimeoutMs, ...identity }
    const { errorCode, producerId, producerEpoch } = await this.ask(
      initProducerId,
      version,
      request,
    )
    return { error: name(errorCode), producerId, producerEpoch }
  }

  async add(
    { producerId, producerEpoch }: Identity,
    partitions: Readonly<Record<string, readonly number[]>>,
    version = 3,
  ): Promise<string> {
    const topics = Object.entries(partitions).map(([name, partitions]) => ({ name, partitions }))
    const { transactionalId } = this
    const request = { transactionalId, producerId, producerEpoch, topics }
    const { results } = await this.ask(addPartitionsToTxn, version, request)
    const codes = results.flatMap(({ name: topic, resultsByPartition }) =>
      resultsByPartition.map((it) => ({ topic, ...it })),
    )
    codes.sort((a, b) => a.topic.localeCompare(b.topic) || a.partitionIndex - b.partitionIndex)
    return codes.map(({ partitionErrorCode }) => name(partitionErrorCode)).join(' ')
  }

  async addOffsets({ producerId, producerEpoch }: Identity, groupId: string, version = 3) {
    const { transactionalId } = this
    const request = { transactionalId, producerId, producerEpoch, groupId }
    return name((await this.ask(addOffsetsToTxn, version, request)).errorCode)
  }

  async end(
    { producerId, producerEpoch }: Identity,
    committed: boolean,
    version: number = VERSIONS[this.level].endTxn,
  ): Promise<Identity & { error: string }> {
    const { transactionalId } = this
    const request = { transactionalId, producerId, producerEpoch, committed }
    const answer = await this.ask(endTxn, version, request)
    return {
      error: name(answer.errorCode),
      producerId: answer.producerId,
      producerEpoch: answer.producerEpoch,
    }
  }

  async commitOffsets(
    { producerId, producerEpoch }: Identity,
    groupId: string,
    offsets: Readonly<Record<string, bigint>>,
    group: { generationId?: number; memberId?: string; groupInstanceId?: string | null } = {},
    version: number = VERSIONS[this.level].txnOffsetCommit,
  ): Promise<string> {
    const { generationId = -1, memberId = '', groupInstanceId = null } = group
    const topics = Object.entries(offsets).map(([name, committedOffset]) => ({
      name,
      partitions: [
        { partitionIndex: 0, committedOffset, committedLeaderEpoch: -1, committedMetadata: null },
      ],
    }))
    const { transactionalId } = this
    const who = { transactionalId, groupId, producerId, producerEpoch }
    const request = { ...who, generationId, memberId, groupInstanceId, topics }
    const answer = await this.ask(txnOffsetCommit, version, request)
    const codes = answer.topics.flatMap(({ partitions }) => partitions)
    return codes.map(({ errorCode }) => name(errorCode)).join(' ')
  }

  async produce(
    { producerId, producerEpoch }: Identity,
    topic: string,
    sequence: number,
    more: BatchPlan & { version?: number; partition?: number; transactionalId?: null } = {},
  ): Promise<string> {
    const { version = VERSIONS[this.level].produce, partition = 0, transactionalId, ...plan } = more
    const identity = { producerId, epoch: producerEpoch, sequence }
    const records = makeBatch({ ...identity, damage: transactional, ...plan })
    return this.produceBytes(topic, [{ index: partition, records }], { version, transactionalId })
  }

  async produceBytes(
    topic: string,
    partitionData: readonly { index: number; records: Buffer }[],
    options: { version?: number; transactionalId?: null | undefined } = {},
  ): Promise<string> {
    const { version = VERSIONS[this.level].produce } = options
    const request = {
      transactionalId: options.transactionalId === null ? null : this.transactionalId,
      acks: -1,
      timeoutMs: 5000,
      topicData: [{ name: topic, topicId: ZERO_UUID, partitionData }],
    }
    const { responses } = await this.ask(produce, version, request)
    const parts = responses.flatMap(({ partitionResponses }) => partitionResponses)
    parts.sort((a, b) => a.index - b.index)
    const taken = parts.filter(({ errorCode }) => errorCode === 0)
    this.baseOffsets.push(...taken.map(({ baseOffset }) => baseOffset))
    return parts.map(({ errorCode }) => name(errorCode)).join(' ')
  }
}

function name(code: number | undefined): string {
  return code === undefined ? 'nothing' : errorCode(code).name
}
