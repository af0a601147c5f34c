/**
 * A fair shuffle, by inserting each item at a random place, so that many producers do not all turn to the same broker.
 *
 * Neighbours: broker-list.ts and control-addresses.ts.
 */

/** A shuffled copy; `random` is uniform in [0, 1). */
export function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const shuffled: T[] = []
  for (const [index, item] of items.entries()) {
    shuffled.splice(Math.floor(random() * (index + 1)), 0, item)
  }
  return shuffled
}
