/**
 * Compression levels: the checks that all codecs share.
 *
 * Spec: KIP-390, whose ranges are those of Java's `CompressionType.levelValidator`.
 * Neighbours: called by each codec's factory, before it loads anything.
 */

import { ConfigError } from '../errors.js'

/** What a codec's levels are; `minimum` and `maximum` are included. */
export interface LevelRange {
  readonly minimum: number
  readonly maximum: number
  /** In force where none is given; may lie outside the range, as gzip's −1 does. */
  readonly default: number
}

/**
 * The level in force: the one given, or the default.
 *
 * @throws ConfigError with the range, for anything else than an integer of the range
 */
export function resolveLevel(name: string, level: number | undefined, range: LevelRange): number {
  if (level === undefined || level === range.default) return range.default
  if (Number.isInteger(level) && level >= range.minimum && level <= range.maximum) return level
  const given: unknown = level
  const amiss =
    typeof given === 'number'
      ? `level ${given} is out of range`
      : `level is ${given === null ? 'null' : `of type ${typeof given}`}`
  throw new ConfigError(
    `compression ${amiss} for '${name}': use an integer from ` +
      `${range.minimum} to ${range.maximum}, or leave it out for the default, ${range.default}`,
  )
}

/**
 * For codecs without levels.
 *
 * @param reason why there are none, as the end of a sentence
 * @throws ConfigError where a level is given all the same
 */
export function refuseLevel(name: string, level: number | undefined, reason: string): void {
  if (level === undefined) return
  throw new ConfigError(
    `compression '${name}' takes no level (got ${String(level)}), because ${reason}: ` +
      'leave the level out',
  )
}
