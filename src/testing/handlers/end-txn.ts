/**
 * EndTxn as a broker answers it: what the coordinator of the transactional id says. From v5 on the end
 * raises the epoch, and the answer has the next one.
 *
 * Spec: Kafka's KafkaApis.handleEndTxnRequest; KIP-98, KIP-890. Neighbours: services.ts;
 * transactions/coordinator.ts.
 */
import type { EndTxnRequest, EndTxnResponse } from '../../protocol/messages/end-txn.js'
import type { IdentityAnswer } from '../transactions/coordinator.js'
import type { Exchange } from './handler.js'
import { answerOrFault, fencedBelow } from './transactional.js'

const FIRST_WITH_FENCED = 2
const FIRST_RAISING = 5
const NO_IDENTITY = { producerId: -1n, producerEpoch: -1 }

export function answerEndTxn(
  { cluster, broker, version, request, faults }: Exchange<EndTxnRequest>,
  respond: (answer: EndTxnResponse) => void,
): void {
  const raises = version >= FIRST_RAISING
  const tell = ({ errorCode, ...next }: IdentityAnswer): void => {
    const told = fencedBelow(FIRST_WITH_FENCED, version, errorCode)
    const identity = raises ? next : NO_IDENTITY
    respond({ throttleTimeMs: faults.throttleMs, errorCode: told, ...identity })
  }
  const end = { ...request, clientVersion: raises ? (2 as const) : (0 as const) }
  answerOrFault(
    faults,
    (done: (answer: IdentityAnswer) => void) => cluster.transactions.end(broker, end, done),
    tell,
    (errorCode) => tell({ errorCode, ...NO_IDENTITY }),
  )
}
