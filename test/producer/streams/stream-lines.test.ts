/** A file of lines through a stream to the test cluster over TCP, whose broker freezes in the middle. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Producer } from '../../../src/index.js'
import { TestCluster } from '../../../src/testing/cluster.js'
import { lineOf, PARTITIONS, sendLines, writeLines } from '../../stream-lines/stream-lines.js'

const LINES = 30_000
const SMALL = { bufferMemoryBytes: 262_144, batchSizeBytes: 16_384 }

t.test('every line once and in order, and no more memory than the buffer', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ottla-lines-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const path = join(folder, 'lines.txt')
  await writeLines(path, LINES)
  const cluster = await TestCluster.start({ topics: { lines: { partitions: PARTITIONS } } })
  const producer = new Producer({ brokers: cluster.bootstrap, ...SMALL })
  t.teardown(async () => {
    await producer.close()
    await cluster.close()
  })
  const [broker] = cluster.brokers
  let wasFull = false
  const onLine = (count: number): void => {
    if (count === LINES / 2) {
      broker?.freeze()
      // The producer waits for room, as soon as the buffer is full: then the broker goes on.
      setImmediate(function look() {
        wasFull = producer.metrics().bufferAvailableBytes < 40_000
        if (!wasFull) setImmediate(look)
        else broker?.unfreeze()
      })
    }
  }
  const stream = await sendLines(producer, { topic: 'lines', path, onLine })
  t.ok(wasFull)
  t.match(stream, { recordsAcknowledged: LINES, recordsFailed: 0 })
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const stored = cluster.records('lines', partition).map(({ value }) => value?.toString())
    const numbers = Array.from({ length: LINES / PARTITIONS }, (_, i) => i * PARTITIONS + partition)
    t.strictSame(stored, numbers.map(lineOf))
  }
})
