/**
 * What a transactional seed is to be: who has which transactional id, how much each program does, how
 * slow the coordinator is, and what goes wrong. Cluster, network, options and the faults that every
 * producer meets are drawn as for other seeds.
 *
 * Neighbours: ../plan.ts draws the rest; simulation.ts builds it; faults.ts and program.ts carry it out.
 */
import type { TransactionVersion } from '../../../src/testing/cluster.js'
import { drawPlan, type Plan } from '../plan.js'
import { Random } from '../random.js'

/** One user of the cluster, who takes up its transactional id again after each crash. */
export interface ProgramPlan {
  readonly transactionalId: string
  readonly startAfterMs: number
  /** How many transactions it begins, over all its lives. */
  readonly transactions: number
  /** Most operations of one transaction. */
  readonly operations: number
  /** Mean pause between operations, in ms. */
  readonly pauseMs: number
}

export interface TransactionalPlan {
  readonly base: Plan
  readonly programs: readonly ProgramPlan[]
  readonly transactionTimeoutMs: number
  /** The finalized level to begin with. */
  readonly level: TransactionVersion
  /** The user's options cap the versions of some requests. */
  readonly isCapped: boolean
  /** It changes while programs run. */
  readonly changesLevel: boolean
  /** Nothing goes wrong, and nobody does anything foolish: every transaction commits. */
  readonly isSound: boolean
  /** Means, in ms. */
  readonly logWriteMs: number
  readonly markerMs: number
  readonly timeoutCheckIntervalMs: number
  /** Leaders ask whether a partition was added; brokers before Kafka 3.6 do not. */
  readonly partitionVerification: boolean
  /** Virtual ms until the faults end, whatever is left to do. */
  readonly faultsForMs: number
}

/** Seeds that have transactions beside their usual run, where all are run. */
const SHARE = 0.25

export function hasTransactions(seed: number): boolean {
  return new Random(seed, 'has transactions').chance(SHARE)
}

/** Plans of which one thing is asked, where little else goes wrong. */
const SPECIAL_SHARE = 0.2

/** Draws a seed's plan. */
export function drawTransactionalPlan(seed: number): TransactionalPlan {
  const plan = drawUsualPlan(seed)
  const random = new Random(seed, 'special transactional plan')
  if (plan.isSound || !random.chance(SPECIAL_SHARE)) return plan
  return random.chance(0.5) ? late(plan, random) : withoutVerification(plan, random)
}

/** Share of writes that are held up, for longer than a request may take. */
const LATE_HOLD_UPS = 0.12

/**
 * Of what may still come after its connection was given up: what is asked after it must not be undone by
 * it. For that requests are given up soon, and transactions are long enough for the later ones.
 */
function late(plan: TransactionalPlan, random: Random): TransactionalPlan {
  const networkMs = Math.min(plan.base.networkMs, 4)
  const options = { requestTimeoutMs: 200, deliveryTimeoutMs: 3000 }
  return calm(plan, random, { options, networkMs, holdUps: LATE_HOLD_UPS, repeated: 0 })
}

/**
 * Of brokers that append whatever comes under the epoch of the producer, also after the end of its
 * transaction: nothing may be on its way by then. (What is held up for longer than a producer waits
 * for it hangs there for ever, KAFKA-14053: so nothing is.)
 */
function withoutVerification(plan: TransactionalPlan, random: Random): TransactionalPlan {
  const options = { requestTimeoutMs: 2000, deliveryTimeoutMs: 10_000 }
  const network = { networkMs: random.pick([5, 20, 60]), holdUps: 0, repeated: 0 }
  return {
    ...calm(plan, random, { options, ...network }),
    partitionVerification: false,
    level: random.pick([0, 1]),
  }
}

interface Calm {
  readonly options: { readonly requestTimeoutMs: number; readonly deliveryTimeoutMs: number }
  readonly networkMs: number
  readonly holdUps: number
  readonly repeated: number
}

/** The plan without faults, with one program that has much to do in each transaction. */
function calm(
  plan: TransactionalPlan,
  random: Random,
  { options, ...network }: Calm,
): TransactionalPlan {
  const { base } = plan
  return {
    ...plan,
    base: {
      ...{ ...base, ...network },
      options: { ...base.options, ...options, lingerMs: 0 },
      faults: { ...base.faults, pauseMs: Infinity },
    },
    programs: [
      { ...soloProgram, transactions: random.integer(4, 12), pauseMs: random.pick([1, 20, 60]) },
    ],
    transactionTimeoutMs: 20_000,
    level: random.pick([1, 1, 2]),
    changesLevel: false,
    logWriteMs: 0,
    markerMs: 0,
  }
}

const soloProgram = { transactionalId: 'tx-0', startAfterMs: 0, operations: 12 } as const

function drawUsualPlan(seed: number): TransactionalPlan {
  const random = new Random(seed, 'transactional plan')
  const isSound = random.chance(0.15)
  const usual = drawPlan(seed, new Set())
  const options = drawOptions(random, usual.options, isSound)
  const { deliveryTimeoutMs = 0, requestTimeoutMs = 0 } = options
  const transactionTimeoutMs =
    deliveryTimeoutMs + 1 + Math.ceil(random.around(random.pick([200, 2000, 10_000])))
  const isSlow = random.chance(0.5)
  return {
    base: {
      ...usual,
      guarantee: 'exactly-once',
      topics: isSound ? soundTopics(usual) : usual.topics,
      options,
      firstEpoch: 0,
      firstSequence: 0,
      ...(isSound ? { networkMs: Math.min(usual.networkMs, 4), repeated: 0, holdUps: 0 } : {}),
      faults: {
        ...usual.faults,
        isOnlyClient: false,
        pauseMs: isSound ? Infinity : 10 + random.around(80),
      },
    },
    programs: drawPrograms(random, isSound),
    transactionTimeoutMs,
    level: random.weighted<TransactionVersion>([
      [5, 2],
      [3, 1],
      [2, 0],
    ]),
    isCapped: Object.keys(options.apiVersions ?? {}).length > 0,
    changesLevel: random.chance(0.3),
    isSound,
    // What a request timeout cuts off each time would never be done.
    logWriteMs: isSlow
      ? Math.min(random.around(random.pick([1, 10, 60])), requestTimeoutMs / 10)
      : 0,
    markerMs: isSlow ? Math.min(random.around(random.pick([1, 20, 200])), requestTimeoutMs / 4) : 0,
    timeoutCheckIntervalMs: random.pick([10, 100, 1000]),
    partitionVerification: true,
    faultsForMs: 300 + random.around(4000),
  }
}

function soundTopics({ topics }: Plan): Plan['topics'] {
  const plain = Object.entries(topics).map(([name, { partitions }]) => [name, { partitions }])
  return Object.fromEntries(plain) as Plan['topics']
}

function drawOptions(random: Random, usual: Plan['options'], isSound: boolean): Plan['options'] {
  const { acks: _, idempotence: __, retries: ___, apiVersions, ...rest } = usual
  const caps = random.weighted([
    [7, {}],
    [1, { Produce: random.pick([3, 7, 9, 11]) }],
    [1, { EndTxn: random.integer(0, 4) }],
    [1, { TxnOffsetCommit: random.integer(3, 4), AddPartitionsToTxn: random.integer(0, 3) }],
  ])
  const apiCaps = { ...apiVersions, ...caps }
  if (!isSound) {
    const requestTimeoutMs = Math.max(200, rest.requestTimeoutMs ?? 0)
    const leastMs = (rest.lingerMs ?? 0) + 2 * requestTimeoutMs + 500
    const deliveryTimeoutMs = Math.max(leastMs, rest.deliveryTimeoutMs ?? 0)
    return { ...rest, apiVersions: apiCaps, requestTimeoutMs, deliveryTimeoutMs }
  }
  const { maxWaitingSends: _____, ...sound } = rest
  const requestTimeoutMs = random.integer(500, 2000)
  return {
    ...sound,
    apiVersions: apiCaps,
    requestTimeoutMs,
    deliveryTimeoutMs: (rest.lingerMs ?? 0) + requestTimeoutMs + 30_000,
    connectionTimeoutMs: 1000,
    bufferMemoryBytes: 33_554_432,
    maxBlockMs: 60_000,
  }
}

function drawPrograms(random: Random, isSound: boolean): ProgramPlan[] {
  const count = random.integer(1, 3)
  const isShared = !isSound && random.chance(0.4)
  return Array.from({ length: count }, (_, i) => ({
    transactionalId: isShared && i > 0 && random.chance(0.7) ? 'tx-0' : `tx-${i}`,
    startAfterMs: i === 0 ? 0 : random.around(100),
    transactions: random.integer(2, 12),
    operations: random.integer(1, 10),
    pauseMs: random.pick([0, 1, 5, 20]),
  }))
}
