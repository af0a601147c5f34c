/**
 * Numbered records of many cases in one topic, and what became of them as Kafka's own consumer sees
 * it: so that ten thousand records by each mechanism are judged by one JVM, not by one for each.
 *
 *   key    the case's name, so that its records lie in one partition
 *   value  its number, from 0, and filling
 */
import type { Kafka } from '../kafka.js'

/** What became of a case's records. All is well where the last three are 0. */
export interface CaseVerdict {
  /** Different ones that were found. */
  readonly stored: number
  readonly lost: number
  readonly doubled: number
  /** Those that stand behind a later one. */
  readonly outOfOrder: number
}

/** The record with that number. */
export function numberedRecord(
  name: string,
  index: number,
  sizeBytes = 100,
): { key: string; value: string } {
  return { key: name, value: `${index} `.padEnd(sizeBytes, '.') }
}

/** Reads the topic over PLAINTEXT; `counts` are how many records each case has sent. */
export async function judgeCases(
  kafka: Kafka,
  topic: string,
  counts: Readonly<Record<string, number>>,
): Promise<Record<string, CaseVerdict>> {
  const found = new Map<string, Tally>()
  await kafka.readTopic(topic, {
    onRecord({ key, value }) {
      const name = String(key)
      const tally = found.get(name) ?? new Tally()
      found.set(name, tally)
      tally.add(Number.parseInt(String(value), 10))
    },
  })
  const strangers = [...found.keys()].filter((name) => !Object.hasOwn(counts, name))
  if (strangers.length > 0) throw new Error(`${topic} has records of ${strangers.join(', ')}`)
  const verdicts = Object.entries(counts).map(([name, count]) => {
    return [name, (found.get(name) ?? new Tally()).verdict(count)] as const
  })
  return Object.fromEntries(verdicts)
}

class Tally {
  readonly #seen = new Set<number>()
  #last = -1
  #doubled = 0
  #outOfOrder = 0

  add(index: number): void {
    if (this.#seen.has(index)) this.#doubled++
    else if (index < this.#last) this.#outOfOrder++
    this.#seen.add(index)
    this.#last = Math.max(this.#last, index)
  }

  verdict(count: number): CaseVerdict {
    const stored = this.#seen.size
    return { stored, lost: count - stored, doubled: this.#doubled, outOfOrder: this.#outOfOrder }
  }
}
