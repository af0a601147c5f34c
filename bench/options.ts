/**
 * The bench's command line.
 */
import { parseArgs } from 'node:util'

/** How long and how often to measure. */
export interface BenchOptions {
  /** Cases by name, in the order given. */
  readonly cases: readonly string[]
  /** Undefined: as the case has it. */
  readonly rounds: number | undefined
  /** Bounds of a sample; undefined: as the case has it. */
  readonly records: number | undefined
  readonly seconds: number | undefined
  /** Of a warm-up that the case bounds in time. */
  readonly warmupSeconds: number | undefined
  /** Brokers to start; undefined: as the case has it. */
  readonly nodes: 1 | 3 | undefined
  /** Keep the samples in bench/results. */
  readonly json: boolean
  /** The same, group by group, beside what was kept before of other groups and subjects. */
  readonly add: boolean
  /** Only groups whose title is one of these; all where empty. */
  readonly groups: readonly string[]
  /** Only subjects whose name contains one of these; all where empty. */
  readonly only: readonly string[]
  /** Numbers of the case `way`; undefined: as the case has them. Rate 0: as fast as each can. */
  readonly roundTripsMs: readonly number[] | undefined
  readonly ratesPerSecond: readonly number[] | undefined
  readonly lingersMs: readonly number[] | undefined
  /** Numbers of the case `transactions`; undefined: as the case has them. */
  readonly transactionRecords: readonly number[] | undefined
  readonly transactionVersions: readonly number[] | undefined
}

/** How often to measure, and what bounds a sample where the command line says so. */
export interface Sizes extends Partial<
  Pick<BenchOptions, 'records' | 'seconds' | 'warmupSeconds'>
> {
  readonly rounds: number
}

/** Thrown for a command line that makes no sense; its message is for the terminal. */
export class UsageError extends Error {}

const OPTIONS = {
  rounds: { type: 'string' },
  records: { type: 'string' },
  seconds: { type: 'string' },
  'warm-up': { type: 'string' },
  nodes: { type: 'string' },
  'round-trips': { type: 'string' },
  rates: { type: 'string' },
  lingers: { type: 'string' },
  'transaction-records': { type: 'string' },
  'transaction-versions': { type: 'string' },
  json: { type: 'boolean', default: false },
  add: { type: 'boolean', default: false },
  group: { type: 'string', multiple: true },
  only: { type: 'string', multiple: true },
  help: { type: 'boolean', default: false },
} as const

export const OPTIONS_HELP = `  --rounds <count>  how often each subject runs (default: the case's, mostly 3)
  --records <count> most records in a sample (default: the case's, mostly 4,000,000)
  --seconds <time>  longest measured phase of a sample (default: the case's, mostly 2.5)
  --warm-up <time>  seconds before it, where the case has a warm-up of so many
  --nodes <count>   brokers: 1 or 3 (default: the case's, mostly 1)
  --group <title>   only this table of a case (may be repeated)
  --only <text>     only subjects with this in their name (may be repeated)
  --json            keep every sample in bench/results/<case>.json
  --add             the same, each table once it is measured, and in the place of its own rows only
                    in that file: a run of hours can be done in parts

Of the case "way" alone, lists such as 2,40 (default: the case's):
  --round-trips <ms>    --rates <records/s, 0: all it can>    --lingers <ms>

Of the case "transactions" alone, likewise:
  --transaction-records <records a transaction>    --transaction-versions <levels of the feature>`

/** Levels of the feature `transaction.version` that a broker can have. */
const MAX_TRANSACTION_VERSION = 2

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
    rounds: optionalNumber('rounds', values.rounds),
    records: optionalNumber('records', values.records),
    seconds: optionalNumber('seconds', values.seconds),
    warmupSeconds: optionalNumber('warm-up', values['warm-up']),
    nodes,
    json: values.json || values.add,
    add: values.add,
    groups: values.group ?? [],
    only: values.only ?? [],
    roundTripsMs: optionalNumbers('round-trips', values['round-trips']),
    ratesPerSecond: optionalNumbers('rates', values.rates),
    lingersMs: optionalNumbers('lingers', values.lingers),
    ...transactionNumbers(values['transaction-records'], values['transaction-versions']),
  }
}

function transactionNumbers(
  records: string | undefined,
  versions: string | undefined,
): Pick<BenchOptions, 'transactionRecords' | 'transactionVersions'> {
  return {
    transactionRecords: optionalIntegers('transaction-records', records, 1, Infinity),
    transactionVersions: optionalIntegers(
      'transaction-versions',
      versions,
      0,
      MAX_TRANSACTION_VERSION,
    ),
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

export function positiveNumber(name: string, text: string): number {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new UsageError(`--${name} is a number above 0, and "${text}" is not`)
}

function optionalNumbers(name: string, text: string | undefined): number[] | undefined {
  return text === undefined ? undefined : numbers(name, text)
}

/** A list such as `0,2,10`. */
export function numbers(name: string, text: string): number[] {
  return text.split(',').map((part) => {
    const value = Number(part)
    if (part !== '' && value >= 0 && Number.isFinite(value)) return value
    throw new UsageError(`--${name} is a list of numbers from 0 on, and "${text}" is not`)
  })
}

function optionalIntegers(
  name: string,
  text: string | undefined,
  least: number,
  most: number,
): number[] | undefined {
  const values = optionalNumbers(name, text)
  if (values?.every((it) => Number.isInteger(it) && it >= least && it <= most) !== false) {
    return values
  }
  const range = most === Infinity ? `from ${least} on` : `from ${least} to ${most}`
  throw new UsageError(`--${name} is a list of whole numbers ${range}, and "${text}" is not`)
}

function optionalNumber(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : positiveNumber(name, text)
}
