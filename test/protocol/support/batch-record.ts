/** Records as a batch takes them, for tests and the bench. */
import type { BatchRecord } from '../../../src/protocol/record-batch.js'
import type { WireHeaders } from '../../../src/protocol/record-headers.js'

/** A header by itself. */
export interface NamedHeader {
  readonly name: string | Uint8Array
  readonly value: string | Uint8Array | null
}

/** What is left out is null, and the time 1000. */
export function batchRecord(record: Partial<BatchRecord> = {}): BatchRecord {
  const { key = null } = record
  return {
    ...{ timestamp: 1000, key, keyLength: key === null ? -1 : key.length, value: null },
    headers: null,
    ...record,
  }
}

/** Names and values by turns; null where there are none. */
export function wireHeaders(headers: readonly NamedHeader[] | null): WireHeaders | null {
  if (headers === null || headers.length === 0) return null
  return headers.flatMap(({ name, value }) => [name, value])
}
