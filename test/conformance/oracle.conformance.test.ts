/**
 * The judge itself: it sees a single damaged byte, and outlives every question that it cannot answer.
 */
import type { Test } from 'tap'
import { waitUntil } from '../broker/wait.js'
import { compareMessage } from './compare-message.js'
import { mapStrings } from './kafka-json.js'
import { MESSAGES, sample } from './messages.js'
import { KafkaRefusal } from './oracle-process.js'
import { oracleTest, startOracle } from './oracle.js'

await oracleTest('a damaged byte is reported, wherever it is', async (t, oracle) => {
  for (const spec of MESSAGES) {
    const version = spec.versions.at(-1) ?? 0
    const [message] = sample(spec.arbitrary(version), 1, 0)
    const ours = spec.codec.encode(message, version)
    t.equal(await compareMessage(oracle, { spec, version, message }, ours), null, spec.name)
    const asked = Array.from(ours, (byte, at) => {
      const damaged = Buffer.from(ours)
      damaged[at] = byte ^ 1
      return compareMessage(oracle, { spec, version, message }, damaged)
    })
    const found = await Promise.all(asked)
    const unseen = found.filter((it, at) => !it?.includes(`bytes differ at ${at} `))
    t.strictSame(unseen, [], `${spec.name} v${version}: ${ours.length} bytes, one at a time`)
  }
})

await oracleTest(
  'a message read otherwise is reported, though the bytes are right',
  async (t, oracle) => {
    const spec = MESSAGES.find(({ name }) => name === 'ProduceResponse')
    if (spec === undefined) throw new Error('ProduceResponse is missing')
    const topic = { name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitionResponses: [] }
    const message = { responses: [topic], throttleTimeMs: 1, nodeEndpoints: [] }
    const bytes = spec.codec.encode(message, 9)
    const misreading = { ...spec.codec, decode: () => mapStrings(message, () => 'u') }
    const misread = { ...spec, codec: misreading }
    const found = await compareMessage(oracle, { spec: misread, version: 9, message }, bytes)
    t.match(found, /we read another message/)
  },
)

await oracleTest('what Kafka refuses is answered with its exception', async (t, oracle) => {
  const produce = { name: 'ProduceRequest', version: 9 }
  await refuses(t, oracle.ask({ op: 'guess' }), /no such op: guess/)
  await refuses(t, oracle.ask({}), /no such op/)
  await refuses(t, oracle.encode({ name: 'Nothing', version: 0 }, {}), /ClassNotFound/)
  await refuses(t, oracle.encode(produce, {}), /transactionalId/)
  await refuses(t, oracle.encode({ ...produce, version: 99 }, {}), /UnsupportedVersion|version/)
  await refuses(t, oracle.decode(produce, Buffer.alloc(0)), /BufferUnderflow/)
  await refuses(t, oracle.decode(produce, Buffer.alloc(500, 0xff)), /Exception/)
  await refuses(t, oracle.parseBatches(Buffer.alloc(61)), /Corrupt|Exception/)
  await refuses(t, oracle.parseBatches(Buffer.from('ends early')), /whole batches take 0 of 10/)
  const level = { compression: 'snappy', level: 3, records: [] } as const
  await refuses(t, oracle.buildBatch(level), /snappy has no level/)
  t.match(await oracle.headerVersions(18, 4), { request: 2, response: 0 }, 'and it lives')
})

await oracleTest('an oracle that is stopped fails its questions, and is gone', async (t) => {
  const oracle = await startOracle((line) => t.comment(line))
  await oracle.headerVersions(0, 9)
  const pid = oracle.pid ?? 0
  t.ok(isRunning(pid))
  const refused = t.rejects(oracle.headerVersions(0, 10), { message: /it was stopped/ })
  await oracle.stop()
  await refused
  t.notOk(isRunning(pid))
  await t.rejects(oracle.headerVersions(0, 9), { message: /has ended/ })
  await oracle.stop()
})

await oracleTest('an oracle that dies by itself fails its questions', async (t) => {
  const oracle = await startOracle((line) => t.comment(line))
  await oracle.headerVersions(0, 9)
  const pid = oracle.pid ?? 0
  process.kill(pid, 'SIGKILL')
  await waitUntil(async () => !isRunning(pid), { what: 'the oracle to die', timeoutMs: 30_000 })
  await t.rejects(oracle.headerVersions(0, 10), { message: /the oracle (failed|has) / })
})

async function refuses(t: Test, asked: Promise<unknown>, message: RegExp): Promise<void> {
  const error = await asked.then(
    () => null,
    (error: unknown) => error,
  )
  t.ok(error instanceof KafkaRefusal, String(error))
  t.match((error as Error).message, message)
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
