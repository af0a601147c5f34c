/**
 * Requests that were held up on their way, given up and put again, and that come to the coordinator after
 * what their producer has asked since. Kafka takes some of them for those of a newer producer, whatever
 * the client does:
 *
 *   InitProducerId(-1, -1), or of an older epoch, once there is a transaction: it is fenced
 *   AddPartitionsToTxn or AddOffsetsToTxn after EndTxn and before InitProducerId(P, E), up to level 1:
 *   they begin a transaction, and for that the epoch is fenced
 *
 * Neighbours: simulation.ts asks where a producer was fenced and no other has its id.
 */
import type { SeenRequest } from '../../../src/testing/cluster.js'

export interface Identified {
  readonly producerId: bigint
  readonly producerEpoch: number
}

const ADDITIONS: ReadonlySet<string> = new Set(['AddPartitionsToTxn', 'AddOffsetsToTxn'])
const USES: ReadonlySet<string> = new Set([...ADDITIONS, 'EndTxn', 'TxnOffsetCommit'])

export function hasFencedItself(
  clientId: string,
  requests: readonly SeenRequest[],
  hasCommitted: boolean,
): boolean {
  const own = requests.filter((it) => it.clientId === clientId)
  const fresh = own.filter(
    ({ api, body }) => api === 'InitProducerId' && (body as Identified).producerId < 0n,
  )
  // Before the first use their order says nothing of which was answered.
  if (!hasCommitted && fresh.length > 1) return true
  let isUsed = false
  let latest: Identified = { producerId: -1n, producerEpoch: -1 }
  let wasEnded = false
  let isBegunLate = false
  for (const { api, body } of own) {
    const identity = body as Identified
    const isCurrent = isSame(identity, latest)
    if (api === 'InitProducerId') {
      const isLate = identity.producerId < 0n ? isUsed : isUsed && !isCurrent
      if (isLate || (isCurrent && isBegunLate)) return true
    }
    if (api === 'Produce') isUsed = true
    if (!USES.has(api)) continue
    if (!isCurrent && identity.producerEpoch < latest.producerEpoch) continue // it is refused
    isUsed = true
    latest = identity
    if (api === 'EndTxn') {
      wasEnded = true
      isBegunLate = false
    }
    if (ADDITIONS.has(api)) isBegunLate = isCurrent && wasEnded
  }
  return false
}

function isSame(a: Identified, b: Identified): boolean {
  return a.producerId === b.producerId && a.producerEpoch === b.producerEpoch
}
