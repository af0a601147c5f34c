/**
 * What stands below the README's picture: a few rows of the case `throughput`, and what a record waits
 * at a low rate, where Ottla is not the first.
 *
 * Neighbours: figures.ts looks the figures up; test/docs/generated.ts puts the text into the page.
 */
import { table } from '../../test/docs/markdown.js'
import { cpuPerRecord, figureOf, recordsPerSecond, type Figure, type Place } from './figures.js'

const THROUGHPUT = { case: 'throughput', group: '100 B, 6 partitions' }
const LATENCY = { case: 'latency', group: '1,000 records/s' }

/** The page's name of each row, and the bench's. */
const ROWS: readonly (readonly [name: string, subject: string])[] = [
  ['Ottla, `enqueue`', 'ottla enqueue'],
  ['Ottla, `send`', 'ottla send'],
  ['the wire limit', 'wire limit'],
  ['franz-go (Go)', 'franz-go'],
  ['librdkafka (C)', 'librdkafka'],
  ['librdkafka, its defaults', 'librdkafka, its defaults'],
  ['Java', 'java'],
  ['kafka-ts, lists of 1,000', 'kafka-ts, lists of 1,000'],
  ['kafkajs, lists of 1,000', 'kafkajs, lists of 1,000'],
]

/** The table, and a sentence about latency. */
export function speedSection(): string {
  const rows = ROWS.map(([name, subject]) => [
    name,
    text({ ...THROUGHPUT, figure: recordsPerSecond }, subject, millions),
    text({ ...THROUGHPUT, figure: cpuPerRecord }, subject, (it) => it.toPrecision(2)),
  ])
  const head = ['', 'million records/s', 'µs of CPU a record']
  return `${table(head, rows)}\n\n${latencySentence()}`
}

function latencySentence(): string {
  const of = (subject: string): string =>
    `${text({ ...LATENCY, figure: latency('p50') }, subject, twoDigits)} and ${text({ ...LATENCY, figure: latency('p99') }, subject, twoDigits)} ms`
  return `At 1,000 records/s a \`send\` is acknowledged after ${of('ottla send')} (median and 99th percentile), librdkafka's after ${of('librdkafka')}, franz-go's after ${of('franz-go')}.`
}

const latency =
  (percentile: 'p50' | 'p99'): Figure =>
  ({ latencyMs }) =>
    latencyMs?.[percentile]

function text(place: Place, subject: string, format: (value: number) => string): string {
  const value = figureOf(place, subject)
  return value === undefined ? '–' : format(value)
}

const millions = (value: number): string => (value / 1e6).toFixed(2)
const twoDigits = (value: number): string => value.toFixed(2)
