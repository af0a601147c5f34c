/**
 * murmur2 as Kafka's Java client computes it (org.apache.kafka.common.utils.Utils.murmur2, seed
 * 0x9747b28c), bit for bit: keyed records must land where every other client puts them.
 */

const SEED = 0x9747b28c
const M = 0x5bd1e995
const R = 24

/** Hash of the first `length` bytes; int32. */
export function murmur2(bytes: Uint8Array, length = bytes.length): number {
  let hash = SEED ^ length
  const whole = length & ~3
  for (let i = 0; i < whole; i += 4) {
    let k =
      at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24)
    k = Math.imul(k, M)
    k ^= k >>> R
    hash = Math.imul(hash, M) ^ Math.imul(k, M)
  }
  const rest = length - whole
  if (rest > 2) hash ^= at(bytes, whole + 2) << 16
  if (rest > 1) hash ^= at(bytes, whole + 1) << 8
  if (rest > 0) hash = Math.imul(hash ^ at(bytes, whole), M)
  hash ^= hash >>> 13
  hash = Math.imul(hash, M)
  return hash ^ (hash >>> 15)
}

/** The partition of a key: the hash without its sign bit, modulo all partitions (BuiltInPartitioner). */
export function partitionForKey(bytes: Uint8Array, length: number, partitionCount: number): number {
  return (murmur2(bytes, length) & 0x7fffffff) % partitionCount
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] as number // below length, which the caller keeps within the bytes
}
