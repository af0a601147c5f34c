/**
 * `npm run bench:micro`: the pieces of the hot path by themselves, without a network.
 */
import { checksumMicros } from './checksum.js'
import { framingMicros } from './framing.js'
import { sinkValue } from './harness.js'
import { partitionerMicros } from './partitioner.js'
import { pipelineMicros } from './pipeline.js'
import { recordBatchMicros } from './record-batch.js'

recordBatchMicros()
checksumMicros()
partitionerMicros()
framingMicros()
await pipelineMicros()
console.log(`(${sinkValue()})`)
