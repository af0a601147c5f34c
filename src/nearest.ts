/**
 * The name that was probably meant, where somebody wrote one that there is not.
 *
 * Neighbours: none; the checks of options, records and calls ask, once something is wrong.
 */

/** Letters that may differ, come twice, be missing or change places, for a name of that length. */
const mostSlips = (length: number): number => (length < 4 ? 1 : 2)

/**
 * The nearest of `known`, in the case that `known` has it, or one that the text begins or ends with;
 * undefined where none is near. Case and signs do not count.
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name)
  if (wanted.length < 2) return undefined
  const measured = known.map((it) => ({ it, slips: slipsBetween(wanted, plain(it)) }))
  const [best] = measured.sort((a, b) => a.slips - b.slips)
  if (best !== undefined && best.slips <= mostSlips(wanted.length)) return best.it
  return wanted.length < 3 ? undefined : known.find((it) => isPart(wanted, plain(it)))
}

function isPart(wanted: string, name: string): boolean {
  return name.includes(wanted) || (name.length > 2 && wanted.includes(name))
}

/** No longer than any name of ours: what is slow to compare is none. */
function plain(name: string): string {
  return name
    .slice(0, 60)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
}

/** Edit distance, neighbours that changed places being one slip (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min(at(row, j) + 1, at(next, j - 1) + 1, at(row, j - 1) + changed)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, at(before, j - 2) + 1)
      }
      next.push(least)
    }
    before = row
    row = next
  }
  return at(row, b.length)
}

function at(row: readonly number[], j: number): number {
  return row[j] ?? Infinity
}
