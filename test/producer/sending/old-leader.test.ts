import t from 'tap'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import { SendingRig } from '../support/sending.js'

t.test('a new leader gets nothing while the old one owes an answer', async (t) => {
  const rig = new SendingRig()
  rig.send('a')
  rig.send('b')
  rig.lead([2])
  t.strictSame(rig.forgiven, [2], 'it is alive, and need not be waited for')
  t.equal(rig.sent(2).length, 0)
  rig.sent(1)[0]?.answer({ 0: ErrorCodes.NOT_LEADER_OR_FOLLOWER })
  rig.run()
  t.strictSame(rig.sent(2).map(({ values }) => values), [['a']], 'at once: the leader has moved')
  rig.sent(2)[0]?.answer()
  rig.run()
  t.strictSame(rig.told, ['a: 100'])
  t.strictSame(rig.sent(2)[1]?.values, ['b'])
}) // prettier-ignore

t.test('an old leader that has said nothing for a second is left at once', async (t) => {
  const rig = new SendingRig()
  rig.send('a')
  rig.clock.advance(1_000)
  rig.lead([2])
  rig.run()
  t.strictSame(rig.dropped, [1])
})

t.test('an old leader that owes an answer is left after 200 ms, not before', async (t) => {
  const rig = new SendingRig()
  rig.send('a')
  rig.lead([2])
  rig.clock.advance(199)
  t.strictSame(rig.dropped, [])
  rig.clock.advance(1)
  t.strictSame(rig.dropped, [1])
  rig.sent(1)[0]?.lose()
  rig.run()
  t.strictSame(rig.sent(2)[0]?.values, ['a'], 'under the same numbers to the new one')
  t.equal(rig.sent(2)[0]?.batches[0]?.sequence, 0)
})

for (const options of [{ isIdempotent: false }, { isIdempotent: false, acks: 1 as const }]) {
  t.test(`where a resend may double, a healthy one is not left (${options.acks ?? 'all'})`, async (t) => {
    const rig = new SendingRig({ leaders: [1, 1], ...options })
    rig.send('a', 0)
    rig.clock.advance(400)
    rig.lead([2, 1])
    rig.send('b', 1)
    rig.clock.advance(500)
    rig.sent(1)[0]?.answer({ 0: ErrorCodes.NOT_LEADER_OR_FOLLOWER })
    rig.clock.advance(400)
    t.strictSame(rig.dropped, [], 'its partition 1 has not moved')
    rig.send('c', 1)
    rig.lead([2, 2])
    rig.clock.advance(10_000)
    t.strictSame(rig.dropped, [1], 'a frozen one is, when it has kept silent for a second')
  })
} // prettier-ignore

t.test('an old leader that has answered in time is not left', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1] })
  rig.send('a', 0)
  rig.lead([2, 1])
  rig.clock.advance(100)
  rig.sent(1)[0]?.answer({ 0: ErrorCodes.NOT_LEADER_OR_FOLLOWER })
  rig.send('other', 1)
  rig.clock.advance(500)
  t.strictSame(rig.dropped, [])
})
