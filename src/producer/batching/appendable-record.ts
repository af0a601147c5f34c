/**
 * A record as a batch takes it in.
 *
 * Before: records/prepared-record.ts is one. After: batch.ts.
 */
import type { BatchRecord } from '../../protocol/record-batch.js'
import type { DeliveryCallback } from '../records/delivery-callback.js'
import type { Resolve } from './batch-waiters.js'

/** What a batch keeps of a record: its bytes, and who waits for it. */
export interface AppendableRecord extends BatchRecord {
  readonly callback: DeliveryCallback | null
  readonly resolve: Resolve | null
}
