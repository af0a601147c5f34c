/**
 * What the case `transactions` shows: Ottla's rows are held against the better of Java and franz-go,
 * round by round. A table for each level of the protocol, and a short one for docs/performance.md.
 *
 * Neighbours: cases/transactions.ts has the cells; target-list.ts asks for the worst.
 */
import { table } from '../../test/docs/markdown.js'
import type { SubjectReport } from '../contract.js'
import { median } from '../support/statistics.js'
import { cpuColumn, figureColumn, formatNumber, type Column, type Measured } from './columns.js'
import { cpuPerRecord, recordsPerSecond, type Figure } from './figures.js'
import { circumstancesOf } from './page.js'
import { readResult, type GroupResult } from './results.js'

const transactionsPerSecond: Figure = ({ figures, seconds }) => {
  const transactions = figures?.['transactions']
  return transactions === undefined ? undefined : transactions / seconds
}
const p50: Figure = ({ latencyMs }) => latencyMs?.p50
const p99: Figure = ({ latencyMs }) => latencyMs?.p99
const cpuPerTransaction: Figure = ({ cpuMicros, figures }) =>
  figures === undefined ? undefined : cpuMicros / (figures['transactions'] ?? NaN)

/** Only Ottla's rows have it. */
function ofBest(title: string, figure: Figure, better: typeof Math.min): Column {
  return {
    title,
    text: (row, _first, all) => (isOurs(row) ? factor(timesBest(all, row, figure, better)) : '-'),
  }
}

export const TRANSACTION_COLUMNS: readonly Column[] = [
  figureColumn('transactions/s', transactionsPerSecond, 0, true),
  figureColumn('records/s', recordsPerSecond, 0, true),
  ofBest('records/s × best other', recordsPerSecond, Math.max),
  figureColumn('p50 ms', p50, 2, true),
  figureColumn('p99 ms', p99, 2, true),
  cpuColumn,
  figureColumn('CPU µs/transaction', cpuPerTransaction, 0),
  ofBest('CPU × best other', cpuPerRecord, Math.min),
  figureColumn('RSS MB', ({ rssBytes }) => rssBytes / 1e6, 0),
]

function isOurs({ subject }: Measured): boolean {
  return subject.startsWith('ottla')
}

/** The median of the ratios to the best other client, each within one round; NaN without others. */
function timesBest(
  all: readonly Measured[],
  row: Measured,
  figure: Figure,
  better: typeof Math.min,
): number {
  const others = all.filter((other) => !isOurs(other))
  const ratios = row.samples.flatMap((sample, round) => {
    const rivals = others.flatMap(({ samples }) => valueOf(samples[round], figure))
    const own = valueOf(sample, figure)
    return rivals.length === 0 ? [] : own.map((value) => value / better(...rivals))
  })
  return median(ratios)
}

function valueOf(sample: SubjectReport | undefined, figure: Figure): number[] {
  const value = sample === undefined ? undefined : figure(sample)
  return value === undefined ? [] : [value]
}

function factor(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(2)
}

/** The part of docs/performance-tables.md: a table for each level, with the rows of every size. */
export function transactionsSection(groups: readonly GroupResult[]): string {
  const versions = new Set(groups.map(({ transactionVersion }) => transactionVersion))
  const head = ['records a transaction', '', ...TRANSACTION_COLUMNS.map(({ title }) => title)]
  return Array.from(versions, (version) => {
    const ofVersion = groups.filter((group) => group.transactionVersion === version)
    const rows = ofVersion.flatMap(({ measured }) => measured.map((row) => cells(row, measured)))
    return `**transaction.version ${version}**\n\n${table(head, rows)}`
  }).join('\n\n')
}

function cells(row: Measured, all: readonly Measured[]): string[] {
  const texts = TRANSACTION_COLUMNS.map((column) => column.text(row, row, all))
  return [formatNumber(row.task.recordsPerTransaction, 0), row.subject, ...texts]
}

/** One form of each client, in the order of the short table's cells. */
const OURS = 'ottla enqueue'
const CLIENTS = [OURS, 'java', 'franz-go']
const IN_ORDER = `: ${CLIENTS.join(' / ')}`
const SHORT_HEAD = [
  ...['transaction.version', 'records a transaction'],
  ...[`transactions/s${IN_ORDER}`, `records/s${IN_ORDER}`, '× best'],
  ...[`CPU µs/record${IN_ORDER}`, `p50 ms${IN_ORDER}`, `p99 ms${IN_ORDER}`],
]

/** The part of docs/performance.md: a row for each cell, as far as it was measured. */
export function transactionsTable(groups = measuredGroups()): string {
  const rows = groups.filter(({ measured }) => measured.length > 0).map(shortRow)
  const circumstances = circumstancesOf('transactions')
  return rows.length === 0 ? circumstances : `${circumstances}\n\n${table(SHORT_HEAD, rows)}`
}

function shortRow({ measured, transactionVersion = NaN }: GroupResult): string[] {
  const ofEach = (figure: Figure, digits: number): string =>
    CLIENTS.map((name) => middleText(find(measured, name), figure, digits)).join(' / ')
  const ratio = speedRatio(measured)
  return [
    String(transactionVersion),
    formatNumber(measured[0]?.task.recordsPerTransaction ?? NaN, 0),
    ofEach(transactionsPerSecond, 0),
    ofEach(recordsPerSecond, 0),
    ratio < 1 ? `**${factor(ratio)}**` : factor(ratio),
    ofEach(cpuPerRecord, 2),
    ofEach(p50, 2),
    ofEach(p99, 2),
  ]
}

function find(measured: readonly Measured[], name: string): Measured | undefined {
  return measured.find(({ subject }) => subject === name)
}

function middleText(row: Measured | undefined, figure: Figure, digits: number): string {
  const value = row && median(row.samples.flatMap((sample) => valueOf(sample, figure)))
  return value === undefined || Number.isNaN(value) ? '-' : formatNumber(value, digits)
}

/** Records a second to those of the better of Java and franz-go: the worst size of a level. */
export function worstTransactionRatio(
  version: number,
  groups = measuredGroups(),
): number | undefined {
  const ratios = groups
    .filter(({ transactionVersion }) => transactionVersion === version)
    .map(({ measured }) => speedRatio(measured))
    .filter((ratio) => !Number.isNaN(ratio))
  return ratios.length === 0 ? undefined : Math.min(...ratios)
}

/** NaN where either side was not measured. */
function speedRatio(measured: readonly Measured[]): number {
  const ours = find(measured, OURS)
  return ours === undefined ? NaN : timesBest(measured, ours, recordsPerSecond, Math.max)
}

function measuredGroups(): readonly GroupResult[] {
  return readResult('transactions')?.groups ?? []
}
