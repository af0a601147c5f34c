/**
 * What the answers to transactional requests have in common.
 *
 * Neighbours: the handlers of InitProducerId, EndTxn, AddPartitionsToTxn, AddOffsetsToTxn and
 * TxnOffsetCommit.
 */
import { ErrorCodes } from '../../protocol/error-codes.js'
import type { ErrorFault, FaultTarget, RequestFaults } from '../fault-script.js'

/**
 * Carries a request out and tells what came of it; a scripted error takes the place of that, and lets
 * the request be carried out only where it says `appended`.
 */
export function answerOrFault<Outcome>(
  { error }: RequestFaults,
  carryOut: (done: (outcome: Outcome) => void) => void,
  tell: (outcome: Outcome) => void,
  refuse: (errorCode: number) => void,
): void {
  if (error === undefined || !('errorCode' in error)) return carryOut(tell)
  const { appended = false, errorCode } = error
  if (appended) carryOut(() => refuse(errorCode))
  else refuse(errorCode)
}

/** The fault of one partition, or the omission of all: an error of the whole answer is `answerOrFault`'s. */
export function faultOf(
  faults: RequestFaults,
  { topic, partition }: FaultTarget,
): ErrorFault | undefined {
  const { error } = faults
  const isWhole = error !== undefined && 'errorCode' in error
  return isWhole ? undefined : faults.errorOf(topic, partition)
}

/** Clients of old versions know INVALID_PRODUCER_EPOCH alone. */
export function fencedBelow(firstWithFenced: number, version: number, errorCode: number): number {
  const isOld = version < firstWithFenced && errorCode === ErrorCodes.PRODUCER_FENCED
  return isOld ? ErrorCodes.INVALID_PRODUCER_EPOCH : errorCode
}
