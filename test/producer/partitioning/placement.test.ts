/** A record's batch: the open one, or a new one, whatever the user's code does meanwhile. */
import t from 'tap'
import { Appended, type Accumulator } from '../../../src/producer/batching/accumulator.js'
import type { ProducerBatch } from '../../../src/producer/batching/batch.js'
import { Placed, Placement } from '../../../src/producer/partitioning/placement.js'
import { ManualClock } from '../../support/manual-clock.js'
import { batchOf, preparedRecord, topicOf } from '../support/pieces.js'

t.test('a batch that was opened while the full one was compressed takes the record', async (t) => {
  const topic = topicOf([1])
  const [queue] = topic.partitions
  if (queue === undefined) throw new Error('a topic has a partition')
  const tried: (ProducerBatch | null)[] = []
  const opened: ProducerBatch[] = []
  const accumulator = {
    appendToOpen() {
      tried.push(queue.open)
      if (tried.length > 1) return Appended.yes
      opened.push(batchOf(queue)) // by the partitioner of a record that waited
      queue.begin(opened[0] as ProducerBatch)
      return Appended.batchFull
    },
    appendToNew() {
      throw new Error('a partition has one open batch')
    },
  } as unknown as Accumulator
  const options = { partitioner: undefined, partitionerIgnoreKeys: false }
  const placement = new Placement(options, accumulator, new ManualClock(), { touch() {} })
  t.equal(placement.place(preparedRecord(topic, { value: 'v', partition: 0 })), Placed.yes)
  t.strictSame(tried, [null, opened[0]])
})
