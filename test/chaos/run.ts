/**
 * One scenario: starts the subjects side by side, each with a topic of its own, breaks the cluster
 * while they send, waits for their outcomes, reads back what is stored, and has it judged.
 *
 * Neighbours: main.ts calls; scenarios.ts breaks; judge.ts judges.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { untilDecided } from '../broker/transactions.js'
import type { ChaosCluster } from './cluster.js'
import { judge, parseOutput, type Stored, type Verdict } from './judge.js'
import type { ChaosTask } from './peers/program.js'
import type { Scenario } from './scenarios.js'
import type { ChaosSubject } from './subjects.js'
import { Watcher } from './watcher.js'

const PARTITIONS = 6
const RECORDS_PER_SECOND = 2_000
/** In transactions: five of them, one after the other, for which three brokers on one machine have time. */
const TRANSACTIONAL_RECORDS_PER_SECOND = 500
const VALUE_BYTES = 100
const DELIVERY_TIMEOUT_MS = 60_000
const READY_TIMEOUT_MS = 60_000
/** Beyond its traffic and its delivery timeout: then a program is killed. */
const GRACE_MS = 30_000
/** Traffic before the first fault, and after the last where the fault lasts as long as one likes. */
const QUIET_MS = 3_000
/** Nobody listens there. */
const DEAD_ADDRESS = '127.0.0.1:9'

/** When, with what and from which seed a run was. */
export interface Circumstances {
  readonly date: string
  readonly kafka: string
  readonly node: string
  readonly seed: number
  /** Of traffic. */
  readonly seconds: number
  /** Clients side by side. */
  readonly clients: number
}

export interface Outcome {
  readonly scenario: string
  readonly subject: string
  readonly verdict: Verdict
  /** Where it is kept. */
  readonly run?: Circumstances
}

export interface RunOptions {
  readonly cluster: ChaosCluster
  readonly scenario: Scenario
  readonly subjects: readonly ChaosSubject[]
  readonly durationMs: number
  /** Null: no transactions. */
  readonly recordsPerTransaction: number | null
  readonly random: () => number
  readonly log: (line: string) => void
}

interface Running {
  readonly subject: ChaosSubject
  readonly topic: string
  readonly child: ChildProcess
  readonly outputFile: string
  readonly said: (word: string, timeoutMs: number) => Promise<void>
}

let runs = 0

export async function runScenario(options: RunOptions): Promise<Outcome[]> {
  const { cluster, scenario, subjects, durationMs, random } = options
  const folder = await mkdtemp(join(tmpdir(), 'ottla-chaos-'))
  const running: Running[] = []
  try {
    const run = ++runs
    for (const [index, subject] of subjects.entries()) {
      const topic = `chaos-${run}-${index}`
      await cluster.kafka.createTopic(topic, { partitions: PARTITIONS })
      running.push(await start(options, subject, topic, folder))
    }
    const topics = running.map(({ topic }) => topic)
    await cluster.sound(topics)
    await Promise.all(running.map(({ said }) => said('ready', READY_TIMEOUT_MS)))
    const watcher = new Watcher(cluster, topics)
    const startedMs = Date.now()
    for (const { child } of running) child.stdin?.write('go\n')
    await sleep(QUIET_MS)
    const lengthMs = durationMs - 2 * QUIET_MS
    const lostBefore = answersLost(cluster)
    await scenario.run?.({ cluster, topic: topics[0] ?? '', topics, lengthMs, random })
    for (const { proxy } of cluster.nodes) proxy.heal()
    if (scenario.losesAnswers === true) {
      const lost = answersLost(cluster) - lostBefore
      options.log(`${lost} answers were given and lost`)
      if (lost === 0) throw new Error('no answer was lost: the run shows nothing')
    }
    const limitMs = durationMs + DELIVERY_TIMEOUT_MS + GRACE_MS
    await Promise.all(
      running.map(({ said }) =>
        said('done', limitMs).catch((error: unknown) => options.log(String(error))),
      ),
    )
    watcher.stop()
    await cluster.sound(topics)
    return await Promise.all(running.map((one) => verdictOf(options, one, startedMs, watcher)))
  } finally {
    for (const { child } of running) child.kill('SIGKILL')
    await rm(folder, { recursive: true })
  }
}

function rateOf(recordsPerTransaction: number | null): number {
  return recordsPerTransaction === null ? RECORDS_PER_SECOND : TRANSACTIONAL_RECORDS_PER_SECOND
}

function answersLost({ nodes }: ChaosCluster): number {
  return nodes.reduce((sum, { proxy }) => sum + proxy.answersLost, 0)
}

async function start(
  { cluster, scenario, durationMs, recordsPerTransaction }: RunOptions,
  subject: ChaosSubject,
  topic: string,
  folder: string,
): Promise<Running> {
  const bootstrap =
    scenario.hasDeadBootstrap === true ? [DEAD_ADDRESS, ...cluster.bootstrap] : cluster.bootstrap
  const outputFile = join(folder, `${topic}.txt`)
  const task: ChaosTask = {
    bootstrap,
    topic,
    partitions: PARTITIONS,
    recordsPerSecond: rateOf(recordsPerTransaction),
    durationMs,
    valueBytes: VALUE_BYTES,
    deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
    idempotence: subject.idempotence ?? true,
    settings: subject.settings ?? {},
    login: cluster.login,
    recordsPerTransaction,
    outputFile,
  }
  const taskFile = join(folder, `${topic}.json`)
  await writeFile(outputFile, '')
  await writeFile(taskFile, JSON.stringify(task))
  const child = spawn(subject.command, [...subject.args, taskFile], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  return { subject, topic, child, outputFile, said: listen(subject.name, child) }
}

/** What the program says, a word a line; its end is heard by whoever waits for a word. */
function listen(name: string, child: ChildProcess): Running['said'] {
  const words: string[] = []
  let lastWords = ''
  let hasEnded = false
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', (line) => words.push(line))
  child.stderr?.on(
    'data',
    (text: Buffer) => (lastWords = (lastWords + text.toString()).slice(-500)),
  )
  child.stdin?.on('error', () => {})
  void once(child, 'close').then(() => (hasEnded = true))
  return async (word, timeoutMs) => {
    const endMs = Date.now() + timeoutMs
    while (!words.includes(word)) {
      if (hasEnded) throw new Error(`${name} ended without saying "${word}": ${lastWords}`)
      if (Date.now() > endMs)
        throw new Error(`${name} did not say "${word}" within ${timeoutMs} ms`)
      await sleep(20)
    }
  }
}

async function verdictOf(
  { cluster, durationMs, scenario, recordsPerTransaction }: RunOptions,
  { topic, outputFile, subject }: Running,
  startedMs: number,
  watcher: Watcher,
): Promise<Outcome> {
  const stored: Stored[] = []
  const hasTransactions = recordsPerTransaction !== null
  if (hasTransactions) await untilDecided(cluster.kafka.bootstrap, topic)
  await cluster.kafka.readTopic(topic, {
    isolationLevel: hasTransactions ? 'read_committed' : 'read_uncommitted',
    onRecord: ({ value, partition, offset }) => {
      const number = Number(value?.subarray(0, 10).toString())
      if (!Number.isNaN(number)) stored.push({ number, partition, offset }) // else a probe
    },
  })
  const verdict = judge({
    sent: (durationMs * rateOf(recordsPerTransaction)) / 1000,
    partitions: PARTITIONS,
    startedMs,
    settled: parseOutput(await readFile(outputFile, 'utf8')),
    stored,
    recordsPerTransaction,
    unserved: Array.from({ length: PARTITIONS }, (_, partition) =>
      watcher.unserved(topic, partition),
    ),
  })
  return { scenario: scenario.name, subject: subject.name, verdict }
}
