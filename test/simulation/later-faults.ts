/**
 * The faults of the kinds in plan.ts: each with a weight where the seed has its kind.
 *
 * Neighbours: faults.ts draws among them and undoes them.
 */
import { ErrorCodes, type Fault, type TestCluster } from '../../src/testing/cluster.js'
import type { TestBroker } from '../../src/testing/test-broker.js'
import type { TestPartition } from '../../src/testing/test-partition.js'
import type { FaultParts } from './faults.js'
import { loginFaults } from './login-faults.js'
import type { Kind } from './plan.js'

export type WeightedFault = readonly [weight: number, happen: () => void]

/** What faults.ts lends. */
export interface FaultTools {
  readonly undoLater: (what: string, undo: () => void) => void
  /** Undefined while there is none. */
  readonly partition: () => TestPartition | undefined
  readonly runningBroker: () => TestBroker | undefined
  readonly fail: (api: Parameters<TestCluster['failNext']>[0], fault: Fault) => () => void
  readonly isHealed: () => boolean
  /** The topic is about to go. */
  readonly noteEnd: (topic: string) => void
  readonly noteForgotten: (partition: TestPartition) => void
}

/** What a leader says that has lost its followers and does not know that it leads no more. */
const DEPOSED = [
  ErrorCodes.NOT_ENOUGH_REPLICAS,
  ErrorCodes.REQUEST_TIMED_OUT,
  ErrorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
] as const

/** Refusals of a topic that no retry mends; the last is of a Kafka to come. */
const FINAL = [
  ErrorCodes.TOPIC_AUTHORIZATION_FAILED,
  ErrorCodes.INVALID_TOPIC_EXCEPTION,
  ErrorCodes.UNKNOWN_SERVER_ERROR,
  1234,
] as const
const LOST_AFTER_MS = 1000

export function laterFaults(parts: FaultParts, tools: FaultTools): readonly WeightedFault[] {
  const weight = (kind: Kind, itsWeight: number): number =>
    parts.plan.kinds.has(kind) ? itsWeight : 0
  const { MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE } = ErrorCodes
  let isOther = false
  return [
    [weight('message-too-large', 12), () => refuseForSize(parts, tools, MESSAGE_TOO_LARGE)],
    [weight('list-too-large', 8), () => refuseForSize(parts, tools, RECORD_LIST_TOO_LARGE)],
    [weight('forgotten-producers', 10), () => forget(parts, tools, parts.random.chance(0.3))],
    [weight('quotas', 6), () => throttle(parts, tools)],
    [weight('refused-topics', 6), () => refuseTopic(parts, tools)],
    [weight('deposed-leaders', 8), () => void depose(parts, tools, false)],
    [
      weight('another-cluster', 10),
      () => {
        if (!isOther) wipe(parts, tools)
        isOther = true
      },
    ],
    [weight('refused-ids', 8), () => refuseIds(parts, tools)],
    ...loginFaults(parts, tools),
  ]
}

function refuseForSize(
  { random }: FaultParts,
  { partition, fail }: FaultTools,
  errorCode: number,
): void {
  const at = partition()
  if (at === undefined) return
  const times = random.pick([1, 1, 2, 4])
  fail('Produce', { errorCode, topic: at.topic, partition: at.index, times })
}

/** With `isSplit` just when the parts of a batch that was too large are under way. */
export function forget(
  { tell, random }: FaultParts,
  { partition, fail, noteForgotten }: FaultTools,
  isSplit: boolean,
): void {
  const at = partition()
  if (at === undefined) return
  tell(`fault: ${name(at)} forgets its producers`)
  noteForgotten(at)
  // Of the parts of a batch that was too large the first is refused, and the next meets a stranger.
  if (isSplit) {
    const place = { topic: at.topic, partition: at.index }
    fail('Produce', { ...place, errorCode: ErrorCodes.MESSAGE_TOO_LARGE })
    fail('Produce', { ...place, errorCode: ErrorCodes.NOT_ENOUGH_REPLICAS })
  }
  // By the records' timestamps: those of the workload are of 2023 at times.
  if (random.chance(0.5)) at.expireProducers()
  else at.expireProducers(0)
}

/** As Azure Event Hubs does at times: until somebody has asked for another id, whatever the epoch. */
export function refuseIds({ cluster, clock }: FaultParts, { fail, undoLater }: FaultTools): void {
  const errorCode = ErrorCodes.INVALID_PRODUCER_ID_MAPPING
  const asked = (): number => cluster.requests.filter(({ api }) => api === 'InitProducerId').length
  const askedBefore = asked()
  let isOver = false
  const withdraw = fail('Produce', { errorCode, times: Infinity })
  const end = (): void => {
    isOver = true
    withdraw()
  }
  const look = (): void => {
    if (isOver) return
    if (asked() > askedBefore) end()
    else clock.setTimer(look, 2)
  }
  look()
  undoLater('producer ids are refused', end)
}

function throttle({ cluster, random, tell }: FaultParts, { undoLater }: FaultTools): void {
  const producerByteRate = random.pick([100, 300, 1000])
  tell(`fault: a quota of ${producerByteRate} bytes a second`)
  const lift = cluster.quota({ producerByteRate })
  undoLater('a quota', () => {
    lift()
    // Pauses that have begun would go on, as a broker's do, until the client connects anew.
    for (const broker of cluster.brokers) broker.disconnect()
  })
}

/** Another broker leads; the old one refuses what it is still sent. False where none can be drawn. */
export function depose(
  { random, tell }: FaultParts,
  { partition, runningBroker, fail, undoLater }: FaultTools,
  isForGood: boolean,
): boolean {
  const at = partition()
  const to = runningBroker()
  if (at === undefined || to === undefined || at.leader < 0 || to.id === at.leader) return false
  const { topic, index, leader: broker } = at
  const errorCode = random.pick(DEPOSED)
  tell(`fault: ${name(at)} moves from ${broker} to ${to.id}, unnoticed by ${broker}`)
  at.moveLeader(to.id, { hint: false })
  const fault = { errorCode, broker, topic, partition: index, times: Infinity }
  const withdraw = fail('Produce', fault)
  if (!isForGood) undoLater(`${broker} does not know that it lost ${name(at)}`, withdraw)
  return true
}

/** Not known until it is lost, then refused for good; its leaders take nothing meanwhile, at times. */
function refuseTopic(
  { clock, random, tell }: FaultParts,
  { partition, fail, undoLater, isHealed }: FaultTools,
): void {
  const topic = partition()?.topic
  if (topic === undefined) return
  const always = { topic, times: Infinity }
  const known = fail('Metadata', { ...always, errorCode: ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION })
  const isHeld = random.chance(0.7)
  const take = isHeld ? fail('Produce', { ...always, errorCode: ErrorCodes.NOT_LEADER_OR_FOLLOWER }) : null // prettier-ignore
  const refuse = (): void => {
    known()
    if (isHealed()) return
    const errorCode = random.pick(FINAL)
    tell(`fault: ${topic} is refused for good`)
    const allow = fail('Metadata', { topic, errorCode, times: random.pick([1, 1, 2, Infinity]) })
    undoLater(`${topic} is refused for good`, allow)
    if (take !== null) undoLater(`nothing is taken for ${topic}`, take)
  }
  clock.setTimer(refuse, LOST_AFTER_MS + random.around(400))
}

/** Another cluster at the same addresses, and another program that is first to ask it for an id. */
function wipe(
  { cluster, plan, random, tell, startOther, noteWipe }: FaultParts,
  { undoLater, noteEnd }: FaultTools,
): void {
  tell('fault: another cluster')
  for (const topic of cluster.topics) noteEnd(topic)
  cluster.wipe()
  noteWipe()
  const make = (): void => {
    for (const [topic, options] of Object.entries(plan.topics)) {
      if (!cluster.topics.includes(topic)) cluster.createTopic(topic, options)
    }
    startOther()
  }
  if (random.chance(0.7)) make()
  else undoLater('the other cluster has no topics', make)
}

/** `topic-index`. */
export function name({ topic, index }: TestPartition): string {
  return `${topic}-${index}`
}
