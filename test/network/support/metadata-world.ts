/**
 * A metadata cache against in-memory brokers under a manual clock. A `Cluster` is what the brokers
 * answer from; tests change it and look at what is asked, when and of whom.
 */
import t from 'tap'
import { formatAddress } from '../../../src/network/address.js'
import { ControlPlane } from '../../../src/network/control/control-plane.js'
import { MetadataCache } from '../../../src/network/metadata/metadata.js'
import type { NetworkOptions } from '../../../src/network/options.js'
import { OPERATIONS_NOT_ASKED, metadata } from '../../../src/protocol/messages/metadata.js'
import { ZERO_UUID } from '../../../src/protocol/uuid.js'
import { broker } from './scripted-broker.js'
import type { ReceivedRequest } from './scripted-broker.js'
import { testContext } from './context.js'

export const BOOT = { nodeId: 9, host: 'boot', port: 9092, rack: null }
export const ONE = { nodeId: 1, host: 'one', port: 9092, rack: null }
export const TWO = { nodeId: 2, host: 'two', port: 9092, rack: null }

interface Topic {
  errorCode?: number
  topicId?: string
  leaders?: readonly (readonly [leaderId: number, leaderEpoch: number])[]
}

export class Cluster {
  brokers = [ONE, TWO]
  errorCode = 0
  throttleTimeMs = 0
  id: string | null = 'c'
  topics: Record<string, Topic> = {}
  /** What the broker at an address says instead. */
  views = new Map<string, Record<string, Topic>>()
  /** Addresses whose brokers take requests and never answer. */
  frozen = new Set<string>()
  /** When an answer leaves. */
  defer: (reply: () => void) => void = (reply) => reply()
  /** `address: topic,topic` of each question, in order. */
  asked: string[] = []

  answer(address: string, request: ReceivedRequest): void {
    const { topics, allowAutoTopicCreation } = request.decode(metadata)
    if (!allowAutoTopicCreation) throw new Error('the broker may create topics')
    if (topics?.some(({ topicId }) => topicId !== ZERO_UUID)) throw new Error('asked by id')
    const names = (topics ?? []).map(({ name }) => name ?? '?')
    this.asked.push(`${address}: ${names.join()}`)
    if (this.frozen.has(address)) return
    this.defer(() => this.#reply(address, request, names))
  }

  #reply(address: string, request: ReceivedRequest, names: readonly string[]): void {
    const view = this.views.get(address) ?? this.topics
    request.reply(metadata, {
      throttleTimeMs: this.throttleTimeMs,
      brokers: this.brokers,
      clusterId: this.id,
      controllerId: 1,
      topics: names.filter((name) => name in view).map((name) => this.#topic(name, view[name])),
      clusterAuthorizedOperations: OPERATIONS_NOT_ASKED,
      errorCode: this.errorCode,
    })
  }

  #topic(name: string, { errorCode = 0, topicId = ZERO_UUID, leaders = [] }: Topic = {}) {
    const partitions = leaders.map(([leaderId, leaderEpoch], partitionIndex) => {
      const replicas = { replicaNodes: [], isrNodes: [], offlineReplicas: [] }
      return { errorCode: 0, partitionIndex, leaderId, leaderEpoch, ...replicas }
    })
    const topicAuthorizedOperations = OPERATIONS_NOT_ASKED
    return { errorCode, name, topicId, isInternal: false, partitions, topicAuthorizedOperations }
  }
}

export function setUp(options: Partial<NetworkOptions> = {}) {
  const context = testContext(options)
  const cluster = new Cluster()
  const events: string[] = []
  const inUse = new Set<string>()
  for (const address of [BOOT, ONE, TWO]) {
    const text = formatAddress(address)
    context.network.listen(address, broker((request) => cluster.answer(text, request))) // prettier-ignore
  }
  const control = new ControlPlane({
    ...context,
    listener: { onFailure: () => cache.requestRefresh([]) },
  })
  const cache: MetadataCache = new MetadataCache({
    ...context,
    control,
    listener: {
      onTopic: ({ name, partitions }) =>
        events.push(`${name}: ${partitions.map((p) => `${p.leaderId}/${p.leaderEpoch}`).join()}`),
      onLeader: (name, { partition, leaderId, leaderEpoch }) =>
        events.push(`${name}-${partition}: ${leaderId}/${leaderEpoch}`),
      onTopicError: (name, error) =>
        events.push(
          `${name} ${'errorName' in error ? error.errorName : error.message} ${error.retriable}`,
        ),
      onBrokers: (brokers) => events.push(`brokers ${brokers.map(formatAddress).join()}`),
      onAnotherCluster: ({ message }) => events.push(`another cluster: ${message}`),
      onRebootstrap: () => events.push('rebootstrap'),
      onFatal: (error) => events.push(`fatal ${error.message}`),
      isInUse: (name) => inUse.has(name),
    },
  })
  const close = (): void => {
    cache.close()
    control.close()
  }
  t.teardown(close)
  return {
    cache,
    control,
    close,
    cluster,
    events,
    /** The topics that somebody waits for. */
    inUse,
    context,
    clock: context.clock,
    network: context.network,
  }
}

/** A cache that knows topic a, with its notes cleared. */
export async function setUpKnown(options: Partial<NetworkOptions> = {}) {
  const world = setUp(options)
  world.cluster.topics = { a: { leaders: [[1, 0], [2, 0]] } } // prettier-ignore
  world.cache.want('a')
  await world.clock.settle()
  t.strictSame(world.events.splice(0), ['brokers one:9092,two:9092', 'a: 1/0,2/0'])
  world.cluster.asked = []
  return world
}
