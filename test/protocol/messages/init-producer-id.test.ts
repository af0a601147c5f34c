import t from 'tap'
import { ProtocolError } from '../../../src/errors.js'
import { initProducerId } from '../../../src/protocol/messages/init-producer-id.js'
import { initProducerIdRequest, initProducerIdResponse } from '../arbitraries/init-producer-id.js'
import { hex, requestCodec, responseCodec } from '../support/codec.js'
import { testMessages } from '../support/message-suite.js'

const request = requestCodec(initProducerId)
const response = responseCodec(initProducerId)

const first = {
  transactionalId: null,
  transactionTimeoutMs: 0x7fffffff,
  producerId: -1n,
  producerEpoch: -1,
}

testMessages(t, initProducerId, {
  request: initProducerIdRequest,
  response: initProducerIdResponse,
})

t.test('a request brings the current id and epoch from v3', async (t) => {
  t.strictSame(request.encode(first, 0), hex('ffff 7fffffff'))
  t.strictSame(request.encode(first, 2), hex('00 7fffffff 00'))
  t.strictSame(request.encode(first, 3), hex('00 7fffffff ffffffffffffffff ffff 00'))
  const bump = { ...first, transactionalId: 'x', producerId: 9n, producerEpoch: 4 }
  t.strictSame(request.encode(bump, 5), hex('02 78 7fffffff 0000000000000009 0004 00'))
})

t.test('a request refuses to ask for a new epoch before v3', async (t) => {
  t.throws(() => request.encode({ ...first, producerId: 9n }, 2), ProtocolError)
  t.throws(() => request.encode({ ...first, producerEpoch: 4 }, 2), {
    name: 'ProtocolError',
    message: /InitProducerId v2 cannot carry producerEpoch = 4/,
  })
})

t.test('a response carries producer ids beyond 2^53', async (t) => {
  const granted = {
    throttleTimeMs: 0,
    errorCode: 0,
    producerId: 2n ** 53n + 1n,
    producerEpoch: 3,
  }
  t.strictSame(response.encode(granted, 1), hex('00000000 0000 0020000000000001 0003'))
  t.strictSame(response.encode(granted, 2), hex('00000000 0000 0020000000000001 0003 00'))
  t.strictSame(response.decode(hex('00000000 0000 0020000000000001 0003 00'), 5), granted)
})
