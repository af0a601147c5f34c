import t from 'tap'
import { BrokerError } from '../../../src/errors.js'
import { openConnection } from '../../../src/network/connection/open-connection.js'
import { apiVersions } from '../../../src/protocol/messages/api-versions.js'
import { metadata, OPERATIONS_NOT_ASKED } from '../../../src/protocol/messages/metadata.js'
import { produce } from '../../../src/protocol/messages/produce.js'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import { VERSION } from '../../../src/version.js'
import type { Accept } from '../support/memory-network.js'
import { responseFrame } from '../../../src/testing/response-frame.js'
import {
  ALL_VERSIONS,
  replyVersions,
  splitRequests,
  transactionVersion,
} from '../support/scripted-broker.js'
import type { ReceivedRequest } from '../support/scripted-broker.js'
import { testContext } from '../support/context.js'

const TARGET = { nodeId: 7, host: 'one', port: 9092 }

const NO_TOPICS = {
  ...{ throttleTimeMs: 0, errorCode: 0, brokers: [], controllerId: 1, topics: [] },
  clusterAuthorizedOperations: OPERATIONS_NOT_ASKED,
}

function setUp(script: (request: ReceivedRequest) => void, apiVersions = {}) {
  const context = testContext({ apiVersions })
  const versions: number[] = []
  const accept: Accept = (peer) => {
    peer.onBytes = splitRequests(peer, (request) => {
      versions.push(request.version)
      script(request)
    })
  }
  context.network.listen(TARGET, accept)
  const listener = { onWritable: () => {}, onClose: () => {} }
  const abort = new AbortController()
  const open = (options = {}) =>
    openConnection({ context, target: TARGET, listener, signal: abort.signal, ...options })
  return { context, versions, open, abort }
}

t.test('asks in the highest version, naming itself', async (t) => {
  const { open, versions } = setUp((request) => {
    t.strictSame(request.decode(apiVersions), {
      clientSoftwareName: 'ottla',
      clientSoftwareVersion: VERSION,
    })
    replyVersions(request)
  })
  const connection = await open()
  t.strictSame(versions, [4])
  t.equal(connection.versions.version(produce), 13)
})

t.test('a connection that we close before it is ready says why', async (t) => {
  const { open } = setUp((request) => {
    replyVersions(request)
    replyVersions(request)
  })
  await t.rejects(open(), { name: 'ProtocolError', message: /one:9092 sent an answer that nobody/ })
})

/** As a broker that knows ApiVersions up to `highest` answers a later version: in v0. */
function refuseAbove(highest: number, listed = ALL_VERSIONS) {
  return (request: ReceivedRequest): void => {
    if (request.version <= highest) {
      replyVersions(request)
      return
    }
    const response = {
      errorCode: ErrorCodes.UNSUPPORTED_VERSION,
      apiKeys: listed,
      throttleTimeMs: 0,
      supportedFeatures: [],
      finalizedFeaturesEpoch: -1n,
      finalizedFeatures: [],
      zkMigrationReady: false,
    }
    request.peer.send(responseFrame(apiVersions, 0, request.correlationId, response))
  }
}

t.test('asks again in the version that a broker lists when it refuses', async (t) => {
  const { open, versions } = setUp(refuseAbove(3, [{ apiKey: 18, minVersion: 0, maxVersion: 3 }]))
  t.equal((await open()).versions.version(metadata), 13)
  t.strictSame(versions, [4, 3])
})

t.test('asks again in v0 where nothing is listed, or nothing lower', async (t) => {
  for (const listed of [[], ALL_VERSIONS]) {
    const { open, versions } = setUp(refuseAbove(0, listed))
    await open()
    t.strictSame(versions, [4, 0])
  }
})

t.test('asks again in v0 where the rest of the refusal cannot be read', async (t) => {
  for (const rest of ['', 'ffffffff', '000000ff', '0000000000000000', '00000001']) {
    const { open, versions } = setUp((request) => {
      if (request.version === 0) {
        replyVersions(request)
        return
      }
      const bytes = Buffer.from(`00000000000000000023${rest}`, 'hex')
      bytes.writeInt32BE(bytes.length - 4, 0)
      bytes.writeInt32BE(request.correlationId, 4)
      request.peer.send(bytes)
    })
    await open()
    t.strictSame(versions, [4, 0])
  }
})

t.test('dials again and asks in v0 where the broker closes on the question, once', async (t) => {
  const picky = setUp((request) => {
    if (request.version >= 4) request.peer.close()
    else replyVersions(request)
  })
  await picky.open()
  t.strictSame(picky.versions, [4, 0])
  const hopeless = setUp((request) => {
    request.peer.close()
  })
  await t.rejects(hopeless.open(), { name: 'ConnectionError', phase: 'handshake' })
  t.strictSame(hopeless.versions, [4, 0])
})

t.test('does not ask twice where HTTP is spoken', async (t) => {
  const { open, versions, context } = setUp((request) => {
    request.peer.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
  })
  await t.rejects(open(), { code: 'ERR_OTTLA_NOT_KAFKA', message: /HTTP/ })
  t.strictSame(versions, [4])
  t.equal(context.network.openPeers.length, 0)
  t.equal(context.clock.timerCount, 0)
})

t.test('passes on an error that the broker answers', async (t) => {
  const { open } = setUp((request) => {
    replyVersions(request, [], ErrorCodes.INVALID_REQUEST)
  })
  await t.rejects(open(), { name: 'BrokerError', errorName: 'INVALID_REQUEST' })
})

t.test('gives up when the broker keeps silent', async (t) => {
  const { open, context, versions } = setUp(() => {})
  const check = t.rejects(open(), { name: 'ConnectionError', phase: 'handshake', message: /within 10000 ms/ }) // prettier-ignore
  await context.clock.advanceSettled(10_000)
  await check
  t.strictSame(versions, [4])
  t.equal(context.network.openPeers.length, 0)
  t.equal(context.clock.timerCount, 0)
})

t.test('gives up at once when told to', async (t) => {
  const { open, context, abort } = setUp(() => {})
  const check = t.rejects(open(), { name: 'ConnectionError', message: /given up/ })
  await context.clock.settle()
  abort.abort()
  await check
  t.equal(context.network.openPeers.length, 0)
  t.equal(context.clock.timerCount, 0)
})

t.test('keeps to the caps, and names both ranges where nothing is common', async (t) => {
  const caps = { Produce: 9, Metadata: 0, ApiVersions: 2 }
  const ranges = [
    { apiKey: 0, minVersion: 3, maxVersion: 8 },
    { apiKey: 3, minVersion: 1, maxVersion: 13 },
    { apiKey: 18, minVersion: 0, maxVersion: 4 },
  ]
  const { open, versions } = setUp((request) => {
    replyVersions(request, ranges)
  }, caps)
  const connection = await open()
  t.strictSame(versions, [2])
  t.equal(connection.versions.version(produce), 8)
  t.throws(() => connection.versions.version(metadata), {
    message:
      /Metadata: Ottla speaks 0 to 13 \(capped at 0 by option apiVersions\), the broker at one:9092 speaks 1 to 13/,
  })
  const unknown = { ...produce, name: 'Unheard', key: 999 }
  t.throws(() => connection.versions.version(unknown), BrokerError)
  t.throws(() => connection.versions.version(unknown), { message: /does not have it/ })
})

t.test('brings the finalized features, from the version on that has them', async (t) => {
  for (const [version, level] of [
    [4, 2],
    [3, 2],
    [2, 0],
  ] as const) {
    // prettier-ignore
    const { open, context } = setUp((request) => {
      replyVersions(request, ALL_VERSIONS, 0, transactionVersion(2, 7n))
    }, { ApiVersions: version }) // prettier-ignore
    await open()
    t.equal(context.features.level('transaction.version'), level, `ApiVersions v${version}`)
  }
})

t.test('believes no features of a broker that refuses, or of another cluster', async (t) => {
  const features = transactionVersion(2, 7n)
  const refusing = setUp((request) => {
    replyVersions(request, ALL_VERSIONS, ErrorCodes.INVALID_REQUEST, features)
  })
  await t.rejects(refusing.open(), { name: 'BrokerError' })
  t.equal(refusing.context.features.level('transaction.version'), 0)

  let answer = features
  const { open, context } = setUp((request) => {
    if (request.apiKey === apiVersions.key) replyVersions(request, ALL_VERSIONS, 0, answer)
    else request.reply(metadata, { ...NO_TOPICS, clusterId: 'other' })
  })
  context.cluster.learn(await open(), 'c')
  context.cluster.connectionLost()
  answer = transactionVersion(1, 8n)
  const elsewhere = { name: 'ConnectionError', message: /no longer leads to the cluster c/ }
  await t.rejects(open({ isForProducing: true }), elsewhere)
  t.equal(context.features.level('transaction.version'), 2)
})
