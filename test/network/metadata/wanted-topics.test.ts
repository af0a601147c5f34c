// Which topics are unresolved is known at any time, and costs no look at them.
import t from 'tap'
import { BrokerList } from '../../../src/network/brokers/broker-list.js'
import { WantedTopics } from '../../../src/network/metadata/wanted-topics.js'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import {
  metadata,
  OPERATIONS_NOT_ASKED,
  type MetadataResponse,
} from '../../../src/protocol/messages/metadata.js'
import { ZERO_UUID } from '../../../src/protocol/uuid.js'
import { testContext } from '../support/context.js'
import { ONE, setUpKnown } from '../support/metadata-world.js'

const VERSION = metadata.maxVersion

function setUp() {
  const context = testContext()
  const inUse = new Set<string>()
  const brokers = new BrokerList(context.random)
  brokers.set([ONE])
  const topics = new WantedTopics({
    ...{ context, brokers },
    listener: {
      ...{ onTopic() {}, onTopicError() {}, onLeader() {}, onBrokers() {}, onRebootstrap() {} },
      isInUse: (name) => inUse.has(name),
    },
  })
  const answer = (name: string, leaderId: number, errorCode = 0): boolean =>
    topics.take(responseOf(name, leaderId, errorCode), VERSION, {
      topics: [...topics.all],
      ...{ isFull: false, isRequested: false },
    })
  const state = (): string =>
    topics.hasIncomplete ? 'incomplete' : topics.hasUnresolved ? 'unknown' : 'resolved'
  return { context, topics, brokers, inUse, answer, state }
}

/** An answer about one topic of one partition. */
function responseOf(name: string, leaderId: number, errorCode: number): MetadataResponse {
  const partition = { errorCode: 0, partitionIndex: 0, leaderId, leaderEpoch: 1 }
  const replicas = { replicaNodes: [], isrNodes: [], offlineReplicas: [] }
  const partitions = errorCode === 0 ? [{ ...partition, ...replicas }] : []
  const topic = { errorCode, name, topicId: ZERO_UUID, isInternal: false, partitions }
  return {
    ...{ throttleTimeMs: 0, brokers: [ONE], clusterId: 'c', controllerId: 1, errorCode: 0 },
    topics: [{ ...topic, topicAuthorizedOperations: OPERATIONS_NOT_ASKED }],
    clusterAuthorizedOperations: OPERATIONS_NOT_ASKED,
  }
}

t.test('a topic is unresolved until all of it is known', async (t) => {
  const { topics, inUse, answer, state } = setUp()
  t.equal(state(), 'resolved')
  topics.want('a')
  t.equal(state(), 'unknown')
  t.equal(topics.isAwaited, false)
  inUse.add('a')
  t.equal(topics.isAwaited, true)
  answer('a', -1)
  t.equal(state(), 'incomplete')
  t.equal(topics.isAwaited, false, 'who has records for it keeps the process alive')
  answer('a', 1)
  t.equal(state(), 'resolved')
})

t.test('and again when something of it is missing', async (t) => {
  const { topics, brokers, answer, state } = setUp()
  topics.want('a')
  answer('a', 1)
  answer('a', 1, ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION)
  t.equal(state(), 'incomplete')
  answer('a', 1)
  t.equal(state(), 'resolved')
  answer('b', 1)
  t.equal(state(), 'incomplete', 'an answer leaves it out')
  answer('a', 1)
  brokers.set([])
  topics.missLeaders()
  t.equal(state(), 'incomplete', 'its leader is no broker')
  answer('a', 1)
  topics.forgetLeaders()
  t.equal(state(), 'incomplete')
})

t.test('a topic that nobody wants any longer is not unresolved', async (t) => {
  const forgotten = setUp()
  forgotten.topics.want('a')
  forgotten.topics.forget('a')
  t.equal(forgotten.state(), 'resolved')
  const refused = setUp()
  refused.topics.want('a')
  refused.answer('a', 1, ErrorCodes.TOPIC_AUTHORIZATION_FAILED)
  t.equal(refused.state(), 'resolved')
  for (const leaderId of [-1, undefined]) {
    const idle = setUp()
    idle.topics.want('a')
    if (leaderId !== undefined) idle.answer('a', leaderId)
    idle.topics.dropIdle(idle.context.options.metadataMaxIdleMs)
    t.equal(idle.state(), 'resolved')
  }
})

t.test('no topic is looked at to tell', async (t) => {
  const { topics, answer } = setUp()
  for (let i = 0; i < 100; i++) topics.want(`t${i}`)
  for (let i = 0; i < 100; i++) answer(`t${i}`, -1)
  let looks = 0
  for (const topic of topics.all) {
    const { isUnresolved, known } = topic
    Object.defineProperty(topic, 'isUnresolved', { get: () => (looks++, isUnresolved) })
    Object.defineProperty(topic, 'known', { get: () => (looks++, known) })
  }
  t.equal(topics.hasUnresolved, true)
  t.equal(topics.hasIncomplete, true)
  t.equal(topics.isAwaited, false)
  t.equal(looks, 0)
})

t.test('a thousand failures set one timer', async (t) => {
  const { cache, clock, cluster } = await setUpKnown()
  cache.requestRefresh()
  await clock.settle()
  let timers = 0
  const setTimer = clock.setTimer.bind(clock)
  clock.setTimer = (...args) => (timers++, setTimer(...args))
  for (let i = 0; i < 1000; i++) cache.requestRefresh(['a'])
  t.equal(timers, 1)
  cluster.asked = []
  await clock.advanceSettled(50)
  t.equal(cluster.asked.length, 1)
})
