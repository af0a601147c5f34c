/**
 * How many offsets a topic has ever given out: its partitions' end offsets. The proof that what a
 * subject reports was really written, once (tally.ts).
 */
import { askAnyMetadata } from '../../test/broker/admin.js'
import { ask } from '../../test/broker/ask.js'
import { LIST_OFFSETS_VERSION, listOffsets } from '../../test/broker/list-offsets.js'

/** The end offset of each partition; rejects unless the topic has that many partitions, all led. */
export async function endOffsets(
  brokers: readonly string[],
  topic: string,
  partitions: number,
): Promise<Map<number, bigint>> {
  const metadata = await askAnyMetadata(brokers, [topic])
  const found = metadata.topics[0]?.partitions ?? []
  if (found.length !== partitions) throw new Error(`${topic} has ${found.length} partitions`)
  if (found.some((it) => it.leaderId < 0)) throw new Error(`${topic} has partitions without leader`)
  const offsets = new Map<number, bigint>()
  for (const { nodeId, host, port } of metadata.brokers) {
    const led = found.filter((it) => it.leaderId === nodeId).map((it) => it.partitionIndex)
    if (led.length === 0) continue
    const request = { topic, partitions: led }
    const ends = await ask(`${host}:${port}`, listOffsets, LIST_OFFSETS_VERSION, request)
    for (const { partition, errorCode, offset } of ends) {
      if (errorCode !== 0) throw new Error(`${topic}-${partition}: error ${errorCode}`)
      offsets.set(partition, offset)
    }
  }
  return offsets
}
