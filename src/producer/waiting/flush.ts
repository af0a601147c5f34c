/**
 * Waiting until everything taken before a moment is settled, whatever stage it has reached: parked,
 * in an open batch, on its way, split into children, or still to be fed (a sendAll that found no room).
 */
import type { Accumulator } from '../batching/accumulator.js'
import type { ProducerBatch } from '../batching/batch.js'
import type { ParkingLot } from './parking-lot.js'

/** Calls `onFlushed` once, when all that was taken until now is settled; overrides linger. */
export function flushAll(accumulator: Accumulator, lot: ParkingLot, onFlushed: () => void): void {
  let open = 1
  const done = (): void => {
    if (--open === 0) onFlushed()
  }
  const awaitBatch = (batch: ProducerBatch | null): void => {
    if (batch === null) {
      done()
      return
    }
    makeDue(batch)
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
    open++
    rest.group.onSettled(done)
    rest.placedListener = makeDue
    ;(rest.emptiedListeners ??= []).push(() => accumulator.releaseLingering(Infinity))
  }
  done()
}

/** The batch of a record that was fed after the flush, and parked (an asynchronous serializer): it need not linger. */
function makeDue(batch: ProducerBatch | null): void {
  if (batch === null) return
  batch.makeDue()
  batch.queue.schedule()
}
