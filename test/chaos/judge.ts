/**
 * What a client kept of its promises in one scenario: what it said of each record, held against what
 * Kafka's own consumer found. Pure.
 *
 * Neighbours: run.ts gathers both sides; main.ts prints.
 */
import type { Span } from './outages.js'

/** A line of a program's output (peers/program.ts draws it). */
export interface Settled {
  readonly number: number
  readonly dueMs: number
  readonly settledMs: number
  /** `-` where a failure does not say what became of the record. */
  readonly outcome: 'ok' | 'not-written' | 'unknown' | 'rejected' | '-'
  readonly partition: number
  /** -1n where it was not told. */
  readonly offset: bigint
  readonly error: string
}

/** A record as it was read back, in the order of offsets within its partition. */
export interface Stored {
  readonly number: number
  readonly partition: number
  readonly offset: bigint
}

export interface SubjectRun {
  /** Records given, numbered from 0; number modulo `partitions` is the partition. */
  readonly sent: number
  readonly partitions: number
  readonly startedMs: number
  readonly settled: readonly Settled[]
  readonly stored: readonly Stored[]
  /** Records `n * this` to `(n + 1) * this - 1` are one transaction; null: no transactions. */
  readonly recordsPerTransaction?: number | null
  /** For each partition, when no client could have been served. */
  readonly unserved: readonly (readonly Span[])[]
}

export interface Verdict {
  readonly acked: number
  readonly lost: number
  /** Acknowledged with another place than it has. */
  readonly misplaced: number
  readonly doubled: number
  /** Whose first copy lies behind a later record's. */
  readonly outOfOrder: number
  /** Said to be not written, and written. */
  readonly lied: number
  /** Never settled. */
  readonly open: number
  readonly toldTwice: number
  /** Transactions of which a consumer at read_committed sees a part; left out without transactions. */
  readonly halfVisible?: number
  readonly failed: Readonly<Record<string, number>>
  /** Longest time without an acknowledgement in the worst partition. */
  readonly longestStallMs: number
  /** From metadata's word that a partition is served to the first ack of a record due since; worst. */
  readonly servedToAckMs: number | null
  /** The same from the moment at which the partition took a record of anybody's: the client's part. */
  readonly ownRecoveryMs: number | null
  readonly p50Ms: number
  readonly p99Ms: number
}

export function parseOutput(text: string): Settled[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const [number, dueMs, settledMs, kind, third = '', ...rest] = line.split(' ')
    const isOk = kind === 'ok'
    return {
      number: Number(number),
      dueMs: Number(dueMs),
      settledMs: Number(settledMs),
      outcome: isOk ? 'ok' : (third as Settled['outcome']),
      partition: isOk ? Number(third) : -1,
      offset: isOk ? BigInt(rest[0] ?? -1) : -1n,
      error: isOk ? '' : rest.join(' '),
    }
  })
}

export function judge(run: SubjectRun): Verdict {
  const first = new Map<number, Stored>()
  let doubled = 0
  for (const record of run.stored) {
    if (first.has(record.number)) doubled++
    else first.set(record.number, record)
  }
  const told = new Set(run.settled.map(({ number }) => number))
  const acked = run.settled.filter(({ outcome }) => outcome === 'ok')
  const denied = run.settled.filter(({ outcome }) => ['not-written', 'rejected'].includes(outcome))
  const latencies = acked.map(({ dueMs, settledMs }) => settledMs - dueMs).sort((a, b) => a - b)
  return {
    acked: acked.length,
    lost: acked.filter(({ number }) => !first.has(number)).length,
    misplaced: acked.filter((record) => isMisplaced(record, first.get(record.number))).length,
    doubled,
    outOfOrder: countOutOfOrder([...first.values()]),
    lied: denied.filter(({ number }) => first.has(number)).length,
    open: run.sent - told.size,
    toldTwice: run.settled.length - told.size,
    ...halfVisible(run, first),
    failed: countBy(run.settled.filter(({ outcome }) => outcome !== 'ok')),
    longestStallMs: Math.max(
      ...partitionsOf(run).map((partition) => longestStallMs(run, acked, partition)),
    ),
    servedToAckMs: recoveryMs(run, acked, ({ servedMs }) => servedMs),
    ownRecoveryMs: recoveryMs(run, acked, ({ takenMs }) => takenMs),
    p50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? NaN,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? NaN,
  }
}

/** Nothing lost, doubled, out of order, untrue, left open or seen by halves. */
export function isSound(verdict: Verdict): boolean {
  const { lost, misplaced, doubled, outOfOrder, lied, open, toldTwice, halfVisible = 0 } = verdict
  return lost + misplaced + doubled + outOfOrder + lied + open + toldTwice + halfVisible === 0
}

function halfVisible(
  { recordsPerTransaction, sent }: SubjectRun,
  first: ReadonlyMap<number, Stored>,
): Pick<Verdict, 'halfVisible'> {
  if (recordsPerTransaction === null || recordsPerTransaction === undefined) return {}
  let count = 0
  for (let start = 0; start < sent; start += recordsPerTransaction) {
    const end = Math.min(sent, start + recordsPerTransaction)
    let seen = 0
    for (let number = start; number < end; number++) if (first.has(number)) seen++
    if (seen > 0 && seen < end - start) count++
  }
  return { halfVisible: count }
}

function partitionsOf({ partitions }: SubjectRun): number[] {
  return Array.from({ length: partitions }, (_, partition) => partition)
}

function isMisplaced({ offset, partition }: Settled, stored: Stored | undefined): boolean {
  if (stored === undefined || offset < 0n) return false
  return stored.offset !== offset || stored.partition !== partition
}

function countOutOfOrder(firsts: readonly Stored[]): number {
  const highest = new Map<number, number>()
  let count = 0
  for (const { number, partition } of firsts) {
    const before = highest.get(partition) ?? -1
    if (number < before) count++
    else highest.set(partition, number)
  }
  return count
}

function countBy(failures: readonly Settled[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { outcome, error } of failures) {
    const key = `${outcome} ${error.split(' ').slice(0, 3).join(' ')}`
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

function longestStallMs(run: SubjectRun, acked: readonly Settled[], partition: number): number {
  const own = acked.filter(({ number }) => number % run.partitions === partition)
  const times = own.map(({ settledMs }) => settledMs).sort((a, b) => a - b)
  return times.reduce(
    ({ last, longest }, time) => ({ last: time, longest: Math.max(longest, time - last) }),
    { last: run.startedMs, longest: 0 },
  ).longest
}

/**
 * Worst time from the end of a time without service to the first ack of a record due since it began;
 * of it, the time in which the partition was served.
 */
function recoveryMs(
  run: SubjectRun,
  acked: readonly Settled[],
  endOf: (span: Span) => number,
): number | null {
  const lastMs = run.settled.reduce((last, { settledMs }) => Math.max(last, settledMs), 0)
  const recoveries = partitionsOf(run).flatMap((partition) => {
    const spans = run.unserved[partition] ?? []
    return spans.flatMap((span) => {
      const isLater = ({ number, dueMs }: Settled): boolean =>
        number % run.partitions === partition && dueMs >= span.fromMs
      const later = acked.filter(isLater)
      const given = run.settled.filter(isLater)
      const firstMs = later.reduce((least, { settledMs }) => Math.min(least, settledMs), Infinity)
      // None was acknowledged: if there were any, it has not recovered as long as it could be seen.
      const endMs = later.length > 0 ? firstMs : lastMs
      return given.length === 0 ? [] : servedMsBetween(spans, endOf, endOf(span), endMs)
    })
  })
  return recoveries.length === 0 ? null : Math.max(...recoveries)
}

/** The time from one moment to another, without what the next faults took of it. */
function servedMsBetween(
  spans: readonly Span[],
  endOf: (span: Span) => number,
  fromMs: number,
  toMs: number,
): number {
  const unservedMs = spans.reduce((sum, span) => {
    const overlapMs = Math.min(endOf(span), toMs) - Math.max(span.fromMs, fromMs)
    return sum + Math.max(0, overlapMs)
  }, 0)
  return Math.max(0, toMs - fromMs - unservedMs)
}
