/** Which refusals are the authorizer's, and what each says to do. */
import t from 'tap'
import { BrokerError, ConnectionError } from '../../src/errors.js'
import {
  authorizationError,
  forbiddenBy,
  type Forbidden,
} from '../../src/producer/completing/authorization.js'
import { errorCode } from '../../src/protocol/error-codes.js'

const NAMES = { topic: 'orders', transactionalId: "it's mine", group: 'readers' }

function refusal(apiName: string, code: number): BrokerError {
  const { name: errorName } = errorCode(code)
  return new BrokerError(errorName, { apiName, errorCode: code, errorName })
}

const CASES: [string, number, object, RegExp][] = [
  ['Metadata', 29, { operation: 'Describe', resourceType: 'Topic', resourceName: 'orders' }, /--operation Write --topic orders \(and/],
  ['Produce', 29, { operation: 'Write', resourceType: 'Topic', resourceName: 'orders' }, /--topic orders$/],
  ['Produce', 31, { operation: 'IdempotentWrite', resourceType: 'Cluster', resourceName: 'kafka-cluster' }, /--cluster; or set idempotence: false$/],
  ['InitProducerId', 31, { operation: 'IdempotentWrite' }, /Write on any topic \(Kafka 2.8 or later: --operation Write --topic orders\)/],
  ['InitProducerId', 53, { operation: 'Write', resourceType: 'TransactionalId', resourceName: "it's mine" }, /--transactional-id 'it'\\''s mine'$/],
  ['FindCoordinator', 30, { operation: 'Read', resourceType: 'Group', resourceName: 'readers' }, /--operation Read --group readers$/],
] // prettier-ignore

for (const [apiName, code, facts, mend] of CASES) {
  t.test(`${code} of ${apiName}`, async (t) => {
    const cause = refusal(apiName, code)
    const forbidden = forbiddenBy(cause, NAMES)
    t.match(forbidden, facts)
    const error = authorizationError('it failed', forbidden as Forbidden)
    t.match(error, { ...facts, retriable: false, outcome: 'not-written', cause })
    t.match(error.message, mend)
  })
}

t.test('anything else is not', async (t) => {
  t.equal(forbiddenBy(refusal('Produce', 6), NAMES), undefined)
  const lost = new ConnectionError('lost', { host: 'a', port: 1, phase: 'idle' })
  t.equal(forbiddenBy(lost, NAMES), undefined)
  t.equal(forbiddenBy(undefined, NAMES), undefined)
})
