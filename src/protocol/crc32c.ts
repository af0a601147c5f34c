/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of a record batch.
 *
 * Three implementations of the same sum, picked once when this file loads, best first:
 *   1. fast-crc32c with its native part (SSE 4.2): 9.4 GB/s where it was measured
 *   2. @node-rs/crc32 (prebuilt for every platform): 4 to 6 GB/s
 *   3. `tableCrc32c` below: eight tables, about 1 GB/s, no package needed
 * fast-crc32c without its native part is plain JavaScript, slower than ours, and so not used.
 *
 * Neighbours: record-batch.ts seals with it, record-batch-reader.ts verifies with it.
 */
import { findPackage, loadFound } from '../optional-package.js'

/** Which implementation `crc32c` is. */
export type Crc32cImplementation = 'fast-crc32c' | '@node-rs/crc32' | 'table'

type Crc32c = (bytes: Uint8Array) => number

const CASTAGNOLI_REVERSED = 0x82f63b78

/** tables[k][b]: the sum of byte b followed by k zero bytes ("slicing by eight"). */
const tables = makeTables()

function makeTables(): readonly Int32Array[] {
  const result = Array.from({ length: 8 }, () => new Int32Array(256))
  const [first] = result as [Int32Array]
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? CASTAGNOLI_REVERSED : 0)
    first[byte] = sum
  }
  for (let k = 1; k < 8; k++) {
    const previous = result[k - 1] as Int32Array
    const table = result[k] as Int32Array
    for (let byte = 0; byte < 256; byte++) {
      const sum = previous[byte] as number
      table[byte] = (sum >>> 8) ^ (first[sum & 0xff] as number)
    }
  }
  return result
}

/** CRC-32C of `bytes` in plain JavaScript; uint32. */
export function tableCrc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array,
  ] // prettier-ignore
  const at = (table: Int32Array, index: number): number => table[index & 0xff] as number
  const byte = (index: number): number => bytes[index] as number
  let sum = -1
  let i = 0
  for (const end = bytes.length - 7; i < end; i += 8) {
    const low = sum ^ (byte(i) | (byte(i + 1) << 8) | (byte(i + 2) << 16) | (byte(i + 3) << 24))
    sum =
      at(t7, low) ^
      at(t6, low >>> 8) ^
      at(t5, low >>> 16) ^
      at(t4, low >>> 24) ^
      at(t3, byte(i + 4)) ^
      at(t2, byte(i + 5)) ^
      at(t1, byte(i + 6)) ^
      at(t0, byte(i + 7))
  }
  for (; i < bytes.length; i++) sum = (sum >>> 8) ^ at(t0, sum ^ byte(i))
  return ~sum >>> 0
}

/** The sum of "123456789" that every catalogue of checksums lists for CRC-32C. */
function isRight(candidate: Crc32c): boolean {
  return candidate(Buffer.from('123456789')) === 0xe3069283
}

function choose(): { implementation: Crc32cImplementation; calculate: Crc32c } {
  const candidates: [Crc32cImplementation, () => Crc32c][] = [
    ['fast-crc32c', loadFastCrc32c],
    ['@node-rs/crc32', () => load<{ crc32c: Crc32c }>('@node-rs/crc32').crc32c],
  ]
  for (const [implementation, loadCandidate] of candidates) {
    try {
      const calculate = loadCandidate()
      if (isRight(calculate)) return { implementation, calculate }
    } catch {
      // Not installed, not built, or not for this platform: the next one serves.
    }
  }
  return { implementation: 'table', calculate: tableCrc32c }
}

/** fast-crc32c, but only where its native part was built: the file below throws where it was not. */
function loadFastCrc32c(): Crc32c {
  load('fast-crc32c/impls/sse4_crc32c')
  return load<{ calculate: Crc32c }>('fast-crc32c').calculate
}

function load<Exports>(specifier: string): Exports {
  const path = findPackage(specifier)
  if (path === null) throw new Error(`${specifier} is not installed`)
  return loadFound(path) as Exports
}

const chosen = choose()

/** CRC-32C of `bytes`; uint32. */
export const crc32c: Crc32c = chosen.calculate

/** Which implementation was found when Ottla was loaded. */
export const crc32cImplementation: Crc32cImplementation = chosen.implementation

/** What a producer logs where no package was found; null where one was. */
export const crc32cNotice: string | null =
  crc32cImplementation === 'table'
    ? 'no package for checksums could be loaded: JavaScript computes them, at about 1 GB/s of one ' +
      'core; run `npm install @node-rs/crc32`, for a bundle in a folder beside it (docs/bundling.md)'
    : null
