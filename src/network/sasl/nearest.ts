/**
 * The name that was probably meant.
 *
 * Neighbours: sasl-options.ts, oidc-plan.ts and msk-iam-token.ts, for their messages.
 */

const MAX_EDITS = 2

/** A known name within two edits, or one that the text begins or ends; case and signs do not count. */
export function nearest(text: string, known: readonly string[]): string | undefined {
  const wanted = plain(text)
  if (wanted.length < 3) return undefined
  const isPart = (name: string): boolean =>
    plain(name).includes(wanted) || wanted.includes(plain(name))
  const byEdits = known.map((name) => ({ name, edits: distance(wanted, plain(name)) }))
  const best = byEdits.sort((a, b) => a.edits - b.edits)[0]
  if (best !== undefined && best.edits <= MAX_EDITS) return best.name
  return known.find(isPart)
}

function plain(text: string): string {
  return text
    .slice(0, 60)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
}

/** Characters to insert, delete or change (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const changed = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1)
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
