/**
 * `npm run stream-lines`: a file of lines through `producer.createWriteStream` to a real broker, in flat
 * memory; then Kafka's own consumer counts. Ends with 1 unless each partition holds its lines, once and in
 * order.
 *
 *   --lines n         default 10,000,000
 *   --pause-broker    the broker is stopped (SIGSTOP) when half is read, for `--pause-ms` (10,000), and
 *                     goes on
 *
 * Neighbours: stream-lines.ts does it; memory.ts watches.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Producer } from '../../src/index.js'
import { startKafka, type Kafka } from '../broker/kafka.js'
import { MemoryWatch, type MemoryPart } from './memory.js'
import { expectedPartitions, PARTITIONS, sendLines, writeLines } from './stream-lines.js'

const TOPIC = 'lines'

const { values: given } = parseArgs({
  options: {
    lines: { type: 'string', default: '10000000' },
    'pause-broker': { type: 'boolean', default: false },
    'pause-ms': { type: 'string', default: '10000' },
  },
})
const LINES = Number(given.lines)
const PAUSE_MS = Number(given['pause-ms'])

const startedMs = performance.now()
const log = (line: string): void =>
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${line}`)

async function pause(kafka: Kafka): Promise<void> {
  for (const node of kafka.nodes) node.signal('SIGSTOP')
  log(`the broker is stopped for ${PAUSE_MS} ms`)
  await sleep(PAUSE_MS)
  for (const node of kafka.nodes) node.signal('SIGCONT')
  log('the broker goes on')
}

async function send(kafka: Kafka, path: string): Promise<MemoryPart[]> {
  await using producer = new Producer({ brokers: kafka.bootstrap })
  let read = 0
  const pauses: Promise<void>[] = []
  const watch = new MemoryWatch(() => read / LINES)
  const onLine = (count: number): void => {
    read = count
    if (given['pause-broker'] && count === Math.ceil(LINES / 2)) pauses.push(pause(kafka))
  }
  const beganMs = performance.now()
  const { recordsAcknowledged, recordsFailed } = await sendLines(producer, { topic: TOPIC, path, onLine }) // prettier-ignore
  const tookMs = performance.now() - beganMs
  const perSecond = Math.round((LINES / tookMs) * 1000).toLocaleString('en')
  log(`${recordsAcknowledged} acknowledged, ${recordsFailed} failed; ${perSecond} lines/s`)
  await Promise.all(pauses)
  return watch.stop()
}

async function verify(kafka: Kafka): Promise<boolean> {
  const found = await kafka.summarizeTopic(TOPIC)
  const expected = expectedPartitions(LINES)
  let isWell = found.length === PARTITIONS
  for (const { partition, count, gaps, crc32 } of found) {
    const wanted = expected[partition]
    const isRight = count === wanted?.count && gaps === 0 && crc32 === wanted.crc32
    log(`partition ${partition}: ${count} records, ${isRight ? 'each line once and in order' : 'WRONG'}`) // prettier-ignore
    isWell &&= isRight
  }
  return isWell
}

async function main(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'ottla-lines-'))
  const path = join(folder, 'lines.txt')
  const kafka = await startKafka({ own: true, log })
  try {
    await writeLines(path, LINES)
    log(`${LINES} lines, ${Math.round((await stat(path)).size / 2 ** 20)} MiB`)
    await kafka.createTopic(TOPIC, { partitions: PARTITIONS })
    const parts = await send(kafka, path)
    log(`most memory in each tenth, RSS (heap) in MiB: ${parts.map(({ rssMib, heapMib }) => `${rssMib} (${heapMib})`).join(', ')}`) // prettier-ignore
    return await verify(kafka)
  } finally {
    await kafka.stop()
    await rm(folder, { recursive: true })
  }
}

process.exitCode = (await main()) ? 0 : 1
