import t from 'tap'
import {
  CoordinatorTypes,
  findCoordinator,
} from '../../../src/protocol/messages/find-coordinator.js'
import { findCoordinatorRequest, findCoordinatorResponse } from '../arbitraries/find-coordinator.js'
import { hex, requestCodec, responseCodec } from '../support/codec.js'
import { testMessages } from '../support/message-suite.js'

const request = requestCodec(findCoordinator)
const response = responseCodec(findCoordinator)

testMessages(t, findCoordinator, {
  request: findCoordinatorRequest,
  response: findCoordinatorResponse,
})

t.test('a request says from v1 on what its key is', async (t) => {
  const group = { keyType: CoordinatorTypes.group, coordinatorKeys: ['g'] }
  const transaction = { keyType: CoordinatorTypes.transaction, coordinatorKeys: ['tx'] }
  t.strictSame(request.encode(group, 0), hex('0001 67'))
  t.strictSame(request.encode(transaction, 1), hex('0002 7478 01'))
  t.strictSame(request.encode(transaction, 3), hex('03 7478 01 00'))
  t.throws(() => request.encode(transaction, 0), {
    name: 'ProtocolError',
    message: /FindCoordinator v0 cannot carry keyType = 1/,
  })
})

t.test('from v4 on a request has many keys, before it has one', async (t) => {
  const transactions = { keyType: CoordinatorTypes.transaction, coordinatorKeys: ['tx', 'y'] }
  t.strictSame(request.encode(transactions, 4), hex('01 03 03 7478 02 79 00'))
  for (const coordinatorKeys of [[], ['tx', 'y']]) {
    t.throws(() => request.encode({ ...transactions, coordinatorKeys }, 3), {
      name: 'ProtocolError',
      message: `FindCoordinator v3 carries one of coordinatorKeys, not ${coordinatorKeys.length}`,
    })
  }
})

t.test('a response names one broker before v4, and from then on one for each key', async (t) => {
  const broker = { nodeId: 2, host: 'b', port: 9092 }
  const found = { key: 'tx', ...broker, errorCode: 0, errorMessage: null }
  const one = { throttleTimeMs: 7, coordinators: [found] }
  t.strictSame(response.encode(one, 1), hex('00000007 0000 ffff 00000002 0001 62 00002384'))
  t.strictSame(response.encode(one, 3), hex('00000007 0000 00 00000002 02 62 00002384 00'))
  t.strictSame(
    response.encode(one, 4),
    hex('00000007 02 03 7478 00000002 02 62 00002384 0000 00 00 00'),
  )
  const keyless = { ...one, coordinators: [{ ...found, key: '' }] }
  t.strictSame(response.decode(response.encode(one, 3), 3), keyless)
  const none = { ...one, coordinators: [] }
  t.throws(() => response.encode(none, 3), {
    name: 'ProtocolError',
    message: /one of coordinators/,
  })
  t.strictSame(response.decode(response.encode(none, 4), 4), none)
})
