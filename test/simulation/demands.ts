/**
 * What is demanded of seeds that have one trouble alone, beyond what audit.ts demands of all: that
 * nobody suffers who has nothing to do with it, and that it is overcome soon.
 *
 * Neighbours: special-plans.ts has their plans; simulation.ts asks at the end.
 */
import type { ProducerMetrics } from '../../src/producer/metrics.js'
import { AuthenticationError } from '../../src/errors.js'
import type { TestCluster } from '../../src/testing/cluster.js'
import type { Entry } from './ledger.js'
import type { Plan, SaslPlan } from './plan.js'

/** A new leader, or a topic among others, is reached within so many ms; the network takes a few. */
const SOON_MS = 2000
/** The topic that `only-dead-topic` deletes. */
export const DEAD_TOPIC = 't0'
/** How long `only-refused-logins` refuses. */
export const LOCKED_FOR_MS = 20_000
/** Logins that may be refused meanwhile, of each broker: directories count them, and lock accounts. */
const MOST_REFUSED = { afterOthers: 15, ofTheFirst: 12 }

/** The longest pause of `only-quota`: what gathers before it is known that there is a quota, and more. */
const LONGEST_PAUSE_MS = 8000
/** Questions about topics of which there is no news: once a second, and a few for those that begin. */
const MOST_METADATA_PER_SECOND = 3

/** How a seed went. */
export interface Course {
  readonly entries: readonly Entry[]
  readonly metrics: ProducerMetrics
  readonly cluster: TestCluster
  /** That a broker has wanted. */
  readonly longestThrottleMs: number
  readonly virtualMs: number
}

/** What must not be, in words. */
export function checkDemands({ kinds, sasl }: Plan, course: Course): string[] {
  const { entries, metrics, cluster, longestThrottleMs } = course
  if (kinds.has('only-re-authentication')) {
    return [...notAcked(entries), ...late(entries), ...sentTwice(metrics)]
  }
  if (kinds.has('only-refused-logins'))
    return [...storm(sasl, cluster), ...notSaidAtOnce(sasl, entries)]
  if (kinds.has('only-quota'))
    return [...notAcked(entries), ...sentTwice(metrics), ...longPause(longestThrottleMs)]
  if (kinds.has('only-long-pauses')) return [...notAcked(entries), ...sentTwice(metrics)]
  if (kinds.has('only-refused-ids')) return notAcked(entries)
  if (kinds.has('only-retained-memory')) return manyQuestions(course)
  if (kinds.has('only-deposed-leader')) return [...notAcked(entries), ...late(entries)]
  if (kinds.has('only-dead-topic')) {
    const alive = entries.filter(({ topic }) => topic !== DEAD_TOPIC)
    return [...notAcked(alive), ...late(alive)]
  }
  return []
}

function notAcked(entries: readonly Entry[]): string[] {
  return entries
    .filter(({ fate, via, error }) => fate !== 'acked' && via !== 'unheard' && !isOwnFault(error))
    .map(
      ({ id, fate, error }) => `#${id} is ${fate} for no fault of its own: ${error?.message ?? ''}`,
    )
}

/** The serializer failed it. */
function isOwnFault(error: Error | null): boolean {
  return error !== null && /serializer of the simulation/.test(error.message)
}

function late(entries: readonly Entry[]): string[] {
  return entries
    .filter(({ via }) => via !== 'sendAll') // told with the last of all
    .map(({ id, calledAtMs, settledAtMs }) => ({ id, tookMs: settledAtMs - calledAtMs }))
    .filter(({ tookMs }) => tookMs > SOON_MS)
    .map(({ id, tookMs }) => `#${id} took ${tookMs.toFixed(0)} ms for no fault of its own`)
}

function sentTwice({ batchesRetried, answersLost }: ProducerMetrics): string[] {
  if (batchesRetried + answersLost === 0) return []
  return [`${batchesRetried} batches were sent again, ${answersLost} answers given up`]
}

function longPause(longestThrottleMs: number): string[] {
  return longestThrottleMs <= LONGEST_PAUSE_MS ? [] : [`a pause of ${longestThrottleMs} ms`]
}

function manyQuestions({ cluster, virtualMs }: Course): string[] {
  const asked = cluster.requests.filter(({ api }) => api === 'Metadata').length
  const most = (virtualMs / 1000) * MOST_METADATA_PER_SECOND
  return asked <= most ? [] : [`${asked} questions for metadata in ${virtualMs.toFixed(0)} ms`]
}

function storm(plan: SaslPlan | null, { sasl, brokers }: TestCluster): string[] {
  const refused = sasl.logins.filter(({ principal }) => principal === null).length
  const most = plan?.isLockedAtFirst === true ? MOST_REFUSED.ofTheFirst : MOST_REFUSED.afterOthers
  if (refused <= most * brokers.length) return []
  return [`${refused} logins were refused at ${brokers.length} brokers`]
}

/** Wrong from the beginning: who waits for the first answer is told it, and what it was. */
function notSaidAtOnce(sasl: SaslPlan | null, entries: readonly Entry[]): string[] {
  const [first] = entries
  if (sasl?.isLockedAtFirst !== true || first === undefined || first.via === 'unheard') return []
  const tookMs = first.settledAtMs - first.calledAtMs
  const isSaid = first.error instanceof AuthenticationError || isOwnFault(first.error)
  if (isSaid && tookMs <= SOON_MS) return []
  return [
    `#${first.id} was told ${first.error?.message ?? first.fate} after ${tookMs.toFixed(0)} ms`,
  ]
}
