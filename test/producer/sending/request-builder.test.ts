/** What becomes of batches while their request is built: callbacks of one may give up the other. */
import t from 'tap'
import { ClosedError } from '../../../src/index.js'
import { ApiVersionTable } from '../../../src/network/connection/api-version-table.js'
import { wrapCompressed } from '../../protocol/support/wrap-compressed.js'
import { preparedRecord } from '../support/pieces.js'
import { SendingRig } from '../support/sending.js'

/** A record in each of two partitions; whichever is told first gives up everything, as a close does. */
function rigOfTwo(produceVersion = 10): SendingRig {
  const rig = new SendingRig({ leaders: [1, 1], produceVersion })
  for (const partition of [0, 1]) {
    const callback = (error: Error | null): void => {
      rig.told.push(`${partition}: ${error?.name ?? 'ok'}`)
      const closed = new ClosedError('closed')
      for (const batch of [...rig.accumulator.incomplete]) rig.completion.abandon(batch, closed)
    }
    const record = preparedRecord(rig.topic, { value: 'v', partition, callback })
    rig.accumulator.appendToNew(rig.queue(partition), record, rig.clock.monotonicMs())
  }
  return rig
}

t.test('a broker that can take neither', async (t) => {
  const rig = rigOfTwo()
  Object.assign(rig.connection(1), { versions: new ApiVersionTable([], {}, 'kafka:9092') })
  rig.run()
  t.strictSame(rig.told, ['0: DeliveryError', '1: ClosedError'])
  t.equal(rig.sent().length, 0)
  t.equal(rig.budget.usedBytes, 0)
})

t.test('one whose codec the broker does not know: the other is not sent any more', async (t) => {
  const rig = rigOfTwo(6)
  const [first] = rig.accumulator.incomplete
  first?.adoptCompressed(wrapCompressed(Buffer.from('x')), 4)
  rig.run()
  t.strictSame(rig.told, ['0: DeliveryError', '1: ClosedError'])
  t.equal(rig.sent().length, 0)
  t.equal(rig.budget.usedBytes, 0)
})
