/**
 * Looks up figures in bench/results. A ratio is taken within a round, between subjects of one group,
 * and then the median; "best" is the best in each round.
 *
 * Neighbours: results.ts reads; target-list.ts and plot.ts ask.
 */
import type { SubjectReport } from '../contract.js'
import { median } from '../support/statistics.js'
import { readResult } from './results.js'

/** A figure of one sample. */
export type Figure = (sample: SubjectReport) => number | undefined

export const recordsPerSecond: Figure = ({ records, seconds }) => records / seconds
export const cpuPerRecord: Figure = ({ records, cpuMicros }) => cpuMicros / records
/** One of a report's own `figures`. */
export const ownFigure =
  (name: string): Figure =>
  ({ figures }) =>
    figures?.[name]

/** Names the rows of one group. */
export interface Place {
  readonly case: string
  readonly group: string
  readonly figure: Figure
}

/** The figure's median over the rounds of one row. */
export function figureOf({ case: name, group, figure }: Place, subject: string) {
  const samples = samplesOf(name, group, (it) => it === subject).flat()
  const values = samples.flatMap((sample) => figure(sample) ?? [])
  return values.length === 0 ? undefined : median(values)
}

/**
 * The median over the rounds of one row's figure to that of others: the best of those where they
 * are several, which is the least for `better: 'less'`.
 */
export function ratio(
  { case: name, group, figure }: Place,
  subject: string,
  others: (subject: string) => boolean,
  better: 'more' | 'less' = 'more',
): number | undefined {
  const own = samplesOf(name, group, (it) => it === subject)[0] ?? []
  const rivals = samplesOf(name, group, others)
  const best = better === 'more' ? Math.max : Math.min
  const ratios = own.flatMap((sample, round) => {
    const figures = rivals.flatMap((samples) => figureIn(samples, round, figure))
    return figures.length === 0 ? [] : [(figure(sample) ?? NaN) / best(...figures)]
  })
  return ratios.length === 0 ? undefined : median(ratios)
}

function figureIn(samples: readonly SubjectReport[], round: number, figure: Figure): number[] {
  const sample = samples[round]
  const value = sample === undefined ? undefined : figure(sample)
  return value === undefined ? [] : [value]
}

/** Samples of each row that is wanted, round by round. */
function samplesOf(
  name: string,
  title: string,
  isWanted: (subject: string) => boolean,
): (readonly SubjectReport[])[] {
  const group = readResult(name)?.groups.find((it) => it.title === title)
  const rows = group?.measured.filter(({ subject }) => isWanted(subject)) ?? []
  return rows.map(({ samples }) => samples)
}
