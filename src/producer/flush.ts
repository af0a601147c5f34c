/**
 * Waiting until everything taken before a moment is settled, whatever stage it has reached: parked,
 * in an open batch, on its way, or split into children.
 */
import type { Accumulator } from './accumulator.js'
import type { ProducerBatch } from './batch.js'
import type { ParkingLot } from './parking-lot.js'
import type { PartitionQueue } from './partition-queue.js'

/** Calls `onFlushed` once, when all that was taken until now is settled; overrides linger. */
export function flushAll(
  accumulator: Accumulator,
  lot: ParkingLot,
  consider: (queue: PartitionQueue) => void,
  onFlushed: () => void,
): void {
  let open = 1
  const done = (): void => {
    if (--open === 0) onFlushed()
  }
  const awaitBatch = (batch: ProducerBatch | null): void => {
    if (batch === null) {
      done()
      return
    }
    batch.isDue = true
    consider(batch.queue)
    batch.onDone(done)
  }
  accumulator.releaseLingering(Infinity)
  for (const batch of [...accumulator.incomplete]) {
    open++
    batch.onDone(done)
  }
  for (const parked of lot) {
    open++
    ;(parked.placedListeners ??= []).push(awaitBatch)
  }
  for (const rest of lot.rests) {
    open++ // once it is fed, its records are in batches, or parked
    const again = (): void => flushAll(accumulator, lot, consider, done)
    ;(rest.emptiedListeners ??= []).push(again)
  }
  done()
}
