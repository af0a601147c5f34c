/**
 * Whether an answer says something of each partition that was asked about.
 *
 * Neighbours: the messages whose requests list partitions, but for Produce (sending/ sees to that).
 */
import { ErrorCodes } from './error-codes.js'

/** A partition of a request. */
export interface AskedPartition {
  readonly topic: string
  readonly partition: number
}

/** What is said of it. */
export interface AnsweredPartition extends AskedPartition {
  readonly code: number
}

/**
 * The first that is left out, as the end of a sentence about the answer. Undefined where none is, or
 * one is refused: a refusal says more.
 */
export function leftOut(
  asked: readonly AskedPartition[],
  answered: readonly AnsweredPartition[],
): string | undefined {
  if (answered.some(({ code }) => code !== ErrorCodes.NONE)) return undefined
  const names = new Set(answered.map(nameOf))
  const missing = asked.find((partition) => !names.has(nameOf(partition)))
  if (missing === undefined) return undefined
  return `leaves out topic "${missing.topic}" partition ${missing.partition}, which was asked about`
}

function nameOf({ topic, partition }: AskedPartition): string {
  return `${topic} ${partition}`
}
