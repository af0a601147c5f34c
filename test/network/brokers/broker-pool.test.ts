// The pool over an in-memory network and a manual clock; what the listener hears is noted in order.
import t from 'tap'
import { OttlaError } from '../../../src/errors.js'
import { BrokerPool } from '../../../src/network/brokers/broker-pool.js'
import type { Connection } from '../../../src/network/connection/connection.js'
import type { NetworkOptions } from '../../../src/network/options.js'
import {
  metadata,
  OPERATIONS_NOT_ASKED,
  type MetadataResponse,
} from '../../../src/protocol/messages/metadata.js'
import type { ManualClock } from '../../support/manual-clock.js'
import { initProducerId } from '../../../src/protocol/messages/init-producer-id.js'
import {
  ALL_VERSIONS,
  broker,
  replyVersions,
  splitRequests,
  transactionVersion,
} from '../support/scripted-broker.js'
import type { ReceivedRequest } from '../support/scripted-broker.js'
import { testContext } from '../support/context.js'

const ONE = { nodeId: 1, host: 'one', port: 9092, rack: null }
const TWO = { nodeId: 2, host: 'two', port: 9092, rack: 'b' }
const REASON = new OttlaError('ERR_OTTLA_TEST', 'dropped by the test')
const ASK = { transactionalId: null, transactionTimeoutMs: 1, producerId: -1n, producerEpoch: -1 }
const ANSWER = { throttleTimeMs: 0, errorCode: 0, producerId: 42n, producerEpoch: 3 }

function setUp(options: Partial<NetworkOptions> = {}) {
  const context = testContext(options)
  const events: string[] = []
  const received: ReceivedRequest[] = []
  const accept = broker((request) => received.push(request))
  context.network.listen(ONE, accept)
  context.network.listen(TWO, accept)
  const pool = new BrokerPool({
    ...context,
    listener: {
      onReady: (nodeId) => events.push(`ready ${nodeId}`),
      onLost: (nodeId, error) => events.push(`lost ${nodeId}: ${error.message}`),
      onWritable: (nodeId) => events.push(`writable ${nodeId}`),
    },
  })
  pool.updateBrokers([ONE, TWO])
  return { pool, events, received, context, clock: context.clock, network: context.network }
}

t.test('dials a broker once it is asked for, and only once', async (t) => {
  const { pool, events, clock, network } = setUp()
  await clock.settle()
  t.strictSame(network.dialled, [])
  t.equal(pool.connection(1), undefined)
  t.equal(pool.ensure(1), undefined)
  t.equal(pool.ensure(1), undefined)
  await clock.settle()
  t.strictSame(events, ['ready 1'])
  t.equal(pool.ensure(1)?.nodeId, 1)
  t.equal(pool.connection(1), pool.ensure(1))
  t.strictSame(network.dialled, ['one:9092'])
  t.equal(pool.ensure(3), undefined, 'a broker never heard of')
  pool.close()
})

t.test('each broker tells the finalized features, and the latest news counts', async (t) => {
  const { pool, context, clock, network } = setUp()
  const listen = (address: typeof ONE | typeof TWO, level: number, epoch: bigint): void =>
    network.listen(address, (peer) => {
      peer.onBytes = splitRequests(peer, (request) =>
        replyVersions(request, ALL_VERSIONS, 0, transactionVersion(level, epoch)),
      )
    })
  listen(ONE, 2, 9n)
  listen(TWO, 1, 8n)
  for (const nodeId of [1, 2]) {
    pool.ensure(nodeId)
    await clock.settle()
    t.equal(context.features.level('transaction.version'), 2)
  }
  pool.close()
})

t.test('waits longer after each failure, and forgets them at a success', async (t) => {
  const { pool, events, clock, network } = setUp()
  network.unlisten(ONE)
  pool.ensure(1)
  await clock.settle()
  t.strictSame(events.splice(0), ['lost 1: one:9092 refused'])
  for (const waitMs of [50, 100, 200, 400, 800, 1000, 1000]) {
    pool.ensure(1)
    pool.ensure(1)
    t.equal(clock.keepAliveTimerCount, 1, 'somebody waits')
    await clock.advanceSettled(waitMs - 1)
    t.strictSame(events, [], `nothing before ${waitMs} ms`)
    await clock.advanceSettled(1)
    t.strictSame(events.splice(0), ['lost 1: one:9092 refused'])
  }
  network.listen(ONE, broker(() => {})) // prettier-ignore
  pool.ensure(1)
  await clock.advanceSettled(1000)
  t.strictSame(events.splice(0), ['ready 1'])
  pool.drop(1, REASON)
  t.strictSame(events.splice(0), ['lost 1: dropped by the test'])
  pool.ensure(1)
  await clock.advanceSettled(50)
  t.strictSame(events, ['ready 1'])
  pool.close()
})

t.test('does not wait for a broker that was elected meanwhile', async (t) => {
  const { pool, events, clock, network } = setUp()
  network.unlisten(ONE)
  for (let i = 0; i < 8; i++) {
    pool.ensure(1)
    await clock.advanceSettled(1000)
  }
  events.length = 0
  network.listen(ONE, broker(() => {})) // prettier-ignore
  pool.ensure(1)
  pool.forgiveFailures(1)
  pool.forgiveFailures(1)
  await clock.settle()
  t.strictSame(events.splice(0), ['ready 1'], 'somebody waited: dialled now, once')
  network.unlisten(ONE)
  pool.drop(1, REASON)
  pool.ensure(1)
  await clock.advanceSettled(50)
  const dialled = network.dialled.length
  pool.forgiveFailures(1)
  pool.forgiveFailures(3)
  t.equal(network.dialled.length, dialled, 'nobody waits: not dialled')
  pool.ensure(1)
  await clock.settle()
  t.equal(network.dialled.length, dialled + 1, 'but at once when asked for')
  t.equal(clock.timerCount, 0)
})

t.test('does not dial again by itself', async (t) => {
  const { pool, clock, network } = setUp()
  network.unlisten(ONE)
  pool.ensure(1)
  await clock.advanceSettled(60_000)
  t.equal(network.dialled.length, 1)
  t.equal(clock.timerCount, 0)
})

t.test('dials at once after a connection that ended while nobody used it', async (t) => {
  const { pool, events, clock, network } = setUp()
  pool.ensure(1)
  await clock.settle()
  network.openPeers[0]?.close()
  t.match(events.splice(0), ['ready 1', /lost 1: the broker closed/])
  pool.ensure(1)
  await clock.settle()
  t.strictSame(events, ['ready 1'])
  pool.close()
})

t.test('fails the requests of a lost connection before it tells of the loss', async (t) => {
  const { pool, events, clock } = setUp()
  pool.ensure(1)
  await clock.settle()
  const connection = pool.connection(1)
  if (connection === undefined) throw new Error('not connected')
  connection.sendFrame([Buffer.alloc(4)], 9, initProducerId, 0, 1000, {
    onResponse: () => {},
    onFailure: () => {
      events.push('failed')
      pool.ensure(1) // re-enters while the connection is being closed
    },
  })
  pool.drop(1, REASON)
  t.strictSame(events.slice(-2), ['failed', 'lost 1: dropped by the test'])
  t.equal(pool.connection(1), undefined)
  pool.close()
})

t.test('leaves the old address of a broker at once', async (t) => {
  const { pool, events, clock, network } = setUp()
  pool.ensure(1)
  await clock.settle()
  const moved = { ...ONE, host: 'three' }
  network.listen(moved, broker(() => {})) // prettier-ignore
  pool.updateBrokers([moved, TWO])
  t.match(events.splice(0), ['ready 1', /lost 1: .*broker 1 is now at three:9092/])
  t.equal(network.openPeers.length, 0)
  pool.ensure(1)
  await clock.settle()
  t.strictSame(events, ['ready 1'])
  t.equal(pool.connection(1)?.host, 'three')
  pool.updateBrokers([moved, TWO])
  t.equal(network.openPeers.length, 1, 'nothing happens where nothing changes')
  pool.close()
})

t.test('tells who waits for a broker that has moved while it was dialled', async (t) => {
  const { pool, events, clock, network } = setUp()
  network.listen(ONE, () => new Promise(() => {}))
  pool.ensure(1)
  pool.updateBrokers([{ ...ONE, host: 'two' }, TWO])
  await clock.settle()
  t.match(events, [/lost 1: .*is now at two:9092/])
  t.equal(network.openPeers.length, 0)
  pool.close()
})

t.test('lets a broker that is no longer listed answer, then leaves it', async (t) => {
  const { pool, events, clock, received, network } = setUp()
  pool.ensure(1)
  await clock.settle()
  const answer = pool.connection(1)?.request(initProducerId, ASK)
  await clock.settle()
  pool.updateBrokers([TWO])
  t.match(events.at(-1), /lost 1: .*no longer lists broker 1/)
  t.equal(pool.ensure(1), undefined)
  t.equal(network.openPeers.length, 1)
  received[0]?.reply(initProducerId, ANSWER)
  t.strictSame(await answer, ANSWER)
  t.equal(network.openPeers.length, 0)
  t.equal(clock.timerCount, 0)
})

t.test('drops every broker and starts over', async (t) => {
  const { pool, events, clock, network } = setUp()
  pool.ensure(1)
  await clock.settle()
  pool.ensure(2)
  pool.dropAll(REASON)
  await clock.settle()
  t.equal(network.openPeers.length, 0)
  t.strictSame(events, ['ready 1', 'lost 1: dropped by the test', 'lost 2: dropped by the test'])
  t.equal(pool.ensure(1), undefined)
  pool.updateBrokers([ONE])
  pool.ensure(1)
  await clock.settle()
  t.equal(events.at(-1), 'ready 1')
  pool.close()
})

t.test('leaves no socket and no timer when it is closed', async (t) => {
  const { pool, clock, network } = setUp()
  pool.ensure(1)
  await clock.settle()
  network.listen(TWO, () => new Promise(() => {}))
  pool.ensure(2)
  pool.close()
  await clock.settle()
  t.equal(network.openPeers.length, 0)
  t.equal(clock.timerCount, 0)
  t.equal(pool.ensure(1), undefined)
})

t.test(
  'a connection is asked for its cluster once one was lost, and before it is ready',
  async (t) => {
    const { pool, events, received, context, clock } = setUp()
    const { cluster } = context
    const answer = (clusterId: string | null): void =>
      received.pop()?.reply(metadata, { ...NOTHING, clusterId })
    await dial(pool, clock)
    cluster.learn(pool.connection(1) as Connection, 'c')
    t.equal(received.length, 0, 'not the first')
    for (const clusterId of ['c', null]) {
      pool.drop(1, REASON)
      events.length = 0
      await dial(pool, clock)
      t.equal(pool.connection(1), undefined)
      t.strictSame(received[0]?.decode(metadata).topics, [])
      answer(clusterId)
      await clock.settle()
      t.strictSame(events.splice(0), ['ready 1'])
    }
    pool.drop(1, REASON)
    events.length = 0
    await dial(pool, clock)
    answer('d')
    await clock.settle()
    t.match(events, [/^lost 1: one:9092 no longer leads to the cluster c/])
    t.equal(pool.connection(1), undefined)
    await dial(pool, clock)
    pool.close()
    await clock.settle()
    t.equal(clock.timerCount, 0)
    t.equal(context.network.openPeers.length, 0)
  },
)

t.test('a broker that has no Metadata, or no ids in it, is not asked', async (t) => {
  for (const apiVersions of [{ Metadata: 1 }, { Metadata: -1 }]) {
    const { pool, events, context, clock } = setUp({ apiVersions })
    context.cluster.learn({} as Connection, 'c')
    context.cluster.connectionLost()
    await dial(pool, clock)
    t.strictSame(events, ['ready 1'])
    pool.close()
  }
})

async function dial(pool: BrokerPool, clock: ManualClock): Promise<void> {
  pool.ensure(1)
  await clock.advanceSettled(1000)
}

const NOTHING: MetadataResponse = {
  throttleTimeMs: 0,
  brokers: [],
  clusterId: null,
  controllerId: -1,
  topics: [],
  clusterAuthorizedOperations: OPERATIONS_NOT_ASKED,
  errorCode: 0,
}
