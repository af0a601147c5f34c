// 'auto' with the real codecs and a clock that knows what each of them is to cost: the trials'
// outcome is then the same on every machine.
import t from 'tap'
import type { Codec } from '../../src/compression/codec.js'
import { silentLogger, type Logger } from '../../src/logger.js'
import { AutoCompression, type CompressionChoice } from '../../src/producer/auto-compression.js'
import type { ProducerTopic } from '../../src/producer/topic.js'
import { seededRandom, topicOf } from './support/pieces.js'

/** The order in which a trial goes through the codecs. */
const LABELS = ['none', 'lz4', 'snappy', 'zstd:1', 'zstd:3', 'gzip'] as const
type Label = (typeof LABELS)[number]

/** Milliseconds that each codec needs for one sample; others need none. */
type Costs = Partial<Record<Label, number>>

/** A clock that is read before and after each codec, and has moved by the codec's cost between. */
function costlyClock(costs: () => Costs): () => number {
  let nowMs = 0
  let reads = 0
  return () => {
    const label = LABELS[Math.floor(reads / 2) % LABELS.length] as Label
    if (reads++ % 2 === 1) nowMs += costs()[label] ?? 0
    return nowMs
  }
}

interface Rig {
  readonly auto: AutoCompression
  readonly logged: CompressionChoice[]
  /** Sends batches of these records through, and returns the codec that each got. */
  run(topic: ProducerTopic, batches: number, bytes: (batch: number) => Buffer): (string | null)[]
}

function rig(costs: () => Costs = () => ({})): Rig {
  const logged: CompressionChoice[] = []
  const info: Logger['info'] = (fields) => void logged.push(fields as CompressionChoice)
  const auto = new AutoCompression(costlyClock(costs), { ...silentLogger, info }, true)
  return {
    auto,
    logged,
    run: (topic, batches, bytes) =>
      Array.from({ length: batches }, (_, batch) => sendBatch(auto, topic, bytes(batch))),
  }
}

/** What the compressor does with one batch, as far as the policy sees it. */
function sendBatch(auto: AutoCompression, topic: ProducerTopic, bytes: Buffer): string | null {
  const codec = auto.codecFor(topic, bytes)
  if (codec === null) return null
  const ratio = Math.min(1, codec.compressSync(bytes).length / bytes.length)
  if (topic.fill.isTelling(bytes.length)) topic.fill.observed(ratio)
  auto.observed(topic, ratio, bytes.length)
  return labelOf(codec)
}

function labelOf({ name, level }: Codec): string {
  return name === 'zstd' ? `zstd:${level ?? ''}` : name
}

/** JSON lines, as services write them: every codec makes a fraction of them. */
function jsonLines(sizeBytes: number, seed = 1): Buffer {
  const random = seededRandom(seed)
  let text = ''
  while (text.length < sizeBytes) {
    const id = Math.floor(random() * 1e6)
    text += `{"id":${id},"event":"order placed","country":"CZ","total":${id % 977}}\n`
  }
  return Buffer.from(text).subarray(0, sizeBytes)
}

function noise(sizeBytes: number, seed = 1): Buffer {
  const random = seededRandom(seed)
  return Buffer.from(Array.from({ length: sizeBytes }, () => Math.floor(random() * 256)))
}

const JSON_LINES = jsonLines(40_000)
const NOISE = noise(40_000)

t.test('where CPU costs nothing the smallest wins', async (t) => {
  const { auto, run } = rig()
  const topic = topicOf([1])
  run(topic, 3, () => JSON_LINES)
  const choice = auto.choiceOf(topic)
  const ratios = Object.values(choice?.costs ?? {})
  t.strictSame(Object.keys(choice?.costs ?? {}), LABELS)
  t.equal(choice?.cost, Math.min(...ratios))
  t.equal(choice?.costs['none'], 10, 'ten milliseconds for a megabyte that travels whole')
  t.equal(choice?.cpuMsPerMb, 0)
  t.ok((choice?.ratio ?? 1) < 0.3)
})

t.test('a codec that costs more CPU than its bytes are worth is not chosen', async (t) => {
  const dear = { lz4: 0.1, snappy: 10, 'zstd:1': 10, 'zstd:3': 10, gzip: 10 }
  const { auto, run } = rig(() => dear)
  const topic = topicOf([1])
  run(topic, 3, () => JSON_LINES)
  const choice = auto.choiceOf(topic)
  t.equal(choice?.codec, 'lz4')
  t.ok(Math.abs((choice?.cpuMsPerMb ?? 0) - 0.1 / (32_768 / 1e6)) < 1e-9, 'of the sample alone')
  t.ok((choice?.costs['gzip'] ?? 0) > 300)
})

t.test('random bytes are left alone', async (t) => {
  const { auto, run } = rig()
  const topic = topicOf([1])
  t.strictSame(run(topic, 5, () => NOISE), [null, null, null, null, null]) // prettier-ignore
  t.match(auto.choiceOf(topic), { codec: 'none', ratio: 1, cpuMsPerMb: 0, cost: 10 })
  t.equal(topic.fill.targetBytes, 16_384)
})

t.test('three trials make a choice, which is logged once', async (t) => {
  let costs: Costs = { lz4: 9, snappy: 0.5, 'zstd:1': 9, 'zstd:3': 9, gzip: 9 }
  const { run, logged } = rig(() => costs)
  const topic = topicOf([1])
  run(topic, 1, () => JSON_LINES)
  t.equal(logged.length, 0)
  costs = { lz4: 0, snappy: 0.5, 'zstd:1': 99, 'zstd:3': 99, gzip: 99 }
  run(topic, 2, () => JSON_LINES)
  t.equal(logged.length, 1)
  t.match(logged[0], { topic: 'orders', codec: 'lz4' }, 'its dear first call was a disturbance')
  run(topic, 5, () => JSON_LINES)
  t.equal(logged.length, 1)
})

t.test('batches too small for a trial are not tried, and do not count as one', async (t) => {
  let reads = 0
  const auto = new AutoCompression(() => reads++, silentLogger, true)
  const topic = topicOf([1])
  for (let i = 0; i < 50; i++) sendBatch(auto, topic, JSON_LINES.subarray(0, 200))
  t.equal(reads, 0)
  t.equal(auto.choiceOf(topic), null)
  sendBatch(auto, topic, JSON_LINES)
  t.equal(reads, 2 * LABELS.length)
  t.ok(auto.choiceOf(topic))
})

t.test('while the data stays as it is, the choice stands for 1,000 batches', async (t) => {
  const { run, logged } = rig()
  const topic = topicOf([1])
  const codecs = run(topic, 1000, () => JSON_LINES)
  t.equal(logged.length, 1, 'no trial beyond the first three')
  t.equal(new Set(codecs.slice(3)).size, 1)
  run(topic, 10, () => JSON_LINES)
  t.equal(logged.length, 2, 'and is then looked at again')
})

t.test('a choice made on a sample stands though larger batches compress better', async (t) => {
  // 20 KB of half-random bytes, ten times: a codec with a long window sees it, a sample does not.
  const { run, logged } = rig(() => ({ lz4: 9, snappy: 9, 'zstd:1': 9, gzip: 9 }))
  const topic = topicOf([1])
  const large = Buffer.concat(Array.from({ length: 10 }, () => noise(20_000).map((it) => it & 15)))
  const codecs = run(topic, 60, () => large)
  t.equal(codecs.at(-1), 'zstd:3')
  t.equal(logged.length, 1)
})

t.test('batches of other sizes are no other data', async (t) => {
  const { run, logged } = rig()
  const topic = topicOf([1])
  const sizes = (batch: number): number => (Math.floor(batch / 20) % 2 === 0 ? 300 : 40_000)
  run(topic, 900, (batch) => JSON_LINES.subarray(0, sizes(batch)))
  t.equal(logged.length, 1)
})

t.test('a trial that the machine interrupted does not decide', async (t) => {
  const usual = { lz4: 0.1, snappy: 0.1, 'zstd:1': 0.02, 'zstd:3': 1, gzip: 1 }
  for (const interrupted of [0, 1, 2]) {
    let trial = 0
    const { auto, run } = rig(() => (trial === interrupted ? { ...usual, 'zstd:1': 15 } : usual))
    const topic = topicOf([1])
    for (; trial < 3; trial++) run(topic, 1, () => JSON_LINES)
    t.match(auto.choiceOf(topic), { codec: 'zstd', level: 1 }, `trial ${interrupted}`)
  }
})

t.test('the choice follows the data, to none and back', async (t) => {
  const { auto, run } = rig()
  const topic = topicOf([1])
  run(topic, 20, () => JSON_LINES)
  t.not(auto.choiceOf(topic)?.codec, 'none')
  run(topic, 20, () => NOISE)
  t.equal(auto.choiceOf(topic)?.codec, 'none')
  t.equal(topic.fill.ratio, 1, 'batches are not filled for a codec that is no longer used')
  run(topic, 1010, () => JSON_LINES)
  t.not(auto.choiceOf(topic)?.codec, 'none')
})

t.test('each topic has its own choice', async (t) => {
  const { auto, run } = rig()
  const [text, binary] = [topicOf([1], { name: 'text' }), topicOf([1], { name: 'binary' })]
  for (let i = 0; i < 30; i++) {
    run(text, 1, () => JSON_LINES)
    run(binary, 1, () => NOISE)
  }
  t.not(auto.choiceOf(text)?.codec, 'none')
  t.equal(auto.choiceOf(binary)?.codec, 'none')
})

t.test('a topic that left the directory and came back is tried afresh', async (t) => {
  const { auto, run } = rig()
  run(topicOf([1]), 3, () => JSON_LINES)
  t.equal(auto.choiceOf(topicOf([1])), null)
})
