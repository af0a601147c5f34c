/**
 * How peers are fed that do not batch by themselves: a call is a request, so a call a record would
 * not carry 2,000 records/s. A user who wants that much gathers for a moment and makes one call for
 * each partition, so that a partition's trouble is not the others'.
 *
 * `awaitEachPartition` in the settings is the careful caller, who knows that these peers do not keep
 * two calls of one partition apart: the next call waits for the last one's outcome.
 */
import type { ChaosTask, DueRecord, Feed, Outcomes } from './program.js'

const GATHER_MS = 40
/** Below `max.message.bytes`, for what has gathered behind a call that took long. */
const MAX_LIST_BYTES = 500_000

/** Sends a list of one partition; resolves with the offset of its first record, -1 if it is not told. */
export type SendList = (
  partition: number,
  records: readonly DueRecord[],
) => Promise<bigint | number>

/** One call of `send` for each partition every 40 ms. */
export function listFeed(task: ChaosTask, outcomes: Outcomes, send: SendList): Feed {
  const waits = task.settings?.awaitEachPartition === true
  const lists = Array.from({ length: task.partitions }, (_, partition) => {
    return new PartitionLists(
      partition,
      Math.ceil(MAX_LIST_BYTES / task.valueBytes),
      outcomes,
      send,
    )
  })
  const hand = (records: readonly DueRecord[]): void => {
    for (const record of records) lists[record.partition]?.gathered.push(record)
    for (const list of lists) {
      if (waits) void list.sendInTurn()
      else list.sendNow()
    }
  }
  return { everyMs: GATHER_MS, hand }
}

class PartitionLists {
  readonly gathered: DueRecord[] = []
  readonly #partition: number
  readonly #maxRecords: number
  readonly #outcomes: Outcomes
  readonly #send: SendList
  #busy = false

  constructor(partition: number, maxRecords: number, outcomes: Outcomes, send: SendList) {
    this.#partition = partition
    this.#maxRecords = maxRecords
    this.#outcomes = outcomes
    this.#send = send
  }

  /** Makes a call at a time; a call is made now if none is under way. */
  async sendInTurn(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    while (this.gathered.length > 0) await this.#sendOne()
    this.#busy = false
  }

  sendNow(): void {
    while (this.gathered.length > 0) void this.#sendOne()
  }

  /** Makes the call at once; resolves, and never rejects, when its outcome is noted. */
  async #sendOne(): Promise<void> {
    const records = this.gathered.splice(0, this.#maxRecords)
    try {
      const first = BigInt(await this.#send(this.#partition, records))
      const isTold = first >= 0n
      records.forEach((record, index) =>
        this.#outcomes.acked(record, isTold ? first + BigInt(index) : -1),
      )
    } catch (error) {
      for (const record of records) this.#outcomes.failed(record, error)
    }
  }
}
