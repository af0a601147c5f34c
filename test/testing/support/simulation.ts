/** A producer against the test cluster on a virtual clock and network. */
import { Producer } from '../../../src/index.js'
import type { ProducerOptions } from '../../../src/producer/options/options.js'
import { TestCluster, type TestClusterOptions } from '../../../src/testing/cluster.js'
import { VirtualNetwork, type VirtualNetworkOptions } from '../../../src/testing/virtual-network.js'
import { ManualClock } from '../../support/manual-clock.js'

/** A producer and its cluster, on one virtual clock. */
export interface Simulation {
  readonly clock: ManualClock
  readonly network: VirtualNetwork
  readonly cluster: TestCluster
  readonly producer: Producer
  /** Moves time on until the promise is settled. */
  run<T>(promise: Promise<T>, limitMs?: number): Promise<T>
}

/** Starts both; `delayMs` is the network's. */
export async function simulate(
  options: TestClusterOptions,
  producerOptions: Partial<ProducerOptions> = {},
  delayMs?: VirtualNetworkOptions['delayMs'],
): Promise<Simulation> {
  const clock = new ManualClock()
  const network = new VirtualNetwork(delayMs === undefined ? { clock } : { clock, delayMs })
  const cluster = await TestCluster.start({ ...options, network })
  const environment = { clock, random: () => 0.5, dial: network.dial }
  const producer = new Producer({ brokers: cluster.bootstrap, ...producerOptions }, environment)
  const run = async <T>(promise: Promise<T>, limitMs = 200_000): Promise<T> => {
    let isSettled = false
    const settle = (): void => void (isSettled = true)
    const isPending = (): boolean => !isSettled
    promise.then(settle, settle)
    const settleWell = async (): Promise<void> => {
      // A hop of a network without delay takes a turn or two, and a handshake several hops.
      for (let turn = 0; turn < 10 && isPending(); turn++) await clock.settle()
    }
    await settleWell()
    while (isPending() && clock.monotonicMs() < limitMs) {
      await clock.advanceSettled(Math.max(1, (clock.nextTimerMs ?? 0) - clock.monotonicMs()))
      await settleWell()
    }
    if (isPending()) throw new Error(`not settled after ${limitMs} virtual ms`)
    return promise
  }
  return { clock, network, cluster, producer, run }
}

/** The values of a topic's records, as text. */
export const values = (cluster: TestCluster, topic: string): (string | undefined)[] =>
  cluster.records(topic).map(({ value }) => value?.toString())
