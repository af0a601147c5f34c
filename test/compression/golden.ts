/**
 * The inputs behind test/fixtures/compression, and the way to the bytes that Kafka's own classes
 * made of them. Not a test.
 */

import { readFileSync } from 'node:fs'

// From build/test/compression/ to the root of the repository.
const FIXTURES = new URL('../../../test/fixtures/compression/', import.meta.url)

/** 300 bytes that no codec can shrink, the same on every machine. */
function noise(): Buffer {
  let state = 1883
  return Buffer.from(
    Array.from({ length: 300 }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return state >>> 24
    }),
  )
}

/** One input a name; the names are those of the fixtures. */
export const goldenInputs = {
  empty: Buffer.alloc(0),
  'one-byte': Buffer.from('K'),
  text: Buffer.from(
    '{"to":"Ottla","from":"Franz","text":"Dear Ottla, I wrote to you yesterday, as I do."}',
  ),
  noise: noise(),
  // Longer than a snappy chunk of Java's (32 KiB) and than an lz4 block (64 KiB).
  repeated: Buffer.alloc(70_000, 'Dear Ottla, '),
} as const

/** Name of a golden input. */
export type GoldenName = keyof typeof goldenInputs

/** What Kafka's Java classes made of a golden input. */
export function goldenBytes(codec: string, input: GoldenName): Buffer {
  const text = readFileSync(new URL(`${codec}.${input}.hex`, FIXTURES), 'latin1')
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
}
