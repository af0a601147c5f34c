/**
 * Which broker keeps a group or a transactional id, as far as that was asked: the address that
 * FindCoordinator named, until that broker has failed or says that it is another one.
 *
 * Neighbours: control-plane.ts asks.
 */
import { BrokerError } from '../../errors.js'
import { ErrorCodes } from '../../protocol/error-codes.js'
import { CoordinatorTypes, findCoordinator } from '../../protocol/messages/find-coordinator.js'
import type {
  Coordinator,
  FindCoordinatorRequest,
} from '../../protocol/messages/find-coordinator.js'
import type { ConnectionTarget } from '../connection/connection-contract.js'
import type { CoordinatorTarget } from './control-question.js'

/** Groups and transactional ids: v6 is for share groups, and brings nothing else. */
export const findCoordinatorUpTo5 = { ...findCoordinator, maxVersion: 5 }

/** One for each control plane. */
export class Coordinators {
  readonly #known = new Map<string, ConnectionTarget>()

  get(target: CoordinatorTarget): ConnectionTarget | undefined {
    return this.#known.get(nameOf(target))
  }

  learn(target: CoordinatorTarget, { nodeId, host, port }: Coordinator): ConnectionTarget {
    const broker = { nodeId, host, port }
    this.#known.set(nameOf(target), broker)
    return broker
  }

  /** It has failed to answer: whether it is looked for anew depends on how. */
  failed(target: CoordinatorTarget, error: unknown): void {
    if (!(error instanceof BrokerError) || isElsewhere(error)) this.#known.delete(nameOf(target))
  }

  clear(): void {
    this.#known.clear()
  }
}

/** The question for it. */
export function coordinatorRequest({
  coordinator,
  type,
}: CoordinatorTarget): FindCoordinatorRequest {
  return { keyType: CoordinatorTypes[type], coordinatorKeys: [coordinator] }
}

function nameOf({ coordinator, type }: CoordinatorTarget): string {
  return `${type} ${coordinator}`
}

function isElsewhere({ errorCode }: BrokerError): boolean {
  return (
    errorCode === ErrorCodes.NOT_COORDINATOR || errorCode === ErrorCodes.COORDINATOR_NOT_AVAILABLE
  )
}
