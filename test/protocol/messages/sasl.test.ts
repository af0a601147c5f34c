import t from 'tap'
import { saslAuthenticate } from '../../../src/protocol/messages/sasl-authenticate.js'
import { saslHandshake } from '../../../src/protocol/messages/sasl-handshake.js'
import {
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  saslHandshakeRequest,
  saslHandshakeResponse,
} from '../arbitraries/sasl.js'
import { hex, requestCodec, responseCodec } from '../support/codec.js'
import { testMessages } from '../support/message-suite.js'

testMessages(t, saslHandshake, { request: saslHandshakeRequest, response: saslHandshakeResponse })
testMessages(t, saslAuthenticate, {
  request: saslAuthenticateRequest,
  response: saslAuthenticateResponse,
})

t.test('a handshake names the mechanism in the long form, in every version', async (t) => {
  const request = requestCodec(saslHandshake)
  for (const version of [0, 1]) {
    t.strictSame(request.encode({ mechanism: 'PLAIN' }, version), hex('0005 504c41494e'))
  }
  const response = responseCodec(saslHandshake)
  const answer = { errorCode: 33, mechanisms: ['A', 'B'] }
  t.strictSame(response.encode(answer, 1), hex('0021 00000002 0001 41 0001 42'))
})

t.test('the bytes of a mechanism are compact from v2 on', async (t) => {
  const request = requestCodec(saslAuthenticate)
  const authBytes = hex('0a0b')
  t.strictSame(request.encode({ authBytes }, 1), hex('00000002 0a0b'))
  t.strictSame(request.encode({ authBytes }, 2), hex('03 0a0b 00'))
})

t.test('a session lifetime comes from v1 on', async (t) => {
  const response = responseCodec(saslAuthenticate)
  const answer = { errorCode: 0, errorMessage: '', authBytes: hex(''), sessionLifetimeMs: 740n }
  t.strictSame(response.encode(answer, 0), hex('0000 0000 00000000'))
  t.strictSame(response.encode(answer, 1), hex('0000 0000 00000000 00000000000002e4'))
  t.strictSame(response.encode(answer, 2), hex('0000 01 01 00000000000002e4 00'))
  t.equal(response.decode(hex('0000 0000 00000000'), 0).sessionLifetimeMs, 0n)
})
