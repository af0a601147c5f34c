/**
 * `npm run chaos`: three real brokers behind proxies that break, Ottla and Kafka's own producer side by
 * side, and every record read back by Kafka's consumer. Ends with 1 unless Ottla kept every promise.
 *
 *   --peers            all the clients that can be installed
 *   --subjects a,b     only these      --scenarios x,y   only those whose name contains x or y
 *   --seconds n        of traffic in each scenario; default 30
 *   --seed n           of the jitter; printed
 *   --secured          clients come in by SASL_SSL (TLS, SCRAM-SHA-512): Ottla and Java
 *   --transactions     Ottla alone, in transactions of 100 records, read back at read_committed: none
 *                      is seen by halves
 *   --prove            that the harness sees: a program broken on purpose, and no idempotence
 *   --write            the outcomes into test/chaos/results.json, in the place of earlier ones of the
 *                      same client and scenario; npm run docs makes the page from it
 *   --add              the same, beside those of other seeds: the page then has medians
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { PINNED_VERSION } from '../broker/versions.js'
import { Random } from '../simulation/random.js'
import { ChaosCluster } from './cluster.js'
import { isSound } from './judge.js'
import { readOutcomes, RESULTS, SCENARIO_HEAD, scenarioRow } from './results.js'
import { runScenario, type Circumstances, type Outcome } from './run.js'
import { SCENARIOS, SECURED_SCENARIOS, TRANSACTION_SCENARIOS, type Scenario } from './scenarios.js'
import {
  allSubjects,
  GUILTY,
  GUILTY_TRANSACTIONS,
  javaSubject,
  OTTLA,
  OTTLA_TRANSACTIONS,
  type ChaosSubject,
} from './subjects.js'

const { values: given } = parseArgs({
  options: {
    peers: { type: 'boolean', default: false },
    subjects: { type: 'string' },
    scenarios: { type: 'string' },
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    secured: { type: 'boolean', default: false },
    transactions: { type: 'boolean', default: false },
    prove: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    add: { type: 'boolean', default: false },
  },
})

/** Three quiet seconds at either end, and some faults between. */
const LEAST_MS = 8_000

const RECORDS_PER_TRANSACTION = 100
const guiltyOnes = given.transactions ? GUILTY_TRANSACTIONS : GUILTY

/** It ran, and was found guilty of all that it does. */
function isConvicted({ name, of }: (typeof GUILTY)[number], outcomes: readonly Outcome[]): boolean {
  const verdict = outcomes.find(({ subject }) => subject === name)?.verdict
  return verdict !== undefined && of.every((crime) => (verdict[crime] ?? 0) > 0)
}

const log = (line: string): void => console.error(line)

async function chosenSubjects(): Promise<ChaosSubject[]> {
  if (given.prove) return [...guiltyOnes]
  if (given.transactions) return [OTTLA_TRANSACTIONS]
  const names = given.subjects?.split(',')
  const own = [OTTLA, await javaSubject(log)]
  if (given.secured) return names === undefined ? own : named(own, names, 'client that can log in', (name, part) => name === part) // prettier-ignore
  const needsPeers = names?.some((wanted) => !own.some(({ name }) => name === wanted))
  const all = (needsPeers ?? given.peers) ? await allSubjects(log) : own // they take minutes to build
  return names === undefined ? all : named(all, names, 'client', (name, part) => name === part)
}

function chosenScenarios(): Scenario[] {
  const names = given.prove ? ['answers lost'] : given.scenarios?.split(',')
  const unsecured = given.transactions ? TRANSACTION_SCENARIOS : SCENARIOS
  const all = given.secured ? SECURED_SCENARIOS : unsecured
  if (names === undefined) return [...all]
  return named(all, names, 'scenario', (name, part) => name.includes(part))
}

/** Those that are asked for; a run of nothing would pass, so a name that fits none is an error. */
function named<T extends { readonly name: string }>(
  all: readonly T[],
  parts: readonly string[],
  what: string,
  fits: (name: string, part: string) => boolean,
): T[] {
  const unknown = parts.find((part) => !all.some(({ name }) => fits(name, part)))
  if (unknown !== undefined) {
    const known = all.map(({ name }) => `"${name}"`).join(', ')
    throw new Error(`there is no ${what} "${unknown}"; there are ${known}`)
  }
  return all.filter(({ name }) => parts.some((part) => fits(name, part)))
}

/** What failed and how, a line for each client. */
function printFailures(outcomes: readonly Outcome[]): void {
  for (const { subject, verdict } of outcomes) {
    const failures = Object.entries(verdict.failed).map(([what, count]) => `${count} ${what}`)
    if (failures.length > 0) console.log(`failed, ${subject}: ${failures.join('; ')}`)
  }
}

function print(outcomes: readonly Outcome[]): void {
  const table = new Table({ head: [...SCENARIO_HEAD], style: { head: [], border: [] } })
  table.push(...outcomes.map((outcome) => scenarioRow([outcome])))
  console.log(table.toString())
}

async function write(outcomes: readonly Outcome[], clients: number): Promise<void> {
  const run: Circumstances = {
    date: new Date().toISOString().slice(0, 10),
    kafka: PINNED_VERSION,
    node: process.versions.node,
    seed: Number(given.seed),
    seconds: Number(given.seconds),
    clients,
  }
  const staysBeside = (old: Outcome): boolean => given.add && old.run?.seed !== run.seed
  const isOfAnother = ({ scenario, subject }: Outcome): boolean =>
    !outcomes.some((other) => other.scenario === scenario && other.subject === subject)
  const kept = readOutcomes().filter((old) => isOfAnother(old) || staysBeside(old))
  const all = [...kept, ...outcomes.map((it) => ({ ...it, run }))]
  await writeFile(RESULTS, `${JSON.stringify({ outcomes: all }, null, 1)}\n`)
}

async function main(): Promise<boolean> {
  const scenarios = chosenScenarios()
  const durationMs = Number(given.seconds) * 1000
  if (!(durationMs >= LEAST_MS)) {
    throw new Error(`--seconds ${given.seconds}: a number from ${LEAST_MS / 1000} on is needed`)
  }
  if (given.transactions && given.secured) throw new Error('--transactions go without --secured')
  const subjects = await chosenSubjects()
  const cluster = await ChaosCluster.start(log, given.secured)
  const random = new Random(Number(given.seed), 'chaos').next
  log(`seed ${given.seed}`)
  const outcomes: Outcome[] = []
  let isWhole = true
  try {
    for (const scenario of scenarios) {
      log(`${scenario.name}: ${subjects.map(({ name }) => name).join(', ')}`)
      try {
        const recordsPerTransaction = given.transactions ? RECORDS_PER_TRANSACTION : null
        const chosen = { cluster, scenario, subjects, durationMs, recordsPerTransaction }
        const found = await runScenario({ ...chosen, random, log })
        print(found)
        printFailures(found)
        outcomes.push(...found)
      } catch (error) {
        isWhole = false // the others count all the same
        log(`${scenario.name}: ${String(error)}`)
      }
    }
  } finally {
    await cluster.stop()
  }
  print(outcomes)
  if (given.write || given.add) await write(outcomes, subjects.length)
  if (!isWhole) return false
  if (given.prove) return guiltyOnes.every((guilty) => isConvicted(guilty, outcomes))
  return outcomes.every(({ subject, verdict }) => subject !== OTTLA.name || isSound(verdict))
}

process.exitCode = (await main()) ? 0 : 1
