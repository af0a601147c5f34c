/**
 * The tables of docs/performance-tables.md and the plot's caption, made from bench/results.
 *
 * Neighbours: results.ts reads; columns.ts makes the cells; test/docs/generated.ts puts them into the page.
 */
import { table } from '../../test/docs/markdown.js'
import type { Case } from '../cases/case.js'
import type { Column } from './columns.js'
import { readResult, type CaseResult, type GroupResult, type RowRun } from './results.js'

/** What was run where, and a table for each group. */
export function caseSection({ name, columns, section }: Case): string {
  const result = readResult(name)
  if (result === undefined) return `Not measured yet: \`npm run bench -- ${name} --json\`.`
  const tables =
    section === undefined
      ? result.groups.map((group) => groupTable(group, columns))
      : [section(result.groups)]
  return [circumstances(result), ...tables].join('\n\n')
}

/** What stands below the README's picture. */
export function plotCaption(): string {
  return circumstancesOf('throughput')
}

/** One line: when a case was run, of what, on what. */
export function circumstancesOf(name: string): string {
  const result = readResult(name)
  return result === undefined ? 'Not measured yet.' : circumstances(result)
}

/** One line: when, of what, on what; of each run where there were several. */
function circumstances(result: CaseResult): string {
  const rows = result.groups.flatMap(({ measured }) => measured)
  return rows.some(({ run }) => run !== undefined) ? runs(result.groups) : oneRun(result)
}

function oneRun(result: CaseResult): string {
  const { ottla, commit, isDirty, node, broker, brokers, machine, options } = result
  const parts = [
    new Date(result.date).toLocaleDateString('en-GB', {
      ...{ day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' },
    }),
    `Ottla ${ottla} (${commit.slice(0, 7)}${isDirty ? ' with changes' : ''})`,
    `Node ${node}`,
    `${brokers > 1 ? `${brokers} brokers, ` : ''}Kafka ${broker} on the same machine`,
    `${machine.cores} cores, ${machine.cpu}`,
    roundsText(options.rounds),
  ]
  return `_${parts.join('; ')}._`
}

function groupTable({ title, measured }: GroupResult, columns: readonly Column[]): string {
  const [first] = measured
  if (first === undefined) return `**${title}**: nothing was measured.`
  const texts = measured.map((row) => columns.map((column) => column.text(row, first, measured)))
  const isUsed = columns.map((_, index) => texts.some((row) => row[index] !== '-'))
  const used = <T>(cells: readonly T[]): T[] => cells.filter((_, index) => isUsed[index] === true)
  const rows = measured.map(({ subject }, index) => [subject, ...used(texts[index] ?? [])])
  return `**${title}**\n\n${table(['', ...used(columns.map((column) => column.title))], rows)}`
}

/** One line: each run that rows are of, and how many. */
function runs(groups: readonly GroupResult[]): string {
  const counts = new Map<string, number>()
  for (const { run } of groups.flatMap(({ measured }) => measured)) {
    if (run !== undefined) counts.set(runText(run), (counts.get(runText(run)) ?? 0) + 1)
  }
  return `_${Array.from(counts, ([text, rows]) => `${text} (${rows} rows)`).join('; ')}._`
}

function runText({ date, commit, isDirty, node, rounds, machine, loadBefore }: RowRun): string {
  const parts = [
    date.slice(0, 10),
    `${commit.slice(0, 7)}${isDirty ? ' with changes' : ''}`,
    `Node ${node}`,
    machine,
    roundsText(rounds),
    ...(loadBefore === undefined ? [] : [`load before ${loadBefore.toFixed(1)}`]),
  ]
  return parts.join(', ')
}

function roundsText(rounds: number): string {
  return rounds === 1 ? 'one round' : `medians of ${rounds} rounds`
}
