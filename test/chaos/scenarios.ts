/**
 * What is done to the cluster, while records come at a fixed rate. Each scenario resolves when it has
 * done its worst, and leaves every broker running; the proxies are healed after it.
 *
 * Neighbours: cluster.ts and proxy.ts have the means; run.ts calls.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosCluster } from './cluster.js'

export interface Scene {
  readonly cluster: ChaosCluster
  /** One of the topics written to: whose leader is meant where one is. */
  readonly topic: string
  /** All of them. */
  readonly topics: readonly string[]
  /** How long faults may last, ms. */
  readonly lengthMs: number
  /** Uniform in [0, 1), from the printed seed. */
  readonly random: () => number
}

export interface Scenario {
  readonly name: string
  /** Null: nothing is broken. */
  readonly run: ((scene: Scene) => Promise<void>) | null
  /** The clients' first bootstrap server is one where nobody listens. */
  readonly hasDeadBootstrap?: boolean
  /** A run in which no answer was lost shows nothing. */
  readonly losesAnswers?: boolean
}

/** Calls `fault` every `everyMs` until the time is over. */
async function again(everyMs: number, lengthMs: number, fault: () => void): Promise<void> {
  for (let passedMs = 0; passedMs < lengthMs; passedMs += everyMs) {
    fault()
    await sleep(everyMs)
  }
}

const KILLS = 3
const DOWN_MS = 3_000
const FREEZE_MS = 10_000
/** Between two faults, so that one stall is not two. */
const BREATH_MS = 1_000

export const SCENARIOS: readonly Scenario[] = [
  { name: 'no fault', run: null },
  {
    name: 'kill -9 of the leader, three times',
    run: async ({ cluster, topic, topics }) => {
      for (let i = 0; i < KILLS; i++) {
        const leader = await cluster.leader(topic)
        await cluster.kill(leader)
        await sleep(DOWN_MS)
        await cluster.restart(leader)
        await cluster.sound(topics)
        await sleep(BREATH_MS)
      }
    },
  },
  {
    name: 'SIGSTOP of the leader for 10 s',
    run: async ({ cluster, topic }) => {
      const leader = await cluster.leader(topic)
      cluster.freeze(leader)
      await sleep(FREEZE_MS)
      cluster.thaw(leader)
    },
  },
  {
    name: 'rolling restart',
    run: async ({ cluster, topics }) => {
      for (const node of cluster.nodes) {
        await cluster.restart(node)
        await cluster.sound(topics)
        await sleep(BREATH_MS)
      }
    },
  },
  {
    name: 'all brokers down for 10 s',
    run: async ({ cluster }) => {
      await Promise.all(cluster.nodes.map((node) => cluster.kill(node)))
      await sleep(FREEZE_MS)
      await Promise.all(cluster.nodes.map((node) => cluster.restart(node)))
    },
  },
  {
    name: 'connections cut every 2 s',
    run: ({ cluster, lengthMs }) =>
      again(2_000, lengthMs, () => cluster.nodes.forEach(({ proxy }) => proxy.cutAll())),
  },
  {
    name: 'answers lost every second',
    losesAnswers: true,
    run: ({ cluster, lengthMs }) =>
      again(1_000, lengthMs, () => cluster.nodes.forEach(({ proxy }) => proxy.loseNextAnswers())),
  },
  {
    name: '200 ms latency with jitter',
    run: async ({ cluster, lengthMs, random }) => {
      for (const { proxy } of cluster.nodes) proxy.latencyMs = () => 75 + random() * 50 // each way
      await sleep(lengthMs)
    },
  },
  {
    name: 'bytes dribbled',
    run: async ({ cluster, lengthMs, random }) => {
      for (const { proxy } of cluster.nodes) {
        proxy.random = random
        proxy.isDribbling = true
      }
      await sleep(lengthMs)
    },
  },
  { name: 'first bootstrap server dead', run: null, hasDeadBootstrap: true },
]

/** The same over SASL_SSL; but nobody can lose a certain answer of those that he cannot read. */
export const SECURED_SCENARIOS: readonly Scenario[] = SCENARIOS.filter(
  ({ losesAnswers }) => losesAnswers !== true,
).map((scenario) => ({ ...scenario, name: `${scenario.name}, SASL_SSL` }))

/**
 * The same with transactions, and one more: their coordinator dies. Answers of every request of a
 * transaction are lost (proxy.ts).
 */
export const TRANSACTION_SCENARIOS: readonly Scenario[] = [
  ...SCENARIOS,
  {
    name: 'kill -9 of the coordinator, three times',
    run: async ({ cluster, topic, topics }: Scene) => {
      for (let i = 0; i < KILLS; i++) {
        const coordinator = await cluster.coordinator(topic) // the id is the topic's name
        await cluster.kill(coordinator)
        await sleep(DOWN_MS)
        await cluster.restart(coordinator)
        await cluster.sound(topics)
        await sleep(BREATH_MS)
      }
    },
  },
].map((scenario) => ({ ...scenario, name: `${scenario.name}, transactions` }))
