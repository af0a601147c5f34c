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
  for (const it of cases.filter(namesLevels)) await runAtLevels(bench, it, options, log)
  const far = cases.filter(({ isFarAway }) => isFarAway)
  const way = far.length === 0 ? null : await Way.start(RETENTION_CHECK, log)
  if (way !== null) await runOn({ kafka: way.kafka, way }, way, bench, options, far, log)
}

/** Whether any Kafka will do. */
function isNear(it: Case): boolean {
  return it.isFarAway !== true && it.isSecured !== true && !namesLevels(it)
}

function namesLevels({ groups }: Case): boolean {
  return groups.some(({ transactionVersion }) => transactionVersion !== undefined)
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

/** A broker of its own for each level of the feature that groups name; their results are one run's. */
async function runAtLevels(
  bench: Bench,
  it: Case,
  options: BenchOptions,
  log: (line: string) => void,
): Promise<void> {
  const groups = groupsOf(it, options)
  const run = new CaseRun(bench, it, options, log)
  for (const level of new Set(groups.flatMap((group) => group.transactionVersion ?? []))) {
    const kafka = await startAtLevel(level, log)
    try {
      const ofLevel = groups.filter(({ transactionVersion }) => transactionVersion === level)
      await run.measure({ kafka }, ofLevel)
    } finally {
      await kafka.stop()
    }
  }
  run.keep()
}

async function startAtLevel(level: number, log: (line: string) => void): Promise<Kafka> {
  const options = { own: true, config: RETENTION_CHECK, transactionVersion: level, log }
  const kafka = await startKafka(options)
  const told = await kafka.transactionVersion()
  if (told === level) return kafka
  await kafka.stop()
  throw new Error(`the broker's transaction.version is ${told}, and ${level} is wanted`)
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
    for (const it of cases) {
      const run = new CaseRun(bench, it, options, log)
      await run.measure(place, groupsOf(it, options))
      run.keep()
    }
  } finally {
    await started.stop()
  }
}

/** The groups that are asked for. */
function groupsOf(it: Case, options: BenchOptions): Group[] {
  const groups = it.groupsFor?.(options) ?? it.groups
  return groups.filter(({ title }) => options.groups.length === 0 || options.groups.includes(title))
}

/** One case: measured in one place or several, shown, and kept as one run. */
class CaseRun {
  readonly #bench: Bench
  readonly #case: Case
  readonly #options: BenchOptions & Sizes
  readonly #log: (line: string) => void
  readonly #results: GroupResult[] = []
  #run: Run | undefined

  constructor(bench: Bench, it: Case, options: BenchOptions, log: (line: string) => void) {
    this.#bench = bench
    this.#case = it
    this.#options = { ...options, rounds: options.rounds ?? it.rounds ?? DEFAULT_ROUNDS }
    this.#log = log
    console.log(`\n${it.name}: ${it.summary}\n(medians of ${this.#options.rounds} rounds)`)
  }

  async measure(place: Place, groups: readonly Group[]): Promise<void> {
    const { version: broker, bootstrap } = place.kafka
    const run = { case: this.#case.name, broker, brokers: bootstrap.length, options: this.#options }
    this.#run = run
    const topics = new Map<number, string>()
    for (const group of groups) await this.#measureGroup(place, group, run, topics)
  }

  /** Writes the file, where that was asked for and is not yet done. */
  keep(): void {
    const { json, add } = this.#options
    if (this.#run === undefined || !json || add) return
    console.log(`\nkept in ${writeResult(this.#run, this.#results)}`)
  }

  async #measureGroup(
    place: Place,
    group: Group,
    run: Run,
    topics: Map<number, string>,
  ): Promise<void> {
    const chosen = choose(this.#bench.extend?.(group) ?? group, this.#options)
    const result = await measureOrTell(place, chosen, this.#options, this.#log, topics)
    console.log(`\n${renderTable(chosen, this.#case.columns, result.measured)}`)
    this.#results.push(result)
    if (this.#options.add) console.log(`added to ${addResult(run, result, this.#titles())}`)
    if (result.measured.length < chosen.subjects.length) process.exitCode = 1
  }

  #titles(): string[] {
    return this.#case.groups.map(({ title }) => title)
  }
}

/** A group that cannot be measured at all must not take the others with it. */
async function measureOrTell(
  place: Place,
  group: Group,
  options: Sizes,
  log: (line: string) => void,
  topics: Map<number, string>,
): Promise<GroupResult> {
  const { title, roundTripMs = 0, transactionVersion } = group
  const level = transactionVersion === undefined ? {} : { transactionVersion }
  try {
    const roundTrip = await place.way?.setRoundTrip(roundTripMs)
    if (roundTrip !== undefined) console.log(`\n${describeRoundTrip(roundTrip)}`)
    const measured = await measureGroup(place, group, options, log, topics)
    return { title, measured, ...level, ...(roundTrip === undefined ? {} : { roundTrip }) }
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
