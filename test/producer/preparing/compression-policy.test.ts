import t from 'tap'
import { ConfigError, ProtocolError } from '../../../src/errors.js'
import { createCodec } from '../../../src/compression/create-codec.js'
import { silentLogger } from '../../../src/logger.js'
import { AutoCompression } from '../../../src/producer/preparing/auto-compression.js'
import {
  compressionPolicy,
  decompress,
  type CompressionOption,
} from '../../../src/producer/preparing/compression-policy.js'
import type { CodecChooser } from '../../../src/producer/preparing/codec-chooser.js'
import { topicOf } from '../support/pieces.js'

const TEXT = Buffer.alloc(5000, 'compressible ')

function policyOf(option: CompressionOption, maxProduceVersion = Infinity): CodecChooser {
  const parts = { stopwatchMs: () => 0, logger: silentLogger, maxProduceVersion }
  const policy = compressionPolicy(option, parts)
  if (policy === null) throw new Error(`${JSON.stringify(option)} has no policy`)
  return policy
}

t.test('none, by either name, is no policy at all', async (t) => {
  const parts = { stopwatchMs: () => 0, logger: silentLogger, maxProduceVersion: Infinity }
  t.equal(compressionPolicy('none', parts), null)
  t.equal(compressionPolicy({ codec: 'none' }, parts), null)
})

t.test('a codec, with or without a level, is for every topic', async (t) => {
  const gzip = policyOf('gzip').codecFor(topicOf([1]), TEXT)
  t.match(gzip, { name: 'gzip', level: -1 })
  const policy = policyOf({ codec: 'zstd', level: 7 })
  const one = policy.codecFor(topicOf([1], { name: 'one' }), TEXT)
  t.match(one, { name: 'zstd', level: 7 })
  t.equal(policy.codecFor(topicOf([1], { name: 'two' }), TEXT), one)
})

t.test('a level that the codec does not have is refused when the producer is made', async (t) => {
  t.throws(() => policyOf({ codec: 'gzip', level: 10 }), ConfigError)
  t.throws(() => policyOf({ codec: 'zstd', level: 23 }), ConfigError)
  t.throws(() => policyOf({ codec: 'lz4', level: 1 }), ConfigError)
})

t.test("'auto' chooses among all, and without zstd for old brokers", async (t) => {
  const policy = policyOf('auto')
  t.ok(policy instanceof AutoCompression)
  const topic = topicOf([1])
  policy.codecFor(topic, TEXT)
  const costs = (it: CodecChooser): string[] =>
    Object.keys((it as AutoCompression).choiceOf(topic)?.costs ?? {})
  t.strictSame(costs(policy), ['none', 'lz4', 'snappy', 'zstd:1', 'zstd:3', 'gzip'])
  const old = policyOf('auto', 6)
  old.codecFor(topic, TEXT)
  t.strictSame(costs(old), ['none', 'lz4', 'snappy', 'gzip'])
  const first = policyOf('auto', 7)
  first.codecFor(topic, TEXT)
  t.strictSame(costs(first), costs(policy))
})

t.test('reads back what any codec wrote', async (t) => {
  for (const name of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const codec = createCodec(name)
    t.ok(TEXT.equals(decompress(Buffer.from(codec.compressSync(TEXT)), codec.id)), name)
  }
  t.throws(() => decompress(TEXT, 5), ProtocolError)
})
