import t from 'tap'
import { ProtocolError } from '../../../src/errors.js'
import { metadata, OPERATIONS_NOT_ASKED } from '../../../src/protocol/messages/metadata.js'
import { ZERO_UUID } from '../../../src/protocol/uuid.js'
import { metadataRequest, metadataResponse } from '../arbitraries/metadata.js'
import { hex, requestCodec, responseCodec } from '../support/codec.js'
import { testMessages } from '../support/message-suite.js'

const request = requestCodec(metadata)
const response = responseCodec(metadata)

const allTopics = {
  topics: null,
  allowAutoTopicCreation: true,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
}
const noTopics = { ...allTopics, topics: [] }
const oneTopic = { ...allTopics, topics: [{ topicId: ZERO_UUID, name: 't' }] }

const emptyResponse = {
  throttleTimeMs: 0,
  brokers: [],
  clusterId: null,
  controllerId: -1,
  topics: [],
  clusterAuthorizedOperations: OPERATIONS_NOT_ASKED,
  errorCode: 0,
}

testMessages(t, metadata, { request: metadataRequest, response: metadataResponse })

t.test('a request for all topics is an empty array in v0 and null from v1', async (t) => {
  t.strictSame(request.encode(allTopics, 0), hex('00000000'))
  t.strictSame(request.encode(allTopics, 1), hex('ffffffff'))
  t.strictSame(request.encode(noTopics, 1), hex('00000000'))
  t.strictSame(request.encode(allTopics, 9), hex('00  01 00 00  00'))
})

t.test('a request for one topic names it, with an id beside it from v10', async (t) => {
  t.strictSame(request.encode(oneTopic, 0), hex('00000001 0001 74'))
  t.strictSame(request.encode(oneTopic, 8), hex('00000001 0001 74  01 00 00'))
  t.strictSame(request.encode(oneTopic, 9), hex('02  02 74 00  01 00 00  00'))
  const v13 = hex(`02  ${'00'.repeat(16)} 02 74 00  01 00  00`)
  t.strictSame(request.encode(oneTopic, 13), v13)
})

t.test('a request refuses what its version cannot say', async (t) => {
  const refuses = (change: Partial<typeof allTopics>, version: number) => {
    t.throws(() => request.encode({ ...allTopics, ...change }, version), ProtocolError)
  }
  refuses({ allowAutoTopicCreation: false }, 3)
  refuses({ includeClusterAuthorizedOperations: true }, 7)
  refuses({ includeClusterAuthorizedOperations: true }, 11)
  refuses({ includeTopicAuthorizedOperations: true }, 7)
  const nameless = { ...allTopics, topics: [{ topicId: ZERO_UUID, name: null }] }
  t.throws(() => request.encode(nameless, 9), {
    name: 'ProtocolError',
    message: /Metadata v9 .* name/,
    version: 9,
  })
})

t.test('a v0 response has brokers, topics and their partitions', async (t) => {
  const bytes = hex(`
    00000001  00000001 0001 68 00002384
    00000001  0000 0001 74
      00000001  0000 00000005 00000001  00000002 00000001 00000002  00000001 00000001`)
  const partition = {
    errorCode: 0,
    partitionIndex: 5,
    leaderId: 1,
    leaderEpoch: -1,
    replicaNodes: [1, 2],
    isrNodes: [1],
    offlineReplicas: [],
  }
  const decoded = {
    ...emptyResponse,
    brokers: [{ nodeId: 1, host: 'h', port: 9092, rack: null }],
    topics: [
      {
        errorCode: 0,
        name: 't',
        topicId: ZERO_UUID,
        isInternal: false,
        partitions: [partition],
        topicAuthorizedOperations: OPERATIONS_NOT_ASKED,
      },
    ],
  }
  t.strictSame(response.decode(bytes, 0), decoded)
  t.strictSame(response.encode(decoded, 0), bytes)
})

t.test('a v13 response has everything else too', async (t) => {
  const bytes = hex(`
    00000009
    02  00000001 02 68 00002384 02 72 00
    02 63  00000001
    02  0000 02 74 000102030405060708090a0b0c0d0e0f 01
      02  0000 00000005 00000001 00000007  02 00000001  02 00000001  01  00
      00000003  00
    0081  00`)
  const partition = {
    errorCode: 0,
    partitionIndex: 5,
    leaderId: 1,
    leaderEpoch: 7,
    replicaNodes: [1],
    isrNodes: [1],
    offlineReplicas: [],
  }
  const decoded = {
    throttleTimeMs: 9,
    brokers: [{ nodeId: 1, host: 'h', port: 9092, rack: 'r' }],
    clusterId: 'c',
    controllerId: 1,
    topics: [
      {
        errorCode: 0,
        name: 't',
        topicId: 'AAECAwQFBgcICQoLDA0ODw',
        isInternal: true,
        partitions: [partition],
        topicAuthorizedOperations: 3,
      },
    ],
    clusterAuthorizedOperations: OPERATIONS_NOT_ASKED,
    errorCode: 129,
  }
  t.strictSame(response.decode(bytes, 13), decoded)
  t.strictSame(response.encode(decoded, 13), bytes)
})

t.test('a response refuses what its version cannot say', async (t) => {
  const withOperations = { ...emptyResponse, clusterAuthorizedOperations: 1 }
  t.throws(() => response.encode(withOperations, 7), ProtocolError)
  t.throws(() => response.encode(withOperations, 11), ProtocolError)
})
