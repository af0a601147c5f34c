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
  const transaction = { key: 'tx', keyType: CoordinatorTypes.transaction }
  t.strictSame(request.encode({ key: 'g', keyType: CoordinatorTypes.group }, 0), hex('0001 67'))
  t.strictSame(request.encode(transaction, 1), hex('0002 7478 01'))
  t.strictSame(request.encode(transaction, 3), hex('03 7478 01 00'))
  t.throws(() => request.encode(transaction, 0), {
    name: 'ProtocolError',
    message: /FindCoordinator v0 cannot carry keyType = 1/,
  })
})

t.test('a response names one broker', async (t) => {
  const found = {
    ...{ throttleTimeMs: 7, errorCode: 0, errorMessage: null },
    ...{ nodeId: 2, host: 'b', port: 9092 },
  }
  t.strictSame(response.encode(found, 1), hex('00000007 0000 ffff 00000002 0001 62 00002384'))
  t.strictSame(response.encode(found, 3), hex('00000007 0000 00 00000002 02 62 00002384 00'))
})
