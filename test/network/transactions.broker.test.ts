// The messages of a transaction against a real Kafka, through the control plane: no producer yet.
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { OttlaError } from '../../src/errors.js'
import { parseAddress } from '../../src/network/address.js'
import { ControlPlane } from '../../src/network/control/control-plane.js'
import type { CoordinatorTarget } from '../../src/network/control/control-question.js'
import { dialTcp } from '../../src/network/transport/tcp.js'
import type { Api } from '../../src/protocol/api.js'
import { errorCode } from '../../src/protocol/error-codes.js'
import { addOffsetsToTxn } from '../../src/protocol/messages/add-offsets-to-txn.js'
import { addPartitionsToTxn } from '../../src/protocol/messages/add-partitions-to-txn.js'
import { endTxn } from '../../src/protocol/messages/end-txn.js'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.js'
import { txnOffsetCommit } from '../../src/protocol/messages/txn-offset-commit.js'
import { systemClock } from '../../src/system-clock.js'
import { brokerTest } from '../broker/broker-test.js'
import type { Kafka } from '../broker/kafka.js'
import { testContext } from './support/context.js'

const TOPIC = 'network-transactions'
const GROUP = 'network-transactions'
const MAX_TRIES = 600
const PAUSE_MS = 100
const NOBODY = { generationId: -1, memberId: '', groupInstanceId: null }

interface Identity {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** One transactional id. */
class Client {
  readonly #control: ControlPlane
  readonly transactionalId: string
  readonly #level: () => number

  constructor(t: Test, kafka: Kafka, transactionalId: string) {
    const clock = systemClock()
    const options = { bootstrap: kafka.bootstrap.map(parseAddress) }
    const context = { ...testContext(options), clock, dial: dialTcp(clock) }
    this.#control = new ControlPlane({ ...context, listener: { onFailure: () => {} } })
    this.transactionalId = transactionalId
    this.#level = () => context.features.level('transaction.version')
    const alive = setInterval(() => {}, 1_000) // the network keeps nothing alive by itself
    t.teardown(() => {
      clearInterval(alive)
      this.#control.close()
    })
  }

  /** Of `transaction.version`. */
  get level(): number {
    return this.#level()
  }

  /** Asks the coordinator again as long as it is loading, moving or still ending what was before. */
  async ask<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    group?: string,
  ): Promise<Response> {
    const target: CoordinatorTarget =
      group === undefined
        ? { coordinator: this.transactionalId, type: 'transaction' }
        : { coordinator: group, type: 'group' }
    for (let tries = 0; ; tries++) {
      try {
        return (await this.#control.ask(api, request, target, { check: requireNoError })).response
      } catch (error) {
        if (!(error instanceof OttlaError && error.retriable) || tries === MAX_TRIES) throw error
      }
      await pause(PAUSE_MS)
    }
  }

  /** An identity of its own, whatever was before. */
  async init(): Promise<Identity> {
    const { transactionalId } = this
    const anew = { transactionTimeoutMs: 60_000, producerId: -1n, producerEpoch: -1 }
    const granted = await this.ask(initProducerId, { transactionalId, ...anew })
    return { transactionalId, producerId: granted.producerId, producerEpoch: granted.producerEpoch }
  }
}

/** Wherever in a response it stands. */
function requireNoError(response: unknown): void {
  for (const [name, value] of Object.entries(response as object)) {
    if (Array.isArray(value)) value.forEach(requireNoError)
    if (!name.toLowerCase().endsWith('errorcode') || value === 0) continue
    const { name: errorName, retriable } = errorCode(value as number)
    throw new OttlaError('ERR_OTTLA_TEST', errorName, { retriable })
  }
}

const partition = { partitionIndex: 0, committedLeaderEpoch: -1, committedMetadata: 'm' }

/** The offset to commit, of a topic's only partition. */
function offsetAt(committedOffset: bigint) {
  return {
    groupId: GROUP,
    topics: [{ name: TOPIC, partitions: [{ ...partition, committedOffset }] }],
  }
}

await brokerTest('speaks the messages of a transaction', async (t, kafka) => {
  await kafka.createTopic(TOPIC, { partitions: 1 })
  const client = new Client(t, kafka, 'network-transactions')
  const identity = await client.init()
  const { producerId, producerEpoch } = identity
  t.ok(producerId >= 0n && producerEpoch >= 0)
  const plain = { ...endTxn, maxVersion: 4 }
  for (const committed of [true, false]) {
    const topics = [{ name: TOPIC, partitions: [0] }]
    const { results } = await client.ask(addPartitionsToTxn, { ...identity, topics })
    const resultsByPartition = [{ partitionIndex: 0, partitionErrorCode: 0 }]
    t.strictSame(results, [{ name: TOPIC, resultsByPartition }])
    await client.ask(addOffsetsToTxn, { ...identity, groupId: GROUP })
    const offsets = { ...identity, ...NOBODY, ...offsetAt(7n) }
    const answer = await client.ask({ ...txnOffsetCommit, maxVersion: 4 }, offsets, GROUP)
    t.strictSame(answer.topics, [
      { name: TOPIC, partitions: [{ partitionIndex: 0, errorCode: 0 }] },
    ])
    const ended = await client.ask(plain, { ...identity, committed })
    t.match(ended, { errorCode: 0, producerId: -1n, producerEpoch: -1 })
  }
  await t.rejects(client.ask(plain, { ...identity, committed: true }), {
    message: /INVALID_TXN_STATE/,
  })
  const next = await client.init()
  t.strictSame([next.producerId, next.producerEpoch], [producerId, producerEpoch + 1])
  const late = client.ask(plain, { ...identity, committed: true })
  await t.rejects(late, { message: /PRODUCER_FENCED/ })
})

await brokerTest('ends a transaction with a new identity at level 2', async (t, kafka) => {
  const client = new Client(t, kafka, 'network-transactions-2')
  await kafka.createTopic(`${TOPIC}-2`, { partitions: 1 })
  let identity = await client.init()
  t.comment(`transaction.version is at ${client.level}`)
  if (client.level < 2) return
  for (const committed of [true, false]) {
    // Neither AddOffsetsToTxn nor AddPartitionsToTxn: this version says it by itself.
    await client.ask(txnOffsetCommit, { ...identity, ...NOBODY, ...offsetAt(8n) }, GROUP)
    const { producerId, producerEpoch } = await client.ask(endTxn, { ...identity, committed })
    t.equal(producerId, identity.producerId)
    t.equal(producerEpoch, identity.producerEpoch + 1)
    identity = { ...identity, producerEpoch }
  }
})
