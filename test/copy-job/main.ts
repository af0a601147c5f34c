/**
 * `npm run copy-job`: the example's copy job over three real brokers, killed (`kill -9`) again and again
 * at random moments, while the brokers are bounced one after the other; then Kafka's own consumer reads
 * the copy at read_committed. Ends with 1 unless the copy is the input, exactly once and in order.
 *
 *   --records n   default 100,000      --kills n      of the job; default 10
 *   --seed n      of all that is random; printed
 *   --bounces n   of a broker: killed or stopped in order, and started again; default 3
 *   --level n     of transaction.version; default the version's own, 2
 *
 * Neighbours: job.ts keeps the job running; verify.ts compares.
 */
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { Producer } from '../../src/index.js'
import { startKafka, type Kafka } from '../broker/kafka.js'
import { untilDecided } from '../broker/transactions.js'
import { Random } from '../simulation/random.js'
import { Job } from './job.js'
import { faultsOf, inputValue, type CopiedRecord } from './verify.js'

const PARTITIONS = 6
const [TOPIC, COPY, JOB] = ['input', 'copy', 'copy-job']
const TIME_LIMIT_MS = 15 * 60_000
/** A process lives at most this long between two kills that do not wait for progress. */
const SOON_MS = 4_000
/** Every so many kills comes soon after a start: while the job connects, or waits for its partitions. */
const SOON_EVERY = 3
const DELAY_MS = 60
const DOWN_MS = 2_000

const { values: given } = parseArgs({
  options: {
    records: { type: 'string', default: '100000' },
    kills: { type: 'string', default: '10' },
    bounces: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    level: { type: 'string' },
  },
})
const RECORDS = Number(given.records)
const KILLS = Number(given.kills)
const BOUNCES = Number(given.bounces)
const random = new Random(Number(given.seed), 'copy-job').next

const startedMs = performance.now()
const log = (line: string): void =>
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${line}`)

async function fill(kafka: Kafka): Promise<void> {
  await using producer = new Producer({ brokers: kafka.bootstrap, batchSizeBytes: 10_000 })
  for (let number = 0; number < RECORDS; number++) {
    const record = { topic: TOPIC, partition: number % PARTITIONS, value: inputValue(number) }
    while (!producer.enqueue(record)) await producer.writable()
  }
  await producer.flush()
}

/** What is done to the job and to the brokers, as it goes on. */
class Fate {
  readonly #kafka: Kafka
  readonly #job: Job
  readonly #bouncesAt = Array.from({ length: BOUNCES }, (_, i) => ((i + random()) * RECORDS) / (BOUNCES + 1)) // prettier-ignore
  /** Copied records at which this process is killed; null where it is under way, or not to be. */
  #killAt: number | null = null
  #bouncing = Promise.resolve()
  bounced = 0

  constructor(kafka: Kafka, job: Job) {
    this.#kafka = kafka
    this.#job = job
  }

  /** A process has begun: it is killed on its way, or every third one soon, whatever it does then. */
  started(): void {
    const { killed, copied } = this.#job
    this.#killAt = null
    if (killed >= KILLS) return
    if (killed % SOON_EVERY === SOON_EVERY - 1) void this.#killAfter(random() * SOON_MS)
    else this.#killAt = copied + (random() * (RECORDS - copied)) / (KILLS - killed + 1)
  }

  progressed(copied: number): void {
    if (this.#killAt !== null && copied >= this.#killAt) {
      this.#killAt = null
      void this.#killAfter(random() * DELAY_MS)
    }
    if (copied >= (this.#bouncesAt[0] ?? Infinity)) {
      this.#bouncesAt.shift()
      this.#bouncing = this.#bouncing.then(() => this.#bounce())
    }
  }

  /** Resolves when every broker is up again. */
  async isOver(): Promise<void> {
    await this.#bouncing
  }

  async #killAfter(ms: number): Promise<void> {
    await sleep(ms)
    if (this.#job.kill()) log(`kill -9 of the job after ${this.#job.copied} records`)
  }

  async #bounce(): Promise<void> {
    const { nodes } = this.#kafka
    const node = nodes[this.bounced++ % nodes.length]
    if (node === undefined) return
    const isKilled = random() < 0.5
    log(`broker ${node.id} is ${isKilled ? 'killed' : 'stopped in order'}`)
    await (isKilled ? node.kill() : node.terminate())
    await sleep(DOWN_MS)
    await node.restart()
    log(`broker ${node.id} is up again`)
  }
}

async function copyUnderFire(kafka: Kafka): Promise<{ job: Job; bounced: number }> {
  const environment = { KAFKA_BROKERS: kafka.bootstrap.join(','), TOPIC, COPY, JOB }
  const job: Job = new Job({
    environment,
    onStart: () => fate.started(),
    onProgress: (copied) => fate.progressed(copied),
    log,
  })
  const fate = new Fate(kafka, job)
  const timer = setTimeout(() => job.giveUp(), TIME_LIMIT_MS)
  try {
    await job.run()
    await fate.isOver()
  } finally {
    clearTimeout(timer)
    job.giveUp()
  }
  return { job, bounced: fate.bounced }
}

async function read(kafka: Kafka): Promise<CopiedRecord[]> {
  await untilDecided(kafka.bootstrap, COPY)
  const copy: CopiedRecord[] = []
  await kafka.readTopic(COPY, {
    isolationLevel: 'read_committed',
    onRecord: ({ partition, value }) => copy.push({ partition, value: String(value) }),
  })
  return copy
}

async function main(): Promise<boolean> {
  log(`seed ${given.seed}`)
  const level = given.level === undefined ? {} : { transactionVersion: Number(given.level) }
  const kafka = await startKafka({ own: true, nodes: 3, log, ...level })
  try {
    for (const topic of [TOPIC, COPY]) await kafka.createTopic(topic, { partitions: PARTITIONS })
    await fill(kafka)
    log(`${RECORDS} records are there, transaction.version is ${await kafka.transactionVersion()}`)
    const { job, bounced } = await copyUnderFire(kafka)
    log(`copied; the job was killed ${job.killed} times, failed ${job.failed} times by itself; ${bounced} brokers bounced`) // prettier-ignore
    const copy = await read(kafka)
    const all = await kafka.summarizeTopic(COPY)
    const written = all.reduce((sum, { count }) => sum + count, 0)
    log(`read_committed ${copy.length} records, read_uncommitted ${written}`)
    const faults = faultsOf(copy, RECORDS, PARTITIONS)
    for (const fault of faults.slice(0, 20)) log(fault)
    const committed = await kafka.committedOffsets(JOB, TOPIC)
    const sum = committed.reduce((total, { offset }) => total + Number(offset), 0)
    if (sum !== RECORDS) faults.push(`the committed offsets are of ${sum} records`)
    if (job.killed < KILLS) faults.push(`the job was killed ${job.killed} times only`)
    if (bounced < BOUNCES) faults.push(`${bounced} brokers were bounced only`)
    log(faults.length === 0 ? 'output equals input, exactly once' : `${faults.length} faults: ${faults.at(-1)}`) // prettier-ignore
    return faults.length === 0
  } finally {
    await kafka.stop()
  }
}

process.exitCode = (await main()) ? 0 : 1
