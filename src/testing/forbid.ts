/**
 * What ACLs forbid a producer, as faults of the script that have no end until they are taken back.
 *
 * Spec: docs of Kafka's authorizer; KIP-679 for IdempotentWrite. Neighbours: cluster.ts offers it;
 * fault-script.ts keeps it.
 */
import { ErrorCodes } from '../protocol/error-codes.js'
import type { FaultScope, FaultScript } from './fault-script.js'

/** What is forbidden. */
export type Forbidden =
  /**
   * Metadata, Produce and AddPartitionsToTxn answer 29 for the topic; with an operation: Metadata alone
   * (Describe), the other two (Write), or TxnOffsetCommit for its offsets (Read).
   */
  | { readonly topic: string; readonly operation?: 'Describe' | 'Write' | 'Read' | undefined }
  /**
   * InitProducerId answers 31, as to a user who may write to no topic; not to a producer with a
   * transactional id, whom Kafka does not ask for this right.
   */
  | { readonly operation: 'IdempotentWrite' }
  /**
   * Every request of the transactional id is answered 53; with an operation: FindCoordinator alone
   * (Describe), or the others (Write).
   */
  | { readonly transactionalId: string; readonly operation?: 'Describe' | 'Write' | undefined }
  /**
   * Every request about the group is answered 30; with an operation: FindCoordinator alone (Describe), or
   * the others (Read).
   */
  | { readonly group: string; readonly operation?: 'Describe' | 'Read' | undefined }

/** Forbids it; returns how to grant it again. */
export function forbid(faults: FaultScript, what: Forbidden): () => void {
  const undo = faultsOf(what).map(([api, fault]) => faults.add(api, { ...fault, times: Infinity }))
  return () => {
    for (const grant of undo) grant()
  }
}

type AuthorizationFault = readonly [
  api: string,
  fault: { readonly errorCode: number } & Pick<FaultScope, 'topic' | 'transactionalId' | 'group'>,
]

function faultsOf(what: Forbidden): readonly AuthorizationFault[] {
  if ('topic' in what) return ofTopic(what.topic, what.operation)
  const { operation } = what
  if ('transactionalId' in what) {
    const errorCode = ErrorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    const fault = { errorCode, transactionalId: what.transactionalId }
    return ofCoordinated(TRANSACTIONAL, fault, operation)
  }
  if ('group' in what) {
    const fault = { errorCode: ErrorCodes.GROUP_AUTHORIZATION_FAILED, group: what.group }
    return ofCoordinated(['AddOffsetsToTxn', 'TxnOffsetCommit'], fault, operation)
  }
  const errorCode = ErrorCodes.CLUSTER_AUTHORIZATION_FAILED
  return [['InitProducerId', { errorCode, transactionalId: null }]]
}

const TRANSACTIONAL = [
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
  'Produce',
]

function ofTopic(topic: string, operation: string | undefined): readonly AuthorizationFault[] {
  const fault = { errorCode: ErrorCodes.TOPIC_AUTHORIZATION_FAILED, topic }
  if (operation === 'Read') return [['TxnOffsetCommit', fault]]
  const all: AuthorizationFault[] = [
    ['Metadata', fault],
    ['Produce', fault],
    ['AddPartitionsToTxn', fault],
  ]
  if (operation === undefined) return all
  return all.filter(([api]) => (api === 'Metadata') === (operation === 'Describe'))
}

/** Describe is what its coordinator is found by. */
function ofCoordinated(
  apis: readonly string[],
  fault: AuthorizationFault[1],
  operation: string | undefined,
): readonly AuthorizationFault[] {
  const find: AuthorizationFault = ['FindCoordinator', fault]
  if (operation === 'Describe') return [find]
  const rest = apis.map((api): AuthorizationFault => [api, fault])
  return operation === undefined ? [find, ...rest] : rest
}
