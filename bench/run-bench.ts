/**
 * Runs cases on one Kafka and shows what came of them: the body of `npm run bench` and of
 * `npm run bench:peers`, which differ in their subjects only.
 */
import { NoKafkaError, startKafka, type Kafka } from '../test/broker/kafka.js'
import type { Case, Group } from './cases/case.js'
import { OPTIONS_HELP, parseBenchOptions, UsageError, type BenchOptions } from './options.js'
import { writeResult, type GroupResult } from './report/results.js'
import { renderTable } from './report/table.js'
import type { Measured } from './report/columns.js'
import { measureGroup } from './rounds.js'

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
  for (const nodes of [1, 3] as const) {
    const alike = cases.filter((it) => (options.nodes ?? it.nodes ?? 1) === nodes)
    if (alike.length > 0) await runOn(nodes, bench, options, alike, log)
  }
}

/** Runs cases that want as many brokers. */
async function runOn(
  nodes: 1 | 3,
  bench: Bench,
  options: BenchOptions,
  cases: readonly Case[],
  log: (line: string) => void,
): Promise<void> {
  const kafka = await findKafka(nodes, log)
  try {
    for (const it of cases) {
      const groups = await runCase(bench, it, kafka, options, log)
      if (!options.json) continue
      const run = { case: it.name, broker: kafka.version, brokers: nodes, options }
      console.log(`\nkept in ${writeResult(run, groups)}`)
    }
  } finally {
    await kafka.stop()
  }
}

async function runCase(
  bench: Bench,
  it: Case,
  kafka: Kafka,
  options: BenchOptions,
  log: (line: string) => void,
): Promise<GroupResult[]> {
  console.log(`\n${it.name}: ${it.summary}\n(medians of ${options.rounds} rounds)`)
  const results: GroupResult[] = []
  const topics = new Map<number, string>()
  const isAsked = ({ title }: Group): boolean =>
    options.groups.length === 0 || options.groups.includes(title)
  for (const group of it.groups.filter(isAsked)) {
    const chosen = choose(bench.extend?.(group) ?? group, options)
    const measured = await measureOrTell(kafka, chosen, options, log, topics)
    console.log(`\n${renderTable(chosen, it.columns, measured)}`)
    results.push({ title: group.title, measured })
    if (measured.length < chosen.subjects.length) process.exitCode = 1
  }
  return results
}

/** A group that cannot be measured at all must not take the others with it. */
async function measureOrTell(
  kafka: Kafka,
  group: Group,
  options: BenchOptions,
  log: (line: string) => void,
  topics: Map<number, string>,
): Promise<Measured[]> {
  try {
    return await measureGroup(kafka, group, options, log, topics)
  } catch (error) {
    log(`${group.title}: ${(error as Error).message}`)
    return []
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
  if (names.includes('all')) return [...cases]
  return names.map((name) => {
    const found = cases.find((it) => it.name === name)
    if (found === undefined) throw new UsageError(`there is no case "${name}"`)
    return found
  })
}

function help({ name, cases, defaultCase }: Bench): string {
  const lines = cases.map((it) => `  ${it.name.padEnd(12)} ${it.summary}`)
  return `npm run ${name} -- [case …] [options]; default: ${defaultCase}; "all": every case

Cases:
${lines.join('\n')}

Options:
${OPTIONS_HELP}`
}
