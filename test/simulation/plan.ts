/**
 * What one seed is to be: the cluster, the producer's settings, how much is sent and how much goes
 * wrong. Everything is drawn here, before anything runs, so that a seed can be read at a glance.
 *
 * Neighbours: simulation.ts builds it; workload.ts and faults.ts carry it out.
 */
import type { ProducerOptions } from '../../src/producer/options.js'
import type { TopicOptions } from '../../src/testing/options.js'
import type { Random } from './random.js'

/** What the producer promises under its settings. */
export type Guarantee = 'exactly-once' | 'at-least-once' | 'leader-only' | 'none'

/** A value before it is serialized. */
export interface SimulatedValue {
  readonly id: number
  /** Length of the value as text. */
  readonly length: number
  /** Virtual ms that the serializer takes; -1: it is synchronous. */
  readonly serializeMs: number
  readonly failsToSerialize: boolean
}

export interface Plan {
  readonly guarantee: Guarantee
  readonly brokers: number
  readonly topics: Readonly<Record<string, TopicOptions>>
  readonly replicationMs: number
  /** Mean one-way delays of the network, in ms. */
  readonly networkMs: number
  /** Share of passages that are lost and repeated after a pause, as TCP does. */
  readonly repeated: number
  /** Share of writes with which their stream comes to a halt for a while. */
  readonly holdUps: number
  readonly options: Omit<ProducerOptions<string, SimulatedValue>, 'brokers'>
  readonly workload: WorkloadPlan
  readonly faults: FaultPlan
  /** Epoch that a new producer id begins at: near the last one, at times. */
  readonly firstEpoch: number
  /** Sequence number that a producer id begins at: near the last one, at times. */
  readonly firstSequence: number
  /** Whether a topic that was deleted is made anew by the first who asks for it. */
  readonly autoCreateTopics: boolean
}

export interface WorkloadPlan {
  readonly calls: number
  /** Mean pause between bursts, in ms. */
  readonly pauseMs: number
  readonly burst: number
  readonly mostBytes: number
  readonly isSerializerAsync: boolean
  /** Virtual ms after which the producer is closed in the middle of everything; Infinity: never. */
  readonly closeAfterMs: number
  readonly closeTimeoutMs: number | undefined
}

export interface FaultPlan {
  /** Mean pause between faults, in ms; Infinity: none. */
  readonly pauseMs: number
  /** How long a fault that lasts does so on average, in ms. */
  readonly lastsMs: number
  /** Virtual ms that faults go on after the last call. */
  readonly goesOnMs: number
  /** Whether the producer's process stalls at times. */
  readonly mayStallClient: boolean
  /** Nothing else goes wrong: then nobody may notice. */
  readonly isOnlyClient: boolean
  readonly mayDelayLong: boolean
}

/** Draws a seed's plan. */
export function drawPlan(random: Random): Plan {
  const guarantee = random.weighted<Guarantee>([
    [80, 'exactly-once'],
    [8, 'at-least-once'],
    [7, 'leader-only'],
    [5, 'none'],
  ])
  const brokers = random.integer(1, 4)
  const isCalm = random.chance(0.05)
  const options = drawOptions(random, guarantee)
  const plan: Plan = {
    guarantee,
    brokers,
    topics: drawTopics(random, brokers),
    replicationMs: random.chance(0.5) ? random.around(5) : 0,
    networkMs: drawNetworkMs(random, options),
    repeated: random.chance(0.2) ? 0.1 : 0.005,
    holdUps: random.chance(0.4) ? 0.05 : 0,
    options,
    workload: drawWorkload(random),
    faults: {
      pauseMs: isCalm ? Infinity : 5 + random.around(60),
      lastsMs: 20 + random.around(200),
      goesOnMs: random.around(300),
      mayStallClient: random.chance(0.4),
      isOnlyClient: false,
      mayDelayLong: random.chance(0.3),
    },
    firstEpoch: random.chance(0.15) ? random.integer(32_763, 32_767) : 0,
    firstSequence: random.chance(0.15) ? 2 ** 31 - random.integer(1, 40) : 0,
    autoCreateTopics: random.chance(0.3),
  }
  return random.chance(0.1) ? withOnlyStalls(plan, random) : plan
}

/** Everything but the producer's process is sound and quick, beside every time limit. */
function withOnlyStalls(plan: Plan, random: Random): Plan {
  const { options, workload, faults } = plan
  const topics = Object.entries(plan.topics).map(([name, { partitions }]) => [name, { partitions }])
  const requestTimeoutMs = random.integer(40, random.pick([90, 400])) // far beyond any answer
  const deliveryTimeoutMs = (options.lingerMs ?? 0) + requestTimeoutMs + random.integer(1500, 5000)
  const connectionTimeoutMs = random.integer(400, 1000)
  return {
    ...plan,
    topics: Object.fromEntries(topics) as Plan['topics'], // nothing is refused for its size
    networkMs: Math.min(plan.networkMs, 2),
    replicationMs: 0,
    repeated: 0,
    holdUps: 0,
    options: { ...options, requestTimeoutMs, deliveryTimeoutMs, connectionTimeoutMs },
    workload: { ...workload, closeAfterMs: Infinity },
    faults: { ...faults, pauseMs: 5 + random.around(60), mayStallClient: true, isOnlyClient: true },
  }
}

function drawTopics(random: Random, brokers: number): Record<string, TopicOptions> {
  const topics: Record<string, TopicOptions> = {}
  const count = random.integer(1, 3)
  for (let i = 0; i < count; i++) {
    const config: Record<string, string> = {}
    if (random.chance(0.2)) config['max.message.bytes'] = String(random.integer(300, 1500))
    if (random.chance(0.3)) config['min.insync.replicas'] = String(Math.min(brokers, 2))
    if (random.chance(0.1)) config['message.timestamp.type'] = 'LogAppendTime'
    topics[`t${i}`] = { partitions: random.integer(1, 3), config }
  }
  return topics
}

/** On a long way several requests are in flight that are not full; short timeouts would all run out. */
function drawNetworkMs(
  random: Random,
  { requestTimeoutMs = 0, connectionTimeoutMs = 0 }: Plan['options'],
): number {
  const shortestMs = Math.min(requestTimeoutMs, connectionTimeoutMs)
  if (random.chance(0.5) && shortestMs > 600) return random.around(60)
  return random.chance(0.2) ? 0 : random.around(4)
}

function drawOptions(random: Random, guarantee: Guarantee): Plan['options'] {
  const lingerMs = random.weighted([
    [6, 0],
    [3, random.integer(1, 20)],
    [1, 100],
  ])
  const isShort = random.chance(0.4)
  const requestTimeoutMs = isShort ? random.integer(40, 500) : random.integer(200, 2000)
  const deliveryTimeoutMs =
    lingerMs + requestTimeoutMs + (isShort ? random.integer(0, 600) : random.integer(1000, 20_000))
  const isGzip = random.chance(0.1)
  const maxRequestSizeBytes = isGzip ? 12_288 : random.pick([4096, 12_288, 1_048_576])
  return {
    ...acksOf(random, guarantee),
    lingerMs,
    requestTimeoutMs,
    deliveryTimeoutMs,
    maxRequestSizeBytes,
    // Small codecs are called synchronously up to 16 KiB: threads are no part of a simulation.
    compression: isGzip ? 'gzip' : 'none',
    batchSizeBytes: random.pick([512, 700, 1024, 4096]),
    bufferMemoryBytes: random.chance(0.4) ? random.integer(16_384, 40_960) : 33_554_432,
    maxBlockMs: random.chance(0.3) ? random.integer(50, 1000) : 10_000,
    maxInFlight: random.pick([1, 2, 3, 5, 5, 5]),
    ...(random.chance(0.1) ? { maxWaitingSends: random.integer(0, 10) } : {}),
    ...(random.chance(0.3) ? { retryBackoffMs: 5, retryBackoffMaxMs: 50 } : {}),
    ...(random.chance(0.3) ? { reconnectBackoffMs: 5, reconnectBackoffMaxMs: 50 } : {}),
    ...(random.chance(0.2) ? { connectionsMaxIdleMs: random.integer(50, 1000) } : {}),
    ...(random.chance(0.2) ? { metadataMaxAgeMs: random.integer(50, 1000) } : {}),
    ...(random.chance(0.2) ? { metadataMaxIdleMs: random.integer(1, 1000) } : {}),
    connectionTimeoutMs: random.integer(100, 1000),
    ...(random.chance(0.3) ? { apiVersions: { Produce: random.pick([3, 7, 9, 10, 12]) } } : {}),
    ...(random.chance(0.1) ? { partitionerIgnoreKeys: true } : {}),
  }
}

function acksOf(
  random: Random,
  guarantee: Guarantee,
): Pick<Plan['options'], 'acks' | 'idempotence' | 'retries'> {
  const retries = random.chance(0.1) ? { retries: random.integer(1, 4) } : {}
  switch (guarantee) {
    case 'exactly-once':
      return retries
    case 'at-least-once':
      return { idempotence: false, ...(random.chance(0.2) ? { retries: 0 } : retries) }
    case 'leader-only':
      return { acks: 1, ...retries }
    case 'none':
      return { acks: 0, ...retries }
  }
}

function drawWorkload(random: Random): WorkloadPlan {
  return {
    calls: random.integer(10, 80),
    pauseMs: random.pick([2, 10, 30, 60]),
    burst: random.pick([1, 3, 10]),
    mostBytes: random.pick([20, 100, 400, 1500]),
    isSerializerAsync: random.chance(0.15),
    closeAfterMs: random.chance(0.25) ? random.around(400) : Infinity,
    closeTimeoutMs: random.pick([undefined, 0, 50, 500, 5000]),
  }
}
