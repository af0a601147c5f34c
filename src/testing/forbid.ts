/**
 * What ACLs forbid a producer, as faults of the script that have no end until they are taken back.
 *
 * Spec: docs of Kafka's authorizer; KIP-679 for IdempotentWrite. Neighbours: cluster.ts offers it;
 * fault-script.ts keeps it.
 */
import { ErrorCodes } from '../protocol/error-codes.js'
import type { FaultScript } from './fault-script.js'

/** What is forbidden. */
export type Forbidden =
  /** Metadata and Produce answer 29 for the topic; with an operation: Metadata alone, or Produce. */
  | { readonly topic: string; readonly operation?: 'Describe' | 'Write' | undefined }
  /** InitProducerId answers 31, as to a user who may write to no topic. */
  | { readonly operation: 'IdempotentWrite' }

/** Forbids it; returns how to grant it again. */
export function forbid(faults: FaultScript, what: Forbidden): () => void {
  const undo = faultsOf(what).map(([api, fault]) => faults.add(api, { ...fault, times: Infinity }))
  return () => {
    for (const grant of undo) grant()
  }
}

type AuthorizationFault = readonly [
  api: string,
  fault: { readonly errorCode: number; readonly topic?: string },
]

function faultsOf(what: Forbidden): AuthorizationFault[] {
  if (!('topic' in what)) {
    return [['InitProducerId', { errorCode: ErrorCodes.CLUSTER_AUTHORIZATION_FAILED }]]
  }
  const { topic, operation } = what
  const fault = { errorCode: ErrorCodes.TOPIC_AUTHORIZATION_FAILED, topic }
  const all: AuthorizationFault[] = [
    ['Metadata', fault],
    ['Produce', fault],
  ]
  if (operation === undefined) return all
  return all.filter(([api]) => api === (operation === 'Write' ? 'Produce' : 'Metadata'))
}
