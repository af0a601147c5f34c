/**
 * The numbers to reach: one line for each, and how it is found in bench/results. Everything is on in
 * them: acks all, idempotence, 5 requests in flight.
 *
 * Neighbours: figures.ts looks up; targets.ts makes the table.
 */
import {
  cpuPerRecord,
  figureOf,
  ownFigure,
  ratio,
  recordsPerSecond,
  type Figure,
  type Place,
} from './figures.js'
import { worstTransactionRatio } from './transactions.js'
import { fullSpeedRatio, MOST_P50_EXCESS_MS, worstP50ExcessMs, worstP99Ratio } from './way.js'

/** One number to reach. */
export interface Target {
  readonly what: string
  readonly mustBe: 'at least' | 'at most'
  readonly limit: number
  /** What the number is of: `× the wire limit`, `ms`. */
  readonly unit: string
  /** Undefined where the run that it needs was not kept. */
  readonly measure: () => number | undefined
}

const ENQUEUE = 'ottla enqueue'
const SEND = 'ottla send'
const NODE_CLIENTS = ['kafkajs', '@platformatic/kafka', 'kafka-ts', 'node-rdkafka', 'kafka-crab-js']
/** Java's tool tells latency in whole milliseconds: its 0 is none to be held against. */
const TIMED_PEERS = [...NODE_CLIENTS, 'librdkafka', 'franz-go']

type IsRow = (subject: string) => boolean

/** The rows of a client: `kafkajs, one by one`, `kafkajs, lists of 1,000`, … */
const client =
  (...names: readonly string[]): IsRow =>
  (subject) =>
    names.some((name) => subject === name || subject.startsWith(`${name}, `))
const exactly =
  (name: string): IsRow =>
  (subject) =>
    subject === name
const wire = exactly('wire limit')
/** A call, and a promise, for each record. */
const perRecord: IsRow = (subject) =>
  client(...NODE_CLIENTS)(subject) && /, (?:one by one|a promise each)$/.test(subject)

const place = (name: string, group: string, figure: Figure): Place => ({
  case: name,
  group,
  figure,
})
const SPEED = place('throughput', '100 B, 6 partitions', recordsPerSecond)
const CPU = place('throughput', '100 B, 6 partitions', cpuPerRecord)
const P50 = place('latency', '1,000 records/s', ({ latencyMs }) => latencyMs?.p50)
const P99 = place('latency', '1,000 records/s', ({ latencyMs }) => latencyMs?.p99)
const RSS = place('memory', '10 M records of 100 B', ({ rssBytes }) => rssBytes / 1e6)
const HEAP = place('memory', '10 M records of 100 B', ({ figures }) => heapGrowth(figures))
const ALLOCATED = place('memory', 'allocation (no network)', ownFigure('allocatedBytes'))
const START = 'one record of 100 B'

function heapGrowth(figures: Readonly<Record<string, number>> = {}): number | undefined {
  const { heapEarlyMB, heapLateMB } = figures
  return heapEarlyMB === undefined || heapLateMB === undefined
    ? undefined
    : heapLateMB / heapEarlyMB
}

function atLeast(limit: number, unit: string, what: string, measure: Target['measure']): Target {
  return { what, mustBe: 'at least', limit, unit, measure }
}

function atMost(limit: number, unit: string, what: string, measure: Target['measure']): Target {
  return { what, mustBe: 'at most', limit, unit, measure }
}

const E100 = '`enqueue`, 100 B, 6 partitions, records/s'
const FAR = 'far brokers, `send`, the worst cell'
const S100 = '`send`, 100 B, 6 partitions, records/s'

/** It lingers 5 ms by default, which spares it CPU. */
const LIBRDKAFKA_FORMS = [
  ['× librdkafka, same settings', 'librdkafka'],
  ['× librdkafka, its defaults', 'librdkafka, its defaults'],
] as const

/** Codecs go over the thread pool at this batch size: their own speed there is the measure. */
const ALONE = 'codec alone, async'
const COMPRESSED = 'wire limit, compressed'

function codecTargets(codec: string): Target[] {
  const speed = place('codecs', codec, recordsPerSecond)
  const slower = (): number | undefined => {
    const ratios = [
      ratio(speed, ENQUEUE, exactly(ALONE)),
      ratio(speed, ENQUEUE, exactly(COMPRESSED)),
    ]
    const [alone, limit] = ratios
    // The ratio to the slower of the two is the larger ratio.
    return alone === undefined || limit === undefined ? undefined : Math.max(alone, limit)
  }
  const what = `\`enqueue\`, ${codec}, 1 KiB`
  return [
    atLeast(0.8, '× codec or wire, the slower', what, slower),
    atLeast(1, '× librdkafka', what, () => ratio(speed, ENQUEUE, client('librdkafka'))),
  ]
}

/** What TLS leaves of each client's own records a second, ours beside franz-go's. */
function tlsTarget(size: string): Target {
  const speed = place('tls', size, recordsPerSecond)
  const kept = (client: string): number | undefined =>
    ratio(speed, `${client}, TLS`, exactly(client))
  return atLeast(
    1,
    '× what franz-go keeps',
    `\`enqueue\`, ${size}, kept of records/s by TLS`,
    () => {
      const [ours, theirs] = [kept(ENQUEUE), kept('franz-go')]
      return ours === undefined || theirs === undefined ? undefined : ours / theirs
    },
  )
}

export const TARGETS: readonly Target[] = [
  atLeast(0.75, '× the wire limit', E100, () => ratio(SPEED, ENQUEUE, wire)),
  atLeast(1, '× librdkafka', E100, () => ratio(SPEED, ENQUEUE, client('librdkafka'))),
  atLeast(1, '× franz-go', E100, () => ratio(SPEED, ENQUEUE, client('franz-go'))),
  atLeast(3, '× Java', E100, () => ratio(SPEED, ENQUEUE, client('java'))),
  atLeast(6, '× the best Node client', E100, () => ratio(SPEED, ENQUEUE, client(...NODE_CLIENTS))),
  atLeast(0.5, '× the wire limit', S100, () => ratio(SPEED, SEND, wire)),
  atLeast(10, '× the best Node client, a call each', S100, () => ratio(SPEED, SEND, perRecord)),
  atLeast(100, '× kafkajs, a call each', S100, () =>
    ratio(SPEED, SEND, exactly('kafkajs, one by one')),
  ),
  ...LIBRDKAFKA_FORMS.flatMap(([unit, row]) => [
    atMost(1, unit, '`enqueue`, 100 B, CPU a record', () => ratio(CPU, ENQUEUE, exactly(row))),
    atMost(1.2, unit, '`send`, 100 B, CPU a record', () => ratio(CPU, SEND, exactly(row))),
  ]),
  ...['1 KiB', '10 KiB'].map((size) =>
    atLeast(0.9, '× the wire limit', `\`enqueue\`, ${size}, MB/s`, () =>
      ratio(place('sizes', size, recordsPerSecond), ENQUEUE, wire),
    ),
  ),
  ...['lz4', 'zstd', 'snappy'].flatMap(codecTargets),
  ...['100 B', '1 KiB'].map(tlsTarget),
  atMost(1.2, '× 10 known', 'CPU a record, 10 partitions busy of 9,900 known', () =>
    ratio(
      place('partitions', '10 busy partitions', cpuPerRecord),
      `${ENQUEUE} of 9,900 known`,
      exactly(`${ENQUEUE} of 10 known`),
    ),
  ),
  atMost(1, '× the best peer', '`send`, 1,000 records/s, p50', () =>
    ratio(P50, SEND, client(...TIMED_PEERS), 'less'),
  ),
  atMost(1, '× the best peer', '`send`, 1,000 records/s, p99', () =>
    ratio(P99, SEND, client(...TIMED_PEERS), 'less'),
  ),
  atMost(MOST_P50_EXCESS_MS, 'ms above the best peer', `${FAR}, p50`, worstP50ExcessMs),
  atMost(1, '× the best peer', `${FAR}, p99`, worstP99Ratio),
  atLeast(1, '× franz-go', 'far brokers (40 ms), `enqueue`, records/s', fullSpeedRatio),
  ...[1, 2].map((version) =>
    atLeast(
      1,
      '× the better of Java and franz-go',
      `transactions (version ${version}), worst size, records/s`,
      () => worstTransactionRatio(version),
    ),
  ),
  atMost(200, 'MB', 'RSS over 10 M records, `enqueue`', () => figureOf(RSS, ENQUEUE)),
  atMost(200, 'MB', 'RSS over 10 M records, `send`', () => figureOf(RSS, SEND)),
  atMost(1.2, '× the first tenth', 'heap in the last tenth of 10 M, `enqueue`', () =>
    figureOf(HEAP, ENQUEUE),
  ),
  atMost(1.2, '× the first tenth', 'heap in the last tenth of 10 M, `send`', () =>
    figureOf(HEAP, SEND),
  ),
  atMost(32, 'bytes', 'allocated for an `enqueue`', () => figureOf(ALLOCATED, ENQUEUE)),
  atMost(250, 'bytes', 'allocated for a `send`', () => figureOf(ALLOCATED, SEND)),
  atMost(40, 'ms', '`import`', () =>
    figureOf(place('start', START, ownFigure('importMs')), 'ottla'),
  ),
  atMost(1.5, '× the bare round trips', 'constructor to first ack', () =>
    ratio(place('start', START, ownFigure('firstAckMs')), 'ottla', exactly('bare round trips')),
  ),
]
