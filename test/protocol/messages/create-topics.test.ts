import t from 'tap'
import { createTopics } from '../../../src/protocol/messages/create-topics.js'
import { createTopicsRequest, createTopicsResponse } from '../arbitraries/create-topics.js'
import { hex, requestCodec, responseCodec } from '../support/codec.js'
import { testMessages } from '../support/message-suite.js'

const request = requestCodec(createTopics)
const response = responseCodec(createTopics)

testMessages(t, createTopics, { request: createTopicsRequest, response: createTopicsResponse })

t.test('a request has the same fields in every version', async (t) => {
  const value = {
    topics: [
      {
        name: 't',
        numPartitions: -1,
        replicationFactor: -1,
        assignments: [{ partitionIndex: 0, brokerIds: [1, 2] }],
        configs: [{ name: 'k', value: null }],
      },
    ],
    timeoutMs: 60_000,
    validateOnly: true,
  }
  const v2 = `00000001  0001 74 ffffffff ffff
    00000001 00000000 00000002 00000001 00000002  00000001 0001 6b ffff  0000ea60 01`
  const v5 = `02  02 74 ffffffff ffff
    02 00000000 03 00000001 00000002 00  02 02 6b 00 00  00  0000ea60 01 00`
  t.strictSame(request.encode(value, 2), hex(v2))
  t.strictSame(request.encode(value, 4), hex(v2))
  t.strictSame(request.encode(value, 5), hex(v5))
  t.strictSame(request.encode(value, 7), hex(v5))
})

t.test('a v7 response tells the id, the configs, or why it does not tell them', async (t) => {
  const created = {
    name: 't',
    topicId: 'AAECAwQFBgcICQoLDA0ODw',
    errorCode: 0,
    errorMessage: null,
    topicConfigErrorCode: 0,
    numPartitions: 3,
    replicationFactor: 1,
    configs: [{ name: 'k', value: 'v', readOnly: false, configSource: 5, isSensitive: true }],
  }
  const secretive = { ...created, topicConfigErrorCode: 29, configs: null }
  const common = '02 74 000102030405060708090a0b0c0d0e0f 0000 00 00000003 0001'
  const bytes = hex(`
    00000000 03
    ${common}  02 02 6b 02 76 00 05 01 00  00
    ${common}  00  01 00 02 001d
    00`)
  const decoded = { throttleTimeMs: 0, topics: [created, secretive] }
  t.strictSame(response.decode(bytes, 7), decoded)
  t.strictSame(response.encode(decoded, 7), bytes)
})
