/**
 * The one trouble of a seed that has no other.
 *
 * Neighbours: faults.ts starts it; special-plans.ts has the plans; demands.ts what is demanded.
 */
import { DEAD_TOPIC, LOCKED_FOR_MS } from './demands.js'
import type { FaultParts } from './faults.js'
import { depose, forget, refuseIds, type FaultTools } from './later-faults.js'

const BEGINS_AFTER_MS = 300
const FORGETS_EVERY_MS = 120
const PAUSES_EVERY_MS = 400
/** Longer than the request timeout of these seeds. */
const LONG_PAUSE_MS = [2100, 5000] as const

export function startLoneFault(parts: FaultParts, tools: FaultTools): void {
  const { plan, clock, cluster, random, tell } = parts
  const later = (happen: () => void): void => void clock.setTimer(happen, BEGINS_AFTER_MS)
  if (plan.kinds.has('only-quota')) {
    // Some 250 bytes every 100 ms and half as much for their requests: a third to two thirds pass,
    // so that the last record waits for half a minute, a quarter of the delivery timeout.
    const producerByteRate = random.integer(1500, 2500)
    tell(`a quota of ${producerByteRate} bytes a second`)
    cluster.quota({ producerByteRate })
  }
  if (plan.kinds.has('only-long-pauses')) {
    // Others of the same client id use the quota up: the pause does not depend on what is sent.
    const again = (): void => {
      if (tools.isHealed()) return
      const throttleMs = random.integer(...LONG_PAUSE_MS)
      tools.fail('Produce', { throttleMs })
      clock.setTimer(again, throttleMs + random.around(PAUSES_EVERY_MS))
    }
    later(again)
  }
  if (plan.kinds.has('only-split-and-forgotten')) {
    const again = (): void => {
      if (tools.isHealed()) return
      forget(parts, tools, true)
      clock.setTimer(again, random.around(FORGETS_EVERY_MS))
    }
    later(again)
  }
  if (plan.kinds.has('only-deposed-leader')) {
    const again = (): void => {
      if (!depose(parts, tools, true)) later(again)
    }
    later(again)
  }
  if (plan.kinds.has('only-refused-ids')) {
    const again = (): void => {
      if (tools.isHealed()) return
      refuseIds(parts, tools)
      clock.setTimer(again, random.around(PAUSES_EVERY_MS))
    }
    later(again)
  }
  if (plan.kinds.has('only-refused-logins')) lockOut(parts)
  if (plan.kinds.has('only-retained-memory')) {
    for (const topic of cluster.topics.slice(1)) cluster.deleteTopic(topic)
  }
  if (plan.kinds.has('only-dead-topic')) {
    later(() => {
      tell(`fault: ${DEAD_TOPIC} is deleted for good`)
      tools.noteEnd(DEAD_TOPIC)
      cluster.deleteTopic(DEAD_TOPIC)
    })
  }
}

/** The credentials are wrong for a while, from the beginning or later, and one broker may be silent. */
function lockOut({ plan, clock, cluster, random, tell, vault }: FaultParts): void {
  const silent = cluster.brokers.length > 1 && random.chance(0.5) ? cluster.brokers[0] : undefined
  const lock = (): void => {
    tell(`fault: the credentials are refused${silent === undefined ? '' : ', and broker 1 silent'}`)
    silent?.freeze({ failover: true })
    vault?.lock(cluster)
    for (const broker of cluster.brokers) broker.disconnect()
    const unlock = (): void => {
      tell('fault ends: the credentials are refused')
      vault?.unlock(cluster)
      silent?.unfreeze()
    }
    clock.setTimer(unlock, LOCKED_FOR_MS)
  }
  if (plan.sasl?.isLockedAtFirst === true) lock()
  else clock.setTimer(lock, BEGINS_AFTER_MS)
}
