/**
 * Chooses how a producer's batches are numbered: not at all, by an id of its own, or by that of its
 * transactional id.
 *
 * Before: pipeline.ts.
 */
import type { Clock } from '../../clock.js'
import type { OttlaError } from '../../errors.js'
import type { Log } from '../../logger.js'
import type { ControlPlane } from '../../network/control/control-plane.js'
import { ProducerIdSource, type ProducerIdOptions } from './producer-id.js'
import { IdempotentSequencer, NO_SEQUENCER, type Sequencer } from './sequencer.js'
import { TransactionalSequencer } from './transactional-sequencer.js'

export interface SequencerParts {
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Log
  readonly control: ControlPlane
  /** null without transactions. */
  readonly transactions: {
    readonly gate: ConstructorParameters<typeof TransactionalSequencer>[0]
    attach(partitions: TransactionalSequencer): void
  } | null
  /** Of each partition; undefined: 0. For tests. */
  readonly firstSequence: number | undefined
  /** Fails what waits for an id, and calls `refused` before that; later records ask again. */
  onRefused(error: OttlaError, refused: () => void): void
}

export function makeSequencer(
  options: ProducerIdOptions & { readonly idempotence: boolean },
  parts: SequencerParts,
): Sequencer {
  const { transactions } = parts
  if (transactions === null) return options.idempotence ? idempotent(options, parts) : NO_SEQUENCER
  const sequencer = new TransactionalSequencer(transactions.gate)
  transactions.attach(sequencer)
  return sequencer
}

function idempotent(options: ProducerIdOptions, parts: SequencerParts): Sequencer {
  const { clock, random, logger, control, firstSequence } = parts
  const identities = new ProducerIdSource(options, {
    ...{ clock, logger, random },
    ask: async (api, request) => (await control.ask(api, request, 'any')).response,
    onIdentity: () => sequencer.identityCame(),
    onRefused: (error) => parts.onRefused(error, () => sequencer.identityRefused()),
  })
  const sequencer = new IdempotentSequencer(identities, firstSequence)
  return sequencer
}
