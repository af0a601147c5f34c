// AddPartitionsToTxn, AddOffsetsToTxn, EndTxn and TxnOffsetCommit.
import t from 'tap'
import { addOffsetsToTxn } from '../../../src/protocol/messages/add-offsets-to-txn.js'
import { addPartitionsToTxn } from '../../../src/protocol/messages/add-partitions-to-txn.js'
import { endTxn } from '../../../src/protocol/messages/end-txn.js'
import { txnOffsetCommit } from '../../../src/protocol/messages/txn-offset-commit.js'
import * as arbitraries from '../arbitraries/transactions.js'
import { hex, requestCodec, responseCodec } from '../support/codec.js'
import { testMessages } from '../support/message-suite.js'

const ID = { transactionalId: 'x', producerId: 9n, producerEpoch: 4 }
const ID_BYTES = '0001 78 0000000000000009 0004'
const FLEXIBLE_ID_BYTES = '02 78 0000000000000009 0004'

testMessages(t, addPartitionsToTxn, {
  request: arbitraries.addPartitionsToTxnRequest,
  response: arbitraries.addPartitionsToTxnResponse,
})
testMessages(t, addOffsetsToTxn, {
  request: arbitraries.addOffsetsToTxnRequest,
  response: arbitraries.addOffsetsToTxnResponse,
})
testMessages(t, endTxn, {
  request: arbitraries.endTxnRequest,
  response: arbitraries.endTxnResponse,
})
testMessages(t, txnOffsetCommit, {
  request: arbitraries.txnOffsetCommitRequest,
  response: arbitraries.txnOffsetCommitResponse,
})

t.test(
  'AddPartitionsToTxn is spoken as clients speak it, and answers each partition',
  async (t) => {
    t.equal(addPartitionsToTxn.maxVersion, 3, 'v4 on is for brokers')
    const request = requestCodec(addPartitionsToTxn)
    const asked = { ...ID, topics: [{ name: 't', partitions: [0, 2] }] }
    const plain = `${ID_BYTES} 00000001 0001 74 00000002 00000000 00000002`
    t.strictSame(request.encode(asked, 0), hex(plain))
    t.strictSame(request.encode(asked, 2), hex(plain))
    const flexible = `${FLEXIBLE_ID_BYTES} 02 02 74 03 00000000 00000002 00 00`
    t.strictSame(request.encode(asked, 3), hex(flexible))
    const response = responseCodec(addPartitionsToTxn)
    const resultsByPartition = [{ partitionIndex: 2, partitionErrorCode: 51 }]
    const answer = { throttleTimeMs: 1, results: [{ name: 't', resultsByPartition }] }
    const bytes = hex('00000001 02 02 74 02 00000002 0033 00 00 00')
    t.strictSame(response.decode(bytes, 3), answer)
  },
)

t.test('AddOffsetsToTxn names a group', async (t) => {
  const request = requestCodec(addOffsetsToTxn)
  t.strictSame(request.encode({ ...ID, groupId: 'g' }, 2), hex(`${ID_BYTES} 0001 67`))
  t.strictSame(request.encode({ ...ID, groupId: 'g' }, 4), hex(`${FLEXIBLE_ID_BYTES} 02 67 00`))
})

t.test('EndTxn commits or aborts, and answers with the next identity from v5 on', async (t) => {
  const request = requestCodec(endTxn)
  t.strictSame(request.encode({ ...ID, committed: true }, 2), hex(`${ID_BYTES} 01`))
  t.strictSame(request.encode({ ...ID, committed: false }, 5), hex(`${FLEXIBLE_ID_BYTES} 00 00`))
  const response = responseCodec(endTxn)
  const next = { throttleTimeMs: 0, errorCode: 0, producerId: 2n ** 53n + 1n, producerEpoch: 5 }
  t.strictSame(response.encode(next, 5), hex('00000000 0000 0020000000000001 0005 00'))
  t.strictSame(response.encode(next, 4), hex('00000000 0000 00'), 'ignorable, as in Kafka')
  const none = { ...next, producerId: -1n, producerEpoch: -1 }
  t.strictSame(response.decode(hex('00000000 0000 00'), 4), none)
})

t.test('TxnOffsetCommit has leader epochs from v2 on, and the member from v3 on', async (t) => {
  const { encode } = requestCodec(txnOffsetCommit)
  const partition = { partitionIndex: 1, committedOffset: 7n, committedMetadata: null }
  const topics = [{ name: 't', partitions: [{ ...partition, committedLeaderEpoch: 3 }] }]
  const nobody = { generationId: -1, memberId: '', groupInstanceId: null }
  const committed = { ...ID, groupId: 'g', ...nobody, topics }
  const start = '0001 78 0001 67 0000000000000009 0004 00000001 0001 74 00000001'
  t.strictSame(encode(committed, 1), hex(`${start} 00000001 0000000000000007 ffff`))
  t.strictSame(encode(committed, 2), hex(`${start} 00000001 0000000000000007 00000003 ffff`))
  const member = { ...committed, generationId: 5, memberId: 'm', groupInstanceId: 'i' }
  t.strictSame(
    encode(member, 3),
    hex(`02 78 02 67 0000000000000009 0004 00000005 02 6d 02 69
      02 02 74 02 00000001 0000000000000007 00000003 00 00 00 00`),
  )
})

t.test('TxnOffsetCommit before v3 refuses to leave the member out', async (t) => {
  const { encode } = requestCodec(txnOffsetCommit)
  const nobody = { generationId: -1, memberId: '', groupInstanceId: null }
  const committed = { ...ID, groupId: 'g', ...nobody, topics: [] }
  const members = { generationId: 5, memberId: 'm', groupInstanceId: 'i' }
  for (const [field, value] of Object.entries(members)) {
    t.throws(() => encode({ ...committed, [field]: value }, 2), {
      ...{ name: 'ProtocolError', apiName: 'TxnOffsetCommit', version: 2 },
      message: new RegExp(`TxnOffsetCommit v2 cannot carry ${field} = ${value}`),
    })
  }
})
