/**
 * A `send` for which a signal may fire, or which interceptors are told of: its promise follows whichever
 * comes first, the signal or the outcome.
 *
 * Before: producer.ts. After: intake.ts.
 */
import { addAbortCall, removeAbortCall } from '../../abort-signals.js'
import type { RecordMetadata } from '../../record-metadata.js'
import type { ParkingLot } from '../waiting/parking-lot.js'
import type { Submitted } from './admission.js'
import { abortedError, notTaken } from './call-checks.js'
import type { DeliveryCallback } from '../records/delivery-callback.js'
import type { Intake } from './intake.js'
import type { ProducerRecord } from '../records/record.js'

export interface AbortableSendParts<K, V> {
  readonly intake: Intake<K, V>
  readonly lot: ParkingLot
  /** Throws where no records are accepted any more. */
  readonly assertOpen: (record: { readonly topic?: string } | null) => void
}

/** Who is told what became of the record, whatever the signal does. */
export interface Told {
  settle(error: Error | null, metadata: RecordMetadata | null): void
}

export class AbortableSends<K, V> {
  readonly #parts: AbortableSendParts<K, V>

  constructor(parts: AbortableSendParts<K, V>) {
    this.#parts = parts
  }

  /** Rejects as `Producer.send` does; `turn` is that of its call. */
  send(
    record: ProducerRecord<K, V>,
    signal: AbortSignal | undefined,
    told: Told | null,
    turn: number,
  ): Promise<RecordMetadata> {
    const { intake, lot, assertOpen } = this.#parts
    return new Promise((resolve, reject) => {
      let topic = ''
      let submitted: Submitted = 'appended'
      const onAbort = (): void => {
        if (typeof submitted !== 'object' || submitted.wasPlaced) {
          reject(abortedError(signal, 'unknown', topic))
        } else {
          // Changes nothing where it was settled in the meantime.
          lot.settle(submitted, abortedError(signal, 'not-written', topic))
        }
      }
      const callback: DeliveryCallback = (error, metadata) => {
        told?.settle(error, metadata)
        if (error === null)
          resolve(metadata as RecordMetadata) // one of the two is there
        else reject(error)
        if (signal !== undefined) removeAbortCall(signal, onAbort) // code that may throw: last
      }
      const isAborted = (): boolean => signal?.aborted === true
      try {
        assertOpen(record)
        topic = (record as ProducerRecord<K, V> | undefined)?.topic ?? ''
        if (isAborted()) throw abortedError(signal, 'not-written', topic)
        submitted = intake.submit(record, callback, 'wait', undefined, turn)
        if (isAborted())
          onAbort() // by a serializer
        else if (signal !== undefined) addAbortCall(signal, onAbort)
      } catch (error) {
        callback(notTaken(error), null)
      }
    })
  }
}
