/**
 * Keeps each case's last run as JSON, `bench/results/<case>.json`: where, when, of what, and every
 * sample, so that any table can be made again from it. Git has the runs before.
 *
 * Neighbours: run-bench.ts writes; page.ts, targets.ts and plot.ts read.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { crc32cImplementation, VERSION } from '../../src/index.js'
import { projectFile } from '../../test/broker/project.js'
import { VALUES_SEED } from '../support/values.js'
import type { RoundTrip } from '../support/way/round-trip.js'
import type { Measured } from './columns.js'

/** One group's samples. */
export interface GroupResult {
  readonly title: string
  readonly measured: readonly Measured[]
  /** Of the last run of it, where the brokers were far away. */
  readonly roundTrip?: RoundTrip
  /** Level of the feature `transaction.version`, where the case asked for one. */
  readonly transactionVersion?: number
}

/** One case's run. */
export interface CaseResult {
  readonly case: string
  /** Of the end, ISO 8601. */
  readonly date: string
  readonly commit: string
  /** Whether `src` or `bench` had changes that the commit has not. */
  readonly isDirty: boolean
  readonly ottla: string
  readonly crc32c: string
  readonly node: string
  readonly v8: string
  readonly broker: string
  readonly brokers: number
  readonly machine: Machine
  readonly valuesSeed: number
  readonly options: { readonly rounds: number }
  readonly groups: readonly GroupResult[]
}

/** When, of what and where a row was measured, in a file of several runs. */
export type RowRun = Pick<CaseResult, 'date' | 'commit' | 'isDirty' | 'ottla' | 'node'> & {
  readonly rounds: number
  /** `2 cores, AMD EPYC`. */
  readonly machine: string
  /** Of the machine in the five minutes before the bench began: how quiet it was. */
  readonly loadBefore?: number
}

interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly platform: string
  readonly arch: string
  readonly kernel: string
}

type Header = Omit<CaseResult, 'groups'>

/** What a run was, besides its samples. */
export type Run = Pick<CaseResult, 'case' | 'broker' | 'brokers' | 'options'>

const SIGNIFICANT_DIGITS = 6
const LOAD_BEFORE = loadavg()[1]

/** Writes the case's file; returns its path. */
export function writeResult(run: Run, groups: readonly GroupResult[]): string {
  return write({ ...describeRun(run), groups: groups.map(withoutPlaces) })
}

/**
 * Writes one group's rows into the case's file, in the place of those of the same group and subject
 * only; every row says of which run it is. `titles`: the order of the groups. Returns the path.
 */
export function addResult(run: Run, group: GroupResult, titles: readonly string[]): string {
  const described = describeRun(run)
  const old = readResult(run.case)
  const kept = (old?.groups ?? []).map((it) => withRun(it, old && rowRun(old)))
  const added = withRun(withoutPlaces(group), { ...rowRun(described), ...loadBefore() })
  const groups = mergeGroups(kept, added)
  const place = ({ title }: GroupResult): number =>
    titles.includes(title) ? titles.indexOf(title) : titles.length
  return write({ ...described, groups: groups.sort((a, b) => place(a) - place(b)) })
}

function loadBefore(): { loadBefore?: number } {
  return LOAD_BEFORE === undefined ? {} : { loadBefore: LOAD_BEFORE }
}

/** Pure: the rows of `added` in the place of the same ones, the others as they were. */
export function mergeGroups(kept: readonly GroupResult[], added: GroupResult): GroupResult[] {
  const old = kept.find(({ title }) => title === added.title)
  const sameOf = (row: Measured): Measured =>
    added.measured.find(({ subject }) => subject === row.subject) ?? row
  const rows = (old?.measured ?? []).map(sameOf)
  const merged = { ...old, ...added, measured: [...new Set([...rows, ...added.measured])] }
  return [...kept.filter((it) => it !== old), merged]
}

function withRun(group: GroupResult, run: RowRun | undefined): GroupResult {
  if (run === undefined) return group
  return { ...group, measured: group.measured.map((row) => ({ ...row, run: row.run ?? run })) }
}

function rowRun({ date, commit, isDirty, ottla, node, machine, options }: Header): RowRun {
  const place = `${machine.cores} cores, ${machine.cpu}`
  return { date, commit, isDirty, ottla, node, rounds: options.rounds, machine: place }
}

function write(result: CaseResult): string {
  mkdirSync(projectFile('bench', 'results'), { recursive: true })
  writeFileSync(resultFile(result.case), `${format(result)}\n`)
  return resultFile(result.case)
}

/** The case's last run that was kept; undefined where there is none. */
export function readResult(name: string): CaseResult | undefined {
  const file = resultFile(name)
  if (!existsSync(file)) return undefined
  return JSON.parse(readFileSync(file, 'utf8')) as CaseResult
}

function resultFile(name: string): string {
  return projectFile('bench', 'results', `${name}.json`)
}

function describeRun(run: Run): Header {
  return {
    case: run.case,
    date: new Date().toISOString(),
    commit: git('rev-parse', '--short=12', 'HEAD'),
    // The results themselves do not count: they are written by runs of this commit.
    isDirty: git('status', '--porcelain', '--', 'src', 'bench', ':!bench/results') !== '',
    ottla: VERSION,
    crc32c: crc32cImplementation,
    node: process.versions.node,
    v8: process.versions.v8,
    broker: run.broker,
    brokers: run.brokers,
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      platform: process.platform,
      arch: process.arch,
      kernel: release(),
    },
    valuesSeed: VALUES_SEED,
    options: run.options,
  }
}

/** Addresses, topics and paths say nothing elsewhere; JSON leaves out what is undefined. */
function withoutPlaces({ measured, ...group }: GroupResult): GroupResult {
  const stripped = measured.map(({ subject, task, samples }) => {
    const places = { brokers: undefined, caFile: undefined, topic: undefined, valuesFile: undefined } // prettier-ignore
    return { subject, task: { ...task, ...places }, samples }
  })
  return { ...group, measured: stripped }
}

/** A line for each row of a table: small, and readable in a diff. */
function format(result: CaseResult): string {
  const rounded = (_name: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value)
      ? Number(value.toPrecision(SIGNIFICANT_DIGITS))
      : value
  const innermost = /^ +("(?:task|run|roundTrip)": )?\{\n(?: {10,}[^\n]*\n)+ +\},?$/gm
  return JSON.stringify(result, rounded, 2).replaceAll(innermost, (block) => {
    const indent = /^ */.exec(block)?.[0] ?? ''
    return indent + block.trim().replaceAll(/\n */g, ' ')
  })
}

function git(...args: readonly string[]): string {
  try {
    return execFileSync('git', args, { cwd: projectFile(), encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return 'unknown' // not a checkout
  }
}
