/**
 * A file of lines through a producer's stream to a topic: the file, the pipeline, and what Kafka's own
 * consumer must find afterwards. Each line lies in the partition that its number says, so that the order
 * of each partition is known.
 *
 * Neighbours: main.ts is `npm run stream-lines`; the tests in test/producer/streams do the same with fewer.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import type { Producer, RecordWriteStream } from '../../src/index.js'

export const PARTITIONS = 3

const FILLER = ' the quick brown fox jumps over the lazy dog'
const LINES_PER_CHUNK = 1_000

export function lineOf(number: number): string {
  return `${number}${FILLER}`
}

/** Writes a file of so many lines. */
export async function writeLines(path: string, count: number): Promise<void> {
  function* chunks(): Generator<string> {
    for (let from = 0; from < count; from += LINES_PER_CHUNK) {
      const length = Math.min(LINES_PER_CHUNK, count - from)
      yield Array.from({ length }, (_, i) => `${lineOf(from + i)}\n`).join('')
    }
  }
  await pipeline(chunks, createWriteStream(path))
}

/** Splits text into its lines. */
export async function* splitLines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

/** Sends the file's lines; resolves once every one is acknowledged. `onLine` is told how many were read. */
export async function sendLines(
  producer: Producer,
  { topic, path, onLine }: { topic: string; path: string; onLine: (count: number) => void },
): Promise<RecordWriteStream<string>> {
  let count = 0
  const stream = producer.createWriteStream<string>({
    toRecord: (value) => {
      const partition = count++ % PARTITIONS
      onLine(count)
      return { topic, partition, value }
    },
  })
  await pipeline(createReadStream(path, 'utf8'), splitLines, stream)
  return stream
}

/** What a partition must hold. */
export interface ExpectedPartition {
  readonly count: number
  /** Of its values, in order. */
  readonly crc32: number
}

export function expectedPartitions(count: number): ExpectedPartition[] {
  const partitions = Array.from({ length: PARTITIONS }, () => ({ count: 0, crc32: 0 }))
  for (let number = 0; number < count; number++) {
    const partition = partitions[number % PARTITIONS]
    if (partition === undefined) continue
    partition.count++
    partition.crc32 = crc32(lineOf(number), partition.crc32)
  }
  return partitions
}
