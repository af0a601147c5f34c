/**
 * What one seed is to be: the cluster, the producer's settings, how much is sent and how much goes
 * wrong. Everything is drawn here, before anything runs, so that a seed can be read at a glance.
 *
 * Neighbours: simulation.ts builds it; workload.ts and faults.ts carry it out; special-plans.ts has
 * the seeds that are about one thing.
 */
import type { ProducerOptions } from '../../src/producer/options/options.js'
import type { TopicOptions } from '../../src/testing/options.js'
import { Random } from './random.js'
import { specialPlan } from './special-plans.js'

/** What the producer promises under its settings. */
export type Guarantee = 'exactly-once' | 'at-least-once' | 'leader-only' | 'none'

/**
 * What was added to the first faults and loads, each for a share of the seeds, which are the same
 * whatever else is enabled.
 */
export const KINDS = {
  /** Records, keys and headers at each varint's boundaries, batches full to the byte. */
  'sizes-at-boundaries': 0.04,
  /** The same with records of a MiB and more, and timestamps up to 2^53. */
  'huge-records': 0.012,
  /** Batches refused with MESSAGE_TOO_LARGE. */
  'message-too-large': 0.08,
  /** Batches refused with RECORD_LIST_TOO_LARGE: only a batch of one record fails by it. */
  'list-too-large': 0.06,
  /** Partitions forget their producers, as after `producer.id.expiration.ms`. */
  'forgotten-producers': 0.08,
  /** Throttles in proportion to what is sent, for a while. */
  quotas: 0.05,
  /** A broker that leads no more goes on refusing with an error of its own, for a while. */
  'deposed-leaders': 0.08,
  /** Another cluster takes the place of this one, and its first producer gets the ids of ours. */
  'another-cluster': 0.06,
  /** Many records for partitions that there are not, many aborts. */
  'missing-partitions': 0.06,
  /** The logger, and subscribers of diagnostics channels, use the producer from within. */
  'calls-from-within': 0.06,
  /** Topics that have batches are not known for a while, and then refused for good, for a while. */
  'refused-topics': 0.05,
  /** Seeds in which batches are split while their partition forgets its producers: order holds. */
  'only-split-and-forgotten': 0.01,
  /** Seeds whose only trouble is a quota that lets all through in time: nothing fails or goes twice. */
  'only-quota': 0.01,
  /** Seeds whose only trouble are pauses beyond the request timeout: the same is demanded. */
  'only-long-pauses': 0.006,
  /** Seeds whose only trouble is a deposed leader, for good: the new one is found soon. */
  'only-deposed-leader': 0.01,
  /** Clients log in; sessions end, credentials change, and brokers are not ready for it at times. */
  're-authentication': 0.06,
  /** Clients log in, and are refused at times; the functions that give credentials fail and hang. */
  'refused-logins': 0.06,
  /** Seeds whose only trouble are sessions that end: nobody notices. */
  'only-re-authentication': 0.012,
  /** Seeds in which the credentials are wrong for a while: no storm of logins, and it is said at once. */
  'only-refused-logins': 0.01,
  /** Seeds whose only trouble is a topic that is deleted for good: the others do not suffer. */
  'only-dead-topic': 0.01,
  /** Seeds in which records settle behind others that wait: they must leave the memory. */
  'only-retained-memory': 0.005,
  /** A service takes producer ids no longer, until it has given another. */
  'refused-ids': 0.05,
  /** Seeds whose only trouble that is: every record is acknowledged. */
  'only-refused-ids': 0.01,
} as const
export type Kind = keyof typeof KINDS

/** Those that are part of every run: the producer keeps its promises under them. */
export const ENABLED: ReadonlySet<Kind> = new Set<Kind>([
  'sizes-at-boundaries',
  'message-too-large',
  'forgotten-producers',
  'quotas',
  'deposed-leaders',
  'missing-partitions',
  'calls-from-within',
  'huge-records',
  'list-too-large',
  'only-split-and-forgotten',
  'only-quota',
  'only-long-pauses',
  'only-deposed-leader',
  'another-cluster',
  'only-dead-topic',
  'only-retained-memory',
  're-authentication',
  'refused-logins',
  'only-re-authentication',
  'only-refused-logins',
  'refused-topics',
  'refused-ids',
  'only-refused-ids',
])

/** A value before it is serialized. */
export interface SimulatedValue {
  readonly id: number
  /** Length of the value as text. */
  readonly length: number
  /** Virtual ms that the serializer takes; -1: it is synchronous. */
  readonly serializeMs: number
  readonly failsToSerialize: boolean
}

/** How clients log in. */
export interface SaslPlan {
  readonly mechanism: 'PLAIN' | 'OAUTHBEARER'
  /** How long sessions last: the first to begin with, then any; 0 or less: no end. */
  readonly lifetimesMs: readonly number[]
  /** How long a refusal takes. */
  readonly failureDelayMs: number
  /** The producer's credentials are not good yet. */
  readonly isLockedAtFirst: boolean
}

export interface Plan {
  readonly kinds: ReadonlySet<Kind>
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
  /** null: nobody logs in. */
  readonly sasl: SaslPlan | null
}

export interface WorkloadPlan {
  readonly calls: number
  /** Mean pause between bursts, in ms. */
  readonly pauseMs: number
  readonly burst: number
  readonly mostBytes: number
  /** In turn, for records that are laid out to the byte; null: all by chance. */
  readonly shapes: readonly RecordShape[] | null
  /** Share of records for a partition that there is not, or not yet. */
  readonly missing: number
  /** Weight of sends that are aborted; of all others together it is about 90. */
  readonly aborts: number
  readonly isSerializerAsync: boolean
  /** Mean time that a slow serializer takes, in ms. */
  readonly serializeMs: number
  /** Virtual ms after which the producer is closed in the middle of everything; Infinity: never. */
  readonly closeAfterMs: number
  readonly closeTimeoutMs: number | undefined
}

/** One record, laid out: all of them go to the same partition. */
export interface RecordShape {
  /** -1: no key. */
  readonly keyBytes: number
  /** At least as many as the record's id takes. */
  readonly valueBytes: number
  /** -1: no header. */
  readonly headerBytes: number
  readonly timestamp: number
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
export function drawPlan(seed: number, enabled: ReadonlySet<Kind>): Plan {
  const isDrawn = (kind: Kind): boolean => new Random(seed, kind).chance(KINDS[kind])
  const kinds = (Object.keys(KINDS) as Kind[]).filter((kind) => enabled.has(kind) && isDrawn(kind))
  const usual = drawUsual(new Random(seed, 'plan'))
  const stalls = new Random(seed, 'only stalls')
  const plan = kinds.length === 0 && stalls.chance(0.1) ? withOnlyStalls(usual, stalls) : usual
  return specialPlan(plan, kinds, (kind) => new Random(seed, `${kind} plan`))
}

function drawUsual(random: Random): Plan {
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
    kinds: new Set(),
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
    sasl: null,
  }
  // Drawn last: what stands before keeps its seeds.
  const serializeMs = random.pick([1, 10, 10, 200])
  const missing = random.pick([0.03, 0.03, 0.3])
  const isSerializerAsync = plan.workload.isSerializerAsync || random.chance(0.2)
  return { ...plan, workload: { ...plan.workload, isSerializerAsync, serializeMs, missing } }
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
  // A handshake is three round trips, when the cluster is asked for as well.
  if (random.chance(0.5) && shortestMs > 600) return Math.min(random.around(60), shortestMs / 12)
  return random.chance(0.2) ? 0 : Math.min(random.around(4), connectionTimeoutMs / 10)
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
    shapes: null,
    serializeMs: 10,
    missing: 0.03,
    aborts: 6,
    isSerializerAsync: random.chance(0.15),
    closeAfterMs: random.chance(0.25) ? random.around(400) : Infinity,
    closeTimeoutMs: random.pick([undefined, 0, 50, 500, 5000]),
  }
}
