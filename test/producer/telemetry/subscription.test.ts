/** What is wanted, and how it is compressed. */
import t from 'tap'
import { subscriptionOf } from '../../../src/producer/telemetry/subscription.js'
import { TelemetryPayloads } from '../../../src/producer/telemetry/telemetry-payload.js'
import { createCodec } from '../../../src/compression/create-codec.js'
import { COMPRESSION_NAMES } from '../../../src/compression/codec.js'

const ANSWER = {
  ...{ throttleTimeMs: 0, errorCode: 0, clientInstanceId: 'AAECAwQFBgcICQoLDA0ODw' },
  ...{ subscriptionId: 5, acceptedCompressionTypes: [4, 3], pushIntervalMs: 1000 },
  ...{ telemetryMaxBytes: 100, deltaTemporality: true, requestedMetrics: ['*'] },
}

t.test('names are wanted by their prefixes', async (t) => {
  const wants = (requestedMetrics: string[], name: string): boolean =>
    subscriptionOf({ ...ANSWER, requestedMetrics }).wants(name)
  const name = 'org.apache.kafka.producer.request.total'
  t.equal(wants(['*'], name), true)
  t.equal(wants([''], name), true)
  t.equal(wants(['org.apache.kafka.producer.'], name), true)
  t.equal(wants(['org.apache.kafka.consumer.', 'org.apache.kafka.producer.request'], name), true)
  t.equal(wants(['producer.'], name), false)
  t.equal(wants([], name), false)
  t.equal(subscriptionOf({ ...ANSWER, requestedMetrics: [] }).wantsMetrics, false)
  t.equal(subscriptionOf(ANSWER).wantsMetrics, true)
})

t.test('an interval that is none is five minutes', async (t) => {
  for (const pushIntervalMs of [0, -1]) {
    t.equal(subscriptionOf({ ...ANSWER, pushIntervalMs }).pushIntervalMs, 300_000)
  }
  t.equal(subscriptionOf(ANSWER).pushIntervalMs, 1000)
})

t.test('the first codec that is accepted and there', async (t) => {
  const payloads = new TelemetryPayloads()
  const plain = Buffer.from('metrics '.repeat(100))
  for (const id of [1, 2, 3, 4]) {
    const { compressionType, metrics } = payloads.compress(plain, [99, -1, id, 0])
    t.equal(compressionType, id)
    const codec = createCodec(COMPRESSION_NAMES[id] ?? 'none')
    t.strictSame(Buffer.from(codec.decompress(metrics)), plain)
  }
  for (const accepted of [[], [0], [77], [0, 4]]) {
    const { compressionType, metrics } = payloads.compress(plain, accepted)
    t.equal(compressionType, 0)
    t.equal(metrics, plain)
  }
})
