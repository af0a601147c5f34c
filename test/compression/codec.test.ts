/**
 * What holds for every codec alike. Method: one table of codecs, the same checks for each row;
 * foreign bytes come from Kafka's own classes (test/fixtures/compression).
 */

import fc from 'fast-check'
import t from 'tap'
import { COMPRESSION_NAMES, type CompressionName } from '../../src/compression/codec.js'
import { createCodec } from '../../src/compression/create-codec.js'
import { ConfigError, ProtocolError } from '../../src/errors.js'
import { type GoldenName, goldenBytes, goldenInputs } from './golden.js'

const KiB = 1024
const COMPRESSING = ['gzip', 'snappy', 'lz4', 'zstd'] as const
const LEVELS: Record<CompressionName, readonly (number | undefined)[]> = {
  none: [undefined],
  gzip: [undefined, -1, 1, 9],
  snappy: [undefined],
  lz4: [undefined],
  zstd: [undefined, -131072, 1, 3, 22],
}
// Around the sizes at which lz4's blocks (64 KiB) and snappy's chunks (128 KiB) end.
const ENDS = [64, 128].flatMap((size) => [size * KiB - 1, size * KiB, size * KiB + 1])
const SIZES = [0, 1, 100, ...ENDS, 300 * KiB]

function jsonLike(sizeBytes: number): Buffer {
  let text = ''
  for (let id = 0; text.length < sizeBytes; id++) {
    text += JSON.stringify({ id, name: `user-${(id * 7919) % 1009}`, total: (id * 31) % 977 })
  }
  return Buffer.from(text.slice(0, sizeBytes))
}

t.test('stands at its id in the list of names, as in the attributes of a batch', async (t) => {
  for (const [id, name] of COMPRESSION_NAMES.entries()) {
    t.match(createCodec(name), { name, id })
  }
  t.strictSame(COMPRESSION_NAMES, ['none', 'gzip', 'snappy', 'lz4', 'zstd'])
})

t.test('gives back what it took, at every level and size, sync and async', async (t) => {
  for (const name of COMPRESSION_NAMES) {
    for (const level of LEVELS[name]) {
      const codec = createCodec(name, level)
      for (const input of SIZES.map(jsonLike)) {
        const label = `${name} level ${level ?? 'default'} ${input.length} B`
        const compressed = [codec.compressSync(input), (await codec.compress?.(input)) ?? input]
        t.ok(input.equals(codec.decompress(compressed[0] ?? input)), `${label} sync`)
        if (codec.compress === undefined) continue
        t.ok(input.equals(codec.decompress(compressed[1] ?? input)), `${label} async`)
      }
    }
  }
})

t.test('gives back any bytes', async (t) => {
  for (const name of COMPRESSING) {
    const codec = createCodec(name)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (input) => {
        const compressed = (await codec.compress?.(input)) ?? codec.compressSync(input)
        const both = [codec.decompress(codec.compressSync(input)), codec.decompress(compressed)]
        return both.every((output) => Buffer.compare(output, input) === 0)
      }),
      { numRuns: 50 },
    )
    t.pass(name)
  }
})

t.test('makes repetitive text much smaller', async (t) => {
  const input = jsonLike(64 * KiB)
  for (const name of COMPRESSING) {
    const codec = createCodec(name)
    t.ok(codec.compressSync(input).length < input.length / 2, `${name} sync`)
    if (codec.compress === undefined) continue
    t.ok((await codec.compress(input)).length < input.length / 2, `${name} async`)
  }
})

t.test("reads what Kafka's own classes wrote", async (t) => {
  for (const name of COMPRESSING) {
    const codec = createCodec(name)
    for (const [inputName, input] of Object.entries(goldenInputs)) {
      const output = codec.decompress(goldenBytes(name, inputName as GoldenName))
      t.ok(input.equals(output), `${name} ${inputName}`)
    }
  }
})

t.test('sees only the view that it is given, and leaves it alone', async (t) => {
  for (const name of COMPRESSING) {
    const codec = createCodec(name)
    const memory = Buffer.from(`before${'Dear Ottla, '.repeat(20)}after`)
    const view = new Uint8Array(memory.buffer, memory.byteOffset + 6, memory.length - 11)
    const expected = Buffer.from(view)
    const first = codec.compressSync(view)
    const kept = Buffer.from(first)
    const padded = Buffer.concat([Buffer.from('junk'), first])
    t.ok(expected.equals(codec.decompress(padded.subarray(4))), `${name} decompresses a view`)
    t.equal(memory.toString().slice(0, 18), 'beforeDear Ottla, ', `${name} leaves its input`)
    codec.compressSync(memory)
    t.ok(kept.equals(first), `${name} does not touch an earlier result`)
  }
})

t.test('refuses input that is cut short', async (t) => {
  for (const name of COMPRESSING) {
    const codec = createCodec(name)
    const whole = codec.compressSync(goldenInputs.text)
    for (let end = 0; end < whole.length; end++) {
      // snappy's framing has no end mark: its header alone is a whole, empty input.
      if (name === 'snappy' && end === 16) continue
      t.throws(() => codec.decompress(whole.subarray(0, end)), ProtocolError, `${name} at ${end}`)
    }
  }
})

t.test('fails on damaged or random bytes with nothing but a ProtocolError', async (t) => {
  for (const name of COMPRESSING) {
    const codec = createCodec(name)
    const whole = Buffer.from(codec.compressSync(goldenInputs.text))
    const failsWell = (input: Uint8Array): boolean => {
      try {
        return codec.decompress(input, 64 * KiB).length <= 64 * KiB
      } catch (error) {
        return error instanceof ProtocolError && error.message.includes(name)
      }
    }
    const damage = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
        const damaged = Buffer.from(whole)
        for (const [at, bits] of damages) damaged[at] = (damaged[at] ?? 0) ^ bits
        return failsWell(damaged)
      }),
      { numRuns: 500 },
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), failsWell), { numRuns: 500 })
    t.throws(() => codec.decompress(Buffer.from('not compressed at all')), ProtocolError, name)
  }
})

t.test('refuses to grow beyond maxSizeBytes, and grows up to it', async (t) => {
  const bomb = Buffer.alloc(1024 * KiB)
  for (const name of COMPRESSION_NAMES) {
    const codec = createCodec(name)
    const compressed = codec.compressSync(bomb)
    t.equal(codec.decompress(compressed, bomb.length).length, bomb.length, `${name} to the limit`)
    for (const limit of [0, 1, 64 * KiB, bomb.length - 1]) {
      const message = new RegExp(`^${name} data decompresses to more than ${limit} bytes`)
      t.throws(() => codec.decompress(compressed, limit), { name: 'ProtocolError', message })
    }
    t.equal(codec.decompress(codec.compressSync(Buffer.alloc(0)), 0).length, 0, `${name} of none`)
    t.throws(() => codec.decompress(codec.compressSync(Buffer.alloc(1)), 0), /more than 0 bytes/)
  }
})

t.test('reports the level in force', async (t) => {
  t.equal(createCodec('gzip').level, -1)
  t.equal(createCodec('gzip', 9).level, 9)
  t.equal(createCodec('zstd').level, 3)
  t.equal(createCodec('zstd', -131072).level, -131072)
  t.equal(createCodec('lz4').level, undefined)
})

t.test('obeys the level', async (t) => {
  const input = jsonLike(64 * KiB)
  // RFC 1952: the byte XFL is 4 for the fastest algorithm, 2 for the slowest.
  t.equal(createCodec('gzip', 1).compressSync(input)[8], 4)
  t.equal(createCodec('gzip', 9).compressSync(input)[8], 2)
  const fast = createCodec('zstd', -131072)
  const small = createCodec('zstd', 19)
  t.ok(small.compressSync(input).length < fast.compressSync(input).length / 2)
  if (small.compress === undefined || fast.compress === undefined) return
  t.ok((await small.compress(input)).length < (await fast.compress(input)).length / 2, 'async')
})

t.test('refuses a level out of range, naming the range', async (t) => {
  for (const level of [0, 10, -2, 1.5, Number.NaN]) {
    const message = /'gzip': use an integer from 1 to 9, .* the default, -1/
    t.throws(() => createCodec('gzip', level), { name: 'ConfigError', message })
  }
  for (const level of [-131073, 23, 0.5]) {
    const message = /'zstd': use an integer from -131072 to 22, .* the default, 3/
    t.throws(() => createCodec('zstd', level), { name: 'ConfigError', message })
  }
})

t.test('refuses a level where there are none, saying why', async (t) => {
  t.throws(() => createCodec('none', 1), { name: 'ConfigError', message: /does not compress/ })
  t.throws(() => createCodec('snappy', 1), { name: 'ConfigError', message: /the format has none/ })
  t.throws(() => createCodec('lz4', 9), { name: 'ConfigError', message: /lz4-napi, has only/ })
})

t.test('refuses an unknown name, naming the known ones', async (t) => {
  for (const name of ['brotli', 'LZ4', 'toString', '']) {
    const create = (): unknown => createCodec(name as CompressionName)
    t.throws(create, {
      name: 'ConfigError',
      message: /'none', 'gzip', 'snappy', 'lz4', 'zstd', or for a producer 'auto'$/,
    })
    t.throws(create, ConfigError)
  }
})
