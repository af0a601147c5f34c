/**
 * What the peers' programs have in common. A program of the chaos run gets a JSON file with its task,
 * connects, says `ready`, waits for `go` on stdin, gives record 0, 1, 2, … to partition number %
 * partitions when it is due, waits until all are settled, says `done` and ends; it ends at once when
 * stdin ends. For each settled record a line goes to the output file:
 *
 *   <number> <due, epoch ms> <settled, epoch ms> ok <partition> <offset, -1 where it is not told>
 *   <number> <due, epoch ms> <settled, epoch ms> failed <outcome, - where it is not told> <the error in short>
 *
 * Neighbours: lists.ts feeds the peers that do not batch; franz-go's program (bench/peers/franz-go/chaos)
 * does the same in Go.
 */
import { appendFileSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const WRITE_EVERY_MS = 100
/** What a peer may take longer than its delivery timeout, before its records count as open. */
const GRACE_MS = 15_000

/** The run, as the harness hands it over. */
export interface ChaosTask {
  readonly bootstrap: readonly string[]
  readonly topic: string
  readonly partitions: number
  readonly recordsPerSecond: number
  readonly durationMs: number
  readonly valueBytes: number
  readonly deliveryTimeoutMs: number
  readonly idempotence: boolean
  readonly settings?: Readonly<Record<string, unknown>>
  /** Null or left out: plaintext, and nobody asks who we are. Ottla and Java only. */
  readonly login?: ChaosLogin | null
  /** Null or left out: no transactions. Of Ottla alone. */
  readonly recordsPerTransaction?: number | null
  readonly outputFile: string
}

/** How to get in by SASL_SSL. */
export interface ChaosLogin {
  /** PEM of the authority to trust. */
  readonly caFile: string
  readonly mechanism: 'SCRAM-SHA-512'
  readonly username: string
  readonly password: string
}

/** A record that is due. */
export interface DueRecord {
  readonly number: number
  readonly partition: number
  readonly value: string
  /** Milliseconds since 1970. */
  readonly dueMs: number
}

/** Where a peer reports what has become of a record. */
export interface Outcomes {
  /** Offset -1: the peer does not tell. */
  readonly acked: (record: DueRecord, offset: bigint | number) => void
  /** Of these peers none tells whether the record may have been written. */
  readonly failed: (record: DueRecord, error: unknown) => void
}

/** A connected peer. */
export interface Feed {
  /** How often it wants what has become due. */
  readonly everyMs: number
  /** Hands over records, in order; never waits, never throws. */
  readonly hand: (records: readonly DueRecord[]) => void
}

/** Runs a peer's program: connects, says `ready`, waits for `go`, sends, says `done` and ends. */
export function runPeer(connect: (task: ChaosTask, outcomes: Outcomes) => Promise<Feed>): void {
  const task = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ChaosTask
  const lines = new OutcomeLines(task.outputFile)
  const input = createInterface({ input: process.stdin })
  process.on('exit', () => lines.write()) // also where the peer itself ends the process
  input.on('close', () => process.exit(1)) // whoever started us is gone
  const run = async (): Promise<void> => {
    const feed = await connect(task, lines)
    const told = new Promise<void>((resolve) =>
      input.on('line', (line) => {
        if (line.trim() === 'go') resolve()
      }),
    )
    console.log('ready')
    await told
    await settled(lines, await sendAll(task, feed), task.deliveryTimeoutMs + GRACE_MS)
    lines.write()
    process.stdout.write('done\n', () => process.exit(0))
  }
  run().catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
}

/** Gives the peer each record when it is due, whatever became of those before; resolves with their count. */
function sendAll(task: ChaosTask, { everyMs, hand }: Feed): Promise<number> {
  const { recordsPerSecond, durationMs } = task
  const total = Math.floor((durationMs * recordsPerSecond) / 1000)
  const startMs = Date.now()
  let next = 0
  const tick = (): boolean => {
    const passedMs = Date.now() - startMs
    const end = Math.min(total, Math.floor((passedMs * recordsPerSecond) / 1000) + 1)
    if (end > next) hand(dueRecords(task, startMs, next, end))
    next = Math.max(next, end)
    return next === total
  }
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!tick()) return
      clearInterval(timer)
      resolve(total)
    }, everyMs)
  })
}

function dueRecords(task: ChaosTask, startMs: number, from: number, to: number): DueRecord[] {
  return Array.from({ length: to - from }, (_, index) => {
    const number = from + index
    const dueMs = Math.floor(startMs + (number * 1000) / task.recordsPerSecond)
    const value = String(number).padStart(10, '0').padEnd(task.valueBytes, '.')
    return { number, partition: number % task.partitions, value, dueMs }
  })
}

/** Resolves when that many outcomes are known, or the time is over. */
function settled(lines: OutcomeLines, total: number, limitMs: number): Promise<void> {
  const endMs = Date.now() + limitMs
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (lines.count < total && Date.now() < endMs) return
      clearInterval(timer)
      resolve()
    }, 10)
  })
}

/** The file of outcomes, written many lines at a time. */
class OutcomeLines implements Outcomes {
  readonly #file: string
  readonly #timer: NodeJS.Timeout
  #text = ''
  count = 0

  constructor(file: string) {
    this.#file = file
    this.#timer = setInterval(() => this.write(), WRITE_EVERY_MS)
    this.#timer.unref()
  }

  readonly acked = (record: DueRecord, offset: bigint | number): void =>
    this.#add(record, `ok ${record.partition} ${offset}`)

  readonly failed = (record: DueRecord, error: unknown): void =>
    this.#add(record, `failed ${outcomeOf(error)} ${wordsOf(error)}`)

  write(): void {
    if (this.#text !== '') appendFileSync(this.#file, this.#text)
    this.#text = ''
  }

  #add({ number, dueMs }: DueRecord, what: string): void {
    this.#text += `${number} ${dueMs} ${Date.now()} ${what}\n`
    this.count++
  }
}

/** Only Ottla says whether the record may have been written. */
function outcomeOf(error: unknown): string {
  return (error as { outcome?: string }).outcome ?? '-'
}

/** An error in a few words: its code, or its name and the beginning of its message. */
function wordsOf(error: unknown): string {
  const { code, name, message, type } = error as Error & { code?: unknown; type?: unknown }
  const text = [type ?? code ?? name, message].join(' ')
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 80) || 'error'
}
