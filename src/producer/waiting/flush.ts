/**
 * Waiting until everything taken before a moment is settled, whatever stage it has reached: parked,
 * in an open batch, on its way, split into children, or still to be fed (a sendAll that found no room).
 */
import type { Accumulator } from '../batching/accumulator.js'
import type { ProducerBatch } from '../batching/batch.js'
import type { ParkingLot } from './parking-lot.js'
import type { GroupRest } from './group-rest.js'

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
    batch.makeDue()
    batch.queue.schedule()
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
    ;(rest.emptiedListeners ??= []).push(() => hurry(rest, accumulator, lot))
  }
  done()
}

/** The group is fed to the end: its records are in batches, which need not linger, or the last is parked. */
function hurry(rest: GroupRest, accumulator: Accumulator, lot: ParkingLot): void {
  accumulator.releaseLingering(Infinity)
  const makeDue = (batch: ProducerBatch | null): void => {
    if (batch === null) return
    batch.makeDue()
    batch.queue.schedule()
  }
  for (const parked of lot) {
    if (parked.rest === rest) (parked.placedListeners ??= []).push(makeDue)
  }
}
