/** The two libraries behind zstd; what it shares with the other codecs is in codec.test.ts. */

import t from 'tap'
import { createZstdNapi } from '../../src/compression/zstd-napi.js'
import { createZstdZlib } from '../../src/compression/zstd-zlib.js'
import { createZstdCodec } from '../../src/compression/zstd.js'
import type { ZstdBackend } from '../../src/compression/zstd-backend.js'
import { ConfigError, ProtocolError } from '../../src/errors.js'
import { goldenBytes, goldenInputs } from './golden.js'

const napi = createZstdNapi(3)
const zlib = createZstdZlib(3)
const withoutZlib = zlib === undefined && 'this Node has no zstd of its own'

function fakeBackend(name: string, compress?: ZstdBackend['compress']): ZstdBackend {
  const answer = Buffer.from(name)
  return { compressSync: () => answer, compress, decompress: () => answer }
}

// The low four bytes of XXH64('ab'), little-endian.
const checksumOfAb = '614ad092'

const missing = (): never => {
  throw new ConfigError('not installed')
}

t.test('uses the package where a call must wait, and node:zlib where it need not', async (t) => {
  const fromZlib = fakeBackend('zlib', async () => Buffer.from('async'))
  const codec = createZstdCodec(3, { napi: () => fakeBackend('napi'), zlib: () => fromZlib })
  t.equal(String(codec.compressSync(Buffer.alloc(1))), 'napi')
  t.equal(String(codec.decompress(Buffer.alloc(1))), 'napi')
  t.equal(String(await codec.compress?.(Buffer.alloc(1))), 'async')
})

t.test('does without the package where Node has zstd', async (t) => {
  const codec = createZstdCodec(3, { napi: missing, zlib: () => fakeBackend('zlib') })
  t.equal(String(codec.compressSync(Buffer.alloc(1))), 'zlib')
  t.equal(String(codec.decompress(Buffer.alloc(1))), 'zlib')
})

t.test('does without node:zlib where Node has no zstd', async (t) => {
  const codec = createZstdCodec(3, { napi: () => fakeBackend('napi'), zlib: () => undefined })
  t.equal(String(codec.compressSync(Buffer.alloc(1))), 'napi')
  t.equal(codec.compress, undefined)
})

t.test('fails where neither is there, and does not hide a failure of another kind', async (t) => {
  t.throws(() => createZstdCodec(3, { napi: missing, zlib: () => undefined }), /not installed/)
  const broken = (): never => {
    throw new TypeError('a bug')
  }
  t.throws(() => createZstdCodec(3, { napi: broken, zlib: () => fakeBackend('zlib') }), /a bug/)
})

t.test('hands the level to both libraries', async (t) => {
  const levels: number[] = []
  const note = (level: number): ZstdBackend => {
    levels.push(level)
    return fakeBackend('any')
  }
  createZstdCodec(-7, { napi: note, zlib: note })
  t.strictSame(levels, [-7, -7])
})

t.test('writes with either what the other reads', { skip: withoutZlib }, async (t) => {
  if (zlib === undefined) return
  for (const [name, input] of Object.entries(goldenInputs)) {
    const limit = input.length
    t.ok(input.equals(napi.decompress(zlib.compressSync(input), limit)), `${name} zlib to napi`)
    t.ok(input.equals(zlib.decompress(napi.compressSync(input), limit)), `${name} napi to zlib`)
  }
})

t.test('tells node:zlib the size in advance, sync or async', { skip: withoutZlib }, async (t) => {
  if (zlib?.compress === undefined) return
  const input = goldenInputs.text
  // Only then is the frame a single segment, which needs no window: flag 0x20 of its descriptor.
  for (const bytes of [zlib.compressSync(input), await zlib.compress(input)]) {
    t.equal((bytes[4] ?? 0) & 0x20, 0x20)
  }
})

for (const [name, backend] of Object.entries({ napi, zlib })) {
  if (backend === undefined) continue

  t.test(`${name} reads what Java wrote, and refuses it cut short`, async (t) => {
    const bytes = goldenBytes('zstd', 'text')
    t.ok(goldenInputs.text.equals(backend.decompress(bytes, 1000)))
    for (let end = 0; end < bytes.length; end++) {
      t.throws(() => backend.decompress(bytes.subarray(0, end), 1000), ProtocolError, `at ${end}`)
    }
  })

  t.test(`${name} refuses what follows the frame`, async (t) => {
    const bytes = goldenBytes('zstd', 'text')
    for (const more of [Buffer.alloc(1), bytes]) {
      const message = `malformed zstd data at byte ${bytes.length}: ${more.length} bytes follow the frame`
      t.throws(() => backend.decompress(Buffer.concat([bytes, more]), 1000), { message })
    }
  })

  t.test(`${name} reads every form of header and block`, async (t) => {
    const frames = {
      'no content size': '28b52ffd' + '0058' + '110000' + '6162',
      'one-byte content size': '28b52ffd' + '2002' + '110000' + '6162',
      'eight-byte content size': '28b52ffd' + 'e00200000000000000' + '110000' + '6162',
      'two blocks': '28b52ffd' + '0058' + '080000' + '61' + '090000' + '62',
      checksum: '28b52ffd' + '0458' + '110000' + '6162' + checksumOfAb,
    }
    for (const [form, hex] of Object.entries(frames)) {
      t.equal(String(Buffer.from(backend.decompress(Buffer.from(hex, 'hex'), 2))), 'ab', form)
    }
    const run = Buffer.from('28b52ffd' + '0058' + '2b0000' + '61', 'hex')
    t.equal(String(Buffer.from(backend.decompress(run, 5))), 'aaaaa', 'a run of one byte')
  })

  t.test(`${name} stops at the limit, whatever the frame claims`, async (t) => {
    const bomb = backend.compressSync(Buffer.alloc(8 * 1024 * 1024))
    t.throws(() => backend.decompress(bomb, 1000), /^.*zstd data decompresses to more than 1000 /)
    // A single-segment frame with a content size of 2^62 bytes.
    const liar = Buffer.from('28b52ffde00000000000000040010000', 'hex')
    t.throws(() => backend.decompress(liar, 1000), ProtocolError)
  })

  t.test(`${name} is whole again after a failure`, async (t) => {
    t.throws(() => backend.decompress(goldenBytes('zstd', 'text').subarray(0, 20), 1000))
    t.ok(goldenInputs.text.equals(backend.decompress(goldenBytes('zstd', 'text'), 1000)))
  })
}
