/**
 * `npm run bench:micro`: the pieces of the hot path by themselves, without a network. With the name
 * of one way through the pipeline (`-- sendAll`), that alone: by itself in its process, as where two
 * builds are compared. So with `-- serializers`, which are in no other run.
 */
import { checksumMicros } from './checksum.js'
import { framingMicros } from './framing.js'
import { sinkValue } from './harness.js'
import { partitionerMicros } from './partitioner.js'
import { pipelineMicros } from './pipeline.js'
import { recordBatchMicros } from './record-batch.js'
import { serializerMicros } from './serializers.js'

const [only] = process.argv.slice(2)
if (only === undefined) {
  recordBatchMicros()
  checksumMicros()
  partitionerMicros()
  framingMicros()
}
if (only === 'serializers') serializerMicros()
else await pipelineMicros(only)
console.log(`(${sinkValue()})`)
