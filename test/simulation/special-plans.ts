/**
 * What the kinds of plan.ts make of a seed's plan: some give it another load, some leave one trouble
 * alone, so that more can be demanded than that every record is told the truth.
 *
 * Neighbours: plan.ts draws; later-faults.ts has the faults of these kinds; demands.ts what is
 * demanded.
 */
import type { TopicOptions } from '../../src/testing/options.js'
import type { Kind, Plan, SaslPlan } from './plan.js'
import type { Random } from './random.js'
import { drawShapes } from './record-shapes.js'

/** The plan with its kinds; a kind that is alone leaves no room for others. */
export function specialPlan(
  plan: Plan,
  kinds: readonly Kind[],
  randomOf: (kind: Kind) => Random,
): Plan {
  const alone = kinds.find((kind) => kind in ALONE)
  const chosen = alone === undefined ? kinds : [alone]
  const change = (changed: Plan, kind: Kind): Plan =>
    CHANGES[kind]?.(changed, randomOf(kind)) ?? changed
  return chosen.reduce(change, { ...plan, kinds: new Set(chosen) })
}

/** Of sessions: tiny and huge ones, those that are prolonged, and none. */
const LIFETIMES_MS = [740, 1500, 2000, 2200, 3000, 4000, 60_000, 2 ** 40, 0, -1]
const PROLONGED_MS = [2000, 2200, 3000, 4000, 6000]

/** The option's least. */
const LEAST_BATCH_BYTES = 512

type Change = (plan: Plan, random: Random) => Plan

const ALONE: Partial<Record<Kind, Change>> = {
  'only-split-and-forgotten': (plan, random) => {
    const calm = alone(plan, random, { calls: 80, pauseMs: 20 })
    const options = { lingerMs: random.integer(10, 40) }
    return {
      ...calm,
      topics: { t0: {} },
      networkMs: random.integer(1, 5),
      workload: { ...calm.workload, burst: 5 },
      options: { ...calm.options, ...options },
      faults: { ...calm.faults, lastsMs: 20 },
    }
  },
  'only-quota': (plan, random) => {
    const calm = alone(plan, random, { calls: 250, pauseMs: 100 })
    const options = { requestTimeoutMs: 3000, deliveryTimeoutMs: 120_000 }
    return { ...calm, options: { ...calm.options, ...options } }
  },
  'only-long-pauses': (plan, random) => {
    const calm = alone(plan, random, { calls: 150, pauseMs: 20 })
    // On a way this long, several requests are under way when one of them is answered.
    return {
      ...calm,
      networkMs: random.integer(20, 60),
      options: { ...calm.options, requestTimeoutMs: 2000, deliveryTimeoutMs: 60_000 },
    }
  },
  'only-deposed-leader': (plan, random) => {
    const calm = alone(plan, random, { calls: 60, pauseMs: 50 })
    return { ...calm, brokers: random.integer(2, 4) }
  },
  'only-dead-topic': (plan, random) => {
    const calm = alone(plan, random, { calls: 500, pauseMs: 60 })
    const topics: Record<string, TopicOptions> = { t0: {}, t1: { partitions: 2 } }
    // What the dead topic is given fills it after some ten seconds of the thirty.
    const options = { deliveryTimeoutMs: 60_000, bufferMemoryBytes: 65_536, batchSizeBytes: 4096 }
    return { ...calm, topics, autoCreateTopics: false, options: { ...calm.options, ...options } }
  },
  'only-refused-ids': (plan, random) => {
    const calm = alone(plan, random, { calls: 150, pauseMs: 20 })
    // The service goes on until it is asked, not until the fault's end.
    return { ...calm, faults: { ...calm.faults, lastsMs: 60_000 } }
  },
  'only-re-authentication': (plan, random) => {
    const calm = alone(plan, random, { calls: 300, pauseMs: 30 })
    const lifetimesMs = [random.pick(PROLONGED_MS)]
    // What leaves just before a session ends is on its way when it has ended.
    return { ...calm, networkMs: random.pick([0, 3, 8]), sasl: drawSasl(random, lifetimesMs) }
  },
  'only-refused-logins': (plan, random) => {
    const calm = alone(plan, random, { calls: 120, pauseMs: 200 })
    const options = { connectionTimeoutMs: 10_000 }
    const sasl = { ...drawSasl(random, [0]), isLockedAtFirst: random.chance(0.6) }
    return { ...calm, sasl, options: { ...calm.options, ...options } }
  },
  'only-retained-memory': (plan, random) => {
    const calm = alone(plan, random, { calls: 200, pauseMs: 10 })
    const options = { maxBlockMs: 60_000, deliveryTimeoutMs: 60_000 }
    const load = { missing: 0.3, aborts: 300 }
    // Most records have no topic: only the first of these is there.
    const topics = { t0: {}, t1: {}, t2: {}, t3: {} }
    const changed = { ...calm, topics, autoCreateTopics: false }
    const workload = { ...calm.workload, ...load }
    const idle = random.chance(0.5) ? { metadataMaxIdleMs: 50 } : {}
    return { ...changed, workload, options: { ...calm.options, ...options, ...idle } }
  },
}

const CHANGES: Partial<Record<Kind, Change>> = {
  ...ALONE,
  're-authentication': (plan, random) => withSasl(plan, random, plan.sasl?.lifetimesMs),
  'refused-logins': (plan, random) => withSasl(plan, random, plan.sasl?.lifetimesMs),
  'calls-from-within': (plan, random) => (random.chance(0.5) ? chosen(plan) : plan),
  'sizes-at-boundaries': (plan, random) => shaped(plan, random, false),
  'huge-records': (plan, random) => shaped(plan, random, true),
  // A topic is lost after a second of answers that do not know it: records are on their way for longer.
  'refused-topics': ({ options, workload, ...plan }) => ({
    ...plan,
    options: { ...options, deliveryTimeoutMs: Math.max(options.deliveryTimeoutMs ?? 0, 10_000) },
    workload: { ...workload, calls: 80, pauseMs: 100, burst: 1, closeAfterMs: Infinity },
  }),
  'missing-partitions': (plan) => ({
    ...plan,
    workload: { ...plan.workload, missing: 0.3, aborts: 40 },
  }),
}

/** A cluster without any trouble, a producer with its defaults, and a user who closes nothing. */
function alone(
  plan: Plan,
  random: Random,
  { calls, pauseMs }: { calls: number; pauseMs: number },
): Plan {
  const { workload, faults } = plan
  return {
    ...plan,
    guarantee: 'exactly-once',
    brokers: random.integer(1, 3),
    topics: { t0: { partitions: random.integer(1, 3) } },
    replicationMs: 0,
    networkMs: random.pick([0, 1, 3]),
    repeated: 0,
    holdUps: 0,
    options: {
      lingerMs: random.pick([0, 0, 5]),
      requestTimeoutMs: 5000,
      deliveryTimeoutMs: 30_000,
      bufferMemoryBytes: 33_554_432,
      maxBlockMs: 10_000,
      connectionTimeoutMs: 1000,
    },
    workload: {
      ...workload,
      ...{ calls, pauseMs, burst: 1, mostBytes: 400, missing: 0, aborts: 0 },
      ...{ isSerializerAsync: false, closeAfterMs: Infinity },
    },
    faults: { ...faults, pauseMs: Infinity, goesOnMs: 5000 },
    firstEpoch: 0,
    firstSequence: 0,
  }
}

/** A login is two round trips more; what is to happen to sessions takes seconds. */
function withSasl(
  plan: Plan,
  random: Random,
  lifetimesMs: readonly number[] = shuffled(LIFETIMES_MS, random),
): Plan {
  const { options, workload, faults } = plan
  const connectionTimeoutMs = (options.connectionTimeoutMs ?? 0) + 500
  const calls = workload.calls * random.pick([1, 2, 4])
  const pauseMs = random.pick([workload.pauseMs, 60, 100])
  return {
    ...plan,
    sasl: drawSasl(random, lifetimesMs),
    options: { ...options, connectionTimeoutMs },
    workload: { ...workload, calls, pauseMs },
    faults: { ...faults, pauseMs: faults.pauseMs * random.pick([1, 3, 10]) },
  }
}

function drawSasl(random: Random, lifetimesMs: readonly number[]): SaslPlan {
  return {
    mechanism: random.chance(0.7) ? 'PLAIN' : 'OAUTHBEARER',
    lifetimesMs,
    failureDelayMs: random.pick([0, 20, 100]),
    isLockedAtFirst: false,
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return [...items]
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/** Codecs are chosen, of which a line tells amid the append that has filled a batch. */
function chosen(plan: Plan): Plan {
  const { options, workload } = plan
  return {
    ...plan,
    topics: { t0: {} },
    options: { ...options, compression: 'auto', batchSizeBytes: 2048, maxRequestSizeBytes: 12_288 },
    workload: { ...workload, burst: 10, mostBytes: 400, calls: Math.max(40, workload.calls) },
  }
}

/** Records laid out so that a batch is full to the byte, or just not, or just too small. */
function shaped(plan: Plan, random: Random, isHuge: boolean): Plan {
  const { shapes, batchSizeBytes, largestBytes } = drawShapes(random, isHuge)
  const config = {
    'max.message.bytes': '100000000',
    'message.timestamp.after.max.ms': String(Number.MAX_SAFE_INTEGER),
  }
  const tightBytes = Math.max(batchSizeBytes, largestBytes + random.integer(-3, 30))
  const maxRequestSizeBytes = random.chance(0.3) ? tightBytes : 16_777_216
  return {
    ...plan,
    topics: { t0: { partitions: 1, config } },
    options: {
      ...plan.options,
      lingerMs: random.integer(20, 100),
      deliveryTimeoutMs: (plan.options.deliveryTimeoutMs ?? 0) + 100,
      compression: 'none',
      batchSizeBytes: Math.max(LEAST_BATCH_BYTES, batchSizeBytes),
      maxRequestSizeBytes: Math.max(LEAST_BATCH_BYTES, maxRequestSizeBytes),
      bufferMemoryBytes: 67_108_864,
    },
    workload: {
      ...plan.workload,
      shapes,
      calls: isHuge ? shapes.length + random.integer(0, 3) : plan.workload.calls,
      burst: 2 * shapes.length,
    },
    faults: isHuge ? { ...plan.faults, pauseMs: 5 * plan.faults.pauseMs } : plan.faults,
  }
}
