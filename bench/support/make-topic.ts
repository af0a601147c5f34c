/**
 * A topic for one group of subjects. Thousands of partitions take a broker longer than the tests'
 * admin waits: they are waited for here.
 */
import type { Kafka } from '../../test/broker/kafka.js'
import { waitUntil } from '../../test/broker/wait.js'
import { endOfTopic } from './end-of-topic.js'

const TIMEOUT_MS = 300_000

/** The broker throws old segments away while the bench runs: it must not fill the disk. */
const TOPIC_CONFIG = {
  'retention.bytes': '134217728',
  'segment.bytes': '67108864',
  'segment.index.bytes': '1048576', // mapped whole for every partition; 10 MiB by default
  'file.delete.delay.ms': '1000',
}

/** Makes the topic; resolves when every partition can be written to. */
export async function makeTopic(kafka: Kafka, topic: string, partitions: number): Promise<void> {
  const isServed = (): Promise<boolean> =>
    endOfTopic(kafka.bootstrap, topic, partitions).then(
      () => true,
      () => false,
    )
  try {
    await kafka.createTopic(topic, { partitions, config: TOPIC_CONFIG })
  } catch (error) {
    if (!(error as Error).message.startsWith('waited ')) throw error
    const what = `${partitions} partitions of ${topic}`
    await waitUntil(isServed, { what, timeoutMs: TIMEOUT_MS })
  }
}
