/**
 * The columns of the bench's tables: what each is called, and how it is made of a subject's samples
 * and those of its group's first row.
 */
import type { SubjectReport, SubjectTask } from '../contract.js'
import { median, spread } from '../support/statistics.js'
import type { RowRun } from './results.js'

/** One subject's samples, a round each. */
export interface Measured {
  readonly subject: string
  readonly task: MeasuredTask
  readonly samples: readonly SubjectReport[]
  /** Where a file has rows of several runs. */
  readonly run?: RowRun
}

/** A task, wherever it was done. */
export type MeasuredTask = Omit<SubjectTask, 'brokers' | 'caFile' | 'topic' | 'valuesFile'>

/** One column; `text` gets the row, the first row, and all of the group. */
export interface Column {
  readonly title: string
  text(measured: Measured, first: Measured, all: readonly Measured[]): string
}

type Figure = (sample: SubjectReport, measured: Measured) => number | undefined

export const recordsPerSecond: Figure = (sample) => sample.records / sample.seconds
const megabytesPerSecond: Figure = (sample, { task }) =>
  (sample.records * task.valueBytes) / sample.seconds / 1e6
const cpuPerRecord: Figure = (sample) => sample.cpuMicros / sample.records

/** The median over the rounds, with half the distance of the extremes behind it. */
export function figureColumn(
  title: string,
  figure: Figure,
  digits: number,
  withSpread = false,
): Column {
  return {
    title,
    text(measured) {
      const values = figuresOf(measured, figure)
      if (values.length === 0) return '-'
      const text = formatNumber(median(values), digits)
      return withSpread && values.length > 1
        ? `${text} ± ${formatNumber(spread(values) * 100, 0)} %`
        : text
    },
  }
}

/** The median of the ratios to the first row, each within one round. */
function ratioColumn(title: string, figure: Figure): Column {
  return {
    title,
    text(measured, first) {
      return measured === first ? '1' : ratioText(measured, first, figure)
    },
  }
}

/** One row's figure to another's: the median of the ratios, each within one round. */
export function ratioText(measured: Measured, other: Measured, figure: Figure): string {
  const own = figuresOf(measured, figure)
  const others = figuresOf(other, figure)
  const ratios = own.flatMap((value, round) => {
    const base = others[round]
    return base === undefined ? [] : [value / base]
  })
  return ratios.length === 0 ? '-' : formatRatio(median(ratios))
}

function figuresOf(measured: Measured, figure: Figure): number[] {
  return measured.samples.flatMap((sample) => figure(sample, measured) ?? [])
}

function formatRatio(value: number): string {
  return formatNumber(value, value < 0.1 ? 4 : 2)
}

export function formatNumber(value: number, digits: number): string {
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
}

export const cpuColumn = figureColumn('CPU µs/record', cpuPerRecord, 3)
const rssColumn = figureColumn('RSS MB', (sample) => sample.rssBytes / 1e6, 0)
const loopDelayColumn = figureColumn(
  'loop delay p99 ms',
  (sample) => sample.loopDelayP99Ms ?? undefined,
  1,
)

/** For cases that push as fast as they can. */
export const THROUGHPUT_COLUMNS: readonly Column[] = [
  figureColumn('records/s', recordsPerSecond, 0, true),
  figureColumn('MB/s', megabytesPerSecond, 1),
  cpuColumn,
  rssColumn,
  loopDelayColumn,
  ratioColumn('× first row', recordsPerSecond),
  ratioColumn('CPU × first row', cpuPerRecord),
]

/** For fixed rates. */
export const LATENCY_COLUMNS: readonly Column[] = [
  figureColumn('p50 ms', (sample) => sample.latencyMs?.p50, 2, true),
  figureColumn('p99 ms', (sample) => sample.latencyMs?.p99, 2, true),
  figureColumn('p99.9 ms', (sample) => sample.latencyMs?.p999, 2),
  figureColumn('max ms', (sample) => sample.latencyMs?.max, 2),
  cpuColumn,
  loopDelayColumn,
]

/** What compression 'auto' chose, in each round where that differs. */
export const choiceColumn: Column = {
  title: 'chosen',
  text({ samples }) {
    const choices = new Set(samples.flatMap(({ choice }) => choice ?? []))
    return choices.size === 0 ? '-' : [...choices].join(', ')
  },
}

/** What 'auto' keeps low (producer/preparing/auto-compression.ts), of the whole process. */
export const costColumn = figureColumn(
  'cost',
  ({ cpuMicros, records, figures }, { task }) => {
    const cpuMsPerMb = cpuMicros / 1000 / ((records * task.valueBytes) / 1e6)
    return cpuMsPerMb + 10 / (figures?.['ratio'] ?? 1)
  },
  1,
)

/** A column of one of a report's `figures`. */
export function ownColumn(title: string, name: string, digits: number): Column {
  return figureColumn(title, (sample) => sample.figures?.[name], digits, true)
}

/** The same as a ratio to the first row. */
export function ownRatioColumn(title: string, name: string): Column {
  return ratioColumn(title, (sample) => sample.figures?.[name])
}
