/**
 * A record of the harness's own, to know whether a partition takes records at all. Who reads the
 * topic back leaves it out: its value is no number.
 *
 * Neighbour: watcher.ts.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { produce } from '../../src/protocol/messages/produce.js'
import { bufferSizeFor, NO_PRODUCER, RecordBatchBuilder } from '../../src/protocol/record-batch.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import { ask } from '../broker/ask.js'

const PRODUCE_VERSION = 9
const BATCH_BYTES = 200
const VALUE = 'probe'
/** The broker answers by then: with an error, where its replicas do not follow. */
const TIMEOUT_MS = 200
/** A broker that says nothing for so long has not taken it; the next look sends another. */
const SILENCE_MS = 500

/** Writes a probe to the broker, for all replicas in sync to have; false where it was not taken. */
export async function isTaken(address: string, topic: string, index: number): Promise<boolean> {
  const request = {
    transactionalId: null,
    acks: -1,
    timeoutMs: TIMEOUT_MS,
    topicData: [
      { name: topic, topicId: ZERO_UUID, partitionData: [{ index, records: makeBatch() }] },
    ],
  }
  const answer = await Promise.race([
    ask(address, produce, PRODUCE_VERSION, request).catch(() => null),
    sleep(SILENCE_MS, null, { ref: false }),
  ])
  return answer?.responses[0]?.partitionResponses[0]?.errorCode === 0
}

function makeBatch(): Buffer {
  const batch = new RecordBatchBuilder(Buffer.alloc(bufferSizeFor(BATCH_BYTES)))
  batch.append({ timestamp: Date.now(), key: null, keyLength: -1, value: VALUE, headers: null })
  batch.seal(NO_PRODUCER)
  return batch.buffer.subarray(batch.start, batch.end)
}
