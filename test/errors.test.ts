import t from 'tap'
import * as errors from '../src/errors.js'

const place = { host: 'kafka', port: 9092, phase: 'connect' } as const
const broker = { apiName: 'Produce', errorCode: 3, errorName: 'UNKNOWN_TOPIC_OR_PARTITION' }
const cause = new Error('the cause')

/** Each class of the tree: how to make one, its code, and whether it is retriable by itself. */
const TREE = [
  ['OttlaError', (o: object) => new errors.OttlaError('ERR_OTTLA_X', 'm', o), 'ERR_OTTLA_X', false],
  ['ConfigError', (o: object) => new errors.ConfigError('m', o), 'ERR_OTTLA_CONFIG', false],
  ['ProtocolError', (o: object) => new errors.ProtocolError('m', o), 'ERR_OTTLA_PROTOCOL', false],
  ['ConnectionError', (o: object) => new errors.ConnectionError('m', { ...place, ...o }), 'ERR_OTTLA_CONNECTION', true],
  ['BrokerError', (o: object) => new errors.BrokerError('m', { ...broker, ...o }), 'ERR_OTTLA_BROKER', false],
  ['TimeoutError', (o: object) => new errors.TimeoutError('m', o), 'ERR_OTTLA_TIMEOUT', true],
  ['DeliveryError', (o: object) => new errors.DeliveryError('m', o), 'ERR_OTTLA_DELIVERY', false],
  ['InvalidRecordError', (o: object) => new errors.InvalidRecordError('m', o), 'ERR_OTTLA_INVALID_RECORD', false],
  ['SerializationError', (o: object) => new errors.SerializationError('m', o), 'ERR_OTTLA_SERIALIZATION', false],
  ['RecordTooLargeError', (o: object) => new errors.RecordTooLargeError('m', o), 'ERR_OTTLA_RECORD_TOO_LARGE', false],
  ['BufferFullError', (o: object) => new errors.BufferFullError('m', o), 'ERR_OTTLA_BUFFER_FULL', true],
  ['TopicUnavailableError', (o: object) => new errors.TopicUnavailableError('m', o), 'ERR_OTTLA_TOPIC_UNAVAILABLE', false],
  ['DeliveryTimeoutError', (o: object) => new errors.DeliveryTimeoutError('m', o), 'ERR_OTTLA_DELIVERY_TIMEOUT', true],
  ['AbortedError', (o: object) => new errors.AbortedError('m', o), 'ERR_OTTLA_ABORTED', false],
  ['ClosedError', (o: object) => new errors.ClosedError('m', o), 'ERR_OTTLA_CLOSED', false],
  ['AuthenticationError', (o: object) => new errors.AuthenticationError('m', { host: 'kafka', port: 9093, mechanism: 'PLAIN', ...o }), 'ERR_OTTLA_AUTHENTICATION', false],
  ['AuthorizationError', (o: object) => new errors.AuthorizationError('m', { operation: 'Write', resourceType: 'Topic', resourceName: 't', ...o }), 'ERR_OTTLA_AUTHORIZATION', false],
  ['FatalError', (o: object) => new errors.FatalError('m', o), 'ERR_OTTLA_FATAL', false],
  ['TransactionAbortedError', (o: object) => new errors.TransactionAbortedError('m', o), 'ERR_OTTLA_TRANSACTION_ABORTED', false],
  ['TransactionUnknownError', (o: object) => new errors.TransactionUnknownError('m', o), 'ERR_OTTLA_TRANSACTION_UNKNOWN', false],
  ['TransactionStateError', (o: object) => new errors.TransactionStateError('m', o), 'ERR_OTTLA_TRANSACTION_STATE', false],
  ['FencedError', (o: object) => new errors.FencedError('m', o), 'ERR_OTTLA_FENCED', false],
  ['SendAllError', (o: object) => new errors.SendAllError('m', [], o), 'ERR_OTTLA_SEND_ALL', false],
] as const // prettier-ignore

for (const [name, make, code, retriable] of TREE) {
  t.test(`${name} has its name, its code, its cause, and says whether to try again`, async (t) => {
    const error = make({ cause })
    t.ok(error instanceof errors.OttlaError && error instanceof Error)
    t.equal(error.name, name)
    t.equal(error.code, code)
    t.equal(error.message, 'm')
    t.equal(error.cause, cause)
    t.equal(error.retriable, retriable)
    t.equal(make({ retriable: !retriable }).retriable, !retriable)
    t.equal('cause' in make({}), false, 'no cause is no field')
  })
}

t.test('every class of the tree is tested here, and no two have the same code', async (t) => {
  t.strictSame(Object.keys(errors).toSorted(), TREE.map(([name]) => name).toSorted())
  t.equal(new Set(TREE.map(([, , code]) => code)).size, TREE.length)
})

t.test('a delivery error says what is known of the record, not-written unless told', async (t) => {
  const error = new errors.DeliveryError('m', { outcome: 'unknown', topic: 'orders', partition: 3 })
  t.match(error, { outcome: 'unknown', topic: 'orders', partition: 3 })
  t.match(new errors.ClosedError('m'), { outcome: 'not-written', topic: undefined })
  for (const [name, make] of TREE.slice(7)) {
    t.ok(make({}) instanceof errors.DeliveryError, name)
    t.equal((make({ outcome: 'rejected' }) as errors.DeliveryError).outcome, 'rejected')
  }
})

t.test('the others say where', async (t) => {
  t.match(new errors.ConnectionError('m', place), place)
  t.match(new errors.BrokerError('m', broker), broker)
  t.match(new errors.ProtocolError('m', { apiName: 'Produce', version: 9, offset: 4 }), { apiName: 'Produce', version: 9, offset: 4 })
  const results = [{ status: 'fulfilled', value: { topic: 'a', partition: 0, offset: 7n, timestamp: 0 } } as const]
  t.equal(new errors.SendAllError('m', results, {}).results, results)
}) // prettier-ignore

/** The same file once more: what `require` has beside `import`, or a bundle beside both. */
const copy = (await import(
  `${new URL('../src/errors.js', import.meta.url).href}?copy`
)) as typeof errors

t.test('an error of another copy of Ottla is an instance of the same classes, and of no others', async (t) => {
  for (const [name] of TREE) {
    for (const [other, make] of TREE) {
      const expected = make({}) instanceof errors[name]
      const foreign = Object.create(copy[other].prototype) as unknown
      t.equal(foreign instanceof errors[name], expected, `${other} as ${name}`)
      t.equal(make({}) instanceof copy[name], expected, `${other} as ${name} there`)
    }
  }
  t.not(copy.OttlaError, errors.OttlaError, 'they are two copies')
}) // prettier-ignore

t.test("a user's own class is told from the class that it extends", async (t) => {
  class OwnError extends errors.DeliveryError {}
  t.ok(new OwnError('m') instanceof OwnError)
  t.ok(new OwnError('m') instanceof errors.DeliveryError)
  t.ok(new OwnError('m') instanceof copy.DeliveryError)
  t.notOk(new errors.DeliveryError('m') instanceof OwnError)
  t.equal(new OwnError('m').name, 'OwnError')
})

t.test('what is no error of ours is no instance', async (t) => {
  for (const value of [undefined, null, 1, 'x', {}, [], new Error('m'), Object.create(null), () => {}]) {
    t.notOk(value instanceof errors.OttlaError)
    t.notOk(value instanceof errors.ClosedError)
  }
}) // prettier-ignore

t.test('a name does not depend on what a bundler calls the class', async (t) => {
  for (const [name] of TREE) {
    const own = Object.getOwnPropertyDescriptor(errors[name], 'name')
    t.match(own, { value: name, writable: false })
  }
})
