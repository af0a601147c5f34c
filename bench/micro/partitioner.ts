/**
 * The partition of a key: Java's murmur2.
 */
import { partitionForKey } from '../../src/producer/partitioning/murmur2.js'
import { runMicros } from './harness.js'

const KEYS = 1_000

export function partitionerMicros(): void {
  runMicros(
    'murmur2 partition',
    [4, 8, 16, 36, 100].map((bytes) => {
      const keys = Array.from({ length: KEYS }, (_, index) =>
        Buffer.from(String(index).padStart(bytes, 'k').slice(-bytes)),
      )
      return {
        name: `key of ${bytes} B`,
        operations: KEYS,
        bytes,
        run: () => keys.reduce((sum, key) => sum + partitionForKey(key, key.length, 6), 0),
      }
    }),
  )
}
