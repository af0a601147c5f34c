/**
 * Keeps each case's last run as JSON, `bench/results/<case>.json`: where, when, of what, and every
 * sample, so that any table can be made again from it. Git has the runs before.
 *
 * Neighbours: run-bench.ts writes; page.ts, targets.ts and plot.ts read.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { crc32cImplementation, VERSION } from '../../src/index.js'
import { projectFile } from '../../test/broker/project.js'
import { VALUES_SEED } from '../support/values.js'
import type { Measured } from './columns.js'

/** One group's samples. */
export interface GroupResult {
  readonly title: string
  readonly measured: readonly Measured[]
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

interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly platform: string
  readonly arch: string
  readonly kernel: string
}

/** What a run was, besides its samples. */
export type Run = Pick<CaseResult, 'case' | 'broker' | 'brokers' | 'options'>

const SIGNIFICANT_DIGITS = 6

/** Writes the case's file; returns its path. */
export function writeResult(run: Run, groups: readonly GroupResult[]): string {
  const result: CaseResult = { ...describeRun(run), groups: groups.map(withoutPlaces) }
  mkdirSync(projectFile('bench', 'results'), { recursive: true })
  writeFileSync(resultFile(run.case), `${format(result)}\n`)
  return resultFile(run.case)
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

function describeRun(run: Run): Omit<CaseResult, 'groups'> {
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

/** Addresses, topics and paths say nothing elsewhere. */
function withoutPlaces({ title, measured }: GroupResult): GroupResult {
  const stripped = measured.map(({ subject, task, samples }) => {
    const places = { brokers: undefined, topic: undefined, valuesFile: undefined } // JSON has none
    return { subject, task: { ...task, ...places }, samples }
  })
  return { title, measured: stripped }
}

/** A line for each row of a table: small, and readable in a diff. */
function format(result: CaseResult): string {
  const rounded = (_name: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value)
      ? Number(value.toPrecision(SIGNIFICANT_DIGITS))
      : value
  const innermost = /^ +("task": )?\{\n(?: {10,}[^\n]*\n)+ +\},?$/gm
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
