/** The cluster's state on a clock that a test moves, without a network: the coordinator as brokers use it. */
import { errorCode } from '../../../src/protocol/error-codes.js'
import { transactionalHeader } from '../../../src/testing/batch-check.js'
import { Broker } from '../../../src/testing/broker.js'
import { ClusterState } from '../../../src/testing/cluster-state.js'
import { appendAsLeader } from '../../../src/testing/leader-append.js'
import { resolveOptions, type TestClusterOptions } from '../../../src/testing/options.js'
import type { TransactionPartition } from '../../../src/testing/transactions/transaction-metadata.js'
import { verifyBatches } from '../../../src/testing/transactions/leader-verification.js'
import { TestTransactions } from '../../../src/testing/transactions/test-transactions.js'
import { ManualClock } from '../../support/manual-clock.js'
import { makeBatch } from '../support/batches.js'
import { NOBODY, transactional, type Identity } from './support.js'

export const ID = 'copy-0'
export const ORDERS: TransactionPartition = { topic: 'orders', partition: 0 }

/** An answer: `none yet` until there is one. */
export type Answer = string

/** A cluster with the topic `orders`, and calls that note their answers. */
export class StateUnderTest {
  readonly clock = new ManualClock()
  readonly state: ClusterState
  readonly handle: TestTransactions

  constructor(options: TestClusterOptions = {}) {
    const resolved = resolveOptions(options, this.clock)
    this.state = new ClusterState(resolved.settings)
    for (let id = 1; id <= resolved.brokers; id++) {
      this.state.brokers.set(id, new Broker(id, {}))
      this.state.brokerStarted(id)
    }
    this.state.createTopic({ name: 'orders', partitions: 2, replicationFactor: 1, settings: {} })
    this.handle = new TestTransactions(this.state)
  }

  get coordinator(): Broker {
    return this.state.broker(this.handle.coordinatorOf(ID))
  }

  /** State, and the pending one. */
  get standing(): string {
    const { state, pendingState } = this.handle.get(ID) ?? { state: 'unknown', pendingState: null }
    return pendingState === null ? state : `${state} > ${pendingState}`
  }

  init(identity: Identity = NOBODY, timeoutMs = 60_000, broker = this.coordinator): () => Answer {
    const expected = identity.producerId < 0n ? null : identity
    return later((done) => {
      this.state.transactions.init(broker, { transactionalId: ID, timeoutMs, expected }, (it) => {
        done(it.errorCode, `${it.producerId}/${it.producerEpoch}`)
      })
    })
  }

  add(identity: Identity, partition = 0, broker = this.coordinator): () => Answer {
    const partitions = [{ topic: 'orders', partition }]
    return later((done) => {
      this.state.transactions.add(broker, { transactionalId: ID, ...identity, partitions }, done)
    })
  }

  end(identity: Identity, committed: boolean, clientVersion: 0 | 2 = 2): () => Answer {
    const request = { transactionalId: ID, ...identity, committed, clientVersion }
    return later((done) => {
      this.state.transactions.end(this.coordinator, request, (it) => {
        done(it.errorCode, `${it.producerId}/${it.producerEpoch}`)
      })
    })
  }

  /** As the leader of the partition does. */
  produce(identity: Identity, sequence: number, version = 12, index = 0): () => Answer {
    const { producerId, producerEpoch: epoch } = identity
    const timestamps = [this.clock.now()]
    const records = makeBatch({ producerId, epoch, sequence, timestamps, damage: transactional })
    const topic = this.state.topic('orders')
    const partition = this.state.partition('orders', index)
    const leaderId = partition.leaderId
    const header = transactionalHeader(records)
    if (header === null) throw new Error('it is transactional')
    const batches = [{ place: { topic: 'orders', partition: index }, partition, ...header }]
    const request = { version, transactionalId: ID, leaderId }
    return later((done) => {
      verifyBatches(this.state, request, batches, (verifications) => {
        const { guard = null, refusal = null } = verifications.get(partition) ?? {}
        if (refusal !== null) return done(refusal.errorCode)
        const nowMs = this.clock.now()
        const context = { version, acks: -1, brokerId: leaderId, nowMs, guard }
        done(appendAsLeader(topic, partition, records, context).errorCode)
      })
    })
  }

  /** Moves time on, a millisecond at a time. */
  pass(ms: number): void {
    for (let i = 0; i < ms; i++) this.clock.advance(1)
  }
}

function later(call: (done: (code: number, text?: string) => void) => void): () => Answer {
  let answer: Answer = 'none yet'
  call((code, text = '') => {
    answer = code === 0 && text !== '' ? text : errorCode(code).name
  })
  return () => answer
}
