// A broker that is gone: what stood in its line, and the end of looking for it.
import t from 'tap'
import { SendingRig } from '../support/sending.js'

for (const [fate, isMoved] of [
  ['is led elsewhere by now', true],
  ['runs out of time', false],
] as const) {
  t.test(`a broker that has gone is not looked for where what it had ${fate}`, async (t) => {
    const rig = new SendingRig({ deliveryTimeoutMs: 5000 })
    rig.send('a')
    const [request] = rig.sent()
    rig.connections.delete(1)
    request?.lose()
    rig.clock.advance(1000)
    t.ok(rig.refreshes > 1, 'it is looked for')
    if (isMoved) {
      rig.lead([2])
      rig.sent(2)[0]?.answer()
      rig.run()
    } else rig.clock.advance(4000)
    t.strictSame(rig.told, [isMoved ? 'a: 100' : 'a: unknown'])
    const { refreshes, ensured } = rig
    rig.clock.advance(10_000)
    t.equal(rig.refreshes, refreshes)
    t.equal(rig.ensured, ensured, 'nor dialled')
    t.equal(rig.clock.timerCount, 0)
  })
}

t.test('a partition that loses its leader is looked for, whoever had it in line', async (t) => {
  const rig = new SendingRig()
  rig.connections.delete(1)
  rig.send('a')
  const { refreshes } = rig
  rig.lead([-1])
  rig.sender.wake()
  rig.run()
  t.equal(rig.refreshes, refreshes + 1, 'at once')
  rig.lead([3])
  t.strictSame(rig.sent(3)[0]?.values, ['a'])
})
