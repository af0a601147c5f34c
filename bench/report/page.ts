/**
 * The tables of docs/performance.md and the plot's caption, made from bench/results.
 *
 * Neighbours: results.ts reads; columns.ts makes the cells; test/docs/generated.ts puts them into the page.
 */
import { table } from '../../test/docs/markdown.js'
import type { Case } from '../cases/case.js'
import type { Column } from './columns.js'
import { readResult, type CaseResult, type GroupResult } from './results.js'

/** What was run where, and a table for each group. */
export function caseSection({ name, columns }: Case): string {
  const result = readResult(name)
  if (result === undefined) return `Not measured yet: \`npm run bench -- ${name} --json\`.`
  const tables = result.groups.map((group) => groupTable(group, columns))
  return [circumstances(result), ...tables].join('\n\n')
}

/** What stands below the README's picture. */
export function plotCaption(): string {
  const result = readResult('throughput')
  return result === undefined ? 'Not measured yet.' : circumstances(result)
}

/** One line: when, of what, on what. */
function circumstances(result: CaseResult): string {
  const { ottla, commit, isDirty, node, broker, brokers, machine, options } = result
  const parts = [
    new Date(result.date).toLocaleDateString('en-GB', {
      ...{ day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' },
    }),
    `Ottla ${ottla} (${commit.slice(0, 7)}${isDirty ? ' with changes' : ''})`,
    `Node ${node}`,
    `${brokers > 1 ? `${brokers} brokers, ` : ''}Kafka ${broker} on the same machine`,
    `${machine.cores} cores, ${machine.cpu}`,
    options.rounds === 1 ? 'one round' : `medians of ${options.rounds} rounds`,
  ]
  return `_${parts.join('; ')}._`
}

function groupTable({ title, measured }: GroupResult, columns: readonly Column[]): string {
  const [first] = measured
  if (first === undefined) return `**${title}**: nothing was measured.`
  const texts = measured.map((row) => columns.map((column) => column.text(row, first)))
  const isUsed = columns.map((_, index) => texts.some((row) => row[index] !== '-'))
  const used = <T>(cells: readonly T[]): T[] => cells.filter((_, index) => isUsed[index] === true)
  const rows = measured.map(({ subject }, index) => [subject, ...used(texts[index] ?? [])])
  return `**${title}**\n\n${table(['', ...used(columns.map((column) => column.title))], rows)}`
}
