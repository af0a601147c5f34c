/**
 * `npm run bench:sweep`: one client at growing rates, far from its brokers: what its pacing does. One
 * short run for each rate, in a process of its own; nothing is kept.
 *
 *   --round-trips 16,40   ms                  --rates 50,100,…   records a second
 *   --lingers 0           ms                  --clients ottla    or also java, franz-go
 *   --seconds 10          of each run         --warm-up 3        seconds before them
 *
 * Neighbours: cases/way.ts has the same cells; support/way/traffic.ts says what the figures are.
 */
import { parseArgs } from 'node:util'
import type { Group, Subject } from './cases/case.js'
import { preparePeers, wayGroups } from './cases/way.js'
import type { SubjectReport } from './contract.js'
import { numbers, positiveNumber } from './options.js'
import { runSubject } from './support/run-subject.js'
import { makeTopic } from './support/make-topic.js'
import { describeRoundTrip, type RoundTrip } from './support/way/round-trip.js'
import type { TrafficSummary } from './support/way/traffic.js'
import { Way } from './support/way/way.js'
import { makeTask } from './task.js'

const { values: given } = parseArgs({
  options: {
    'round-trips': { type: 'string', default: '16,40' },
    rates: { type: 'string', default: '50,100,200,500,1000,2000,5000,10000' },
    lingers: { type: 'string', default: '0' },
    clients: { type: 'string', default: 'ottla' },
    seconds: { type: 'string', default: '10' },
    'warm-up': { type: 'string', default: '3' },
  },
})

const seconds = positiveNumber('seconds', given.seconds)
const warmupSeconds = positiveNumber('warm-up', given['warm-up'])
const roundTripsMs = numbers('round-trips', given['round-trips'])
const ratesPerSecond = numbers('rates', given.rates)
const lingersMs = numbers('lingers', given.lingers)
const clients = given.clients.split(',')

const GRACE_MS = 60_000
const NAME = `sweep-${process.pid}`
const log = (line: string): void => void process.stderr.write(`${line}\n`)

interface Column {
  readonly title: string
  readonly width: number
  text(run: Run): string
}

interface Run {
  readonly subject: Subject
  readonly group: Group
  readonly roundTrip: RoundTrip
  readonly report: SubjectReport
  readonly traffic: TrafficSummary
}

const COLUMNS: readonly Column[] = [
  { title: 'records/s', width: 9, text: ({ group }) => String(group.task.ratePerSecond) },
  { title: 'lingerMs', width: 8, text: ({ group }) => String(group.task.settings?.lingerMs) },
  { title: 'client', width: 10, text: ({ subject }) => subject.name },
  { title: 'p50 ms', width: 7, text: ({ report }) => fixed(report.latencyMs?.p50) },
  { title: '− way', width: 7, text: overWay },
  { title: 'p99 ms', width: 7, text: ({ report }) => fixed(report.latencyMs?.p99) },
  { title: 'requests/s', width: 10, text: ({ traffic }) => fixed(traffic.requestsPerSecond, 0) },
  { title: 'a request', width: 9, text: recordsPerRequest },
  { title: 'a batch', width: 7, text: ({ report }) => fixed(report.figures?.recordsPerBatch) },
  { title: 'broker p50, p99', width: 15, text: ({ traffic }) => pair(traffic.workMs) },
  { title: 'late p50, p99', width: 13, text: ({ traffic }) => pair(traffic.lateMs, 2) },
  { title: 'as the n-th in flight', width: 0, text: ({ traffic }) => shares(traffic) },
]

function overWay({ report, roundTrip }: Run): string {
  const p50 = report.latencyMs?.p50
  return p50 === undefined ? '-' : fixed(p50 - (roundTrip.p50Ms - roundTrip.directMs))
}

function recordsPerRequest({ report, traffic }: Run): string {
  return fixed(report.records / traffic.requests)
}

function fixed(value: number | undefined, digits = 1): string {
  return value === undefined || !Number.isFinite(value) ? '-' : value.toFixed(digits)
}

function pair([p50, p99]: readonly [number, number], digits = 1): string {
  return `${fixed(p50, digits)}, ${fixed(p99, digits)}`
}

/** `1: 80 %  2: 18 %  3: 2 %` */
function shares({ inFlightShares }: TrafficSummary): string {
  return inFlightShares.map((share, index) => `${index + 1}: ${fixed(share * 100, 0)} %`).join('  ')
}

function line(texts: readonly string[]): string {
  return texts.map((text, index) => text.padStart(COLUMNS[index]?.width ?? 0)).join('  ')
}

async function sweep(way: Way): Promise<void> {
  for (const roundTripMs of roundTripsMs) {
    const roundTrip = await way.setRoundTrip(roundTripMs)
    console.log(`\n${describeRoundTrip(roundTrip)}`)
    console.log(line(COLUMNS.map(({ title }) => title)))
    const groups = wayGroups({ roundTripsMs: [roundTripMs], ratesPerSecond, lingersMs })
    for (const group of groups) await sweepGroup(way, group, roundTrip)
  }
}

async function sweepGroup(way: Way, group: Group, roundTrip: RoundTrip): Promise<void> {
  for (const subject of group.subjects) {
    if (!clients.some((client) => subject.name.startsWith(client))) continue
    const places = { brokers: way.bootstrap, topic: NAME }
    const task = { ...makeTask(group, subject, { seconds, warmupSeconds }), ...places }
    await way.takeTraffic(0)
    const timeoutMs = (warmupSeconds + seconds) * 1000 + GRACE_MS
    const report = await runSubject(subject.program, task, timeoutMs)
    const traffic = await way.takeTraffic(seconds)
    const run = { subject, group, roundTrip, report, traffic }
    console.log(line(COLUMNS.map((column) => column.text(run))))
  }
}

if (clients.some((client) => client !== 'ottla')) await preparePeers(log)
const way = await Way.start({}, log)
try {
  await makeTopic(way.kafka, NAME, wayGroups({})[0]?.task.partitions ?? 1)
  await sweep(way)
} finally {
  await way.stop()
}
