/**
 * Faults that questions meet, rather than records: brokers that answer promptly and are no help.
 *
 * Neighbours: faults.ts lets them happen.
 */
import { ErrorCodes } from '../../src/testing/cluster.js'
import type { TestBroker } from '../../src/testing/test-broker.js'
import type { Tell } from './ledger.js'
import type { Random } from './random.js'

export interface ControlFaultParts {
  readonly random: Random
  readonly tell: Tell
  readonly undoLater: (what: string, undo: () => void) => void
}

/** How a broker gives no producer ids. */
const NO_IDS = [
  'silent',
  ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCodes.COORDINATOR_NOT_AVAILABLE,
  ErrorCodes.NOT_COORDINATOR,
] as const

/** One broker goes on telling what it knows now. */
export function holdView({ tell, undoLater }: ControlFaultParts, broker: TestBroker): void {
  tell(`fault: broker ${broker.id} has an old view from now on`)
  undoLater(`broker ${broker.id} has an old view`, broker.holdMetadata())
}

/** One broker gives no producer ids. */
export function withholdIds(parts: ControlFaultParts, broker: TestBroker): void {
  const how = parts.random.pick(NO_IDS)
  parts.tell(`fault: broker ${broker.id} gives no producer ids: ${how}`)
  parts.undoLater(`broker ${broker.id} gives no producer ids`, broker.withholdProducerIds(how))
}
