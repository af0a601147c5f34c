/**
 * A topic for one group of subjects. Thousands of partitions take a broker longer than the tests'
 * admin waits: they are waited for here.
 */
import type { Kafka } from '../../test/broker/kafka.js'
import { waitUntil } from '../../test/broker/wait.js'
import { endOffsets } from './end-of-topic.js'

const TIMEOUT_MS = 300_000

/** The broker throws old segments away while the bench runs: it must not fill the disk. */
const TOPIC_CONFIG = {
  'retention.bytes': '134217728',
  'segment.bytes': '67108864',
  'segment.index.bytes': '1048576', // mapped whole for every partition; 10 MiB by default
  'file.delete.delay.ms': '1000',
}

/**
 * Behind 4 KiB of records a partition gets its first index entries, each the first touch of a sparse,
 * mapped file: the kernel fills as much of it as it reads ahead (here 8 MiB, so all of it) with zeros.
 * Where thousands of partitions come to that at once it is all that is measured.
 */
const MANY_PARTITIONS = 1_000
const NO_INDEX_ENTRIES = { 'index.interval.bytes': '16777216' }

/** What is to be read back after a sample must still be there: more than half of the largest one. */
const KEPT_UNTIL_READ = { 'retention.bytes': '536870912' }

/**
 * Makes the topic; resolves when every partition can be written to. `isReadBack`: a sample's records
 * are still there when it ends.
 */
export async function makeTopic(
  kafka: Kafka,
  topic: string,
  partitions: number,
  isReadBack = false,
): Promise<void> {
  const isServed = (): Promise<boolean> =>
    endOffsets(kafka.bootstrap, topic, partitions).then(
      () => true,
      () => false,
    )
  try {
    const many = partitions >= MANY_PARTITIONS ? NO_INDEX_ENTRIES : {}
    const kept = isReadBack ? KEPT_UNTIL_READ : {}
    await kafka.createTopic(topic, { partitions, config: { ...TOPIC_CONFIG, ...many, ...kept } })
  } catch (error) {
    if (!(error as Error).message.startsWith('waited ')) throw error
    const what = `${partitions} partitions of ${topic}`
    await waitUntil(isServed, { what, timeoutMs: TIMEOUT_MS })
  }
}
