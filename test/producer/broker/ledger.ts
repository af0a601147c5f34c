/**
 * The books on a run whose records are numbered: what was sent to each partition in which order,
 * and what the producer said of each. `audit` compares them with what Kafka's consumer reads.
 *
 * A record's value is `partition:number`, the number counting the calls for that partition.
 */
import type { Test } from 'tap'
import type { DeliveryError, RecordMetadata } from '../../../src/index.js'
import type { Kafka } from '../../broker/kafka.js'

interface Entry {
  readonly value: string
  offset: bigint | null
  error: DeliveryError | null
  settledCount: number
}

export class Ledger {
  readonly #partitions: Entry[][]

  constructor(partitions: number) {
    this.#partitions = Array.from({ length: partitions }, () => [])
  }

  /** The next record for a partition, and whom to tell of it. */
  next(partition: number): {
    value: string
    callback: (error: Error | null, metadata: RecordMetadata | null) => void
  } {
    const entries = this.#partitions[partition] as Entry[]
    const value = `${partition}:${entries.length}`
    const entry: Entry = { value, offset: null, error: null, settledCount: 0 }
    entries.push(entry)
    const callback = (error: Error | null, metadata: RecordMetadata | null): void => {
      entry.settledCount++
      entry.offset = metadata?.offset ?? null
      entry.error = error as DeliveryError | null
    }
    return { value, callback }
  }

  /** Takes back the last record of a partition: `enqueue` did not take it. */
  takeBack(partition: number): void {
    this.#partitions[partition]?.pop()
  }

  get entries(): readonly Entry[] {
    return this.#partitions.flat()
  }

  get ackedCount(): number {
    return this.entries.filter(({ offset }) => offset !== null).length
  }

  /**
   * Everything settled once; nothing acked is lost, and lies at its offset; nothing that was not
   * written is there. With `exactlyOnce` no record is there twice and each partition is in order.
   */
  async audit(t: Test, kafka: Kafka, topic: string, exactlyOnce = true): Promise<void> {
    const found = this.#partitions.map(() => [] as (readonly [value: string, offset: bigint])[])
    const onRecord = (it: { partition: number; offset: bigint; value: Buffer | null }): void => {
      found[it.partition]?.push([String(it.value), it.offset])
    }
    await kafka.readTopic(topic, { onRecord })
    const faults: string[] = []
    this.#partitions.forEach((entries, partition) => {
      faults.push(...auditPartition(entries, found[partition] ?? [], exactlyOnce))
    })
    t.strictSame(faults.slice(0, 10), [], `${this.entries.length} records, ${faults.length} faults`)
  }
}

function auditPartition(
  entries: readonly Entry[],
  found: readonly (readonly [value: string, offset: bigint])[],
  exactlyOnce: boolean,
): string[] {
  const faults: string[] = []
  const offsets = new Map<string, bigint[]>()
  let highest = -1
  for (const [value, offset] of found) {
    const number = Number(value.split(':')[1])
    if (exactlyOnce && number <= highest) faults.push(`${value} at ${offset} after ${highest}`)
    highest = Math.max(highest, number)
    offsets.set(value, [...(offsets.get(value) ?? []), offset])
  }
  for (const entry of entries) faults.push(...auditEntry(entry, offsets.get(entry.value) ?? []))
  const known = new Set(entries.map(({ value }) => value))
  for (const value of offsets.keys()) if (!known.has(value)) faults.push(`${value} was never sent`)
  return faults
}

function auditEntry(
  { value, offset, error, settledCount }: Entry,
  at: readonly bigint[],
): string[] {
  if (settledCount !== 1) return [`${value} was settled ${settledCount} times`]
  if (offset !== null && offset >= 0n && !at.includes(offset)) {
    return [`${value} was acked at ${offset} and lies at [${at.join()}]`]
  }
  if (offset !== null && at.length === 0) return [`${value} was acked and is not there`]
  if (error !== null && error.outcome !== 'unknown' && at.length > 0) {
    return [`${value} is called ${error.outcome} and lies at [${at.join()}]: ${error.message}`]
  }
  return []
}
