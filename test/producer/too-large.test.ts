/** What becomes of a batch that a broker refuses for its size. */
import t from 'tap'
import { ErrorCodes } from '../../src/protocol/error-codes.js'
import { SendingRig } from './support/sending.js'

t.test('a batch that is too large goes in smaller ones, in order and under its numbers', async (t) => {
  const rig = new SendingRig()
  for (const value of ['a', 'b', 'c', 'd']) rig.take(value)
  rig.run()
  rig.sent()[0]?.answer({ 0: ErrorCodes.MESSAGE_TOO_LARGE })
  for (let i = 1; i < 6; i++) {
    rig.run()
    rig.sent()[i]?.answer()
  }
  const again = rig.sent().slice(1)
  t.ok(again.length >= 2)
  t.strictSame(again.flatMap(({ values }) => values), ['a', 'b', 'c', 'd'])
  let sequence = 0
  for (const { batches } of again) {
    t.equal(batches[0]?.sequence, sequence)
    sequence += batches[0]?.values.length ?? 0
  }
  t.equal(rig.told.length, 4)
  t.equal(rig.budget.usedBytes, 0)
}) // prettier-ignore

t.test('one record that is too large is told so, with its size', async (t) => {
  const rig = new SendingRig()
  rig.send('x'.repeat(1000))
  rig.sent()[0]?.answer({ 0: ErrorCodes.MESSAGE_TOO_LARGE })
  t.match(rig.errors[0], { name: 'RecordTooLargeError', outcome: 'rejected', message: /max.message.bytes/ })
}) // prettier-ignore

t.test('a later child of a split batch that is stored proves nothing for an earlier one', async (t) => {
  const rig = new SendingRig()
  rig.prove()
  for (const value of ['a', 'b', 'c', 'd']) rig.take(value)
  rig.run()
  rig.sent()[0]?.answer({ 0: ErrorCodes.MESSAGE_TOO_LARGE })
  rig.run()
  const [first, second] = rig.sent().slice(1)
  first?.answer({ 0: ErrorCodes.NOT_ENOUGH_REPLICAS })
  second?.answer() // by a broker that has forgotten our numbers
  rig.clock.advance(5_000)
  const told = (values: readonly string[] = [], fate: string): string[] =>
    values.map((value, i) => `${value}: ${fate === 'rejected' ? fate : 100 + i}`)
  t.strictSame(rig.told.slice(0, 4), [
    ...told(second?.values, 'acked'),
    ...told(first?.values, 'rejected'),
  ])
  t.notOk(rig.sent().slice(3).some(({ values }) => values.includes('a')), 'not stored behind it')
}) // prettier-ignore

t.test('a list of records that is too large is split as a batch is', async (t) => {
  const rig = new SendingRig()
  for (const value of ['a', 'b', 'c', 'd']) rig.take(value)
  rig.run()
  rig.sent()[0]?.answer({ 0: ErrorCodes.RECORD_LIST_TOO_LARGE })
  for (let i = 1; i < 6; i++) {
    rig.run()
    rig.sent()[i]?.answer()
  }
  t.strictSame(rig.sent().slice(1).flatMap(({ values }) => values), ['a', 'b', 'c', 'd'])
  t.ok(rig.told.every((line) => /: \d+$/.test(line)))
  const alone = new SendingRig()
  alone.send('x'.repeat(1000))
  alone.sent()[0]?.answer({ 0: ErrorCodes.RECORD_LIST_TOO_LARGE })
  t.match(alone.errors[0], { name: 'RecordTooLargeError', message: /segment.bytes/ })
}) // prettier-ignore

t.test(
  'a batch too large after a lost answer is split, and its numbers say the rest',
  async (t) => {
    const rig = new SendingRig()
    for (const value of ['a', 'b', 'c', 'd']) rig.take(value)
    rig.run()
    rig.sent()[0]?.lose()
    rig.clock.advance(100)
    rig.sent()[1]?.answer({ 0: ErrorCodes.MESSAGE_TOO_LARGE })
    rig.run()
    t.strictSame(rig.told, [], 'nobody is told unknown for that')
    rig.sent()[2]?.answer()
    rig.run()
    t.strictSame(rig.told.slice(0, 1), ['a: 100'])
    // A broker that has stored the whole, and forgotten the producer since, takes its first part too.
    rig.sent()[3]?.answer({ 0: ErrorCodes.TOPIC_AUTHORIZATION_FAILED })
    t.ok(rig.told.includes('c: unknown') || rig.told.includes('b: unknown'))
  },
)

t.test('where the whole was stored after all, its parts are refused and told unknown', async (t) => {
  const rig = new SendingRig()
  for (const value of ['a', 'b', 'c', 'd']) rig.take(value)
  rig.run()
  rig.sent()[0]?.lose()
  rig.clock.advance(100)
  rig.sent()[1]?.answer({ 0: ErrorCodes.MESSAGE_TOO_LARGE }) // the limit was lowered meanwhile
  for (let i = 2; i < 8; i++) {
    rig.run()
    rig.sent()[i]?.answer({ 0: ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER })
    rig.clock.advance(100)
  }
  t.strictSame(rig.told, ['a: unknown', 'b: unknown', 'c: unknown', 'd: unknown'])
  t.strictSame(new Set(rig.sent().slice(2).flatMap(({ batches }) => batches.map(({ epoch }) => epoch))), new Set([0]))
}) // prettier-ignore
