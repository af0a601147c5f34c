/**
 * The broker module against the Kafka it finds or starts. Records are written by one raw Produce
 * request, so that what is tested is the reading back.
 */
import { existsSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { produce } from '../../src/protocol/messages/produce.js'
import { bufferSizeFor, NO_PRODUCER, RecordBatchBuilder } from '../../src/protocol/record-batch.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import { askMetadata } from './admin.js'
import { ask } from './ask.js'
import { brokerTest } from './broker-test.js'
import type { Kafka } from './kafka.js'
import { waitUntil } from './wait.js'
import { batchRecord } from '../protocol/support/batch-record.js'

const PRODUCE_VERSION = 8 // the newest that names topics and is spoken by 2.8
const TIMESTAMP = 1_700_000_000_000

type TestHeader = readonly [name: string, value: Buffer | null]

interface TestRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: readonly TestHeader[]
}

async function write(
  kafka: Kafka,
  topic: string,
  partition: number,
  records: readonly TestRecord[],
): Promise<void> {
  const batch = new RecordBatchBuilder(Buffer.alloc(bufferSizeFor(100_000)))
  for (const { key, value, headers = [] } of records) {
    batch.append(batchRecord({ timestamp: TIMESTAMP, key, value, headers: headers.flat() }))
  }
  batch.seal(NO_PRODUCER)
  const bytes = batch.buffer.subarray(batch.start, batch.end)
  const response = await ask(
    await leaderOf(kafka.bootstrap[0] ?? '', topic, partition),
    produce,
    PRODUCE_VERSION,
    {
      transactionalId: null,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [
        { name: topic, topicId: ZERO_UUID, partitionData: [{ index: partition, records: bytes }] },
      ],
    },
  )
  const errorCode = response.responses[0]?.partitionResponses[0]?.errorCode
  if (errorCode !== 0) throw new Error(`Produce answered ${errorCode}`)
}

async function leaderOf(asked: string, topic: string, partition: number): Promise<string> {
  const { brokers, topics } = await askMetadata(asked, [topic])
  const found = topics[0]?.partitions.find((it) => it.partitionIndex === partition)
  const leader = brokers.find((broker) => broker.nodeId === found?.leaderId)
  if (leader === undefined) throw new Error(`${topic}-${partition} has no leader`)
  return `${leader.host}:${leader.port}`
}

let topics = 0
const newTopic = (): string => `broker-test-${process.pid}-${Date.now()}-${topics++}`

const BINARY = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
const RECORDS: readonly TestRecord[] = [
  { key: BINARY, value: Buffer.concat([BINARY, BINARY]), headers: [['a', BINARY]] },
  { key: null, value: Buffer.from('no key') },
  { key: Buffer.alloc(0), value: null },
  {
    key: Buffer.from('žluť'),
    value: Buffer.alloc(0),
    headers: [
      ['b', null],
      ['b', Buffer.alloc(0)],
      ['č', Buffer.from('twice, and in order')],
    ],
  },
]

await brokerTest('reads back every byte of every record', async (t, kafka) => {
  const topic = newTopic()
  await kafka.createTopic(topic, { partitions: 2 })
  await write(kafka, topic, 1, RECORDS)

  const expected = RECORDS.map(({ key, value, headers = [] }, index) => ({
    partition: 1,
    offset: BigInt(index),
    timestamp: TIMESTAMP,
    timestampType: 'create',
    key,
    value,
    headers,
  }))
  t.strictSame(await kafka.readTopic(topic), expected)

  const offsets: bigint[] = []
  const onRecord = (record: { offset: bigint }): void => void offsets.push(record.offset)
  t.strictSame(await kafka.readTopic(topic, { onRecord, isolationLevel: 'read_committed' }), [])
  t.strictSame(offsets, [0n, 1n, 2n, 3n], 'the callback has seen them all')
})

await brokerTest('summarizes a partition as zlib does', async (t, kafka) => {
  const topic = newTopic()
  await kafka.createTopic(topic, { partitions: 2 })
  await write(kafka, topic, 0, RECORDS)
  await write(kafka, topic, 0, RECORDS)

  const bytes = RECORDS.flatMap(({ key, value }) => [key, value]).filter((it) => it !== null)
  t.strictSame(await kafka.summarizeTopic(topic), [
    {
      partition: 0,
      count: 8,
      firstOffset: 0n,
      lastOffset: 7n,
      gaps: 0,
      crc32: crc32(Buffer.concat([...bytes, ...bytes])),
    },
    { partition: 1, count: 0, firstOffset: -1n, lastOffset: -1n, gaps: 0, crc32: 0 },
  ])
})

await brokerTest('reads only the offsets that are asked for', async (t, kafka) => {
  const topic = newTopic()
  await kafka.createTopic(topic, { partitions: 3 })
  for (const partition of [0, 1, 1, 2]) await write(kafka, topic, partition, RECORDS)

  const ranges = new Map([
    [1, { from: 3n, to: 7n }],
    [2, { from: 4n, to: 4n }],
  ])
  const options = { ranges, isolationLevel: 'read_committed' } as const
  const summaries = await kafka.summarizeTopic(topic, options)
  t.strictSame(
    summaries.map(({ partition, firstOffset, lastOffset }) => [partition, firstOffset, lastOffset]),
    [
      [1, 3n, 6n],
      [2, -1n, -1n],
    ],
  )
  const missing = { ranges: new Map([[0, { from: 9n, to: 10n }]]) }
  await t.rejects(kafka.summarizeTopic(topic, missing), /OutOfRange/)
})

await brokerTest("runs Kafka's console consumer and DumpLogSegments", async (t, kafka) => {
  const topic = newTopic()
  await kafka.createTopic(topic)
  await write(kafka, topic, 0, [
    { key: null, value: Buffer.from('one') },
    { key: null, value: Buffer.from('two') },
  ])
  const args = ['--from-beginning', '--max-messages', '2']
  t.strictSame(await kafka.consoleConsumer(topic, args), ['one', 'two'])
  if (kafka.kind !== 'jars') return
  const dump = await kafka.dumpLog(topic, 0)
  t.match(dump, /baseOffset: 0 lastOffset: 1 count: 2 /)
  t.match(dump, /payload: two/)
})

await brokerTest('says what is wrong with a topic', async (t, kafka) => {
  const topic = newTopic()
  await kafka.createTopic(topic, { config: { 'max.message.bytes': '100' } })
  await t.rejects(kafka.createTopic(topic), /TOPIC_ALREADY_EXISTS/)
  const config = { 'max.message.bytes': 'many' }
  await t.rejects(kafka.createTopic(newTopic(), { config }), /INVALID_CONFIG/)
  await t.rejects(write(kafka, topic, 0, RECORDS), /Produce answered 10/)
  await t.rejects(kafka.readTopic('broker-test-missing'), /there is no topic/)
})

await brokerTest(
  'keeps records of any age: retention passes by the topics of tests',
  async (t, kafka) => {
    await kafka.createTopic('kept')
    await kafka.createTopic('emptied', { config: { 'retention.ms': '86400000' } })
    await write(kafka, 'kept', 0, RECORDS)
    for (let pass = 0; pass < 2; pass++) {
      await write(kafka, 'emptied', 0, RECORDS)
      const isEmptied = async (): Promise<boolean> =>
        (await kafka.summarizeTopic('emptied'))[0]?.count === 0
      await waitUntil(isEmptied, { what: 'retention to pass', timeoutMs: 120_000 })
    }
    t.equal((await kafka.summarizeTopic('kept'))[0]?.count, RECORDS.length)
  },
  { config: { 'log.retention.check.interval.ms': '500', 'log.initial.task.delay.ms': '500' } },
)

await brokerTest(
  'keeps data, port and id when it is killed and restarted',
  async (t, kafka) => {
    const [node] = kafka.nodes
    if (node === undefined) throw new Error('an own Kafka has nodes')
    const { address, pid } = node
    await kafka.createTopic('kept')
    await write(kafka, 'kept', 0, RECORDS)
    await node.kill()
    await t.rejects(askMetadata(address), { code: 'ECONNREFUSED' })
    await node.restart()
    t.equal(node.address, address)
    t.not(node.pid, pid)
    t.equal((await kafka.summarizeTopic('kept'))[0]?.count, RECORDS.length)
  },
  { own: true },
)

await brokerTest(
  'elects another leader for a frozen one, and stops without leaving a process or a folder',
  async (t, kafka) => {
    const folder = kafka.environment['OTTLA_KAFKA_FOLDER'] ?? ''
    const pids = kafka.nodes.map((node) => node.pid)
    t.equal(pids.filter(isAlive).length, 3)
    t.ok(existsSync(folder))

    await kafka.createTopic('led')
    const leader = await leaderOf(kafka.bootstrap[0] ?? '', 'led', 0)
    const others = kafka.nodes.filter((node) => node.address !== leader)
    kafka.nodes.find((node) => node.address === leader)?.signal('SIGSTOP')
    const [other = ''] = others.map((node) => node.address)
    await waitUntil(async () => (await leaderOf(other, 'led', 0)) !== leader, {
      what: 'another leader than the frozen one',
      timeoutMs: 60_000,
    })

    await Promise.all([kafka.stop(), kafka.stop()]) // one of its nodes is frozen
    await kafka.stop()
    t.strictSame(pids.filter(isAlive), [])
    t.notOk(existsSync(folder))
  },
  { own: true, nodes: 3 },
)

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
