/**
 * One transactional seed, from the first call to the audit:
 *
 *   programs and faults ──> heal ──> programs come to their end ──> nothing left ──> audit
 *
 * As ../simulation.ts, with several clients, each a process of its own.
 */
import { TransactionUnknownError, type FatalError, type FencedError } from '../../../src/errors.js'
import type { InitProducerIdRequest } from '../../../src/protocol/messages/init-producer-id.js'
import { TestCluster } from '../../../src/testing/cluster.js'
import { VirtualNetwork } from '../../../src/testing/virtual-network.js'
import { checkCounted } from '../counted.js'
import { Faults } from '../faults.js'
import { FromWithin } from '../from-within.js'
import type { Tell } from '../ledger.js'
import { Random } from '../random.js'
import type { Outcome } from '../simulation.js'
import { VirtualClock } from '../virtual-clock.js'
import { auditTransactions } from './audit.js'
import { Books, type Life, type TransactionEntry } from './books.js'
import { Client } from './client.js'
import { TransactionalFaults } from './faults.js'
import { Groups } from './groups.js'
import { hasFencedItself } from './late-requests.js'
import { Operations } from './operations.js'
import { Program } from './program.js'
import { drawTransactionalPlan, type ProgramPlan, type TransactionalPlan } from './plan.js'

const MOST_EVENTS = 400_000
const RETRANSMIT_MS = 300
/** Lives of one program, before the last, which only shows that the id can be used. */
const MOST_LIVES = 6
/** How long everybody may take to come to an end on a sound cluster. */
const LONGEST_END_MS = 600_000

/** Runs one seed. `trace` is told everything that happens. */
export async function simulateTransactions(
  seed: number,
  trace: Tell | null = null,
): Promise<Outcome> {
  return await new TransactionalSimulation(seed, trace).run()
}

class TransactionalSimulation {
  readonly #seed: number
  readonly #trace: Tell | null
  readonly #plan: TransactionalPlan
  readonly #clock = new VirtualClock()
  readonly #books: Books
  readonly #clients: Client[] = []
  readonly #expired = new Set<string>()
  readonly #crashes = new Map<Client, () => void>()
  readonly #programs = new Map<string, Program>()
  /** Null where nobody calls from within. */
  readonly #within: FromWithin | null
  #heal: () => void = () => {}
  readonly #healed = new Promise<void>((resolve) => (this.#heal = resolve))
  #isHealed = false
  #bootstrap: readonly string[] = []
  #ended = 0
  #events = 0
  #digest = 0

  constructor(seed: number, trace: Tell | null) {
    this.#seed = seed
    this.#trace = trace
    this.#plan = drawTransactionalPlan(seed)
    this.#books = new Books(() => this.#clock.monotonicMs(), this.#tell)
    const random = new Random(seed, 'from within')
    const act = (clientId: string): void => this.#programs.get(clientId)?.fromWithin()
    const isWithin = !this.#plan.isSound && random.chance(0.15)
    this.#within = isWithin ? new FromWithin({ random, share: 0.05, act }) : null
  }

  async run(): Promise<Outcome> {
    const { violations } = this.#books
    const onUnhandled = (reason: unknown): void => {
      violations.push(`unhandled rejection: ${String((reason as Error | null)?.stack ?? reason)}`)
    }
    process.on('unhandledRejection', onUnhandled)
    try {
      await this.#run()
    } catch (error) {
      violations.push(`thrown: ${String((error as Error).stack)}`)
    } finally {
      process.off('unhandledRejection', onUnhandled)
      this.#within?.stop()
    }
    const { records } = this.#books
    return {
      seed: this.#seed,
      violations,
      virtualMs: Math.round(this.#clock.monotonicMs()),
      events: this.#events,
      records: records.length,
      acked: records.filter(({ fate }) => fate === 'acked').length,
      digest: this.#digest,
    }
  }

  async #run(): Promise<void> {
    const plan = this.#plan
    this.#tell(`plan ${JSON.stringify({ ...plan, base: { ...plan.base, kinds: [] } })}`)
    const network = this.#network()
    const cluster = await this.#cluster(network)
    this.#bootstrap = cluster.bootstrap
    const groups = new Groups(cluster, new Random(this.#seed, 'groups'))
    const faults = this.#faults(cluster, network, groups)
    this.#books.onFenced = (life, error) => this.#checkFenced(life, error, cluster)
    this.#books.onFatal = (life, error) => this.#checkFatal(life, error, cluster)
    for (const program of plan.programs) {
      this.#supervise(program, { cluster, network, groups }).catch((error: unknown) => {
        this.#wrong(`thrown: ${String((error as Error).stack)}`)
      })
    }
    faults.start()
    if (plan.isSound && plan.changesLevel) this.#changeLevels(cluster)
    await this.#until(() => this.#isDone, plan.faultsForMs)
    faults.heal()
    await settlePromises()
    faults.restore()
    await this.#until(() => false, 0)
    this.#isHealed = true
    this.#heal()
    // A program may make its last call and end before that call is settled.
    const isAtRest = () => this.#isDone && this.#books.openCalls.size === 0
    await this.#until(isAtRest, LONGEST_END_MS)
    this.#checkEnd()
    await this.#until(
      () => false,
      plan.transactionTimeoutMs + 2 * plan.timeoutCheckIntervalMs + 5000,
    )
    for (const client of this.#clients) this.#checkLeftovers(client)
    await this.#until(() => false, 10_000)
    if (network.streamCount() > 0) this.#wrong(`${network.streamCount()} streams are left open`)
    this.#books.violations.push(...auditTransactions({ plan, books: this.#books, cluster }))
  }

  get #isDone(): boolean {
    return this.#ended === this.#plan.programs.length
  }

  #network(): VirtualNetwork {
    const { base } = this.#plan
    const delays = new Random(this.#seed, 'network')
    return new VirtualNetwork({
      clock: this.#clock,
      delayMs: () => {
        if (base.networkMs === 0) return 0
        const isRepeated = delays.chance(base.repeated)
        return delays.around(base.networkMs) + (isRepeated ? delays.around(RETRANSMIT_MS) : 0)
      },
    })
  }

  #cluster(network: VirtualNetwork): Promise<TestCluster> {
    const { base, level, logWriteMs, markerMs } = this.#plan
    const { timeoutCheckIntervalMs, partitionVerification } = this.#plan
    const { brokers, topics, replicationMs } = base
    const delays = new Random(this.#seed, 'coordinator')
    const delay = (meanMs: number): number | (() => number) =>
      meanMs === 0 ? 0 : () => delays.around(meanMs)
    return TestCluster.start({
      ...{ brokers, topics, network, clusterId: 'simulation', autoCreateTopics: false },
      replicationDelayMs: () => (replicationMs === 0 ? 0 : delays.around(replicationMs)),
      transactionVersion: level,
      transactions: {
        logWriteDelayMs: delay(logWriteMs),
        markerDelayMs: delay(markerMs),
        timeoutCheckIntervalMs,
        partitionVerification,
      },
    })
  }

  #faults(cluster: TestCluster, network: VirtualNetwork, groups: Groups): Faults {
    const plan = this.#plan
    const random = new Random(this.#seed, 'transactional faults')
    const tell = this.#tell
    const clients = (): Client[] => this.#clients.filter((it) => it.isAlive)
    const crash = (client: Client): void => this.#crash(client)
    const expired = (id: string): void => void this.#expired.add(id)
    const parts = { plan, random, cluster, groups, tell, clients, crash, expired }
    return new Faults({
      ...{ plan: plan.base, random, clock: this.#clock, cluster, network, tell, vault: null },
      startOther: () => {},
      noteWipe: () => {},
      stallClient: (ms) => {
        const all = clients()
        if (all.length === 0) return
        const client = random.pick(all)
        tell(`fault: ${client.life.name} stalls for ${Math.round(ms)} ms`)
        client.stall(ms)
      },
      ofTransactions: (tools) => new TransactionalFaults(parts, tools).all,
    })
  }

  /** Of a sound cluster, too, the level may change at any time. */
  #changeLevels(cluster: TestCluster): void {
    const random = new Random(this.#seed, 'levels')
    const change = (): void => {
      if (this.#isDone) return
      const level = random.pick([0, 1, 2, 2] as const)
      this.#tell(`the level is ${level} from now on`)
      cluster.setTransactionVersion(level)
      for (const broker of cluster.brokers) broker.disconnect()
      this.#clock.setTimer(change, 100 + random.around(500))
    }
    this.#clock.setTimer(change, random.around(300))
  }

  /** Lives of one program, one after the other; the last comes to its end on a sound cluster. */
  async #supervise(
    program: ProgramPlan,
    means: {
      readonly cluster: TestCluster
      readonly network: VirtualNetwork
      readonly groups: Groups
    },
  ): Promise<void> {
    const index = this.#plan.programs.indexOf(program)
    const random = new Random(this.#seed, `program ${index}`)
    const left = { transactions: program.transactions }
    await this.#sleep(program.startAfterMs)
    for (let lives = 1; ; lives++) {
      const isLast = this.#isHealed || lives > MOST_LIVES
      if (isLast) left.transactions = Math.min(left.transactions, 2)
      const client = await this.#live(program, { ...means, random, left })
      const isOver = this.#isHealed && !client.life.isCrashed
      if (isOver && (left.transactions === 0 || isLast)) break
      await this.#sleep(random.around(50))
    }
    this.#ended++
  }

  async #live(
    program: ProgramPlan,
    { cluster, network, groups, random, left }: LifeMeans,
  ): Promise<Client> {
    const plan = this.#plan
    const number = this.#clients.filter(
      (it) => it.life.transactionalId === program.transactionalId,
    ).length
    const wrong = (what: string): void => this.#wrong(what)
    const bootstrap = this.#bootstrap
    const tell = this.#trace === null ? null : this.#tell
    const onLine = (clientId: string): void => this.#within?.line(clientId)
    const ground = { seed: this.#seed, plan, clock: this.#clock, network, bootstrap }
    const parts = { ...ground, wrong, tell, onLine }
    const client = new Client(program.transactionalId, number, parts)
    this.#tell(`${client.life.name} begins`)
    this.#clients.push(client)
    const crashed = new Promise<void>((resolve) => this.#crashes.set(client, resolve))
    const books = this.#books
    const common = { plan, program, random, books, client }
    const operations = new Operations({ ...common, cluster, groups })
    const running = new Program({
      ...{ ...common, operations, left, healed: this.#healed, isHealed: () => this.#isHealed },
    })
    this.#programs.set(client.life.name, running)
    await Promise.race([running.run(), crashed])
    return client
  }

  #crash(client: Client): void {
    this.#tell(`fault: ${client.life.name} crashes`)
    client.crash()
    this.#books.crashed(client.life)
    this.#crashes.get(client)?.()
  }

  /** Only where another instance took the id, or the coordinator may have timed the transaction out. */
  #checkFenced(life: Life, error: FencedError, cluster: TestCluster): void {
    const inits = cluster.requests.filter(
      ({ api, body }) =>
        api === 'InitProducerId' &&
        (body as InitProducerIdRequest).transactionalId === life.transactionalId,
    )
    const first = inits.findIndex(({ clientId }) => clientId === life.name)
    if (inits.slice(first + 1).some(({ clientId }) => clientId !== life.name)) return
    const own = this.#ownOf(life)
    if (this.#expired.has(life.transactionalId)) return // the coordinator knows nothing of it any more
    if (this.#hasFencedItself(life, cluster)) return
    const { transactionTimeoutMs } = this.#plan
    const nowMs = this.#clock.monotonicMs()
    const isTimedOut = own.some(
      ({ begunAtMs, toldAtMs, told }) =>
        begunAtMs + transactionTimeoutMs <= nowMs &&
        (told === 'open' || toldAtMs >= begunAtMs + transactionTimeoutMs),
    )
    if (!isTimedOut)
      this.#wrong(`${life.name} is fenced by nobody: ${error.message} (${String(error.cause)})`)
  }

  #ownOf(life: Life): TransactionEntry[] {
    return this.#books.transactions.filter((it) => it.life === life)
  }

  #hasFencedItself(life: Life, { requests }: TestCluster): boolean {
    // One without records has asked the coordinator nothing.
    const hasCommitted = this.#ownOf(life).some(
      ({ told, records }) => told === 'committed' && records.length > 0,
    )
    return hasFencedItself(life.name, requests, hasCommitted)
  }

  #checkFatal(life: Life, error: FatalError, cluster: TestCluster): void {
    // A commit whose outcome cannot be known ends the producer, too; its own call is told so.
    const isAfterUnknown = error.cause instanceof TransactionUnknownError
    if (isAfterUnknown || this.#expired.has(life.transactionalId)) return
    // A late InitProducerId has ended the transaction: there is none to abort when it is asked again.
    if (this.#hasFencedItself(life, cluster)) return
    this.#wrong(`${life.name} failed: ${error.message}`)
  }

  #checkEnd(): void {
    const open = [...this.#books.openCalls.values()].map(({ what }) => what)
    if (!this.#isDone) this.#wrong(`no end: ${open.join(', ')}`)
    else if (open.length > 0) this.#wrong(`still open: ${open.join(', ')}`)
  }

  /** A closed producer holds nothing. */
  #checkLeftovers(client: Client): void {
    const { life, producer } = client
    if (life.isCrashed) return
    const metrics = producer.metrics()
    const { bufferAvailableBytes, waitingSends, batchesIncomplete } = metrics
    const { bufferMemoryBytes = 0 } = this.#plan.base.options
    if (bufferAvailableBytes !== bufferMemoryBytes)
      this.#wrong(
        `${life.name}: ${bufferMemoryBytes - bufferAvailableBytes} bytes are not given back`,
      )
    if (waitingSends !== 0) this.#wrong(`${life.name}: ${waitingSends} sends wait after close`)
    if (batchesIncomplete !== 0)
      this.#wrong(`${life.name}: ${batchesIncomplete} batches are left after close`)
    if (client.pendingTimers > 0)
      this.#wrong(`${life.name}: ${client.pendingTimers} timers are left after close`)
    for (const what of checkCounted(metrics)) this.#wrong(`${life.name}: ${what}`)
  }

  async #until(isDone: () => boolean, forMs: number): Promise<void> {
    const endMs = this.#clock.monotonicMs() + forMs
    await settlePromises()
    while (!isDone()) {
      const { nextMs } = this.#clock
      if (nextMs === undefined || nextMs > endMs) {
        this.#clock.skip(Math.max(0, endMs - this.#clock.monotonicMs()))
        return
      }
      if (++this.#events > MOST_EVENTS) throw new Error(`no end after ${MOST_EVENTS} events`)
      this.#clock.step()
      await settlePromises()
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.setTimer(resolve, ms))
  }

  #wrong(what: string): void {
    this.#tell(`wrong: ${what}`)
    this.#books.violations.push(what)
  }

  readonly #tell: Tell = (line) => {
    const text = `${this.#clock.monotonicMs().toFixed(1).padStart(9)} ${line}`
    for (let i = 0; i < text.length; i++)
      this.#digest = (Math.imul(this.#digest, 31) + text.charCodeAt(i)) | 0
    this.#trace?.(text)
  }
}

interface LifeMeans {
  readonly cluster: TestCluster
  readonly network: VirtualNetwork
  readonly groups: Groups
  readonly random: Random
  readonly left: { transactions: number }
}

/** Node turns to a new macrotask only when no promise callback is left to run. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
