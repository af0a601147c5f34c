/**
 * Whether a copy is the input, exactly once: what is wrong with it, in sentences. Pure.
 *
 * Neighbours: main.ts prints them; examples/copy-job made the copy.
 */

/** A record of the copy, in the order of offsets within its partition. */
export interface CopiedRecord {
  readonly partition: number
  readonly value: string
}

const VALUE_CHARS = 100

/** Record `number` of the input, which lies in partition number % partitions. */
export function inputValue(number: number): string {
  return `record ${number} `.padEnd(VALUE_CHARS, '.')
}

/** Nothing missing, nothing twice, nothing that nobody has sent, and each partition in order. */
export function faultsOf(
  copy: readonly CopiedRecord[],
  records: number,
  partitions: number,
): string[] {
  const counts = new Uint32Array(records)
  const last = new Map<number, number>()
  const faults: string[] = []
  for (const { partition, value } of copy) {
    const number = Number(/^RECORD (\d+) \.*$/.exec(value)?.[1] ?? -1)
    if (number < 0 || number >= records || number % partitions !== partition) {
      faults.push(`"${value.slice(0, 20)}" in partition ${partition} is of nobody`)
      continue
    }
    const before = last.get(partition) ?? -1
    if (number < before) faults.push(`record ${number} comes after ${before}`)
    last.set(partition, number)
    counts[number] = (counts[number] ?? 0) + 1
  }
  counts.forEach((count, number) => {
    if (count !== 1) faults.push(`record ${number} is there ${count} times`)
  })
  return faults
}
