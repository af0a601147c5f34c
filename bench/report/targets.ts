/**
 * The table of the numbers to reach, computed from bench/results: what must be reached, what was
 * measured, and whether that is enough.
 *
 * Neighbours: target-list.ts has the numbers; test/docs/generated.ts puts the table into
 * docs/performance.md.
 */
import { table } from '../../test/docs/markdown.js'
import { TARGETS, type Target } from './target-list.js'

/** The table of docs/performance.md. */
export function targetsTable(): string {
  const rows = TARGETS.map((target) => {
    const measured = target.measure()
    return [target.what, bound(target), show(measured), verdict(target, measured)]
  })
  return table(['', 'must be', 'measured', 'reached'], rows)
}

function bound({ mustBe, limit, unit }: Target): string {
  return `${mustBe === 'at least' ? '≥' : '≤'} ${limit} ${unit}`
}

function show(value: number | undefined): string {
  if (value === undefined) return '–'
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)
}

function verdict({ mustBe, limit }: Target, value: number | undefined): string {
  if (value === undefined) return 'not measured'
  return (mustBe === 'at least' ? value >= limit : value <= limit) ? 'yes' : '**no**'
}
