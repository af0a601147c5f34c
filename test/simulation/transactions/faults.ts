/**
 * What goes wrong with transactions, beside what every producer meets (../faults.ts, which draws among
 * all of them and undoes them): clients and coordinators that crash, coordinators that move, load, lose
 * what they were writing, take their time over the log and the markers; answers lost before and after
 * the act; groups that rebalance; levels that change; ids that expire.
 */
import {
  ErrorCodes,
  type ApiName,
  type Fault,
  type TestCluster,
} from '../../../src/testing/cluster.js'
import type { FaultTools, WeightedFault } from '../later-faults.js'
import type { Tell } from '../ledger.js'
import type { Random } from '../random.js'
import type { Client } from './client.js'
import type { Groups } from './groups.js'
import type { TransactionalPlan } from './plan.js'

export interface TransactionalFaultParts {
  readonly plan: TransactionalPlan
  readonly random: Random
  readonly cluster: TestCluster
  readonly groups: Groups
  readonly tell: Tell
  /** Those that run. */
  readonly clients: () => readonly Client[]
  readonly crash: (client: Client) => void
  readonly expired: (transactionalId: string) => void
}

const QUESTIONS = [
  [3, 'InitProducerId'],
  [5, 'AddPartitionsToTxn'],
  [3, 'AddOffsetsToTxn'],
  [8, 'EndTxn'],
  [4, 'TxnOffsetCommit'],
  [1, 'FindCoordinator'],
] as const

/** What coordinators say for a while, before the act. */
const FOR_NOW = [
  ErrorCodes.CONCURRENT_TRANSACTIONS,
  ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCodes.COORDINATOR_NOT_AVAILABLE,
  ErrorCodes.NOT_COORDINATOR,
] as const

/** What they may also say after it: they lose their place, or their log, while they write. */
const AFTER_THE_ACT = [
  ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCodes.COORDINATOR_NOT_AVAILABLE,
  ErrorCodes.NOT_COORDINATOR,
  ErrorCodes.NOT_COORDINATOR,
  ErrorCodes.REQUEST_TIMED_OUT,
  ErrorCodes.NETWORK_EXCEPTION,
  ErrorCodes.KAFKA_STORAGE_ERROR,
  ErrorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
] as const

export class TransactionalFaults {
  readonly #parts: TransactionalFaultParts
  readonly #tools: FaultTools

  constructor(parts: TransactionalFaultParts, tools: FaultTools) {
    this.#parts = parts
    this.#tools = tools
  }

  get all(): readonly WeightedFault[] {
    const { plan, random } = this.#parts
    return [
      [10, () => this.#wire({ disconnect: 'before' })],
      [14, () => this.#wire({ disconnect: 'after' })],
      [4, () => this.#wire({ silent: true })],
      [
        8,
        () =>
          this.#wire({
            delayMs: random.around(random.chance(0.2) ? plan.transactionTimeoutMs : 50),
          }),
      ],
      [2, () => this.#wire({ cutAnswerAt: random.integer(0, 30) })],
      [2, () => this.#wire({ throttleMs: random.integer(1, 100) })],
      [12, () => this.#refuseForNow()],
      [6, () => this.#abortable()],
      [4, () => this.#tooLarge()],
      [8, () => this.#crashClient()],
      [8, () => this.#stopCoordinator()],
      [12, () => this.#moveCoordinator()],
      [4, () => this.#moveGroup()],
      [5, () => this.#holdMarkers()],
      [6, () => this.#slowLog()],
      [4, () => this.#rebalance()],
      [plan.changesLevel ? 8 : 0, () => this.changeLevel()],
      [2, () => this.#expire()],
    ]
  }

  #wire(effect: Fault): void {
    const { random } = this.#parts
    this.#tools.fail(random.weighted(QUESTIONS), { ...effect, times: random.pick([1, 1, 2, 4]) })
  }

  #refuseForNow(): void {
    const { random } = this.#parts
    const api = random.weighted(QUESTIONS)
    const appended = random.chance(0.3) && api !== 'FindCoordinator' // which only asks
    const errorCode = random.pick(appended ? AFTER_THE_ACT : FOR_NOW)
    this.#tools.fail(api, { errorCode, appended, times: random.pick([1, 2, 4, 8]) })
  }

  #abortable(): void {
    const { random } = this.#parts
    const apis: ApiName[] = ['AddPartitionsToTxn', 'AddOffsetsToTxn', 'Produce', 'TxnOffsetCommit']
    this.#tools.fail(random.pick(apis), { errorCode: ErrorCodes.TRANSACTION_ABORTABLE })
  }

  #tooLarge(): void {
    const { random } = this.#parts
    const at = this.#tools.partition()
    if (at === undefined) return
    const scope = { topic: at.topic, partition: at.index, times: random.pick([1, 1, 2]) }
    this.#tools.fail('Produce', { errorCode: ErrorCodes.MESSAGE_TOO_LARGE, ...scope })
  }

  #crashClient(): void {
    const { clients, random, crash } = this.#parts
    const all = clients()
    if (all.length > 0) crash(random.pick(all))
  }

  #id(): string {
    const { plan, random } = this.#parts
    return random.pick(plan.programs).transactionalId
  }

  #stopCoordinator(): void {
    const { cluster, tell, random } = this.#parts
    const id = cluster.transactions.coordinatorOf(this.#id())
    const broker = cluster.brokers.find((it) => it.id === id)
    if (broker?.isRunning !== true) return
    const failover = random.chance(0.7)
    tell(`fault: coordinator ${id} stops, ${failover ? 'noticed' : 'unnoticed'}`)
    void broker.stop({ failover })
    this.#tools.undoLater(`coordinator ${id} is down`, () => {
      const isThere = cluster.brokers.some((it) => it.id === id)
      if (isThere && !broker.isRunning) void broker.start()
    })
  }

  #moveCoordinator(): void {
    const { cluster, tell, random } = this.#parts
    const to = this.#tools.runningBroker()
    if (to === undefined) return
    const id = this.#id()
    const write = random.chance(0.5) ? 'keep' : 'lose'
    tell(`fault: ${id} moves to coordinator ${to.id}, ${write}`)
    cluster.transactions.moveCoordinator(id, to.id, { write })
  }

  #moveGroup(): void {
    const { cluster, groups, tell } = this.#parts
    const to = this.#tools.runningBroker()
    if (to === undefined) return
    const groupId = groups.sharedOf(this.#id())
    tell(`fault: ${groupId} moves to coordinator ${to.id}`)
    cluster.consumerGroup(groupId).moveCoordinator(to.id)
  }

  #holdMarkers(): void {
    const { cluster, tell } = this.#parts
    tell('fault: no marker is written')
    this.#tools.undoLater('no marker is written', cluster.transactions.holdMarkers())
  }

  #slowLog(): void {
    const { cluster, tell, random, plan } = this.#parts
    const [logMs, markerMs] = random.pick([
      [50, 0],
      [0, 200],
      [20, 100],
    ] as const)
    tell(`fault: log writes take ${logMs} ms, markers ${markerMs}`)
    cluster.transactions.logWriteDelayMs = () => random.around(logMs)
    cluster.transactions.markerDelayMs = () => random.around(markerMs)
    this.#tools.undoLater('a slow log', () => {
      cluster.transactions.logWriteDelayMs = plan.logWriteMs
      cluster.transactions.markerDelayMs = plan.markerMs
    })
  }

  #rebalance(): void {
    const { groups, tell } = this.#parts
    const id = this.#id()
    tell(`fault: ${groups.sharedOf(id)} rebalances`)
    groups.rebalance(id)
  }

  /** New connections tell it. */
  changeLevel(): void {
    const { cluster, random, tell } = this.#parts
    const level = random.pick([0, 1, 2, 2] as const)
    tell(`the level is ${level} from now on`)
    cluster.setTransactionVersion(level)
    if (random.chance(0.7)) for (const broker of cluster.brokers) broker.disconnect()
  }

  #expire(): void {
    const { cluster, tell, expired } = this.#parts
    const id = this.#id()
    const state = cluster.transactions.get(id)
    if (state === undefined || state.pendingState !== null) return
    if (state.state !== 'Empty' && !state.state.startsWith('Complete')) return
    tell(`fault: ${id} expires`)
    expired(id)
    cluster.transactions.expire(id)
  }
}
