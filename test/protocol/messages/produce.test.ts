import t from 'tap'
import { ProtocolError } from '../../../src/errors.js'
import { produce } from '../../../src/protocol/messages/produce.js'
import { ZERO_UUID } from '../../../src/protocol/uuid.js'
import { produceRequest, produceResponse } from '../arbitraries/produce.js'
import { hex, requestCodec, responseCodec } from '../support/codec.js'
import { testMessages } from '../support/message-suite.js'

const request = requestCodec(produce)
const response = responseCodec(produce)

const TOPIC_ID = 'AAECAwQFBgcICQoLDA0ODw'
const TOPIC_ID_HEX = '000102030405060708090a0b0c0d0e0f'

const oneBatch = {
  transactionalId: null,
  acks: -1,
  timeoutMs: 30_000,
  topicData: [
    {
      name: 't',
      topicId: TOPIC_ID,
      partitionData: [{ index: 5, records: hex('abcdef') }],
    },
  ],
}

const acked = {
  index: 5,
  errorCode: 0,
  baseOffset: 42n,
  logAppendTimeMs: -1n,
  logStartOffset: -1n,
  recordErrors: [],
  errorMessage: null,
  currentLeader: { leaderId: -1, leaderEpoch: -1 },
}

function responseOf(partition: typeof acked | typeof moved | typeof refused, topicId = ZERO_UUID) {
  const name = topicId === ZERO_UUID ? 't' : ''
  const responses = [{ name, topicId, partitionResponses: [partition] }]
  return { responses, throttleTimeMs: 1, nodeEndpoints: [] }
}

const moved = {
  ...acked,
  errorCode: 6,
  baseOffset: -1n,
  currentLeader: { leaderId: 2, leaderEpoch: 5 },
}
const refused = {
  ...acked,
  errorCode: 87,
  baseOffset: -1n,
  recordErrors: [{ batchIndex: 3, batchIndexErrorMessage: 'm' }],
  errorMessage: 'e',
}

testMessages(t, produce, { request: produceRequest, response: produceResponse })

t.test('a request names its topic up to v12 and gives its id from v13', async (t) => {
  const v3 = 'ffff ffff 00007530  00000001 0001 74  00000001 00000005 00000003 abcdef'
  const v9 = '00 ffff 00007530  02 02 74  02 00000005 04 abcdef 00  00  00'
  const v13 = `00 ffff 00007530  02 ${TOPIC_ID_HEX}  02 00000005 04 abcdef 00  00  00`
  t.strictSame(request.encode(oneBatch, 3), hex(v3))
  t.strictSame(request.encode(oneBatch, 8), hex(v3))
  t.strictSame(request.encode(oneBatch, 9), hex(v9))
  t.strictSame(request.encode(oneBatch, 12), hex(v9))
  t.strictSame(request.encode(oneBatch, 13), hex(v13))
})

t.test('a response has its throttle time behind the topics', async (t) => {
  const v3 = hex(`
    00000001 0001 74  00000001 00000005 0000 000000000000002a ffffffffffffffff
    00000001`)
  t.strictSame(response.decode(v3, 3), responseOf(acked))
  t.strictSame(response.encode(responseOf(acked), 3), v3)
})

t.test('a v8 response says which record was at fault', async (t) => {
  const v8 = hex(`
    00000001 0001 74  00000001
      00000005 0057 ffffffffffffffff ffffffffffffffff ffffffffffffffff
      00000001 00000003 0001 6d  0001 65
    00000001`)
  t.strictSame(response.decode(v8, 8), responseOf(refused))
  t.strictSame(response.encode(responseOf(refused), 8), v8)
})

t.test('a v10 response says who leads now and where that broker is', async (t) => {
  const bytes = hex(`
    02 02 74  02
      00000005 0006 ffffffffffffffff ffffffffffffffff ffffffffffffffff 01 00
      01  00 09  00000002 00000005 00
    00
    00000001
    01  00 0d  02 00000002 02 68 00002385 00 00`)
  const decoded = {
    ...responseOf(moved),
    nodeEndpoints: [{ nodeId: 2, host: 'h', port: 9093, rack: null }],
  }
  t.strictSame(response.decode(bytes, 10), decoded)
  t.strictSame(response.encode(decoded, 10), bytes)
})

t.test('a v13 response gives the id of its topic', async (t) => {
  const bytes = hex(`
    02 ${TOPIC_ID_HEX}  02
      00000005 0000 000000000000002a ffffffffffffffff ffffffffffffffff 01 00 00
    00
    00000001 00`)
  t.strictSame(response.decode(bytes, 13), responseOf(acked, TOPIC_ID))
  t.strictSame(response.encode(responseOf(acked, TOPIC_ID), 13), bytes)
})

t.test('the current leader is read past fields of a later version', async (t) => {
  const bytes = hex(`
    02 02 74  02
      00000005 0006 ffffffffffffffff ffffffffffffffff ffffffffffffffff 01 00
      01  00 0c  00000002 00000005 01 07 01 ff
    00
    00000001 00`)
  t.strictSame(response.decode(bytes, 10), responseOf(moved))
})

t.test('a v9 response leaves the tags of v10 alone', async (t) => {
  const bytes = hex(`
    02 02 74  02
      00000005 0000 000000000000002a ffffffffffffffff ffffffffffffffff 01 00
      01  00 01 ff
    00
    00000001
    01  00 01 ff`)
  t.strictSame(response.decode(bytes, 9), responseOf(acked))
})

t.test('a response refuses what its version cannot say', async (t) => {
  const nodeEndpoints = [{ nodeId: 2, host: 'h', port: 9093, rack: null }]
  const leaderOnly = { ...acked, currentLeader: { leaderId: -1, leaderEpoch: 0 } }
  t.throws(() => response.encode(responseOf(moved), 9), ProtocolError, 'leader')
  t.throws(() => response.encode(responseOf(leaderOnly), 9), ProtocolError, 'leader epoch')
  t.throws(() => response.encode({ ...responseOf(acked), nodeEndpoints }, 9), ProtocolError)
})
