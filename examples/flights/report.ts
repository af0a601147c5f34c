/**
 * What the demo prints. Before: produce.ts and verify.ts, whose figures these are.
 */
import Table from 'cli-table3'
import type { ReadRecord } from '../../test/broker/read-topic.js'
import type { Delivery } from './produce.js'
import type { Check, SentRecord } from './verify.js'

const FIRST_RECORDS = 6
const MAX_VALUE_CHARS = 60
const PLAIN = { head: [], border: [], compact: true } // no colours: it may go to a file

/** Records and bytes a second, and how long a record took. */
export function printDelivery({ sent, elapsedMs, latenciesMs }: Delivery): void {
  const bytes = sent.reduce((sum, { key, value }) => sum + sizeOf(key) + sizeOf(value), 0)
  const seconds = elapsedMs / 1000
  const recordsPerSecond = Math.round(sent.length / seconds).toLocaleString('en')
  console.log(
    `\n${sent.length.toLocaleString('en')} records, ${megabytes(bytes)} in ${seconds.toFixed(2)} s: ` +
      `${recordsPerSecond} records/s, ${megabytes(bytes / seconds)}/s`,
  )
  const p50 = percentile(latenciesMs, 0.5).toFixed(1)
  const p99 = percentile(latenciesMs, 0.99).toFixed(1)
  console.log(`from send to acknowledgement: p50 ${p50} ms, p99 ${p99} ms\n`)
}

/** A line for each partition, of what was read from it. */
export function printPartitions(read: readonly ReadRecord[], partitions: number): void {
  const table = new Table({
    head: ['partition', 'records', 'with key', 'bytes'],
    style: PLAIN,
    colAligns: ['right', 'right', 'right', 'right'],
  })
  for (let partition = 0; partition < partitions; partition++) {
    const records = read.filter((it) => it.partition === partition)
    table.push(partitionRow(`${partition}`, records))
  }
  table.push(partitionRow('all', read))
  console.log(`\n${table.toString()}\n`)
}

function partitionRow(name: string, records: readonly ReadRecord[]): string[] {
  const keyed = records.filter(({ key }) => key !== null).length
  const bytes = records.reduce((sum, it) => sum + sizeOf(it.key) + sizeOf(it.value), 0)
  return [name, ...[records.length, keyed, bytes].map((it) => it.toLocaleString('en'))]
}

/** What the promises told of the first records sent. */
export function printFirstRecords(topic: string, sent: readonly SentRecord[]): void {
  const table = new Table({
    head: ['topic', 'partition', 'offset', 'timestamp', 'key', 'value'],
    style: PLAIN,
    colAligns: ['left', 'right', 'right', 'left', 'left', 'left'],
  })
  for (const { place, key, value } of sent.slice(0, FIRST_RECORDS)) {
    if (place === null) continue
    const { partition, offset, timestamp } = place
    const time = new Date(timestamp).toISOString()
    table.push([topic, partition, `${offset}`, time, key, shortened(value)])
  }
  console.log(`the first records:\n${table.toString()}\n`)
}

/** A line for each claim; returns whether all of them held. */
export function printChecks(checks: readonly Check[]): boolean {
  for (const { claim, differences, examples } of checks) {
    console.log(differences === 0 ? `held    ${claim}` : `FAILED  ${claim}`)
    for (const example of examples) console.log(`          ${example}`)
    const more = differences - examples.length
    if (more > 0) console.log(`          and ${more.toLocaleString('en')} more`)
  }
  const held = checks.every(({ differences }) => differences === 0)
  console.log(held ? '\nAll of it held.' : '\nNot all of it held: see FAILED above.')
  return held
}

function sizeOf(content: string | Buffer | null): number {
  return content === null ? 0 : Buffer.byteLength(content)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** The smallest of the ascending `values` that at least this share of them does not exceed. */
function percentile(values: Float64Array, share: number): number {
  return values[Math.ceil(values.length * share) - 1] ?? NaN
}

function shortened(text: string): string {
  return text.length <= MAX_VALUE_CHARS ? text : `${text.slice(0, MAX_VALUE_CHARS - 1)}…`
}
