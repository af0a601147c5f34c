// 'auto' with the real codecs and a clock that stands still but for what each of them is to cost: the
// trials' outcome is then the same on every machine.
import t from 'tap'
import type { Codec } from '../../../src/compression/codec.js'
import { silentLogger, type Logger } from '../../../src/logger.js'
import {
  AutoCompression,
  codecsForAuto,
  type CompressionChoice,
} from '../../../src/producer/preparing/auto-compression.js'
import type { ProducerTopic } from '../../../src/producer/partitioning/topic.js'
import { seededRandom, topicOf } from '../support/pieces.js'

const LABELS = ['none', 'lz4', 'snappy', 'zstd:1', 'zstd:3', 'gzip'] as const
type Label = (typeof LABELS)[number]

/** Milliseconds that each codec needs for a megabyte; others need none. */
type Costs = Partial<Record<Label, number>>

interface Rig {
  readonly auto: AutoCompression
  readonly logged: CompressionChoice[]
  /** How often each codec was tried, and on how many bytes at the most. */
  readonly trials: Map<string, { count: number; mostBytes: number }>
  /** Longest time that one batch was held up by trials. */
  longestMs: number
  /** Time that trials took. */
  spentMs: number
  nowMs: number
  /** Sends batches of these records through, and returns the codec that each got. */
  run(topic: ProducerTopic, batches: number, bytes: (batch: number) => Buffer): (string | null)[]
}

function rig(costs: () => Costs = () => ({})): Rig {
  const logged: CompressionChoice[] = []
  const info: Logger['info'] = (fields) => void logged.push(fields as CompressionChoice)
  const trials: Rig['trials'] = new Map()
  const tried = (codec: Codec, bytes: Uint8Array): Uint8Array => {
    const ms = (costs()[labelOf(codec) as Label] ?? 0) * (bytes.length / 1e6)
    it.nowMs += ms
    it.spentMs += ms
    const { count, mostBytes } = trials.get(labelOf(codec)) ?? { count: 0, mostBytes: 0 }
    const more = { count: count + 1, mostBytes: Math.max(mostBytes, bytes.length) }
    trials.set(labelOf(codec), more)
    return codec.compressSync(bytes)
  }
  const codecs = codecsForAuto(true).map((codec): Codec => ({
    ...codec,
    compressSync: (bytes) => tried(codec, bytes),
  }))
  const auto = new AutoCompression(codecs, () => it.nowMs, { ...silentLogger, info })
  const it: Rig = {
    auto,
    logged,
    trials,
    longestMs: 0,
    spentMs: 0,
    nowMs: 0,
    run: (topic, batches, bytes) =>
      Array.from({ length: batches }, (_, batch) => {
        const startedMs = it.nowMs
        const label = sendBatch(auto, topic, bytes(batch))
        it.longestMs = Math.max(it.longestMs, it.nowMs - startedMs)
        return label
      }),
  }
  return it
}

const REAL = new Map(codecsForAuto(true).map((codec) => [labelOf(codec), codec]))

/** What the compressor does with one batch, as far as the policy sees it. */
function sendBatch(auto: AutoCompression, topic: ProducerTopic, bytes: Buffer): string | null {
  const codec = auto.codecFor(topic, bytes)
  if (codec === null) return null
  const real = REAL.get(labelOf(codec)) ?? codec // beside the loop: no trial, and no time
  const ratio = Math.min(1, real.compressSync(bytes).length / bytes.length)
  if (topic.fill.isTelling(bytes.length)) topic.fill.observed(ratio)
  auto.observed(topic, ratio, bytes.length, codec)
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

/**
 * Blocks of random bytes that come again and again, each 60 KB: only a codec that looks back further
 * than that finds anything.
 */
function farRepetition(sizeBytes: number, seed = 1): Buffer {
  const block = noise(60_000, seed)
  const copies = Math.ceil(sizeBytes / block.length)
  return Buffer.concat(Array.from({ length: copies }, () => block)).subarray(0, sizeBytes)
}

const JSON_LINES = jsonLines(40_000)
const NOISE = noise(40_000)
const NOISE_200 = noise(200_000)
const HALF_MB = 524_288
/** About what they take for a megabyte. */
const USUAL: Costs = { lz4: 2, snappy: 2, 'zstd:1': 3, 'zstd:3': 6, gzip: 30 }

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
  const dear = { lz4: 3, snappy: 300, 'zstd:1': 300, 'zstd:3': 300, gzip: 300 }
  const { auto, run } = rig(() => dear)
  const topic = topicOf([1])
  run(topic, 20, () => JSON_LINES)
  const choice = auto.choiceOf(topic)
  t.equal(choice?.codec, 'lz4')
  t.ok(Math.abs((choice?.cpuMsPerMb ?? 0) - 3) < 1e-9)
  t.ok((choice?.costs['gzip'] ?? 0) > 300)
})

t.test('random bytes are left alone', async (t) => {
  const { auto, run } = rig()
  const topic = topicOf([1])
  t.strictSame(run(topic, 5, () => NOISE), [null, null, null, null, null]) // prettier-ignore
  t.match(auto.choiceOf(topic), { codec: 'none', ratio: 1, cpuMsPerMb: 0, cost: 10 })
  t.equal(topic.fill.targetBytes, 16_384)
})

t.test('what repeats itself only over half a megabyte is seen', async (t) => {
  const it = rig(() => USUAL)
  const topic = topicOf([1])
  const codecs = it.run(topic, 48, () => farRepetition(HALF_MB)) // 25 MB
  t.equal(codecs.at(-1), 'zstd:1')
  t.ok((it.auto.choiceOf(topic)?.ratio ?? 1) < 0.3)
  t.ok(codecs.filter((codec) => codec?.startsWith('zstd')).length >= 40, codecs.join(' '))
  t.ok((it.trials.get('gzip')?.mostBytes ?? 0) <= 32_768, 'a little of it shows that it cannot win')
  t.equal(it.trials.get('zstd:1')?.mostBytes, HALF_MB)
})

t.test('after the first batch the best of those that had their go is taken', async (t) => {
  const it = rig(() => ({ ...USUAL, snappy: 9 }))
  const topic = topicOf([1])
  t.equal(it.run(topic, 1, () => jsonLines(HALF_MB))[0], 'lz4')
  const { codec, costs = {} } = it.auto.choiceOf(topic) ?? {}
  t.equal(codec, 'lz4')
  t.strictSame(Object.keys(costs), ['none', 'lz4', 'snappy', 'zstd:1'])
})

t.test('a first call that takes long is no reason not to compress', async (t) => {
  const it = rig(() => ({ lz4: 900, snappy: 900, 'zstd:1': 900, 'zstd:3': 900, gzip: 900 }))
  const topic = topicOf([1])
  t.type(it.run(topic, 1, () => jsonLines(HALF_MB))[0], 'string')
  it.run(topic, 30, () => jsonLines(HALF_MB))
  t.equal(it.auto.choiceOf(topic)?.codec, 'none', 'if it stays like that, it is')
})

t.test('however slow the codecs are, a batch is not held up for long', async (t) => {
  const it = rig(() => ({ lz4: 9, snappy: 9, 'zstd:1': 9, 'zstd:3': 9, gzip: 300 }))
  it.run(topicOf([1]), 30, () => farRepetition(HALF_MB))
  t.ok(it.longestMs < 12, `${it.longestMs} ms`)
})

t.test('batches that have grown are looked at again', async (t) => {
  const it = rig(() => USUAL)
  const topic = topicOf([1])
  it.run(topic, 20, () => farRepetition(20_000))
  t.equal(it.auto.choiceOf(topic)?.codec, 'none')
  it.run(topic, 20, () => farRepetition(HALF_MB))
  t.match(it.auto.choiceOf(topic), { codec: 'zstd', level: 1 })
})

t.test('three rounds make a choice, which is logged once', async (t) => {
  let costs: Costs = { lz4: 300, snappy: 10, 'zstd:1': 300, 'zstd:3': 300, gzip: 300 }
  const { run, logged } = rig(() => costs)
  const topic = topicOf([1])
  run(topic, 3, () => JSON_LINES)
  t.equal(logged.length, 0)
  costs = { lz4: 0, snappy: 10, 'zstd:1': 300, 'zstd:3': 300, gzip: 300 }
  run(topic, 20, () => JSON_LINES)
  t.equal(logged.length, 1)
  t.match(logged[0], { topic: 'orders', codec: 'lz4' }, 'its dear first call was a disturbance')
  run(topic, 5, () => JSON_LINES)
  t.equal(logged.length, 1)
})

t.test('batches too small for a trial are not tried, and do not count as one', async (t) => {
  const { auto, run, trials } = rig()
  const topic = topicOf([1])
  run(topic, 50, () => JSON_LINES.subarray(0, 200))
  t.equal(trials.size, 0)
  t.equal(auto.choiceOf(topic), null)
  run(topic, 1, () => JSON_LINES)
  t.ok(auto.choiceOf(topic))
})

t.test('nor are those that are small among their like', async (t) => {
  const it = rig()
  const topic = topicOf([1])
  it.run(topic, 1, () => farRepetition(HALF_MB))
  const before = it.trials.get('lz4')?.count
  it.run(topic, 10, () => JSON_LINES)
  t.equal(it.trials.get('lz4')?.count, before)
})

t.test('while the data stays as it is, the choice stands for 1,000 batches', async (t) => {
  const { run, logged, trials } = rig()
  const topic = topicOf([1])
  const codecs = run(topic, 1000, () => JSON_LINES)
  t.equal(trials.get('lz4')?.count, 3, 'no trial beyond the first three')
  t.equal(new Set(codecs.slice(3)).size, 1)
  run(topic, 10, () => JSON_LINES)
  t.equal(trials.get('lz4')?.count, 6, 'and is then looked at again')
  t.equal(logged.length, 1, 'the same again is no news')
})

t.test('what is as good by a hair does not take over', async (t) => {
  let round = 0
  // With each look another of the two is cheaper by a little.
  const it = rig(() => {
    const [lz4, snappy] = round % 2 === 0 ? [2, 2.2] : [2.2, 2]
    return { lz4, snappy: snappy + 0.06, 'zstd:1': 30, 'zstd:3': 30, gzip: 30 }
  })
  const topic = topicOf([1])
  const random = seededRandom(9)
  const half = Buffer.from(noise(60_000).map((byte) => (random() < 0.8 ? byte : 32)))
  const chosen = new Set<string | null | undefined>()
  for (; round < 6; round++) chosen.add(it.run(topic, 1010, () => half).at(-1))
  t.equal(chosen.size, 1, [...chosen].join(' '))
})

t.test('nor what is better by less than its trials differ', async (t) => {
  let trial = 0
  let isBetter = false
  const it = rig(() => ({
    lz4: 3,
    snappy: isBetter ? ([2.4, 3.6, 3.7][trial++ % 3] ?? 0) : 9,
    'zstd:1': 300,
    'zstd:3': 300,
    gzip: 300,
  })) // prettier-ignore
  const topic = topicOf([1])
  it.run(topic, 1000, () => JSON_LINES)
  t.equal(it.auto.choiceOf(topic)?.codec, 'lz4')
  isBetter = true
  it.nowMs += 1e6
  it.run(topic, 50, () => JSON_LINES)
  t.equal(it.auto.choiceOf(topic)?.codec, 'lz4')
})

t.test('to look again takes no more than a hundredth of the time', async (t) => {
  const it = rig(() => USUAL)
  const topic = topicOf([1])
  it.run(topic, 30, () => NOISE_200) // chosen: none
  const firstMs = it.spentMs
  const from = it.nowMs
  it.run(topic, 20_000, () => {
    it.nowMs += 2 // 100 MB/s
    return NOISE_200
  })
  const share = (it.spentMs - firstMs) / (it.nowMs - from)
  t.ok(share > 0 && share < 0.011, `${share}`)
})

t.test('a choice made on a sample stands though larger batches compress better', async (t) => {
  const { run, logged } = rig(() => ({ lz4: 300, snappy: 300, 'zstd:1': 300, gzip: 300 }))
  const topic = topicOf([1])
  const large = Buffer.concat(Array.from({ length: 10 }, () => noise(20_000).map((it) => it & 15)))
  const codecs = run(topic, 60, () => large)
  t.equal(codecs.at(-1), 'zstd:3')
  t.equal(logged.length, 1)
})

t.test('batches of other sizes are no other data', async (t) => {
  const { run, trials } = rig()
  const topic = topicOf([1])
  const sizes = (batch: number): number => (Math.floor(batch / 20) % 2 === 0 ? 300 : 40_000)
  run(topic, 900, (batch) => JSON_LINES.subarray(0, sizes(batch)))
  t.equal(trials.get('lz4')?.count, 3)
})

t.test('a trial that the machine interrupted does not decide', async (t) => {
  const usual = { lz4: 3, snappy: 3, 'zstd:1': 0.6, 'zstd:3': 30, gzip: 30 }
  for (const interrupted of [0, 1, 2]) {
    let trial = 0
    const { auto, run } = rig(() => (trial === interrupted ? { ...usual, 'zstd:1': 400 } : usual))
    const topic = topicOf([1])
    for (; auto.choiceOf(topic) === null || trial < 12; trial++) run(topic, 1, () => JSON_LINES)
    t.match(auto.choiceOf(topic), { codec: 'zstd', level: 1 }, `trial ${interrupted}`)
  }
})

t.test('the choice follows the data, to none and back', async (t) => {
  const { auto, run } = rig()
  const topic = topicOf([1])
  run(topic, 20, () => JSON_LINES)
  t.not(auto.choiceOf(topic)?.codec, 'none')
  run(topic, 25, () => NOISE)
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
