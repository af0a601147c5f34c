/**
 * What goes wrong in a simulation: at random moments one of the faults below, each undone after a
 * while, and all of them by `heal`. None makes the cluster itself lose what it has acknowledged
 * with acks all (no unclean elections): what is lost after that, the producer has lost.
 *
 * Neighbours: plan.ts says how many; src/testing does it.
 */
import type { Clock } from '../../src/clock.js'
import {
  ErrorCodes,
  type Fault,
  type StoredRecord,
  type TestCluster,
} from '../../src/testing/cluster.js'
import type { TestBroker } from '../../src/testing/test-broker.js'
import type { TestPartition } from '../../src/testing/test-partition.js'
import type { VirtualNetwork } from '../../src/testing/virtual-network.js'
import { holdView, withholdIds, type ControlFaultParts } from './control-faults.js'
import { laterFaults, name, type FaultTools, type WeightedFault } from './later-faults.js'
import type { Tell } from './ledger.js'
import { startLoneFault } from './lone-faults.js'
import type { LoginVault } from './login-vault.js'
import type { Plan } from './plan.js'
import type { Random } from './random.js'

export interface FaultParts {
  readonly plan: Plan
  readonly random: Random
  readonly clock: Clock
  readonly cluster: TestCluster
  readonly network: VirtualNetwork
  readonly tell: Tell
  /** The producer's process computes for so many ms, in front of its next callback. */
  readonly stallClient: (ms: number) => void
  /** What the producer logs in with; null where nobody logs in. */
  readonly vault: LoginVault | null
  /** Another program starts to write to the cluster. */
  readonly startOther: () => void
  /** Called when another cluster has taken the place of the first. */
  readonly noteWipe: () => void
  /** Faults of transactions; default none. */
  readonly ofTransactions?: (tools: FaultTools) => readonly WeightedFault[]
}

/** A topic at the moment of its end. */
export interface DeletedTopic {
  readonly name: string
  readonly records: readonly StoredRecord[]
}

/** Refused before the append; tried again. */
const TRANSIENT = [
  ErrorCodes.NOT_LEADER_OR_FOLLOWER,
  ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCodes.NOT_ENOUGH_REPLICAS,
  ErrorCodes.LEADER_NOT_AVAILABLE,
  ErrorCodes.CORRUPT_MESSAGE,
  ErrorCodes.KAFKA_STORAGE_ERROR,
  ErrorCodes.REQUEST_TIMED_OUT,
  ErrorCodes.UNKNOWN_LEADER_EPOCH,
  ErrorCodes.FENCED_LEADER_EPOCH,
  ErrorCodes.THROTTLING_QUOTA_EXCEEDED,
] as const
/** Told although the batch was appended: by a leader that then waited for its replicas. */
const AFTER_APPEND = [
  ErrorCodes.NOT_LEADER_OR_FOLLOWER,
  ErrorCodes.REQUEST_TIMED_OUT,
  ErrorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCodes.KAFKA_STORAGE_ERROR,
  ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCodes.UNKNOWN_SERVER_ERROR,
] as const
/** Refused for good. */
const REFUSALS = [
  ErrorCodes.INVALID_RECORD,
  ErrorCodes.TOPIC_AUTHORIZATION_FAILED,
  ErrorCodes.POLICY_VIOLATION,
  ErrorCodes.INVALID_TIMESTAMP,
  ErrorCodes.UNKNOWN_SERVER_ERROR,
] as const

const MOST_STALLS = 25

export class Faults {
  readonly #parts: FaultParts
  readonly #undos = new Set<() => void>()
  readonly #kinds: readonly WeightedFault[]
  readonly #firstAddress: string
  #isHealed = false
  /** The user's calls stall too: faults would go on for ever. */
  #stallsLeft = MOST_STALLS
  /** Partitions that may have lost records that only their leader had. */
  readonly tailsLost = new Set<string>()
  /** Partitions that forgot a producer: a repetition is stored again. */
  readonly forgotten = new Set<string>()
  /** Topics that were deleted, and what was in each: a topic's name may stand there twice. */
  readonly deleted: DeletedTopic[] = []

  constructor(parts: FaultParts) {
    this.#parts = parts
    const { random, plan, network, cluster } = parts
    this.#firstAddress = cluster.bootstrap[0] ?? ''
    const clientStalls = [1, () => this.#stallClient()] as const
    this.#kinds = plan.faults.isOnlyClient
      ? [clientStalls]
      : [
          [8, () => this.#failProduce({ errorCode: random.pick(TRANSIENT) })],
          [6, () => this.#failProduce({ errorCode: random.pick(AFTER_APPEND), appended: true })],
          [1, () => this.#failProduce({ errorCode: random.pick(REFUSALS) })],
          [1, () => this.#failProduce({ omitted: true })],
          [5, () => this.#failWire({ disconnect: 'before' })],
          [6, () => this.#failWire({ disconnect: 'after' })],
          [3, () => this.#failWire({ silent: true })],
          [4, () => this.#failWire({ delayMs: this.#delayMs() })],
          [2, () => this.#failWire({ cutAnswerAt: random.integer(0, 40) })],
          [1, () => this.#failWire({ wrongCorrelationId: true })],
          [1, () => this.#failWire({ frameLength: random.pick([-1, 0, 3, 2 ** 31 - 1]) })],
          [
            1,
            () => this.#failWire({ answerBytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') }),
          ],
          [2, () => this.#failWire({ throttleMs: random.integer(1, 200) })],
          [3, () => this.#failOther()],
          [8, () => this.#moveLeader()],
          [3, () => this.#removeLeader()],
          [6, () => this.#stopBroker(this.#broker())],
          [1, () => this.#stopAll()],
          [5, () => this.#freeze(this.#broker())],
          [4, () => this.#stall()],
          [3, () => network.cut(random.chance(0.5) ? undefined : this.#broker().address)],
          [3, () => this.#holdMetadata()],
          [4, () => this.#pauseReplication()],
          [3, () => this.#shrinkReplicas()],
          [1, () => this.#addPartition()],
          [parts.ofTransactions === undefined ? 2 : 0, () => this.#remakeTopic()],
          [2, () => this.#replaceBroker(this.#broker())],
          [2, () => holdView(this.#controlParts, this.#broker())],
          [2, () => withholdIds(this.#controlParts, this.#broker())],
          [plan.faults.mayStallClient ? 4 : 0, () => this.#stallClient()],
          ...laterFaults(parts, this.#tools),
          ...(parts.ofTransactions?.(this.#tools) ?? []),
        ]
  }

  get #tools(): FaultTools {
    return {
      undoLater: (what, undo) => this.#undoLater(what, undo),
      partition: () => this.#partition(),
      runningBroker: () => this.#runningBroker(),
      fail: (api, fault) => this.#fail(api, fault),
      isHealed: () => this.#isHealed,
      noteEnd: (topic) => this.#noteEnd(topic),
      noteForgotten: (partition) => this.forgotten.add(name(partition)),
    }
  }

  start(): void {
    startLoneFault(this.#parts, this.#tools)
    if (this.#parts.plan.faults.pauseMs < Infinity) this.#later()
  }

  /** Ends every fault: from here on the cluster is sound. */
  heal(): void {
    const { cluster, tell } = this.#parts
    tell('heal')
    this.#isHealed = true
    cluster.clearFaults()
    for (const undo of [...this.#undos]) undo()
  }

  /** After `heal`, when all brokers are up: every partition is led, and replicated everywhere. */
  restore(): void {
    const ids = this.#parts.cluster.brokers.map(({ id }) => id)
    for (const partition of this.#partitions()) {
      if (partition.leader < 0) partition.moveLeader(this.#broker().id)
      partition.setInSyncReplicas(ids)
    }
  }

  #later(): void {
    const { clock, random, plan } = this.#parts
    clock.setTimer(() => {
      if (this.#isHealed) return
      random.weighted(this.#kinds)()
      this.#later()
    }, random.around(plan.faults.pauseMs))
  }

  /** Has a fault undone after a while, or by `heal`; once. */
  #undoLater(what: string, undo: () => void): void {
    const { clock, random, plan, tell } = this.#parts
    const once = (): void => {
      if (!this.#undos.delete(once)) return
      tell(`fault ends: ${what}`)
      undo()
    }
    this.#undos.add(once)
    clock.setTimer(once, random.around(plan.faults.lastsMs))
  }

  #failProduce(effect: Fault): void {
    const { random } = this.#parts
    const partition = this.#partition()
    const isScoped = partition !== undefined && random.chance(0.5)
    const scope = isScoped ? { topic: partition.topic, partition: partition.index } : {}
    this.#fail('Produce', { ...effect, ...scope, times: random.pick([1, 1, 2, 4]) })
  }

  #failWire(effect: Fault): void {
    const { random } = this.#parts
    const scope = random.chance(0.5) ? { broker: this.#broker().id } : {}
    const api = random.weighted([
      [8, 'Produce'],
      [2, 'Metadata'],
      [1, 'ApiVersions'],
      [1, 'InitProducerId'],
    ] as const)
    this.#fail(api, { ...effect, ...scope, times: random.pick([1, 1, 2, 4]) })
  }

  #failOther(): void {
    const { random, plan } = this.#parts
    const topic = random.pick(Object.keys(plan.topics))
    random.pick([
      () => this.#fail('Metadata', { topic, omitted: true, times: random.integer(1, 4) }),
      () =>
        this.#fail('Metadata', {
          topic,
          errorCode: random.pick([
            ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
            ErrorCodes.LEADER_NOT_AVAILABLE,
          ]),
          times: random.integer(1, 4),
        }),
      () => this.#fail('Metadata', { errorCode: ErrorCodes.REBOOTSTRAP_REQUIRED }),
      () =>
        this.#fail('InitProducerId', {
          errorCode: ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS,
          times: random.integer(1, 4),
        }),
    ])()
  }

  #fail(api: Parameters<TestCluster['failNext']>[0], fault: Fault): () => void {
    this.#parts.tell(`fault: ${api} ${JSON.stringify(fault)}`)
    return this.#parts.cluster.failNext(api, fault)
  }

  #delayMs(): number {
    const { random, plan } = this.#parts
    return random.around(plan.faults.mayDelayLong ? 1000 : 30)
  }

  #tail(partitions: readonly TestPartition[]): 'keep' | 'lose' {
    if (this.#parts.random.chance(0.5)) return 'keep'
    for (const { topic, index } of partitions) this.tailsLost.add(`${topic}-${index}`)
    return 'lose'
  }

  #moveLeader(): void {
    const { random, tell } = this.#parts
    const partition = this.#partition()
    const to = this.#runningBroker()
    if (to === undefined || partition === undefined) return
    const options = { tail: this.#tail([partition]), hint: random.chance(0.5) }
    tell(`fault: ${name(partition)} moves to ${to.id} ${JSON.stringify(options)}`)
    partition.moveLeader(to.id, options)
  }

  #removeLeader(): void {
    const { random, tell } = this.#parts
    const partition = this.#partition()
    if (partition === undefined) return
    const options = { tail: this.#tail([partition]), hint: random.chance(0.5) }
    tell(`fault: ${name(partition)} loses its leader ${JSON.stringify(options)}`)
    partition.removeLeader(options)
    this.#undoLater(`${name(partition)} has no leader`, () => {
      if (this.#isThere(partition) && partition.leader < 0)
        partition.moveLeader((this.#runningBroker() ?? this.#broker()).id)
    })
  }

  #stopBroker(broker: TestBroker): void {
    const { random, tell } = this.#parts
    if (!broker.isRunning) return
    const tail = this.#tail(this.#partitions())
    const failover = random.chance(0.8)
    tell(`fault: broker ${broker.id} stops, tail ${tail}, ${failover ? 'noticed' : 'unnoticed'}`)
    void broker.stop({ tail, failover })
    // One address stays: the bootstrap list needs it.
    const isMoving = broker.address !== this.#firstAddress && random.chance(0.2)
    this.#undoLater(`broker ${broker.id} is down`, () => {
      if (this.#has(broker) && !broker.isRunning)
        void (isMoving ? broker.startElsewhere() : broker.start())
    })
  }

  #stopAll(): void {
    for (const broker of this.#parts.cluster.brokers) this.#stopBroker(broker)
  }

  #freeze(broker: TestBroker): void {
    const { random, tell } = this.#parts
    if (!broker.isRunning) return
    const failover = random.chance(0.5)
    const tail = failover ? this.#tail(this.#partitions()) : 'keep'
    tell(`fault: broker ${broker.id} freezes, tail ${tail}, ${failover ? 'noticed' : 'unnoticed'}`)
    broker.freeze({ failover, tail })
    this.#undoLater(`broker ${broker.id} is frozen`, () => {
      if (this.#has(broker)) broker.unfreeze()
    })
  }

  #stall(): void {
    const { network, tell } = this.#parts
    const { address } = this.#broker()
    tell(`fault: nothing passes to or from ${address}`)
    this.#undoLater(`${address} is cut off`, network.stall(address))
  }

  /** Once, or again and again with hardly a turn of the loop between. */
  #stallClient(): void {
    const { random, stallClient, clock } = this.#parts
    const meanMs = random.pick([50, 300, 2000])
    let left = random.chance(0.3) ? random.integer(2, 12) : 1
    const again = (): void => {
      if (--left < 0 || --this.#stallsLeft < 0 || this.#isHealed) return
      const ms = random.around(meanMs)
      stallClient(ms)
      clock.setTimer(again, ms)
    }
    again()
  }

  #holdMetadata(): void {
    this.#parts.tell('fault: metadata stays as it is')
    this.#undoLater('old metadata', this.#parts.cluster.holdMetadata())
  }

  #pauseReplication(): void {
    const partition = this.#partition()
    if (partition === undefined) return
    this.#parts.tell(`fault: ${name(partition)} is not replicated`)
    partition.pauseReplication()
    this.#undoLater(`${name(partition)} is not replicated`, () => {
      if (this.#isThere(partition)) partition.resumeReplication()
    })
  }

  #shrinkReplicas(): void {
    const partition = this.#partition()
    if (partition === undefined) return
    const { leader, inSyncReplicas } = partition
    if (leader < 0 || inSyncReplicas.length < 2) return
    this.#parts.tell(`fault: ${name(partition)} has only its leader in sync`)
    partition.setInSyncReplicas([leader])
    this.#undoLater(`${name(partition)} has only its leader in sync`, () => {
      if (!this.#isThere(partition)) return
      const running = this.#parts.cluster.brokers.filter((it) => it.isRunning)
      const ids = new Set([...partition.inSyncReplicas, ...running.map(({ id }) => id)])
      partition.setInSyncReplicas([...ids])
    })
  }

  #addPartition(): void {
    const topic = this.#partition()?.topic
    if (topic === undefined) return
    this.#parts.tell(`fault: ${topic} gets another partition`)
    this.#parts.cluster.addPartitions(topic, 1)
  }

  /** Deletes a topic; made anew at once or after a while, it may have another number of partitions. */
  #remakeTopic(): void {
    const { cluster, plan, random, tell } = this.#parts
    const topic = this.#partition()?.topic
    if (topic === undefined) return
    tell(`fault: ${topic} is deleted`)
    this.#noteEnd(topic)
    cluster.deleteTopic(topic)
    const partitions = random.integer(1, 3)
    const make = (): void => {
      if (!cluster.topics.includes(topic))
        cluster.createTopic(topic, { ...plan.topics[topic], partitions })
    }
    if (random.chance(0.5)) make()
    else this.#undoLater(`${topic} is deleted`, make)
  }

  get #controlParts(): ControlFaultParts {
    const { random, tell } = this.#parts
    return { random, tell, undoLater: (what, undo) => this.#undoLater(what, undo) }
  }

  /** Keeps what the topic has for the audit: its end has come. */
  #noteEnd(topic: string): void {
    const { cluster } = this.#parts
    for (const { index, endOffset, highWatermark } of cluster.partitions(topic)) {
      if (endOffset > highWatermark) this.tailsLost.add(`${topic}-${index}`)
    }
    this.deleted.push({ name: topic, records: cluster.records(topic) })
  }

  /** Another broker, with another id, takes the address and the records of this one. */
  #replaceBroker(broker: TestBroker): void {
    const { cluster, tell } = this.#parts
    if (!broker.isRunning) return
    const id = Math.max(...cluster.brokers.map((it) => it.id)) + 1
    tell(`fault: broker ${broker.id} is replaced by broker ${id}`)
    void broker.replaceWith(id)
  }

  #has({ id }: TestBroker): boolean {
    return this.#parts.cluster.brokers.some((it) => it.id === id)
  }

  #isThere({ topic, index }: TestPartition): boolean {
    const { cluster } = this.#parts
    return cluster.topics.includes(topic) && index < cluster.partitions(topic).length
  }

  #partitions(): TestPartition[] {
    const { cluster } = this.#parts
    return cluster.topics.flatMap((topic) => cluster.partitions(topic))
  }

  /** Undefined while no topic is left. */
  #partition(): TestPartition | undefined {
    const partitions = this.#partitions()
    return partitions.length === 0 ? undefined : this.#parts.random.pick(partitions)
  }

  #broker(): TestBroker {
    return this.#parts.random.pick(this.#parts.cluster.brokers)
  }

  #runningBroker(): TestBroker | undefined {
    const running = this.#parts.cluster.brokers.filter((it) => it.isRunning)
    return running.length === 0 ? undefined : this.#parts.random.pick(running)
  }
}
