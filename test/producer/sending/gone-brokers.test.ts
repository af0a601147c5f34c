// Brokers that have left the cluster, and those that come and go.
import t from 'tap'
import { SendingRig } from '../support/sending.js'

t.test('a broker that is gone is forgotten once it owes nothing', async (t) => {
  const rig = new SendingRig()
  const nodeIds = (): number[] => [...rig.sinks.keys()]
  rig.send('a')
  rig.lead([2])
  rig.sender.brokersChanged(new Set([2]))
  rig.run()
  t.strictSame(nodeIds(), [1, 2], 'it owes an answer')
  rig.sent(1)[0]?.answer()
  rig.send('b')
  t.strictSame(nodeIds(), [2])
  rig.sent(2)[0]?.answer()
  t.strictSame(rig.told, ['a: 100', 'b: 100'])
})
