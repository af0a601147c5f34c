import t from 'tap'
import { InvalidRecordError } from '../../../src/errors.js'
import {
  checkPartition,
  checkTimestamp,
  checkTopicName,
  kindOf,
  quote,
} from '../../../src/producer/records/record.js'

t.test('a topic’s name is letters, digits, dot, underscore and dash, up to 249', async (t) => {
  for (const name of ['a', 'orders', 'A.b_c-9', '...', '.a', 'x'.repeat(249)]) {
    t.doesNotThrow(() => checkTopicName(name), name)
  }
  const bad = ['', '.', '..', 'x'.repeat(250), 'a b', 'a/b', 'ä', 'a\n', '\u0000', 'a,b', undefined, null, 7, {}, Symbol('x')] // prettier-ignore
  for (const name of bad) {
    t.throws(() => checkTopicName(name), InvalidRecordError, String(name))
  }
})

t.test('a bad topic’s error has the name, where there is one', async (t) => {
  t.throws(() => checkTopicName('a b'), { topic: 'a b', code: 'ERR_OTTLA_INVALID_RECORD' })
  t.throws(() => checkTopicName(7), { topic: undefined, message: /topic 7/ })
})

t.test('a partition is an int32 from 0', async (t) => {
  for (const partition of [0, 1, 2 ** 31 - 1]) t.equal(checkPartition('orders', partition), partition)
  for (const partition of [-1, 1.5, NaN, Infinity, 2 ** 31, '1', null, Object.create(null)]) {
    t.throws(() => checkPartition('orders', partition as number), InvalidRecordError)
  }
}) // prettier-ignore

t.test('a timestamp is whole milliseconds from 1970 on', async (t) => {
  for (const timestamp of [0, 1, Date.UTC(2026, 0, 1), Number.MAX_SAFE_INTEGER]) {
    t.doesNotThrow(() => checkTimestamp('orders', timestamp))
  }
  for (const timestamp of [-1, 1.5, NaN, 2 ** 53, '1', null, new Date(), 1n]) {
    t.throws(() => checkTimestamp('orders', timestamp as number), InvalidRecordError)
  }
})

t.test('a value in a message is named, and short', async (t) => {
  t.equal(kindOf(undefined), 'undefined')
  t.equal(kindOf(null), 'null')
  t.equal(kindOf({}), 'an object')
  t.equal(kindOf([]), 'an array')
  t.equal(kindOf(7), 'a number (7)')
  t.equal(quote('a"b'), '"a\\"b"')
  t.ok(quote('x'.repeat(1000)).length <= 60)
  for (const odd of [Object.create(null), [Symbol('x')], Symbol('x'), () => 7, 7n]) {
    t.equal(typeof quote(odd), 'string')
  }
})
