/**
 * The outcomes that are kept, and the page's tables of them.
 *
 * Neighbours: main.ts writes them; test/docs/generated.ts puts the tables into docs/testing.md.
 */
import { readFileSync } from 'node:fs'
import { projectFile } from '../broker/project.js'
import { table } from '../docs/markdown.js'
import type { Verdict } from './judge.js'
import type { Circumstances, Outcome } from './run.js'
import { SCENARIOS } from './scenarios.js'

export const RESULTS = projectFile('test', 'chaos', 'results.json')

export function readOutcomes(): Outcome[] {
  return (JSON.parse(readFileSync(RESULTS, 'utf8')) as { outcomes: Outcome[] }).outcomes
}

/** Circumstances, a row for each client, and a row for each scenario and client. */
export function chaosSection(outcomes: readonly Outcome[] = readOutcomes()): string {
  const clients = [...new Set(outcomes.map(({ subject }) => subject))]
  const inOrder = SCENARIOS.flatMap(({ name }) =>
    clients.flatMap((client) =>
      outcomes.filter(({ scenario, subject }) => scenario === name && subject === client),
    ),
  )
  return [
    circumstances(inOrder),
    table(CLIENT_HEAD, clients.map((client) => clientRow(client, outcomes))),
    table(SCENARIO_HEAD, inOrder.map(scenarioRow)),
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
const CLIENT_HEAD = ['client', 'scenarios', 'acked', ...CRIME_NAMES, 'failed', 'worst stall', 'worst own recovery'] // prettier-ignore
/** The columns of `scenarioRow`. */
export const SCENARIO_HEAD = ['scenario', 'client', 'acked', 'wrong', 'failed', 'longest stall', 'served to ack', 'own recovery', 'p99'] // prettier-ignore

function clientRow(client: string, outcomes: readonly Outcome[]): string[] {
  const verdicts = outcomes.filter(({ subject }) => subject === client).map((it) => it.verdict)
  const sum = (count: (verdict: Verdict) => number): string =>
    verdicts.reduce((total, verdict) => total + count(verdict), 0).toLocaleString('en-US')
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

export function scenarioRow({ scenario, subject, verdict }: Outcome): string[] {
  const times = [
    verdict.longestStallMs,
    verdict.servedToAckMs,
    verdict.ownRecoveryMs,
    verdict.p99Ms,
  ]
  return [
    scenario,
    subject,
    verdict.acked.toLocaleString('en-US'),
    wrongs(verdict),
    failedCount(verdict).toLocaleString('en-US'),
    ...times.map(ms),
  ]
}

/** Whatever is wrong, by name; `none`. */
function wrongs(verdict: Verdict): string {
  const found = CRIMES.flatMap((crime, index) =>
    verdict[crime] === 0 ? [] : [`${verdict[crime].toLocaleString('en-US')} ${CRIME_NAMES[index]}`],
  )
  return found.length === 0 ? 'none' : found.join(', ')
}

function failedCount({ failed }: Verdict): number {
  return Object.values(failed).reduce((sum, count) => sum + count, 0)
}

function ms(time: number | null): string {
  return time === null || Number.isNaN(time)
    ? '-'
    : `${Math.round(time).toLocaleString('en-US')} ms`
}
