/**
 * The two tables that docs/performance.md opens with: every client in one row, and the codecs. Each
 * client is shown in the form and with the settings in which it is fastest.
 *
 * Neighbours: results.ts reads; page.ts has the tables with every row; test/docs/generated.ts puts
 * these into the page.
 */
import { table } from '../../test/docs/markdown.js'
import type { SubjectReport } from '../contract.js'
import { median } from '../support/statistics.js'
import { formatNumber, type Measured } from './columns.js'
import { cpuPerRecord, recordsPerSecond, type Figure } from './figures.js'
import { circumstancesOf } from './page.js'
import { readResult } from './results.js'

const p50: Figure = ({ latencyMs }) => latencyMs?.p50
const p99: Figure = ({ latencyMs }) => latencyMs?.p99
const rssMB: Figure = ({ rssBytes }) => rssBytes / 1e6

const CLIENTS_HEAD = ['', 'records/s', 'CPU µs/record', 'RSS MB', 'p50 ms', 'p99 ms']

/** The fastest client first: throughput, and latency at 1,000 records/s in the form that has the least. */
export function clientsTable(): string {
  const speeds = rowsOf('throughput', '100 B, 6 partitions')
  const latencies = rowsOf('latency', '1,000 records/s')
  const rows = clientsOf(speeds)
    .flatMap((client) => best(speeds, client, recordsPerSecond, 'most') ?? [])
    .sort((a, b) => middle(b, recordsPerSecond) - middle(a, recordsPerSecond))
    .map((row) => [...speedCells(row), ...latencyCells(latencies, clientOf(row))])
  return [circumstancesOf('throughput'), table(CLIENTS_HEAD, rows)].join('\n\n')
}

function speedCells(row: Measured): string[] {
  return [
    row.subject,
    show(row, recordsPerSecond, 0),
    show(row, cpuPerRecord, 2),
    show(row, rssMB, 0),
  ]
}

function latencyCells(rows: readonly Measured[], client: string): string[] {
  const row = best(rows, client, p50, 'least')
  return row === undefined ? ['-', '-'] : [show(row, p50, 2), show(row, p99, 2)]
}

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const CODEC_CLIENTS = ['ottla enqueue', 'librdkafka', 'franz-go']

/** Records a second of 1 KiB by codec and client. */
export function codecsTable(): string {
  const rows = CODECS.map((codec) => {
    const measured = rowsOf('codecs', codec)
    const cells = CODEC_CLIENTS.map((client) => {
      const row = best(measured, client, recordsPerSecond, 'most')
      return row === undefined ? '-' : show(row, recordsPerSecond, 0)
    })
    return [codec, ...cells]
  })
  const head = ['', ...CODEC_CLIENTS.map((client) => `${client}, records/s`)]
  return [circumstancesOf('codecs'), table(head, rows)].join('\n\n')
}

/** Without those on another Node, which only some clients have. */
function rowsOf(name: string, title: string): readonly Measured[] {
  const group = readResult(name)?.groups.find((it) => it.title === title)
  return group?.measured.filter(({ subject }) => !subject.endsWith('newer Node')) ?? []
}

function clientsOf(rows: readonly Measured[]): string[] {
  return [...new Set(rows.map(clientOf))]
}

/** `kafkajs` of `kafkajs, lists of 1,000`; our two forms are two. */
function clientOf({ subject }: Measured): string {
  return subject.split(', ')[0] ?? subject
}

function best(
  rows: readonly Measured[],
  client: string,
  figure: Figure,
  which: 'most' | 'least',
): Measured | undefined {
  const sign = which === 'most' ? -1 : 1
  const own = rows.filter((row) => clientOf(row) === client)
  return own.sort((a, b) => sign * (middle(a, figure) - middle(b, figure)))[0]
}

function middle({ samples }: Measured, figure: Figure): number {
  return median(samples.flatMap((sample: SubjectReport) => figure(sample) ?? []))
}

function show(row: Measured, figure: Figure, digits: number): string {
  return formatNumber(middle(row, figure), digits)
}
