// When metadata is asked for, of whom, and what is made of the answers.
import t from 'tap'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import { initProducerId } from '../../../src/protocol/messages/init-producer-id.js'
import { ZERO_UUID } from '../../../src/protocol/uuid.js'
import { broker } from '../support/scripted-broker.js'
import { BOOT, ONE, TWO, setUp, setUpKnown } from '../support/metadata-world.js'

const ANY_ID = {
  transactionalId: null,
  transactionTimeoutMs: 1,
  producerId: -1n,
  producerEpoch: -1,
}

t.test('opens nothing until it is used, and connects through a bootstrap address', async (t) => {
  const { cache, clock, network, events } = setUp()
  await clock.advanceSettled(1000)
  t.strictSame(network.dialled, [])
  await cache.connect(1000)
  t.strictSame(events, ['brokers one:9092,two:9092'])
  await cache.connect(1000)
  t.equal(clock.keepAliveTimerCount, 0)
})

t.test('asks for a new topic at once, and for it alone', async (t) => {
  const { cache, cluster, clock, events } = await setUpKnown()
  cluster.topics = { ...cluster.topics, b: { leaders: [[2, 4]] } }
  cache.want('b')
  cache.want('b')
  t.equal(cache.topic('b'), undefined)
  await clock.settle()
  t.strictSame(cluster.asked, ['boot:9092: b'])
  t.strictSame(events, ['b: 2/4'])
  t.strictSame(cache.topic('b')?.partitions, [{ partition: 0, leaderId: 2, leaderEpoch: 4 }])
})

t.test('keeps one refresh under way, and asks for later topics after it', async (t) => {
  const { cache, cluster, clock } = setUp()
  cluster.topics = { a: { leaders: [[1, 0]] }, b: { leaders: [[1, 0]] }, c: { leaders: [[1, 0]] } }
  for (const name of ['a', 'b', 'c']) cache.want(name)
  await clock.settle()
  t.strictSame(cluster.asked, ['boot:9092: a', 'boot:9092: b,c'])
})

t.test('asks for an unknown topic again, less and less often, until it is known', async (t) => {
  const { cache, cluster, clock, events, inUse } = setUp()
  cluster.topics = { a: { errorCode: ErrorCodes.LEADER_NOT_AVAILABLE } }
  inUse.add('a')
  cache.want('a')
  await clock.settle()
  t.strictSame(events.splice(0), ['brokers one:9092,two:9092', 'a LEADER_NOT_AVAILABLE true'])
  t.equal(clock.keepAliveTimerCount, 1, 'somebody waits')
  for (const [index, waitMs] of [100, 200, 400, 800, 1000, 1000].entries()) {
    await clock.advanceSettled(waitMs - 1)
    t.equal(cluster.asked.length, index + 1, `not before ${waitMs} ms`)
    await clock.advanceSettled(1)
    t.equal(cluster.asked.length, index + 2)
  }
  inUse.delete('a')
  await clock.advanceSettled(1000)
  t.equal(clock.keepAliveTimerCount, 0, 'nobody waits any longer: asking does not hold the process')
  cluster.topics = { a: { leaders: [[1, 0]] } }
  await clock.advanceSettled(1000)
  t.equal(events.at(-1), 'a: 1/0')
  const count = cluster.asked.length
  await clock.advanceSettled(100_000)
  t.equal(cluster.asked.length, count)
})

t.test('stops asking for a topic that is forgotten', async (t) => {
  const { cache, cluster, clock } = setUp()
  cache.want('nowhere')
  await clock.settle()
  cache.forget('nowhere')
  await clock.advanceSettled(10_000)
  t.ok(cluster.asked.length <= 2)
  t.equal(clock.keepAliveTimerCount, 0)
})

t.test('reports a topic that is refused, and forgets it until it is wanted again', async (t) => {
  const { cache, cluster, clock, events } = setUp()
  cluster.topics = { a: { errorCode: ErrorCodes.TOPIC_AUTHORIZATION_FAILED } }
  cache.want('a')
  await clock.advanceSettled(10_000)
  t.strictSame(cluster.asked, ['boot:9092: a'])
  t.strictSame(events.slice(1), ['a TOPIC_AUTHORIZATION_FAILED false'])
  cache.want('a')
  await clock.settle()
  t.equal(cluster.asked.length, 2)
})

t.test('takes for final what concerns the name or a right, and nothing else', async (t) => {
  const final = ['INVALID_TOPIC_EXCEPTION', 'TOPIC_AUTHORIZATION_FAILED', 'POLICY_VIOLATION'] as const
  const passing = ['INVALID_REPLICATION_FACTOR', 'UNKNOWN_SERVER_ERROR', 'BROKER_NOT_AVAILABLE'] as const
  for (const name of [...final, ...passing]) {
    const { cache, cluster, clock, events } = setUp()
    cluster.topics = { a: { errorCode: ErrorCodes[name] } }
    cache.want('a')
    await clock.settle()
    const isPassing = passing.some((it) => it === name)
    t.equal(events.at(-1), `a ${name} ${isPassing}`)
    cluster.topics = { a: { leaders: [[1, 0]] } }
    await clock.advanceSettled(1000)
    t.equal(cache.topic('a') !== undefined, isPassing, 'asked again')
    if (isPassing) t.not(cluster.asked[1]?.split(':')[0], 'boot', 'of another broker')
  }
}) // prettier-ignore

t.test('keeps what it knows of a topic that an answer leaves out, and asks again', async (t) => {
  const { cache, cluster, clock, events } = await setUpKnown()
  const { topics } = cluster
  cluster.topics = {}
  cache.requestRefresh()
  await clock.settle()
  t.equal(cache.topic('a')?.partitions.length, 2)
  t.strictSame(events.splice(0), ['a topic "a": the brokers\' answers leave it out, or partitions of it true']) // prettier-ignore
  cluster.topics = { a: { errorCode: ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION } }
  await clock.advanceSettled(50)
  t.strictSame(events.splice(0), ['a UNKNOWN_TOPIC_OR_PARTITION true'])
  t.equal(cache.topic('a')?.partitions.length, 2)
  cluster.topics = topics
  await clock.advanceSettled(100)
  t.equal(cluster.asked.length, 3)
  await clock.advanceSettled(10_000)
  t.equal(cluster.asked.length, 3, 'settled')
  t.strictSame(events, ['a: 1/0,2/0'], 'nothing has changed, but that there is no error')
})

t.test('refreshes at once on request, then with short waits while nothing is new', async (t) => {
  const { cache, cluster, clock, events } = await setUpKnown()
  for (const [index, waitMs] of [0, 50, 100, 200, 250, 250, 250].entries()) {
    cache.requestRefresh()
    cache.requestRefresh()
    await clock.advanceSettled(Math.max(0, waitMs - 1))
    if (waitMs > 0) t.equal(cluster.asked.length, index, `not before ${waitMs} ms`)
    await clock.advanceSettled(Math.min(waitMs, 1))
    t.equal(cluster.asked.length, index + 1)
  }
  cluster.topics = { a: { leaders: [[1, 0], [1, 1]] } } // prettier-ignore
  cache.requestRefresh()
  await clock.advanceSettled(250)
  t.strictSame(events, ['a: 1/0,1/1'])
  cache.requestRefresh()
  await clock.settle()
  t.equal(cluster.asked.length, 9, 'news starts the waits over')
})

t.test(
  'finds a new leader within a quarter of a second of its election, however long that took',
  async (t) => {
    const { cache, cluster, clock, events } = await setUpKnown()
    cluster.topics = { a: { leaders: [[-1, 1], [2, 0]] } } // prettier-ignore
    cache.requestRefresh()
    await clock.advanceSettled(9_000)
    t.strictSame(events.splice(0), ['a: -1/1,2/0'])
    t.equal(clock.keepAliveTimerCount, 0, 'whoever has records waiting keeps the process alive')
    cluster.topics = { a: { leaders: [[2, 2], [2, 0]] } } // prettier-ignore
    await clock.advanceSettled(250)
    t.strictSame(events, ['a: 2/2,2/0'])
  },
)

t.test('ignores an answer older than what it knows', async (t) => {
  const { cache, cluster, clock, events } = await setUpKnown()
  cluster.topics = { a: { leaders: [[2, 3], [2, 0]] } } // prettier-ignore
  cache.requestRefresh()
  await clock.settle()
  cluster.topics = { a: { leaders: [[1, 2], [2, 0]] } } // prettier-ignore
  cache.requestRefresh()
  await clock.settle()
  t.strictSame(events, ['a: 2/3,2/0'])
})

t.test('refreshes by age, and drops topics that are not used', async (t) => {
  const { cache, cluster, clock } = await setUpKnown()
  cluster.topics = { ...cluster.topics, b: { leaders: [[1, 0]] } }
  cache.want('b')
  await clock.advanceSettled(200_000)
  cache.want('b')
  await clock.advanceSettled(99_999)
  cluster.asked = []
  await clock.advanceSettled(1)
  t.strictSame(cluster.asked, ['boot:9092: b'])
  t.equal(cache.topic('a'), undefined)
  t.equal(cache.topic('b')?.name, 'b')
})

t.test('takes a newer leader from a hint, with its address', async (t) => {
  const { cache, events } = await setUpKnown()
  const hint = { topic: 'a', topicId: ZERO_UUID, partition: 0, leaderId: 2, leaderEpoch: 1 }
  t.equal(cache.applyLeaderHint({ ...hint, leaderEpoch: 0 }), false)
  t.equal(cache.applyLeaderHint({ ...hint, topic: 'b' }), false)
  t.equal(cache.applyLeaderHint({ ...hint, leaderId: 3 }), false, 'no address is known')
  t.equal(cache.applyLeaderHint(hint), true)
  const endpoint = { nodeId: 3, host: 'three', port: 1, rack: null }
  t.equal(cache.applyLeaderHint({ ...hint, leaderId: 3, leaderEpoch: 2, endpoint }), true)
  t.strictSame(events, ['a-0: 2/1', 'brokers one:9092,two:9092,three:1', 'a-0: 3/2'])
})

t.test('asks on while the leader that a hint has named is not among the brokers', async (t) => {
  const { cache, cluster, clock, events } = await setUpKnown()
  const endpoint = { nodeId: 3, host: 'three', port: 1, rack: null }
  const hint = { topic: 'a', topicId: ZERO_UUID, partition: 0, leaderId: 3, leaderEpoch: 1 }
  cache.applyLeaderHint({ ...hint, endpoint })
  cluster.topics['b'] = { leaders: [[1, 0]] }
  cache.want('b') // answered by a broker that knows neither of the new broker nor of the election
  await clock.settle()
  t.strictSame(events.splice(0), [
    'brokers one:9092,two:9092,three:1',
    'a-0: 3/1',
    'brokers one:9092,two:9092',
    'b: 1/0',
  ])
  await clock.advanceSettled(1000)
  t.ok(cluster.asked.length > 3, cluster.asked.join('; '))
  cluster.brokers = [ONE, TWO, endpoint]
  await clock.advanceSettled(1000)
  t.strictSame(events, ['brokers one:9092,two:9092,three:1'])
  const { length } = cluster.asked
  await clock.advanceSettled(10_000)
  t.equal(cluster.asked.length, length, 'and no longer')
})

t.test('asks another broker after half a second of silence, and stays with it', async (t) => {
  const { cache, cluster, clock, events, network } = await setUpKnown()
  cluster.frozen.add('boot:9092')
  cluster.topics = { a: { leaders: [[2, 1], [2, 0]] } } // prettier-ignore
  cache.requestRefresh()
  await clock.advanceSettled(499)
  t.strictSame(events, [])
  await clock.advanceSettled(1)
  t.strictSame(events, ['a: 2/1,2/0'])
  cache.requestRefresh()
  await clock.settle()
  const [, second, third] = cluster.asked
  t.equal(second, third)
  await clock.advanceSettled(5_000)
  t.equal(network.openPeers.length, 1, 'the silent one is left')
})

t.test('goes through the other brokers, then back to the bootstrap addresses', async (t) => {
  const { cache, cluster, clock, network, events } = await setUpKnown()
  network.unlisten(ONE)
  network.unlisten(TWO)
  network.unlisten(BOOT)
  for (const peer of network.openPeers) peer.close()
  cluster.brokers = [BOOT]
  network.dialled.length = 0
  cache.requestRefresh()
  await clock.advanceSettled(40)
  t.strictSame([...network.dialled].sort(), ['boot:9092', 'one:9092', 'two:9092'])
  network.listen(BOOT, broker((request) => cluster.answer('boot:9092', request))) // prettier-ignore
  await clock.advanceSettled(500)
  t.equal(events[0], 'brokers boot:9092')
  await clock.settle()
})

t.test('starts over when the cluster asks for it', async (t) => {
  const { cache, cluster, clock, network, events } = await setUpKnown()
  cluster.errorCode = ErrorCodes.REBOOTSTRAP_REQUIRED
  network.dialled.length = 0
  cache.requestRefresh()
  await clock.settle()
  t.strictSame(events.splice(0), ['rebootstrap'])
  t.equal(network.openPeers.length, 0)
  t.equal(cache.topic('a')?.partitions.length, 2, 'what is known of topics is kept')
  cluster.errorCode = 0
  await clock.advanceSettled(50)
  t.strictSame(network.dialled, ['boot:9092'])
  t.strictSame(events, ['brokers one:9092,two:9092'])
})

t.test('moves on from a broker that lists no brokers or refuses', async (t) => {
  for (const change of [{ brokers: [] }, { errorCode: ErrorCodes.UNKNOWN_SERVER_ERROR }]) {
    const { cache, cluster, clock } = await setUpKnown()
    Object.assign(cluster, change)
    cache.requestRefresh()
    await clock.settle()
    t.equal(cluster.asked.length, 3, 'each address once')
    t.equal(cache.topic('a')?.partitions.length, 2)
  }
})

t.test('gives answers more time where none comes in time, up to requestTimeoutMs', async (t) => {
  for (const [requestTimeoutMs, isKnown] of [[30_000, true], [8000, false]] as const) {
    const { cache, cluster, clock, context, inUse } = setUp({ requestTimeoutMs })
    cluster.topics = { a: { leaders: [[1, 0]] } }
    cluster.defer = (reply) => void context.clock.setTimer(reply, 9000)
    inUse.add('a')
    cache.want('a')
    for (let i = 0; i < 60; i++) await clock.advanceSettled(1000)
    t.equal(cache.topic('a') !== undefined, isKnown)
  }
}) // prettier-ignore

t.test('keeps a throttle of the only broker', async (t) => {
  const { cache, cluster, clock } = setUp({ bootstrap: [ONE] })
  cluster.brokers = [ONE]
  cluster.throttleTimeMs = 3_000
  await cache.connect(1000)
  cache.requestRefresh()
  cache.want('b')
  t.match(cache.whyPausing()?.message, /one:9092 wants no request for another 3 s/)
  await clock.advanceSettled(2_999)
  t.equal(cluster.asked.length, 1)
  await clock.advanceSettled(1)
  t.equal(cluster.asked.length, 2)
})

t.test(
  'asks others while a broker wants a pause, however long, and waits where all do',
  async (t) => {
    const { cache, cluster, clock, events } = await setUpKnown()
    cluster.throttleTimeMs = 3_600_000
    cluster.topics = { a: { leaders: [[1, 1], [2, 0]] } } // prettier-ignore
    cache.requestRefresh()
    await clock.settle()
    t.strictSame(events.splice(0), ['a: 1/1,2/0'])
    cluster.throttleTimeMs = 0
    cluster.topics = { a: { leaders: [[2, 2], [2, 0]] }, b: { leaders: [[2, 0]] } } // prettier-ignore
    cache.requestRefresh()
    cache.want('b')
    t.equal(cache.whyPausing(), null)
    await clock.settle()
    t.strictSame(events, ['a: 2/2,2/0', 'b: 2/0'])
    await clock.advanceSettled(3_000_000)
    const [first, ...others] = cluster.asked
    t.match(first, /^boot/)
    t.ok(others.length >= 10)
    t.notMatch(others.join(), /boot/)

    cluster.throttleTimeMs = 10_000
    for (const name of ['c', 'd']) {
      cache.want(name)
      await clock.settle()
    }
    cluster.asked = []
    await clock.advanceSettled(9_000)
    t.strictSame(cluster.asked, [])
    t.match(cache.whyPausing()?.message, /wants no request for another 1 s/)
    await clock.advanceSettled(1_000)
    t.not(cluster.asked.length, 0)
  },
)

/** Something fails again and again. */
async function failFor(ms: number, { cache, clock }: Awaited<ReturnType<typeof setUpKnown>>): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 100) {
    cache.requestRefresh(['a'])
    await clock.advanceSettled(100)
  }
} // prettier-ignore

t.test('without topic ids: a topic that every answer goes back on was made anew', async (t) => {
  const world = await setUpKnown()
  const { cache, cluster, clock, events } = world
  cluster.topics = { a: { leaders: [[1, 7], [2, 7]] } } // prettier-ignore
  cache.requestRefresh()
  await clock.settle()
  events.length = 0
  cluster.topics = { a: { leaders: [[2, 0], [1, 0]] } } // prettier-ignore
  await failFor(2_500, world)
  t.strictSame(events, [], 'not at once')
  await failFor(1_000, world)
  t.strictSame(events, ['a: 2/0,1/0'])
  cluster.topics = { a: { leaders: [[1, 1], [1, 0]] } } // prettier-ignore
  await failFor(300, world)
  t.strictSame(events.slice(1), ['a: 1/1,1/0'], 'and its epochs count from there')
})

t.test(
  'without topic ids: brokers that are behind are not believed where one is not',
  async (t) => {
    const world = await setUpKnown({ metadataMaxAgeMs: 1000 })
    const { cache, cluster, clock, events } = world
    const { topics } = cluster
    cluster.topics = { a: { leaders: [[2, 1], [2, 0]] } } // prettier-ignore
    cache.requestRefresh()
    await clock.settle()
    events.length = 0
    cluster.views.set('two:9092', cluster.topics)
    cluster.topics = topics
    await failFor(20_000, world)
    t.strictSame(events, [])
    cluster.views.clear()
    await clock.advanceSettled(20_000)
    t.strictSame(events, [], 'nor where nothing is amiss')
  },
)

t.test('without topic ids: a topic that nobody knew for a second has no epochs', async (t) => {
  const world = await setUpKnown()
  const { cluster, events } = world
  cluster.topics = { a: { leaders: [[1, 7], [2, 7]] } } // prettier-ignore
  await failFor(200, world)
  cluster.topics = { a: { errorCode: ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION } }
  await failFor(1_500, world)
  cluster.topics = { a: { leaders: [[2, 0], [1, 0]] } } // prettier-ignore
  await failFor(300, world)
  t.equal(events.at(-1), 'a: 2/0,1/0')
})

t.test('says what failed last, not that another try is under way', async (t) => {
  const { cache, clock, network } = setUp({ bootstrap: [ONE] })
  network.unlisten(ONE)
  const connecting = cache.connect(2_000)
  const check = t.rejects(connecting, { name: 'TimeoutError', message: /one:9092 \(.*refused/ })
  await clock.advanceSettled(500)
  network.listen(ONE, () => new Promise(() => {}))
  await clock.advanceSettled(1_500)
  await check
})

t.test('says which addresses it has tried when it cannot connect', async (t) => {
  const bootstrap = [ONE, TWO, BOOT]
  const { cache, cluster, clock, network } = setUp({ bootstrap })
  network.unlisten(ONE)
  network.listen(TWO, () => new Promise(() => {}))
  cluster.frozen.add('boot:9092')
  const connecting = cache.connect(2_000)
  const check = t.rejects(connecting, { name: 'TimeoutError', message: /one:9092 refused/ })
  const texts = [/two:9092 \(no answer yet\)/, /boot:9092 \(no answer yet\)/]
  const checks = texts.map((message) => t.rejects(connecting, { message }))
  t.equal(clock.keepAliveTimerCount, 1)
  await clock.advanceSettled(2_000)
  await Promise.all([check, ...checks])
})

t.test('rejects a connect at once where no retry can help', async (t) => {
  const { cache, clock, network, events } = setUp()
  network.listen(BOOT, (peer) => {
    peer.onBytes = () => {
      peer.send(Buffer.from('HTTP/1.1 400 Bad Request'))
    }
  })
  const check = t.rejects(cache.connect(60_000), { name: 'ConnectionError', retriable: false, message: /HTTP/ }) // prettier-ignore
  await clock.settle()
  await check
  t.match(events, [/fatal .*HTTP/])
})

t.test('leaves no socket and no timer when it is closed', async (t) => {
  const { cache, control, close, cluster, clock, network } = await setUpKnown()
  cluster.frozen.add('boot:9092')
  network.listen(ONE, () => new Promise(() => {}))
  network.listen(TWO, () => new Promise(() => {}))
  cache.requestRefresh()
  await clock.advanceSettled(1_200)
  close()
  await clock.settle()
  t.equal(network.openPeers.length, 0)
  t.equal(clock.timerCount, 0)
  await t.rejects(
    cache.connect(1000).then(() => control.ask(initProducerId, ANY_ID, 'any')),
    { name: 'ClosedError' },
  )
  t.equal(clock.timerCount, 0)
})

t.test('rejects who waits for a connection when it is closed', async (t) => {
  const { cache, close, clock, network } = setUp()
  network.unlisten(BOOT)
  const check = t.rejects(cache.connect(1000), { name: 'ClosedError' })
  await clock.settle()
  close()
  await check
  t.equal(clock.timerCount, 0)
})

t.test('closes a broker that has been left but still owes an answer', async (t) => {
  const { cache, close, cluster, clock, network } = await setUpKnown()
  cluster.frozen.add('boot:9092')
  cache.requestRefresh()
  await clock.advanceSettled(500)
  t.equal(network.openPeers.length, 2)
  close()
  t.equal(network.openPeers.length, 0)
  t.equal(clock.timerCount, 0)
})
