/**
 * One process with one transactional producer in it, which may crash: then its sockets are cut by the
 * kernel, and nothing of it runs any more.
 *
 * Neighbours: program.ts uses it; simulation.ts makes it.
 */
import type { Clock } from '../../../src/clock.js'
import { LoopClock } from '../../../src/loop-clock.js'
import { TransactionalProducer } from '../../../src/producer/transactional/transactional-producer.js'
import type { VirtualNetwork } from '../../../src/testing/virtual-network.js'
import { BatchWatch } from '../batch-watch.js'
import type { Tell } from '../ledger.js'
import type { SimulatedValue } from '../plan.js'
import { Random } from '../random.js'
import type { VirtualClock } from '../virtual-clock.js'
import { VirtualProcess } from '../virtual-process.js'
import { throughWire } from '../wire.js'
import { serializer } from '../workload.js'
import type { Life } from './books.js'
import { describeTransactional } from './describe.js'
import type { TransactionalPlan } from './plan.js'

export interface ClientParts {
  readonly seed: number
  readonly plan: TransactionalPlan
  readonly clock: VirtualClock
  readonly network: VirtualNetwork
  /** The addresses of the beginning; the first of them stays. */
  readonly bootstrap: readonly string[]
  readonly wrong: (what: string) => void
  /** Null: nobody reads the trace. */
  readonly tell: Tell | null
  /** Called with each line that is logged. */
  readonly onLine: (clientId: string) => void
}

export class Client {
  readonly life: Life
  readonly producer: TransactionalProducer<string, SimulatedValue>
  /** What its user's code has for a clock. */
  readonly clock: Clock
  readonly #process: VirtualProcess
  readonly #pending: () => number
  /** Its close was called. */
  isClosed = false

  constructor(transactionalId: string, number: number, parts: ClientParts) {
    const { seed, plan, clock, network, bootstrap, tell } = parts
    const name = `${transactionalId}.${number}`
    this.life = { name, number, transactionalId, isCrashed: false }
    this.#process = new VirtualProcess(clock, new Random(seed, `${name} phase`).next())
    this.clock = this.#process.userClock()
    const machine = this.#process.machine()
    this.#pending = () => machine.pending
    const loopClock = new LoopClock(machine)
    const told: Tell | null = tell && ((line) => tell(`${name} ${line}`))
    const log =
      (level: string) =>
      (fields: object, message?: string): void => {
        told?.(`          ${level}: ${message ?? ''} ${describeFields(fields)}`)
        parts.onLine(name)
      }
    this.producer = new TransactionalProducer<string, SimulatedValue>(
      {
        ...plan.base.options,
        transactionalId,
        transactionTimeoutMs: plan.transactionTimeoutMs,
        clientId: name,
        brokers: bootstrap,
        serializers: { value: serializer(this.clock, null) },
        logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
      },
      {
        clock: loopClock,
        random: new Random(seed, `producer ${name}`).next,
        dial: this.#dial(
          new Random(seed, `wire ${name}`),
          loopClock,
          { ...parts, tell: told },
          network,
        ),
      },
    )
  }

  #dial(
    random: Random,
    loopClock: Clock,
    { clock, plan, wrong: report, tell }: ClientParts,
    network: VirtualNetwork,
  ): ReturnType<typeof throughWire> {
    const wrong = (what: string): void => report(`${this.life.name}: ${what}`)
    const { maxInFlight = 5 } = plan.base.options
    const wire = {
      ...{ random, clock, wrong, tell, dribbles: 0.1, firstEpoch: 0, hasLogins: false },
      slowWrites: plan.isSound ? 0 : 0.05,
      holdUps: plan.base.holdUps,
      isUnanswered: false,
      describe: describeTransactional,
    }
    const seen = this.#process.dial(throughWire(network.dial, wire), loopClock)
    return new BatchWatch({ maxInFlight, wrong }).around(seen)
  }

  get isAlive(): boolean {
    return !this.life.isCrashed && !this.isClosed
  }

  get stalledMs(): number {
    return this.#process.stalledMs
  }

  /** Timers that are set. */
  get pendingTimers(): number {
    return this.#pending()
  }

  stall(ms: number): void {
    this.#process.stall(ms)
  }

  crash(): void {
    this.life.isCrashed = true
    this.#process.kill()
  }
}

function describeFields(fields: object): string {
  return JSON.stringify(fields, (_, value: unknown) =>
    value instanceof Error ? value.message : typeof value === 'bigint' ? String(value) : value,
  )
}
