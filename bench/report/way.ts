/**
 * What the case `way` shows: columns that hold each client against the best of the others, one table
 * of all cells for docs/performance-tables.md, and the worst cells for the numbers to reach. Each figure is
 * the median over a client's rounds; what is compared are these medians.
 *
 * Neighbours: cases/way.ts has the cells; target-list.ts asks for the worst.
 */
import { table } from '../../test/docs/markdown.js'
import type { SubjectReport } from '../contract.js'
import { median } from '../support/statistics.js'
import {
  cpuColumn,
  figureColumn,
  formatNumber,
  ownColumn,
  recordsPerSecond,
  type Column,
  type Measured,
} from './columns.js'
import { readResult, type GroupResult } from './results.js'

/** No more than this above the best p50. */
export const MOST_P50_EXCESS_MS = 2

type Figure = (sample: SubjectReport) => number | undefined

const p50: Figure = ({ latencyMs }) => latencyMs?.p50
const p99: Figure = ({ latencyMs }) => latencyMs?.p99
const speed: Figure = ({ records, seconds }) => records / seconds
const requests: Figure = ({ figures }) => figures?.['requestsPerSecond']

export const WAY_COLUMNS: readonly Column[] = [
  figureColumn('p50 ms', p50, 1, true),
  comparison('p50 − best other', (all, row) => signed(excessMs(all, row))),
  figureColumn('p99 ms', p99, 1, true),
  comparison('p99 × best other', (all, row) => factor(timesBest(all, row, p99, Math.min))),
  figureColumn('records/s', recordsPerSecond, 0, true),
  ownColumn('requests/s', 'requestsPerSecond', 0),
  ownColumn('records/request', 'recordsPerRequest', 1),
  ownColumn('in flight', 'inFlight', 2),
  ownColumn('broker p50 ms', 'workP50Ms', 1),
  ownColumn('proxy late p99 ms', 'proxyLateP99Ms', 2),
  cpuColumn,
]

function comparison(
  title: string,
  compare: (all: readonly Measured[], row: Measured) => string,
): Column {
  return { title, text: (row, _first, all) => compare(all, row) }
}

function middle({ samples }: Measured, figure: Figure): number {
  return median(samples.flatMap((sample) => figure(sample) ?? []))
}

/** NaN without others. */
function bestOther(
  all: readonly Measured[],
  row: Measured,
  figure: Figure,
  better: typeof Math.min,
): number {
  const others = all.filter((other) => other !== row).map((other) => middle(other, figure))
  return others.length === 0 ? NaN : better(...others)
}

function excessMs(all: readonly Measured[], row: Measured): number {
  return middle(row, p50) - bestOther(all, row, p50, Math.min)
}

function timesBest(
  all: readonly Measured[],
  row: Measured,
  figure: Figure,
  better: typeof Math.min,
): number {
  return middle(row, figure) / bestOther(all, row, figure, better)
}

function signed(value: number): string {
  return Number.isNaN(value) ? '-' : `${value > 0 ? '+' : ''}${value.toFixed(1)}`
}

function factor(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(2)
}

/** The worst cell of those measured; undefined without any. */
export const worstP50ExcessMs = (): number | undefined => worst((all, row) => excessMs(all, row))
export const worstP99Ratio = (): number | undefined =>
  worst((all, row) => timesBest(all, row, p99, Math.min))

/** Records a second of the other clients' best, where each is as fast as it can be. */
export function fullSpeedRatio(): number | undefined {
  const group = cells().find(({ measured }) => isFullSpeed(measured))
  const ours = group && oursOf(group)
  return group && ours && timesBest(group.measured, ours, speed, Math.max)
}

function worst(figure: (all: readonly Measured[], row: Measured) => number): number | undefined {
  const values = cells().flatMap((group) => {
    const ours = oursOf(group)
    const value = ours === undefined ? NaN : figure(group.measured, ours)
    return Number.isNaN(value) ? [] : [value]
  })
  return values.length === 0 ? undefined : Math.max(...values)
}

function cells(): readonly GroupResult[] {
  return readResult('way')?.groups ?? []
}

function oursOf({ measured }: GroupResult): Measured | undefined {
  return measured.find(({ subject }) => subject.startsWith('ottla'))
}

const isFullSpeed = ([first]: readonly Measured[]): boolean => first?.task.ratePerSecond === 0

/** The part of docs/performance-tables.md: a row for each cell. */
export function waySection(groups: readonly GroupResult[]): string {
  const [latencies, speeds] = [false, true].map((full) =>
    groups.filter(({ measured }) => measured.length > 0 && isFullSpeed(measured) === full),
  )
  const parts = [
    latencies?.length ? table(LATENCY_HEAD, latencies.map(latencyRow)) : '',
    speeds?.length ? table(SPEED_HEAD, speeds.map(speedRow)) : '',
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

const CLIENTS = ['ottla', 'java', 'franz-go']
const IN_ORDER = `: ${CLIENTS.join(' / ')}`
const CELL_HEAD = ['round trip ms (measured)', 'records/s', 'lingerMs']
const LATENCY_HEAD = [
  ...CELL_HEAD,
  ...[`p50 ms${IN_ORDER}`, '− best', `p99 ms${IN_ORDER}`, '× best', `requests/s${IN_ORDER}`],
]
const SPEED_HEAD = [...CELL_HEAD, `records/s${IN_ORDER}`, '× best', `requests/s${IN_ORDER}`]

/** What is not reached is bold. */
function latencyRow(group: GroupResult): string[] {
  const { measured } = group
  const ours = oursOf(group)
  const excess = ours === undefined ? NaN : excessMs(measured, ours)
  const ratio = ours === undefined ? NaN : timesBest(measured, ours, p99, Math.min)
  return [
    ...cellTexts(group),
    ofEach(measured, p50, 1),
    bold(signed(excess), excess > MOST_P50_EXCESS_MS),
    ofEach(measured, p99, 1),
    bold(factor(ratio), ratio > 1),
    ofEach(measured, requests, 0),
  ]
}

function speedRow(group: GroupResult): string[] {
  const ours = oursOf(group)
  const ratio = ours === undefined ? NaN : timesBest(group.measured, ours, speed, Math.max)
  return [
    ...cellTexts(group),
    ofEach(group.measured, speed, 0),
    bold(factor(ratio), ratio < 1),
    ofEach(group.measured, requests, 0),
  ]
}

function cellTexts({ measured: [first], roundTrip }: GroupResult): string[] {
  const { ratePerSecond = 0, settings } = first?.task ?? {}
  return [
    roundTrip === undefined ? '-' : `${roundTrip.wantedMs} (${roundTrip.p50Ms.toFixed(1)})`,
    ratePerSecond === 0 ? 'all' : formatNumber(ratePerSecond, 0),
    String(settings?.lingerMs ?? '-'),
  ]
}

function ofEach(measured: readonly Measured[], figure: Figure, digits: number): string {
  const texts = CLIENTS.map((client) => {
    const row = measured.find(({ subject }) => subject.startsWith(client))
    const value = row === undefined ? NaN : middle(row, figure)
    return Number.isNaN(value) ? '-' : formatNumber(value, digits)
  })
  return texts.join(' / ')
}

function bold(text: string, isBold: boolean): string {
  return isBold ? `**${text}**` : text
}
