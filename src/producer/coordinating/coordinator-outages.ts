/**
 * Logs that a coordinator does not say what a transaction needs: one warning once that has lasted,
 * whatever was asked meanwhile, and one line when it answers again. Neither the end of a transaction nor
 * that of a question is the outage's.
 *
 * Neighbours: coordinator-requests.ts tells what came of each attempt.
 */
import type { Clock } from '../../clock.js'
import type { OttlaError } from '../../errors.js'
import type { Log, LogFacts } from '../../logger.js'
import type { CoordinatorTarget } from '../../network/control/control-question.js'
import { OutageLog, PATIENCE_MS } from '../../network/outage-log.js'

/** One for each transactional producer. */
export class CoordinatorOutages {
  readonly #parts: { readonly clock: Clock; readonly logger: Log }
  /** Those under way, by type and id. */
  readonly #outages = new Map<string, OutageLog>()

  constructor(parts: { readonly clock: Clock; readonly logger: Log }) {
    this.#parts = parts
  }

  /** It gave no answer that decides, and is asked again; `sinceMs` (monotonic): since the first time. */
  failed(target: CoordinatorTarget, error: OttlaError, sinceMs: number): void {
    const outage = this.#outages.get(keyOf(target)) ?? this.#begin(target)
    outage.failed(error, 'a transaction waits for a coordinator, which is asked again', sinceMs)
  }

  #begin(target: CoordinatorTarget): OutageLog {
    const outage = new OutageLog(this.#parts, factsOf(target), PATIENCE_MS)
    this.#outages.set(keyOf(target), outage)
    return outage
  }

  /** It has decided, whatever it was. */
  answered(target: CoordinatorTarget): void {
    const outage = this.#outages.get(keyOf(target))
    outage?.over('the coordinator answers again')
    this.#outages.delete(keyOf(target))
  }

  /** Nobody asks any more. */
  close(): void {
    for (const outage of this.#outages.values()) {
      outage.over('a coordinator is not asked any longer')
    }
    this.#outages.clear()
  }
}

function keyOf({ type, coordinator }: CoordinatorTarget): string {
  return `${type} ${coordinator}`
}

function factsOf({ type, coordinator }: CoordinatorTarget): LogFacts {
  return type === 'group' ? { groupId: coordinator } : { transactionalId: coordinator }
}
