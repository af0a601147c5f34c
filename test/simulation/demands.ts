/**
 * What is demanded of seeds that have one trouble alone, beyond what audit.ts demands of all: that
 * nobody suffers who has nothing to do with it, and that it is overcome soon.
 *
 * Neighbours: special-plans.ts has their plans; simulation.ts asks at the end.
 */
import type { ProducerMetrics } from '../../src/producer/metrics.js'
import type { Entry } from './ledger.js'
import type { Plan } from './plan.js'

/** A new leader, or a topic among others, is reached within so many ms; the network takes a few. */
const SOON_MS = 2000
/** The topic that `only-dead-topic` deletes. */
export const DEAD_TOPIC = 't0'

/** What must not be, in words. */
export function checkDemands(
  { kinds }: Plan,
  entries: readonly Entry[],
  metrics: ProducerMetrics,
): string[] {
  if (kinds.has('only-quota')) return [...notAcked(entries), ...sentTwice(metrics)]
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
