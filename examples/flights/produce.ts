/**
 * Sends every flight with `send`, keeping what its promise tells, and how long it took.
 *
 * Before: flights.ts. After: verify.ts compares what was told with what was read.
 */
import { SingleBar } from 'cli-progress'
import type { Producer } from '../../src/index.js'
import type { Flight } from './flights.js'
import type { SentRecord } from './verify.js'

/** What came of sending them all. */
export interface Delivery {
  /** In the order of the calls. */
  readonly sent: readonly SentRecord[]
  /** From the first call to the last acknowledgement. */
  readonly elapsedMs: number
  /** From each call to its acknowledgement, ascending. */
  readonly latenciesMs: Float64Array
}

/**
 * Sends that may be open at once. Without a bound it would be the buffer that holds them back, and
 * the times to acknowledgement would be of records waiting in line.
 */
const MAX_OPEN = 2_000

/** Records between two looks at the progress bar, which costs more than a record does. */
const BAR_STEP = 1_000

/** Sends all; resolves when each is settled, well or badly. */
export async function produceAll(
  producer: Producer,
  topic: string,
  flights: readonly Flight[],
): Promise<Delivery> {
  const sent = new Array<SentRecord>(flights.length)
  const latenciesMs = new Float64Array(flights.length)
  const settled: Promise<void>[] = []
  const bar = progressBar(flights.length)
  let settledCount = 0
  const startedMs = performance.now()
  for (const [index, { key, value }] of flights.entries()) {
    if (index >= MAX_OPEN) await settled[index - MAX_OPEN]
    const calledMs = performance.now()
    const done = (place: SentRecord['place'], error?: unknown): void => {
      sent[index] = { key, value, place, error }
      latenciesMs[index] = performance.now() - calledMs
      if (++settledCount % BAR_STEP === 0) bar.update(settledCount)
    }
    settled.push(
      producer.send({ topic, key, value }).then(
        (metadata) => done(metadata),
        (error: unknown) => done(null, error),
      ),
    )
  }
  await Promise.all(settled)
  const elapsedMs = performance.now() - startedMs
  bar.update(settledCount)
  bar.stop()
  return { sent, elapsedMs, latenciesMs: latenciesMs.sort() }
}

/** A bar on a terminal; in a log, a line every second. */
function progressBar(total: number): SingleBar {
  const bar = new SingleBar({
    format: '{bar} {percentage} % | {value} of {total} settled',
    noTTYOutput: true,
    notTTYSchedule: 1_000,
  })
  bar.start(total, 0)
  return bar
}
