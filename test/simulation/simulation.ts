/**
 * One seed, from the first call to the audit:
 *
 *   workload, faults ──> heal ──> everybody is told ──> probes ──> idle ──> close ──> nothing left ──> audit
 *
 * The producer is the real one, down to its frames; clock, chance and network are not. Between two
 * events every promise callback runs to its end, so that a seed is the same run each time.
 *
 * Neighbours: main.ts and simulation.test.ts run it by the thousand.
 */
import { DeliveryTimeoutError } from '../../src/errors.js'
import { LoopClock } from '../../src/loop-clock.js'
import { Producer } from '../../src/producer/producer.js'
import { TestCluster } from '../../src/testing/cluster.js'
import { VirtualNetwork } from '../../src/testing/virtual-network.js'
import { audit } from './audit.js'
import { BatchWatch } from './batch-watch.js'
import { checkCounted } from './counted.js'
import { checkDemands } from './demands.js'
import { Faults } from './faults.js'
import { FromWithin } from './from-within.js'
import { HeldMemory } from './held-memory.js'
import { Ledger, type Entry, type Tell } from './ledger.js'
import { LoginVault } from './login-vault.js'
import { startOtherProgram } from './other-program.js'
import { drawPlan, ENABLED, type Kind, type Plan, type SimulatedValue } from './plan.js'
import { Random } from './random.js'
import { HELD_UP_MS } from './slow-path.js'
import { VirtualClock } from './virtual-clock.js'
import { VirtualProcess, type ProcessMachine } from './virtual-process.js'
import { throughWire } from './wire.js'
import { MOST_IN_GROUP, serializer, Workload, type SimulatedProducer } from './workload.js'

/** How a seed went. */
export interface Outcome {
  readonly seed: number
  /** What must not be, in words; empty when all is well. */
  readonly violations: readonly string[]
  readonly virtualMs: number
  readonly events: number
  readonly records: number
  readonly acked: number
  /** Of everything that the trace would tell: two runs of a seed have the same. */
  readonly digest: number
}

const MOST_EVENTS = 200_000
/** Timers last whole ms, and some waits are two timers, one after the other. */
const TIMER_MS = 5
/** A sound cluster acknowledges a probe within this time, however often it must be sent. */
const PROBE_WITHIN_MS = 60_000
const PROBE_PAUSE_MS = 50
/** After logins that were refused in a row (REFUSED of network/backoff.ts, with its jitter). */
const LONGEST_LOGIN_PAUSE_MS = 12_000
/** Besides two request timeouts and one connection timeout, all that a producer may need to recover once the cluster is sound. */
const RECOVERY_MS = 3000
/** After a cluster has become sound, an idle producer has nothing to do any more. */
const IDLE_WITHIN_MS = 5000
/** For so long it is looked at. */
const IDLE_FOR_MS = 3000
/** Questions that it may ask meanwhile: what ages, and brokers whose connections close for being idle. */
const MOST_ASKED_IDLE = 5
/** Mean pause before bytes that were lost travel again. */
const RETRANSMIT_MS = 300

/** Runs one seed with the kinds enabled. `trace` is told everything that happens. */
export async function simulate(
  seed: number,
  trace: Tell | null = null,
  kinds: ReadonlySet<Kind> = ENABLED,
): Promise<Outcome> {
  return await new Simulation(seed, trace, kinds).run()
}

class Simulation {
  readonly #seed: number
  readonly #trace: Tell | null
  readonly #clock = new VirtualClock()
  readonly #process: VirtualProcess
  readonly #producerMachine: ProcessMachine
  readonly #plan: Plan
  readonly #ledger: Ledger
  readonly #watch: BatchWatch
  /** Null where nobody asks. */
  readonly #held: HeldMemory | null
  /** Null where nobody logs in. */
  readonly #vault: LoginVault | null
  /** Null where nobody calls from within. */
  readonly #within: FromWithin | null
  #callFromWithin = (): void => {}
  #producer: SimulatedProducer | null = null
  #events = 0
  #digest = 0

  constructor(seed: number, trace: Tell | null, kinds: ReadonlySet<Kind>) {
    this.#seed = seed
    this.#trace = trace
    this.#process = new VirtualProcess(this.#clock, new Random(seed, 'phase').next())
    this.#producerMachine = this.#process.machine()
    this.#plan = drawPlan(seed, kinds)
    const { maxInFlight = 5 } = this.#plan.options
    this.#watch = new BatchWatch({ maxInFlight, wrong: (what) => this.#wrong(what) })
    this.#held = this.#plan.kinds.has('only-retained-memory') ? new HeldMemory() : null
    const { sasl } = this.#plan
    const vaultClock = this.#process.userClock()
    this.#vault = sasl && new LoginVault(sasl, vaultClock, new Random(seed, 'vault'))
    this.#ledger = new Ledger(() => this.#clock.monotonicMs(), this.#tell)
    const isWithin = this.#plan.kinds.has('calls-from-within')
    const random = new Random(seed, 'from within')
    const act = (): void => this.#callFromWithin()
    this.#within = isWithin ? new FromWithin({ random, share: 0.3, act }) : null
  }

  async run(): Promise<Outcome> {
    const { violations } = this.#ledger
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
    const { entries } = this.#ledger
    return {
      seed: this.#seed,
      violations,
      virtualMs: Math.round(this.#clock.monotonicMs()),
      events: this.#events,
      records: entries.length,
      acked: entries.filter(({ fate }) => fate === 'acked').length,
      digest: this.#digest,
    }
  }

  async #run(): Promise<void> {
    const { faults, workload, producer, cluster, network } = await this.#build()
    const kinds = [...this.#plan.kinds]
    this.#tell(`plan ${JSON.stringify({ ...this.#plan, kinds })}`)
    workload.start()
    faults.start()
    await this.#until(() => workload.isDone, Infinity)
    await this.#until(() => false, this.#plan.faults.goesOnMs)
    if (this.#held !== null) this.#ledger.violations.push(...this.#held.check(this.#ledger.entries))
    faults.heal()
    const healedAtMs = this.#clock.monotonicMs()
    await settlePromises()
    faults.restore()
    await this.#until(() => this.#isQuiet(workload), this.#quietMs)
    if (!this.#isQuiet(workload)) this.#wrong(`still open: ${this.#describeOpen(workload)}`)
    await this.#probe(workload, cluster)
    await this.#checkIdle(workload, cluster, producer)
    void workload.close()
    await this.#until(() => this.#isQuiet(workload), this.#quietMs)
    if (!this.#isQuiet(workload)) this.#wrong(`not closed: ${this.#describeOpen(workload)}`)
    await this.#until(() => false, 0) // what was deferred
    this.#checkTimes(healedAtMs, cluster)
    const metrics = this.#checkLeftovers(producer)
    if (this.#plan.faults.isOnlyClient) this.#checkUnnoticed(metrics)
    await this.#until(() => false, 10_000)
    if (network.streamCount() > 0) this.#wrong(`${network.streamCount()} streams are left open`)
    const { tailsLost, forgotten, deleted } = faults
    const { entries } = this.#ledger
    const plan = this.#plan
    const { longestThrottleMs } = this.#watch
    const virtualMs = this.#clock.monotonicMs()
    const wrongs = audit({ ...metrics, plan, entries, cluster, tailsLost, forgotten, deleted })
    this.#ledger.violations.push(
      ...wrongs,
      ...checkCounted(metrics, plan.guarantee !== 'none'),
      ...checkDemands(plan, { entries, metrics, cluster, longestThrottleMs, virtualMs }),
    )
  }

  async #build(): Promise<{
    faults: Faults
    workload: Workload
    producer: SimulatedProducer
    cluster: TestCluster
    network: VirtualNetwork
  }> {
    const clock = this.#clock
    const plan = this.#plan
    const delays = new Random(this.#seed, 'network')
    const network = new VirtualNetwork({
      clock,
      delayMs: () => {
        if (plan.networkMs === 0) return 0
        const isRepeated = delays.chance(plan.repeated)
        return delays.around(plan.networkMs) + (isRepeated ? delays.around(RETRANSMIT_MS) : 0)
      },
    })
    const { brokers, topics, autoCreateTopics, replicationMs } = plan
    const cluster = await TestCluster.start({
      brokers,
      topics,
      autoCreateTopics,
      clusterId: 'simulation',
      replicationDelayMs: () => (replicationMs === 0 ? 0 : delays.around(replicationMs)),
      network,
      ...(this.#vault === null ? {} : { sasl: this.#vault.testOptions }),
    })
    const producer = this.#makeProducer(cluster, network)
    this.#producer = producer
    const ledger = this.#ledger
    const tell = this.#tell
    const stallClient = (ms: number): void => {
      tell(`fault: the producer's process stalls for ${Math.round(ms)} ms`)
      this.#process.stall(ms)
    }
    const startOther = (): void => {
      const random = new Random(this.#seed, 'other program')
      const clock = new LoopClock(new VirtualProcess(this.#clock, random.next()).machine())
      startOtherProgram(cluster, {
        ...{ clock, dial: network.dial, random },
        hasLogins: this.#vault !== null,
      })
    }
    const chance = new Random(this.#seed, 'faults')
    const parts = {
      ...{ plan, random: chance, clock, cluster, network, tell, stallClient, startOther },
      noteWipe: () => this.#watch.anotherCluster(),
      vault: this.#vault,
    }
    const faults = new Faults(parts)
    const random = new Random(this.#seed, 'workload')
    const workload = new Workload({
      plan,
      random,
      clock: this.#process.userClock(),
      ledger,
      producer,
      tell,
      held: this.#held,
    })
    this.#callFromWithin = () => workload.fromWithin()
    return { faults, workload, producer, cluster, network }
  }

  #makeProducer(cluster: TestCluster, network: VirtualNetwork): SimulatedProducer {
    const random = new Random(this.#seed, 'wire')
    const { firstEpoch } = this.#plan
    const tell = this.#trace === null ? null : this.#tell
    const wrong = (what: string): void => this.#wrong(what)
    const wire = {
      random,
      clock: this.#clock,
      dribbles: 0.1,
      slowWrites: this.#isQuick ? 0 : 0.05,
      holdUps: this.#plan.holdUps,
      firstEpoch,
      hasLogins: this.#vault !== null,
      isUnanswered: this.#plan.guarantee === 'none',
    }
    const clock = new LoopClock(this.#producerMachine)
    const seen = this.#process.dial(throughWire(network.dial, { ...wire, tell, wrong }), clock)
    const dial = this.#plan.guarantee === 'none' ? seen : this.#watch.around(seen)
    const log =
      (level: string) =>
      (fields: object, message?: string): void => {
        this.#within?.line()
        if (this.#trace === null && !this.#plan.faults.isOnlyClient) return
        const text = `${level}: ${message ?? ''} ${describeFields(fields)}`
        if (this.#plan.faults.isOnlyClient && /no metadata|lost broker/.test(text))
          wrong(`for nothing but stalls: ${text}`)
        this.#trace?.(`          ${text}`)
      }
    return new Producer<string, SimulatedValue>(
      {
        ...this.#plan.options,
        brokers: cluster.bootstrap,
        ...(this.#vault === null ? {} : { sasl: this.#vault.options }),
        serializers: { value: serializer(this.#process.userClock(), this.#held) },
        logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
      },
      {
        clock,
        random: new Random(this.#seed, 'producer').next,
        dial,
        firstSequence: this.#plan.firstSequence,
      },
    )
  }

  /** Bytes leave when they are written. */
  get #isQuick(): boolean {
    return this.#plan.faults.isOnlyClient || this.#plan.kinds.has('only-re-authentication')
  }

  /** Time after which every record must have been told its fate. */
  get #longestMs(): number {
    const { maxBlockMs = 0, deliveryTimeoutMs = 0 } = this.#plan.options
    return maxBlockMs + deliveryTimeoutMs + 1000
  }

  /** And every record that callbacks have sent, and theirs. */
  get #quietMs(): number {
    return 4 * this.#longestMs + this.#process.stalledMs
  }

  /** Runs events until `isDone`, for at most so long. */
  async #until(isDone: () => boolean, forMs: number): Promise<void> {
    const endMs = this.#clock.monotonicMs() + forMs
    await settlePromises()
    while (!isDone()) {
      const nextMs = this.#clock.nextMs
      if (nextMs === undefined || nextMs > endMs) {
        if (forMs < Infinity) this.#clock.skip(Math.max(0, endMs - this.#clock.monotonicMs()))
        return
      }
      if (++this.#events > MOST_EVENTS) throw new Error(`no end after ${MOST_EVENTS} events`)
      this.#clock.step()
      await settlePromises()
      this.#checkMemory()
    }
  }

  /** What is held never exceeds the bound, not for a moment; what is under way is held. */
  #checkMemory(): void {
    if (this.#producer === null) return
    const { availableBytes: bufferAvailableBytes } = Producer.pipelineOf(this.#producer).budget
    if (bufferAvailableBytes < 0) this.#wrong(`memory is overdrawn: ${bufferAvailableBytes}`)
    const heldBytes = (this.#plan.options.bufferMemoryBytes ?? Infinity) - bufferAvailableBytes
    const { unansweredBytes } = this.#watch
    // The parts of a batch take what memory is there.
    if (unansweredBytes > heldBytes && this.#producer.metrics().batchesSplit === 0)
      this.#wrong(`${unansweredBytes} bytes are under way, and ${heldBytes} are held`)
  }

  #isQuiet(workload: Workload): boolean {
    return this.#ledger.openEntries.length === 0 && workload.openWaits.length === 0
  }

  #describeOpen(workload: Workload): string {
    const ids = this.#ledger.openEntries.map(({ id }) => `#${id}`)
    return [...ids, ...workload.openWaits].join(', ')
  }

  /** Nobody is kept waiting longer than the options allow; on a sound cluster nobody waits in vain. */
  #checkTimes(healedAtMs: number, cluster: TestCluster): void {
    const { maxBlockMs = 0, deliveryTimeoutMs = 0 } = this.#plan.options
    const { requestTimeoutMs = 0, connectionTimeoutMs = 0, maxInFlight = 5 } = this.#plan.options
    const { stalledMs, stallCount } = this.#process
    // On a long way, one batch after the other, what has gathered takes its time.
    const { networkMs, repeated, holdUps } = this.#plan
    const wayMs = networkMs + repeated * RETRANSMIT_MS + holdUps * HELD_UP_MS
    const backlogMs = (this.#ledger.entries.length * 2 * wayMs) / maxInFlight
    const pauseMs = this.#plan.sasl === null ? 0 : LONGEST_LOGIN_PAUSE_MS
    const recoveryMs =
      2 * requestTimeoutMs + connectionTimeoutMs + RECOVERY_MS + backlogMs + pauseMs
    const longestMs = maxBlockMs + deliveryTimeoutMs + stalledMs + TIMER_MS * (1 + stallCount)
    for (const entry of this.#ledger.entries) {
      const { id, topic, via, settledCount, calledAtMs, settledAtMs, error } = entry
      const tookMs = settledAtMs - calledAtMs
      // Each record of a sendAll has its time from when the one before it was fed.
      const mostMs = via === 'sendAll' ? longestMs + MOST_IN_GROUP * maxBlockMs : longestMs
      if (settledCount > 0 && tookMs > mostMs) this.#wrong(`#${id} took ${tookMs} ms`)
      if (!(error instanceof DeliveryTimeoutError) || settledAtMs < healedAtMs + recoveryMs)
        continue
      if (via === 'sendAll') continue // tells each record's fate when the last one has its own
      // A topic made anew may have fewer partitions: what was placed in the others has nowhere to go.
      const isThere = cluster.topics.includes(topic)
      const isGone = !isThere || (error.partition ?? 0) >= cluster.partitions(topic).length
      if (deliveryTimeoutMs >= recoveryMs && !isGone) {
        this.#wrong(`#${id} ran out of time on a sound cluster: ${error.message}`)
      }
    }
  }

  /** On a sound cluster every partition must take records again: nothing is stuck. */
  async #probe(workload: Workload, cluster: TestCluster): Promise<void> {
    for (const topic of cluster.topics) {
      for (const { index } of cluster.partitions(topic)) {
        await this.#probeOne(workload, topic, index)
      }
    }
  }

  async #probeOne(workload: Workload, topic: string, partition: number): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + PROBE_WITHIN_MS
    let last: Entry | null = null
    // The workload's own timer may close the producer in the middle of this.
    while (!workload.isClosed && this.#clock.monotonicMs() < untilMs) {
      const probe = workload.probe(topic, partition)
      last = probe
      await this.#until(() => probe.fate !== 'open', this.#longestMs)
      if (probe.fate === 'acked') return
      await this.#until(() => false, PROBE_PAUSE_MS)
    }
    if (workload.isClosed) return
    this.#wrong(`${topic}-${partition} takes no records any more: ${last?.error?.message ?? ''}`)
  }

  /** A producer with nothing to send keeps no process alive, and asks nothing but what ages. */
  async #checkIdle(
    workload: Workload,
    cluster: TestCluster,
    producer: SimulatedProducer,
  ): Promise<void> {
    // Records that nobody hears of may still be under way.
    const isIdle = (): boolean => workload.isClosed || producer.health().status === 'idle'
    await this.#until(isIdle, this.#quietMs)
    await this.#until(() => false, IDLE_WITHIN_MS)
    const before = metadataAsked(cluster)
    await this.#until(() => false, IDLE_FOR_MS)
    const asked = metadataAsked(cluster) - before
    // While a connection is opened, since metadata has aged, its timers do.
    const isFree = (): boolean => this.#producerMachine.keptAlive === 0
    await this.#until(isFree, IDLE_FOR_MS)
    if (workload.isClosed) return
    if (!isFree()) this.#wrong('an idle producer keeps its process alive')
    // Of a topic that is gone it is asked until it has been unused for long; and others ask, too.
    const { kinds, topics, options } = this.#plan
    const isAlone = !kinds.has('another-cluster')
    const isWhole = Object.keys(topics).every((topic) => cluster.topics.includes(topic))
    const most = MOST_ASKED_IDLE + IDLE_FOR_MS / (options.metadataMaxAgeMs ?? Infinity)
    if (isAlone && isWhole && asked > most)
      this.#wrong(`an idle producer asks for metadata ${asked} times in ${IDLE_FOR_MS} ms`)
  }

  /** A closed producer holds nothing. */
  #checkLeftovers(producer: SimulatedProducer): ReturnType<SimulatedProducer['metrics']> {
    const metrics = producer.metrics()
    const { bufferMemoryBytes = 0 } = this.#plan.options
    const { bufferAvailableBytes, waitingSends, batchesIncomplete } = metrics
    if (bufferAvailableBytes !== bufferMemoryBytes) {
      this.#wrong(`${bufferMemoryBytes - bufferAvailableBytes} bytes of memory are not given back`)
    }
    if (waitingSends !== 0) this.#wrong(`${waitingSends} sends wait after close`)
    if (batchesIncomplete !== 0) this.#wrong(`${batchesIncomplete} batches are left after close`)
    if (this.#producerMachine.pending > 0) {
      this.#wrong(`${this.#producerMachine.pending} timers are left after close`)
    }
    return metrics
  }

  /** Of a sound cluster nothing is lost or late, whatever the producer's own process does. */
  #checkUnnoticed(metrics: ReturnType<SimulatedProducer['metrics']>): void {
    const { answersLost, batchesRetried } = metrics

    if (answersLost > 0) this.#wrong(`${answersLost} answers lost for nothing but stalls`)
    if (batchesRetried > 0) this.#wrong(`${batchesRetried} batches retried for nothing but stalls`)
    for (const { id, error } of this.#ledger.entries) {
      if (error instanceof DeliveryTimeoutError)
        this.#wrong(`#${id} late for stalls: ${error.message}`)
    }
  }

  #wrong(what: string): void {
    this.#ledger.violations.push(what)
  }

  readonly #tell: Tell = (line) => {
    const text = `${this.#clock.monotonicMs().toFixed(1).padStart(9)} ${line}`
    for (let i = 0; i < text.length; i++)
      this.#digest = (Math.imul(this.#digest, 31) + text.charCodeAt(i)) | 0
    this.#trace?.(text)
  }
}

function metadataAsked({ requests }: TestCluster): number {
  return requests.filter(({ api }) => api === 'Metadata').length
}

/** Node turns to a new macrotask only when no promise callback is left to run. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function describeFields(fields: object): string {
  return JSON.stringify(fields, (_, value: unknown) =>
    value instanceof Error ? value.message : typeof value === 'bigint' ? String(value) : value,
  )
}
