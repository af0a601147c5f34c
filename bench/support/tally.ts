/**
 * Counts what a topic gains while a subject runs, outside the timed part: a speed counts only if the
 * records are there, neither fewer nor more. Without transactions the end offsets tell. With them
 * they count markers and aborted records too, so Kafka's own consumer reads at read_committed.
 *
 * Neighbours: rounds.ts compares it with what the subject reports.
 */
import type { Kafka } from '../../test/broker/kafka.js'
import type { SubjectTask } from '../contract.js'
import { endOffsets } from './end-of-topic.js'

/** Where and what is counted. */
type Counted = Pick<SubjectTask, 'topic' | 'partitions' | 'recordsPerTransaction'>
/** The little of a Kafka that it takes. */
type Counter = Pick<Kafka, 'bootstrap' | 'summarizeTopic'>

/** Begins before the subject does; the function returned tells how many records were added since. */
export async function startTally(kafka: Counter, task: Counted): Promise<() => Promise<number>> {
  const { topic, partitions, recordsPerTransaction } = task
  const ends = (): Promise<Map<number, bigint>> => endOffsets(kafka.bootstrap, topic, partitions)
  const before = await ends()
  return async () => {
    const ranges = rangesBetween(before, await ends())
    return recordsPerTransaction === 0 ? lengthOf(ranges) : readCommitted(kafka, topic, ranges)
  }
}

type Ranges = ReadonlyMap<number, { readonly from: bigint; readonly to: bigint }>

function rangesBetween(before: Map<number, bigint>, after: Map<number, bigint>): Ranges {
  return new Map(Array.from(after, ([id, to]) => [id, { from: before.get(id) ?? 0n, to }]))
}

function lengthOf(ranges: Ranges): number {
  return Array.from(ranges.values()).reduce((sum, { from, to }) => sum + Number(to - from), 0)
}

async function readCommitted(kafka: Counter, topic: string, ranges: Ranges): Promise<number> {
  const options = { isolationLevel: 'read_committed', ranges } as const
  const summaries = await kafka.summarizeTopic(topic, options)
  return summaries.reduce((sum, { count }) => sum + count, 0)
}
