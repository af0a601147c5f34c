/**
 * One kind of project that uses Ottla.
 */
import type { Workshop } from '../workshop.js'

export interface Project {
  /** The heading in the table. */
  readonly group: string
  readonly name: string
  /** Part of the subset that `.ci/run` tries. */
  readonly isInSubset: boolean
  /** Makes it, runs it; throws where it does not do what it should. */
  try(workshop: Workshop): Promise<void>
}
