/**
 * A fair shuffle (Fisher and Yates), so that many producers do not all turn to the same broker.
 *
 * Neighbours: control-plane.ts.
 */

/** A shuffled copy; `random` is uniform in [0, 1). */
export function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const shuffled: T[] = []
  for (const [index, item] of items.entries()) {
    const at = Math.floor(random() * (index + 1))
    shuffled.push(item)
    shuffled.splice(at, 0, ...shuffled.splice(index, 1))
  }
  return shuffled
}
