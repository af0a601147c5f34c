/**
 * CRC-32C, by the implementation that this machine has, over lengths from a small batch to a full one.
 */
import { crc32c, crc32cImplementation } from '../../src/protocol/crc32c.js'
import { runMicros } from './harness.js'

export function checksumMicros(): void {
  runMicros(
    `CRC-32C (${crc32cImplementation})`,
    [200, 4_096, 131_072].map((bytes) => {
      const buffer = Buffer.alloc(bytes, 'ottla')
      return { name: `${bytes} B`, operations: 1, bytes, run: () => crc32c(buffer) }
    }),
  )
}
