/**
 * One Produce request around sealed batches, which are not copied.
 */
import { frameProduceRequest, type FramedTopic } from '../../src/protocol/produce-framing.js'
import { bufferSizeFor, NO_PRODUCER, RecordBatchBuilder } from '../../src/protocol/record-batch.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'
import { runMicros, type Micro } from './harness.js'

const VERSIONS = [9, 13] // names and ids
const BATCHES = [1, 6, 100]
const BATCH_BYTES = 1_000

export function framingMicros(): void {
  runMicros(
    'Produce request',
    BATCHES.flatMap((count) => VERSIONS.map((version) => frame(count, version))),
  )
}

function frame(count: number, version: number): Micro {
  const topic: FramedTopic = {
    name: 'orders',
    topicId: ZERO_UUID,
    partitions: Array.from({ length: count }, (_, index) => ({ index, batch: makeBatch() })),
  }
  const options = {
    version,
    correlationId: 1,
    clientId: 'ottla',
    transactionalId: null,
    acks: -1,
    timeoutMs: 30_000,
  }
  return {
    name: `v${version}, ${count} batch${count === 1 ? '' : 'es'}`,
    operations: 1,
    run: () => frameProduceRequest(options, [topic]).length,
  }
}

function makeBatch() {
  const batch = new RecordBatchBuilder(Buffer.alloc(bufferSizeFor(BATCH_BYTES)))
  batch.append({ timestamp: 0, key: null, keyLength: -1, value: 'a value', headers: null })
  batch.seal(NO_PRODUCER)
  return { buffer: batch.buffer, start: batch.start, end: batch.end, mayUseRoom: true }
}
