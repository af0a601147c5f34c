/**
 * The bench's command line.
 */
import { parseArgs } from 'node:util'

/** How long and how often to measure. */
export interface BenchOptions {
  /** Cases by name, in the order given. */
  readonly cases: readonly string[]
  readonly rounds: number
  /** Bounds of a sample; undefined: as the case has it. */
  readonly records: number | undefined
  readonly seconds: number | undefined
  /** Brokers to start; undefined: as the case has it. */
  readonly nodes: 1 | 3 | undefined
  /** Keep the samples in bench/results. */
  readonly json: boolean
  /** Only groups whose title is one of these; all where empty. */
  readonly groups: readonly string[]
  /** Only subjects whose name contains one of these; all where empty. */
  readonly only: readonly string[]
}

/** Thrown for a command line that makes no sense; its message is for the terminal. */
export class UsageError extends Error {}

const OPTIONS = {
  rounds: { type: 'string', default: '3' },
  records: { type: 'string' },
  seconds: { type: 'string' },
  nodes: { type: 'string' },
  json: { type: 'boolean', default: false },
  group: { type: 'string', multiple: true },
  only: { type: 'string', multiple: true },
  help: { type: 'boolean', default: false },
} as const

export const OPTIONS_HELP = `  --rounds 3        how often each subject runs
  --records <count> most records in a sample (default: the case's, mostly 4,000,000)
  --seconds <time>  longest measured phase of a sample (default: the case's, mostly 2.5)
  --nodes <count>   brokers: 1 or 3 (default: the case's, mostly 1)
  --group <title>   only this table of a case (may be repeated)
  --only <text>     only subjects with this in their name (may be repeated)
  --json            keep every sample in bench/results/<case>.json`

/** Reads the command line; null where help was asked for. Throws UsageError. */
export function parseBenchOptions(
  argv: readonly string[],
  defaultCase: string,
): BenchOptions | null {
  const { values, positionals } = parse(argv)
  if (values.help) return null
  const nodes = optionalNumber('nodes', values.nodes)
  if (nodes !== undefined && nodes !== 1 && nodes !== 3) throw new UsageError('--nodes is 1 or 3')
  return {
    cases: positionals.length > 0 ? positionals : [defaultCase],
    rounds: positiveNumber('rounds', values.rounds),
    records: optionalNumber('records', values.records),
    seconds: optionalNumber('seconds', values.seconds),
    nodes,
    json: values.json,
    groups: values.group ?? [],
    only: values.only ?? [],
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function positiveNumber(name: string, text: string): number {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new UsageError(`--${name} is a number above 0, and "${text}" is not`)
}

function optionalNumber(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : positiveNumber(name, text)
}
