/** A file of lines through a stream to a real broker, which is stopped in the middle and goes on. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brokerTest } from '../../broker/broker-test.js'
import {
  expectedPartitions,
  PARTITIONS,
  sendLines,
  writeLines,
} from '../../stream-lines/stream-lines.js'
import { forMs, newProducer, newTopic, onlyNode } from '../broker/bench.js'

const LINES = 300_000

await brokerTest(
  'a file of lines, with the broker stopped and continued',
  async (t, kafka) => {
    const folder = await mkdtemp(join(tmpdir(), 'ottla-lines-'))
    t.teardown(() => rm(folder, { recursive: true }))
    const path = join(folder, 'lines.txt')
    await writeLines(path, LINES)
    const topic = await newTopic(kafka, { partitions: PARTITIONS })
    const producer = newProducer(t, kafka, { bufferMemoryBytes: 2 ** 20 })
    const node = onlyNode(kafka)
    const pause = async (): Promise<void> => {
      node.signal('SIGSTOP')
      await forMs(2_000)
      node.signal('SIGCONT')
    }
    const pauses: Promise<void>[] = []
    const onLine = (count: number): void => {
      if (count === LINES / 2) pauses.push(pause())
    }
    const stream = await sendLines(producer, { topic, path, onLine })
    await Promise.all(pauses)
    t.match(stream, { recordsAcknowledged: LINES, recordsFailed: 0 })
    const found = await kafka.summarizeTopic(topic)
    t.strictSame(
      found.map(({ count, crc32 }) => ({ count, crc32 })),
      expectedPartitions(LINES),
    )
    t.ok(found.every(({ gaps }) => gaps === 0))
  },
  { own: true },
)
