/**
 * What is logged, and how often: one line for a change of state; an Error under `err`, which is all that
 * pino and bunyan print. Whole producers on a virtual clock.
 *
 * Neighbours: outage-lines.test.ts has what lasts.
 */
import t from 'tap'
import { simulate } from '../testing/support/simulation.js'
import { ONE, pass, send, start, type Line } from './support/logged.js'

t.test('an outage: one line each when it begins and when it is over', async (t) => {
  const it = await start()
  await it.run(send(it))
  await it.cluster.broker(1).stop({ failover: false })
  const sent = send(it)
  for (let i = 0; i < 50; i++) await it.clock.advanceSettled(200)
  await it.cluster.broker(1).start()
  await it.run(sent)
  const told = it.told().sort()
  t.strictSame(told, [
    'info broker 1 is back',
    'info metadata is there again',
    'warn lost broker 1',
    'warn no metadata; trying again',
  ])
  for (const { level, facts } of it.lines) {
    if (level === 'warn') t.type(facts['err'], Error)
    if (level === 'info') t.match(facts, { since: /^2026-/, outageMs: Number })
    for (const [name, fact] of Object.entries(facts)) {
      t.ok(name === 'err' || !(fact instanceof Error), `${name} is no Error`)
    }
  }
  t.ok(it.lines.filter(({ facts }) => facts['err'] instanceof Error).length > 10, 'detail at debug')
  await it.run(it.producer.close())
})

t.test('a connection that nobody used is no news, whoever closes it', async (t) => {
  const it = await start(ONE, { connectionsMaxIdleMs: 1000 })
  await it.run(send(it))
  await it.clock.advanceSettled(5000)
  await it.run(send(it))
  it.cluster.broker(1).disconnect()
  await it.clock.advanceSettled(5000)
  await it.run(send(it))
  await it.run(it.producer.close())
  t.strictSame(it.told(), [], 'nor that the producer is closed')
  t.equal(it.lines.filter(({ message }) => message.startsWith('left broker 1')).length, 3)
})

t.test('a broker that the cluster gives up is told to the end', async (t) => {
  const it = await start({ brokers: 2, topics: { t: { replicationFactor: 2 } } })
  await it.run(send(it))
  const { leader } = it.cluster.partition('t', 0)
  await it.cluster.broker(leader).stop({ failover: false })
  const sent = send(it)
  for (let i = 0; i < 10; i++) await it.clock.advanceSettled(100)
  await it.cluster.broker(leader).remove()
  await it.run(sent)
  const told = it.told().filter((line) => line.includes('broker'))
  t.strictSame(told, [
    `warn lost broker ${leader}`,
    `info broker ${leader} is not looked for any longer`,
  ])
  await it.run(it.producer.close())
})

t.test(
  'records that brokers refuse again and again: a warning long before they fail',
  async (t) => {
    const it = await start()
    await it.run(send(it))
    const NOT_ENOUGH_REPLICAS = 19
    it.cluster.failNext('Produce', { errorCode: NOT_ENOUGH_REPLICAS, times: Infinity })
    const sent = [1, 2, 3].map(() => send(it))
    await pass(it, 2000)
    t.strictSame(it.told(), [], 'an election takes so long')
    await pass(it, 20_000)
    const [line, ...others] = it.lines.filter(({ level }) => level === 'warn')
    t.strictSame(others, [])
    t.match(line, {
      message: 'a broker refuses records again and again; they go again until they fail',
      facts: { topic: 't', partition: 0, since: /^2026-/, err: /NOT_ENOUGH_REPLICAS/ },
    })
    it.cluster.clearFaults()
    await it.run(Promise.all(sent))
    const over = it.lines.at(-1)
    t.match(over, { level: 'info', message: 'the partition is written to again' })
    t.equal(over?.facts['since'], line?.facts['since'])
    t.ok(Number(over?.facts['outageMs']) > 20_000)
    await it.run(it.producer.close())
  },
)

t.test(
  'a topic that is missing: a warning once that has lasted, one line when it is there',
  async (t) => {
    const it = await start({ topics: { t: {} }, autoCreateTopics: false }, { createTopics: false })
    await it.run(send(it))
    const sent = it.producer.send({ topic: 'later', value: 'x' })
    await pass(it, 2000)
    t.strictSame(it.told(), [])
    await pass(it, 10_000)
    t.strictSame(it.told(), ['warn topic missing, or a partition without a leader; retrying'])
    t.match(it.lines.find(({ level }) => level === 'warn')?.facts, {
      ...{ topic: 'later', since: /^2026-/, err: /UNKNOWN_TOPIC_OR_PARTITION/ },
    })
    it.cluster.createTopic('later')
    await it.run(sent)
    t.strictSame(it.told().slice(1), ['info nothing of the topic is missing any more'])
    await it.run(it.producer.close())
  },
)

t.test('a topic that is missing, and given up', async (t) => {
  const options = { createTopics: false, maxBlockMs: 10_000 }
  const it = await start({ topics: { t: {} }, autoCreateTopics: false }, options)
  await it.run(it.producer.send({ topic: 'never', value: 'x' }).catch(() => {}))
  t.strictSame(it.told(), [
    'warn topic missing, or a partition without a leader; retrying',
    'info a topic that was missing is not asked for any longer',
  ])
  await it.run(it.producer.close())
})

t.test('a partition without a leader', async (t) => {
  const it = await start({ brokers: 2, topics: { t: { partitions: 2, replicationFactor: 1 } } })
  await it.run(send(it))
  await it.cluster.broker(2).stop()
  const partition = it.cluster.partitions('t').findIndex(({ leader }) => leader < 0)
  const sent = it.producer.send({ topic: 't', partition, value: 'x' })
  await pass(it, 10_000)
  const waiting = it.lines.filter(({ level, facts }) => level === 'warn' && facts['topic'] === 't')
  t.equal(waiting.length, 1)
  t.match(waiting[0]?.facts['err'], {
    message: `topic "t": LEADER_NOT_AVAILABLE, 1 of 2 partitions (${partition}) have no leader`,
  })
  await it.cluster.broker(2).start()
  await it.run(sent)
  t.equal(
    it.told().filter((line) => line === 'info nothing of the topic is missing any more').length,
    1,
  )
  await it.run(it.producer.close())
})

t.test(
  'failures that nobody hears of: one line at once, and after a second one for the rest',
  async (t) => {
    const it = await start(ONE, { maxBlockMs: 1000 })
    await it.run(it.producer.connect())
    await it.run(it.producer.close())
    for (let n = 0; n < 1000; n++) it.producer.enqueue({ topic: 't', value: 'x' })
    const lines = (): Line[] => it.lines.filter(({ level }) => level === 'error')
    await it.clock.settle()
    t.match(lines(), [
      {
        message: 'records without a callback were not accepted',
        facts: { recordCount: 1, err: Error },
      },
    ])
    t.equal(it.clock.timerCount, 0, 'it is closed: no timer is left')
    await pass(it, 1000)
    it.producer.enqueue({ topic: 't', value: 'x' })
    await it.clock.settle()
    t.equal(lines().length, 2)
    t.equal(lines()[1]?.facts['recordCount'], 1000)
    t.equal(it.clock.timerCount, 0)
  },
)

/** The warnings of this process meanwhile. */
async function warnings(act: () => Promise<unknown>): Promise<NodeJS.ErrnoException[]> {
  const heard: NodeJS.ErrnoException[] = []
  const listener = (warning: Error): void => void heard.push(warning)
  process.on('warning', listener)
  await act()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listener)
  return heard.filter(({ name }) => name === 'OttlaWarning')
}

t.test('without a logger the process is warned once that nothing can be reached', async (t) => {
  const it = await simulate(ONE)
  await it.cluster.broker(1).stop({ failover: false })
  const sent = send(it).catch((error: unknown) => error)
  t.strictSame(await warnings(() => pass(it, 2900)), [])
  const [warning, ...others] = await warnings(() => pass(it, 20_000))
  t.strictSame(others, [])
  t.match(warning, {
    code: 'OTTLA_UNREACHABLE',
    message: /^no Kafka broker can be reached, and records wait: no broker answers: /,
  })
  await it.run(it.producer.close({ timeoutMs: 0 }))
  t.match(await sent, { name: 'ClosedError' })
  t.equal(it.clock.timerCount, 0)
})

t.test('of records only where some wait', async (t) => {
  const it = await simulate(ONE)
  await it.cluster.broker(1).stop({ failover: false })
  const connected = it.producer.connect().catch((error: unknown) => error)
  const [warning] = await warnings(() => pass(it, 5000))
  t.match(warning?.message, /^no Kafka broker can be reached: /)
  await it.run(it.producer.close({ timeoutMs: 0 }))
  await connected
})

t.test('nor a leader, where the cluster itself answers', async (t) => {
  const it = await simulate({ brokers: 2, topics: { t: { replicationFactor: 1 } } })
  const { leader } = it.cluster.partition('t', 0)
  await it.cluster.broker(leader).stop({ failover: false })
  const sent = send(it).catch((error: unknown) => error)
  const [warning, ...others] = await warnings(() => pass(it, 20_000))
  t.strictSame(others, [])
  t.match(warning?.message, /advertised.listeners/)
  await it.run(it.producer.close({ timeoutMs: 0 }))
  await sent
})

t.test('no warning with a logger, nor where something can be reached', async (t) => {
  const quiet = await start()
  await quiet.cluster.broker(1).stop({ failover: false })
  const sent = send(quiet).catch((error: unknown) => error)
  t.strictSame(await warnings(() => pass(quiet, 10_000)), [])
  await quiet.run(quiet.producer.close({ timeoutMs: 0 }))
  await sent
  const healthy = await simulate(ONE)
  await healthy.run(send(healthy))
  t.strictSame(await warnings(() => pass(healthy, 10_000)), [])
  await healthy.run(healthy.producer.close())
  t.equal(healthy.clock.timerCount, 0)
})
