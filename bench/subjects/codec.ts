/**
 * Subject: a codec alone, on the records of batches such as Ottla would make of the task's values.
 * Mode `enqueue`: on the calling thread; `send`: beside the event loop, as many calls at once as
 * libuv has threads (a codec that cannot falls back to the calling thread).
 */
import type { Codec } from '../../src/compression/codec.js'
import { createCodec } from '../../src/compression/create-codec.js'
import { RECORD_BATCH_HEADER_BYTES } from '../../src/protocol/record-batch.js'
import type { SubjectReport, SubjectTask } from '../contract.js'
import { startMeter } from '../support/meter.js'
import { fillBatch } from '../support/ready-requests.js'
import { RecordSource } from '../support/record-source.js'
import { NODE_RUNTIME, runSubject } from '../support/subject.js'

const BLOCKS = 32
const CONCURRENCY = 4

interface Block {
  readonly bytes: Buffer
  readonly records: number
}

async function run(task: SubjectTask): Promise<SubjectReport> {
  const { compression } = task.settings
  const codec = createCodec(compression === 'auto' ? 'none' : compression)
  const blocks = makeBlocks(task)
  await compressUntil(codec, blocks, task, task.warmupRecords)
  const stop = startMeter()
  const { records, inBytes, outBytes } = await compressUntil(codec, blocks, task, task.records)
  const cost = stop()
  const figures = { ratio: inBytes / outBytes }
  return { version: '-', runtime: NODE_RUNTIME, records, totalRecords: null, ...cost, figures }
}

function makeBlocks(task: SubjectTask): Block[] {
  const source = new RecordSource(task)
  let from = 0
  return Array.from({ length: BLOCKS }, () => {
    const batch = fillBatch(source, from, task.settings.batchSizeBytes)
    from += batch.recordCount
    const bytes = batch.buffer.subarray(batch.start + RECORD_BATCH_HEADER_BYTES, batch.end)
    return { bytes, records: batch.recordCount }
  })
}

async function compressUntil(
  codec: Codec,
  blocks: readonly Block[],
  task: SubjectTask,
  recordLimit: number,
): Promise<{ records: number; inBytes: number; outBytes: number }> {
  const deadlineMs = performance.now() + task.maxSeconds * 1000
  const sum = { records: 0, inBytes: 0, outBytes: 0 }
  const isAsync = task.mode === 'send' && codec.compress !== undefined
  let next = 0
  const worker = async (): Promise<void> => {
    while (sum.records < recordLimit && performance.now() < deadlineMs) {
      const { bytes, records } = blocks[next++ % blocks.length] as Block // never empty
      sum.records += records
      sum.inBytes += bytes.length
      const compressed = isAsync ? await codec.compress(bytes) : codec.compressSync(bytes)
      sum.outBytes += compressed.length
    }
  }
  await Promise.all(Array.from({ length: isAsync ? CONCURRENCY : 1 }, worker))
  return sum
}

runSubject(run)
