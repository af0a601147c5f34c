import { createRequire } from 'node:module'
import fc from 'fast-check'
import t from 'tap'
import { crc32c, crc32cImplementation, tableCrc32c } from '../../src/protocol/crc32c.js'

const require = createRequire(import.meta.url)

type Crc32c = (bytes: Uint8Array) => number

/** The textbook form: one bit at a time. */
function bitByBit(bytes: Uint8Array): number {
  let sum = 0xffffffff
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0x82f63b78 : 0)
  }
  return ~sum >>> 0
}

/** Those of the optional packages that are installed here; null where one is not. */
function tryLoad(name: string, member: string): Crc32c | null {
  try {
    return (require(name) as Record<string, Crc32c>)[member] ?? null
  } catch {
    return null
  }
}

const IMPLEMENTATIONS: readonly (readonly [string, Crc32c | null])[] = [
  ['the one in use', crc32c],
  ['table', tableCrc32c],
  ['fast-crc32c', tryLoad('fast-crc32c', 'calculate')],
  ['@node-rs/crc32', tryLoad('@node-rs/crc32', 'crc32c')],
]

/** RFC 3720, appendix B.4, and the check value of every catalogue of checksums. */
const VECTORS: readonly (readonly [string, Uint8Array, number])[] = [
  ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['ascending', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ['descending', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
  ['an iSCSI read command', Buffer.from('01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000', 'hex'), 0xd9963a56],
  ['nine digits', Buffer.from('123456789'), 0xe3069283],
  ['nothing', Buffer.alloc(0), 0],
] // prettier-ignore

for (const [name, sum] of IMPLEMENTATIONS) {
  t.test(`${name} gives the known sums`, { skip: sum === null && 'not installed' }, async (t) => {
    for (const [what, bytes, expected] of VECTORS) t.equal(sum?.(bytes), expected, what)
  })

  t.test(
    `${name} agrees with the textbook on any length and offset`,
    { skip: sum === null && 'not installed' },
    async () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 100 }),
          fc.nat({ max: 9 }),
          (bytes, offset) => sum?.(bytes.subarray(offset)) === bitByBit(bytes.subarray(offset)),
        ),
      )
    },
  )
}

t.test('one flipped bit anywhere changes the sum', async (t) => {
  const bytes = Buffer.from('a record batch of some length, not a multiple of eight!')
  const right = crc32c(bytes)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes)
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    if (crc32c(flipped) === right || tableCrc32c(flipped) === right) t.fail(`bit ${bit}`)
  }
})

t.test('the implementation in use is named', async (t) => {
  t.match(crc32cImplementation, /^(fast-crc32c|@node-rs\/crc32|table)$/)
})
