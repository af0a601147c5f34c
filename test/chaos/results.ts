/**
 * The outcomes that are kept, and the page's tables of them.
 *
 * Neighbours: main.ts writes them; test/docs/generated.ts puts the tables into docs/chaos.md.
 */
import { readFileSync } from 'node:fs'
import { projectFile } from '../broker/project.js'
import { table } from '../docs/markdown.js'
import type { Verdict } from './judge.js'
import type { Circumstances, Outcome } from './run.js'
import { SCENARIOS, SECURED_SCENARIOS, TRANSACTION_SCENARIOS } from './scenarios.js'

export const RESULTS = projectFile('test', 'chaos', 'results.json')

export function readOutcomes(): Outcome[] {
  return (JSON.parse(readFileSync(RESULTS, 'utf8')) as { outcomes: Outcome[] }).outcomes
}

/** Circumstances, a row for each client, and a row for each scenario and client, of all their runs. */
export function chaosSection(outcomes: readonly Outcome[] = readOutcomes()): string {
  const clients = [...new Set(outcomes.map(({ subject }) => subject))]
  const all = [...SCENARIOS, ...SECURED_SCENARIOS, ...TRANSACTION_SCENARIOS]
  const inOrder = all.flatMap(({ name }) =>
    clients.map((client) =>
      outcomes.filter(({ scenario, subject }) => scenario === name && subject === client),
    ),
  )
  return [
    circumstances(inOrder.flat()),
    table(CLIENT_HEAD, clients.map((client) => clientRow(client, outcomes))),
    table(SCENARIO_HEAD, inOrder.filter((runs) => runs.length > 0).map(scenarioRow)),
  ].join('\n\n') // prettier-ignore
}

function circumstances(outcomes: readonly Outcome[]): string {
  const clients = new Map<string, Set<string>>()
  for (const { run, subject } of outcomes) {
    if (run === undefined) continue
    const text = oneRun(run)
    clients.set(text, (clients.get(text) ?? new Set()).add(subject))
  }
  return `_${Array.from(clients, ([run, names]) => `${[...names].join(', ')}: ${run}`).join('; ')}._`
}

function oneRun({ date, kafka, node, seed, seconds, clients }: Circumstances): string {
  return `${date}, ${clients} side by side, Kafka ${kafka}, Node ${node}, ${seconds} s, seed ${seed}`
}

const CRIMES = ['lost', 'doubled', 'outOfOrder', 'misplaced', 'lied', 'open', 'toldTwice'] as const
const CRIME_NAMES = ['lost', 'doubled', 'out of order', 'misplaced', 'lied', 'open', 'told twice']
const CLIENT_HEAD = ['client', 'runs', 'acked', ...CRIME_NAMES, 'failed', 'worst stall', 'worst own recovery'] // prettier-ignore
/** The columns of `scenarioRow`. */
export const SCENARIO_HEAD = ['scenario', 'client', 'runs', 'acked', 'wrong', 'failed', 'longest stall', 'served to ack', 'own recovery', 'p99'] // prettier-ignore

function clientRow(client: string, outcomes: readonly Outcome[]): string[] {
  const verdicts = outcomes.filter(({ subject }) => subject === client).map((it) => it.verdict)
  const sum = (count: (verdict: Verdict) => number): string => total(verdicts, count)
  const worst = (time: (verdict: Verdict) => number | null): string =>
    ms(Math.max(...verdicts.map((verdict) => time(verdict) ?? 0)))
  return [
    client,
    String(verdicts.length),
    sum(({ acked }) => acked),
    ...CRIMES.map((crime) => sum((verdict) => verdict[crime])),
    sum(failedCount),
    worst(({ longestStallMs }) => longestStallMs),
    worst(({ ownRecoveryMs }) => ownRecoveryMs),
  ]
}

/** One client in one scenario: counts of all runs, and of each time the median and the worst. */
export function scenarioRow(runs: readonly Outcome[]): string[] {
  const verdicts = runs.map(({ verdict }) => verdict)
  return [
    runs[0]?.scenario ?? '',
    runs[0]?.subject ?? '',
    String(runs.length),
    total(verdicts, ({ acked }) => acked),
    wrongs(verdicts),
    total(verdicts, failedCount),
    times(verdicts.map(({ longestStallMs }) => longestStallMs)),
    times(verdicts.map(({ servedToAckMs }) => servedToAckMs)),
    times(verdicts.map(({ ownRecoveryMs }) => ownRecoveryMs)),
    times(verdicts.map(({ p99Ms }) => p99Ms)),
  ]
}

/** Whatever is wrong, by name; `none`. */
function wrongs(verdicts: readonly Verdict[]): string {
  const found = CRIMES.flatMap((crime, index) =>
    verdicts.every((verdict) => verdict[crime] === 0)
      ? []
      : [`${total(verdicts, (verdict) => verdict[crime])} ${CRIME_NAMES[index]}`],
  )
  const halves = verdicts.reduce((sum, { halfVisible = 0 }) => sum + halfVisible, 0)
  if (halves > 0) found.push(`${halves} half visible`)
  return found.length === 0 ? 'none' : found.join(', ')
}

function total(verdicts: readonly Verdict[], count: (verdict: Verdict) => number): string {
  return verdicts.reduce((sum, verdict) => sum + count(verdict), 0).toLocaleString('en-US')
}

/** The median, and behind it the worst where there were several runs. */
function times(all: readonly (number | null)[]): string {
  const sorted = all.filter((time) => time !== null && !Number.isNaN(time)) as number[]
  sorted.sort((a, b) => a - b)
  const worst = sorted.at(-1)
  if (worst === undefined) return '-'
  const median = sorted[(sorted.length - 1) >> 1] as number // not empty
  return sorted.length === 1 ? ms(worst) : `${ms(median)} (${ms(worst)})`
}

function failedCount({ failed }: Verdict): number {
  return Object.values(failed).reduce((sum, count) => sum + count, 0)
}

function ms(time: number | null): string {
  return time === null || Number.isNaN(time)
    ? '-'
    : `${Math.round(time).toLocaleString('en-US')} ms`
}
