/**
 * What the security load has measured: kept in a file, and made into a table for docs/security-measured.md.
 *
 * Neighbours: main.ts writes it; test/docs/generated.ts has the table.
 */
import { existsSync, readFileSync } from 'node:fs'
import { projectFile } from '../broker/project.js'
import { table } from '../docs/markdown.js'
import type { HoldSummary } from './holds.js'
import type { StreamReport } from './stream.js'

export const RESULTS = projectFile('test', 'security-load', 'results.json')

/** When and on what it was measured. */
export interface Circumstances {
  readonly date: string
  readonly kafka: string
  readonly node: string
  readonly seconds: number
}

/** One scenario. */
export interface LoadResult {
  readonly circumstances: Circumstances
  readonly streams: readonly StreamReport[]
  /** What else there is to tell, a sentence each. */
  readonly notes: readonly string[]
}

/** All that is kept. */
export interface Results {
  /** By scenario. */
  readonly loads: Readonly<Record<string, LoadResult>>
  /** How long each refusal took to be told. */
  readonly refusals?: {
    readonly circumstances: Circumstances
    readonly tookMs: Readonly<Record<string, number>>
  }
}

export function readResults(): Results {
  if (!existsSync(RESULTS)) return { loads: {} }
  return JSON.parse(readFileSync(RESULTS, 'utf8')) as Results
}

const HEAD = ['stream', 'sent', 'acked', 'failed', 'lost', 'doubled', 'out of order', 'p50', 'p99', 'p99.9', 'longest stall'] // prettier-ignore
const HOLD_HEAD = ['stream', 'logins again', 'round trips', 'held for, median and longest', 'of which ours', 'held with the drain'] // prettier-ignore

/** A part for each scenario. */
export function loadSection({ loads }: Results = readResults()): string {
  return Object.entries(loads)
    .flatMap(([name, { circumstances, streams, notes }]) => [
      `**${name}** _(${circumstances.date}, Kafka ${circumstances.kafka}, Node ${circumstances.node}, ${circumstances.seconds} s)_`,
      table(HEAD, streams.map(streamRow)),
      ...holdTable(streams),
      ...notes,
    ])
    .join('\n\n')
}

export function streamRow({
  name,
  sent,
  acked,
  failed,
  verdict,
  latencyMs,
  longestStallMs,
}: StreamReport): string[] {
  const counts = [sent, acked, failed, verdict.lost, verdict.doubled, verdict.outOfOrder]
  const times = [latencyMs.p50, latencyMs.p99, latencyMs.p999, longestStallMs]
  return [name, ...counts.map((it) => it.toLocaleString('en')), ...times.map(ms)]
}

function holdTable(streams: readonly StreamReport[]): string[] {
  const rows = streams.flatMap(({ name, holds }) =>
    holds === undefined ? [] : [holdRow(name, holds)],
  )
  return rows.length === 0 ? [] : [table(HOLD_HEAD, rows)]
}

export function holdRow(name: string, holds: HoldSummary): string[] {
  const { count, roundTrips, loginMs, ownMs, wholeMs } = holds
  return [
    name,
    String(count),
    String(roundTrips),
    `${ms(loginMs.median)}, ${ms(loginMs.longest)}`,
    ms(ownMs),
    `${ms(wholeMs.median)}, ${ms(wholeMs.longest)}`,
  ]
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
}
