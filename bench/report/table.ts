/**
 * Prints a group's samples as a table.
 */
import Table from 'cli-table3'
import type { Group } from '../cases/case.js'
import type { Column, Measured } from './columns.js'

/** The table as text, the title above it. */
export function renderTable(
  group: Group,
  columns: readonly Column[],
  measured: readonly Measured[],
): string {
  const table = new Table({
    head: ['', ...columns.map((column) => column.title)],
    colAligns: ['left', ...columns.map(() => 'right' as const)],
    style: { head: [], border: [], compact: true },
  })
  const [first] = measured
  if (first === undefined) return `${group.title}: nothing was measured`
  for (const row of measured) {
    table.push([row.subject, ...columns.map((column) => column.text(row, first, measured))])
  }
  return `${group.title}\n${table.toString()}`
}
