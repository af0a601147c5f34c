/**
 * Runs cases on one Kafka and shows what came of them: the body of `npm run bench` and of
 * `npm run bench:peers`, which differ in their subjects only.
 */
import { NoKafkaError, startKafka, type Kafka } from '../test/broker/kafka.js'
import { startSecuredKafka } from '../test/broker/secured/secured-kafka.js'
import type { Case, Group } from './cases/case.js'
import {
  OPTIONS_HELP,
  parseBenchOptions,
  UsageError,
  type BenchOptions,
  type Sizes,
} from './options.js'
import { addResult, writeResult, type GroupResult, type Run } from './report/results.js'
import { renderTable } from './report/table.js'
import { measureGroup, type Place } from './rounds.js'
import { describeRoundTrip } from './support/way/round-trip.js'
import { Way } from './support/way/way.js'

/** What is run, and under which name it is kept. */
export interface Bench {
  readonly name: string
  readonly cases: readonly Case[]
  readonly defaultCase: string
  /** Gets ready what the chosen cases need, once the command line is understood. */
  prepare?(log: (line: string) => void): Promise<void>
  /** What is done to each group before it is measured: peers are added here. */
  extend?(group: Group): Group
}

/** The broker forgets old segments each few seconds instead of minutes; see rounds.ts. */
const RETENTION_CHECK = { 'log.retention.check.interval.ms': '3000' }

/** As much as the other brokers have: the tests' secured one makes do with less. */
const ROOMY = ['-Xmx1g']

const DEFAULT_ROUNDS = 3

/** Runs the bench and sets the exit code: 1 for a failure, 2 for a bad command line. */
export async function runBench(bench: Bench, argv: readonly string[]): Promise<void> {
  try {
    const options = parseBenchOptions(argv, bench.defaultCase)
    if (options === null) console.log(help(bench))
    else await run(bench, options, chooseCases(bench, options.cases))
  } catch (error) {
    process.exitCode = error instanceof UsageError ? 2 : 1
    console.error(error instanceof UsageError ? `${error.message}\n\n${help(bench)}` : error)
  }
}

async function run(bench: Bench, options: BenchOptions, cases: readonly Case[]): Promise<void> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`)
  await bench.prepare?.(log)
  for (const it of cases) await it.prepare?.(log)
  for (const nodes of [1, 3] as const) {
    const alike = cases.filter((it) => isNear(it) && (options.nodes ?? it.nodes ?? 1) === nodes)
    const kafka = alike.length === 0 ? null : await findKafka(nodes, log)
    if (kafka !== null) await runOn({ kafka }, kafka, bench, options, alike, log)
  }
  await runSecured(bench, options, cases.filter(({ isSecured }) => isSecured), log) // prettier-ignore
  const far = cases.filter(({ isFarAway }) => isFarAway)
  const way = far.length === 0 ? null : await Way.start(RETENTION_CHECK, log)
  if (way !== null) await runOn({ kafka: way.kafka, way }, way, bench, options, far, log)
}

/** Whether any Kafka will do. */
function isNear({ isFarAway, isSecured }: Case): boolean {
  return isFarAway !== true && isSecured !== true
}

async function runSecured(
  bench: Bench,
  options: BenchOptions,
  cases: readonly Case[],
  log: (line: string) => void,
): Promise<void> {
  if (cases.length === 0) return
  const kafka = await startSecuredKafka({
    own: true,
    config: RETENTION_CHECK,
    jvmFlags: ROOMY,
    log,
  })
  const secured = { bootstrap: [kafka.listener('SSL')], caFile: kafka.keys.caPath }
  await runOn({ kafka, secured }, kafka, bench, options, cases, log)
}

/** Runs cases that want to be measured in the same place. */
async function runOn(
  place: Place,
  started: { stop(): Promise<void> },
  bench: Bench,
  options: BenchOptions,
  cases: readonly Case[],
  log: (line: string) => void,
): Promise<void> {
  try {
    for (const it of cases) await runCase(bench, it, place, options, log)
  } finally {
    await started.stop()
  }
}

async function runCase(
  bench: Bench,
  it: Case,
  place: Place,
  options: BenchOptions,
  log: (line: string) => void,
): Promise<void> {
  const sized = { ...options, rounds: options.rounds ?? it.rounds ?? DEFAULT_ROUNDS }
  console.log(`\n${it.name}: ${it.summary}\n(medians of ${sized.rounds} rounds)`)
  const { kafka } = place
  const run: Run = {
    case: it.name,
    broker: kafka.version,
    brokers: kafka.bootstrap.length,
    options: sized,
  }
  const results: GroupResult[] = []
  const topics = new Map<number, string>()
  const isAsked = ({ title }: Group): boolean =>
    options.groups.length === 0 || options.groups.includes(title)
  for (const group of (it.groupsFor?.(options) ?? it.groups).filter(isAsked)) {
    const chosen = choose(bench.extend?.(group) ?? group, options)
    const result = await measureOrTell(place, chosen, sized, log, topics)
    console.log(`\n${renderTable(chosen, it.columns, result.measured)}`)
    results.push(result)
    if (options.add) console.log(`added to ${addResult(run, result, it.groups.map(({ title }) => title))}`) // prettier-ignore
    if (result.measured.length < chosen.subjects.length) process.exitCode = 1
  }
  if (options.json && !options.add) console.log(`\nkept in ${writeResult(run, results)}`)
}

/** A group that cannot be measured at all must not take the others with it. */
async function measureOrTell(
  place: Place,
  group: Group,
  options: Sizes,
  log: (line: string) => void,
  topics: Map<number, string>,
): Promise<GroupResult> {
  const { title, roundTripMs = 0 } = group
  try {
    const roundTrip = await place.way?.setRoundTrip(roundTripMs)
    if (roundTrip !== undefined) console.log(`\n${describeRoundTrip(roundTrip)}`)
    const measured = await measureGroup(place, group, options, log, topics)
    return { title, measured, ...(roundTrip === undefined ? {} : { roundTrip }) }
  } catch (error) {
    log(`${title}: ${(error as Error).message}`)
    return { title, measured: [] }
  }
}

/** The first subject always stays: the others are held against it. */
function choose(group: Group, { only }: BenchOptions): Group {
  if (only.length === 0) return group
  const subjects = group.subjects.filter(
    ({ name }, index) => index === 0 || only.some((text) => name.includes(text)),
  )
  return { ...group, subjects }
}

/** A given Kafka keeps its settings. One in Docker does too, and then needs the disk for a run. */
async function findKafka(nodes: 1 | 3, log: (line: string) => void): Promise<Kafka> {
  if (process.env.KAFKA_BROKERS) return startKafka({ nodes, log })
  try {
    return await startKafka({ nodes, log, config: RETENTION_CHECK })
  } catch (error) {
    if (!(error instanceof NoKafkaError)) throw error
    return startKafka({ nodes, log })
  }
}

function chooseCases({ cases }: Bench, names: readonly string[]): Case[] {
  if (names.includes('all')) return cases.filter(({ isOnlyByName }) => !isOnlyByName)
  return names.map((name) => {
    const found = cases.find((it) => it.name === name)
    if (found === undefined) throw new UsageError(`there is no case "${name}"`)
    return found
  })
}

function help({ name, cases, defaultCase }: Bench): string {
  const lines = cases.map((it) => `  ${it.name.padEnd(12)} ${it.summary}`)
  return `npm run ${name} -- [case …] [options]; default: ${defaultCase}; "all": every case that does not take hours

Cases:
${lines.join('\n')}

Options:
${OPTIONS_HELP}`
}
