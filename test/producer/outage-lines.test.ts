/**
 * Outages in the log: whoever reads only warnings and errors knows what is wrong and since when, and a
 * repetition has no line. Whole producers on a virtual clock.
 *
 * Neighbours: log.test.ts has the other lines.
 */
import t from 'tap'
import { TransactionalProducer } from '../../src/index.js'
import { ErrorCodes } from '../../src/protocol/error-codes.js'
import { simulate } from '../testing/support/simulation.js'
import { pass, ReadLog, send, start, type Logged } from './support/logged.js'

const LOADING = { errorCode: ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS, times: Infinity }
const ID_WAITS = 'warn no producer id; records wait, and it is asked for again'
const COORDINATOR_WAITS = 'warn a transaction waits for a coordinator, which is asked again'

// The producer id

t.test('a producer id that does not come', async (t) => {
  const it = await start()
  it.cluster.failNext('InitProducerId', LOADING)
  const sent = send(it)
  await pass(it, 2000)
  t.strictSame(it.told(), [], 'a coordinator that moves takes so long')
  await pass(it, 20_000)
  t.strictSame(it.told(), [ID_WAITS])
  t.match(it.log.factsOf('warn'), [{ since: /^2026-/, err: /COORDINATOR_LOAD_IN_PROGRESS/ }])
  it.cluster.clearFaults()
  await it.run(sent)
  t.strictSame(it.told(), [ID_WAITS, 'info there is a producer id'])
  const [over] = it.log.factsOf('info')
  t.equal(over?.['since'], it.log.factsOf('warn')[0]?.['since'])
  t.ok(Number(over?.['outageMs']) > 20_000)
  await it.run(it.producer.close())
})

t.test('nor any answer: since it was asked for', async (t) => {
  const it = await start(undefined, { requestTimeoutMs: 5000 })
  it.cluster.failNext('InitProducerId', { silent: true, times: Infinity })
  const sent = send(it).catch((error: unknown) => error)
  await pass(it, 30_000)
  t.strictSame(it.told(), [ID_WAITS])
  await it.run(it.producer.close({ timeoutMs: 0 }))
  await sent
  t.strictSame(it.told(), [ID_WAITS, 'info a producer id is not asked for any longer'])
  t.ok(Number(it.log.factsOf('info')[0]?.['outageMs']) > 29_000, 'the first silence is part of it')
})

// Coordinators

interface Transactional extends Pick<Logged, 'clock' | 'cluster' | 'run' | 'log'> {
  readonly transactional: TransactionalProducer
  told(): string[]
}

async function startTransactional(
  options: Partial<ConstructorParameters<typeof TransactionalProducer>[0]> = {},
  transactionVersion: 0 | 1 | 2 = 2,
): Promise<Transactional> {
  const log = new ReadLog()
  const brokers = 3
  const it = await simulate({ brokers, topics: { t: {} }, transactionVersion })
  const { clock, network, cluster, run } = it
  const environment = { clock, random: () => 0.5, dial: network.dial }
  const transactional = new TransactionalProducer(
    { brokers: cluster.bootstrap, transactionalId: 'tx', logger: log.logger, ...options },
    environment,
  )
  return { clock, cluster, run, log, transactional, told: () => log.told() }
}

const sendOne = (it: Transactional): Promise<unknown> =>
  it.transactional
    .transaction(async (transaction) => void (await transaction.send({ topic: 't', value: 'x' })))
    .catch((error: unknown) => error)

t.test('no coordinator is to be found', async (t) => {
  const it = await startTransactional()
  const NONE = { errorCode: ErrorCodes.COORDINATOR_NOT_AVAILABLE, times: Infinity }
  it.cluster.failNext('FindCoordinator', NONE)
  const sent = sendOne(it)
  await pass(it, 2000)
  t.strictSame(it.told(), [])
  await pass(it, 20_000)
  t.strictSame(it.told(), [COORDINATOR_WAITS])
  t.match(it.log.factsOf('warn'), [
    { transactionalId: 'tx', since: /^2026-/, err: /COORDINATOR_NOT_AVAILABLE/ },
  ])
  it.cluster.clearFaults()
  await it.run(sent)
  t.strictSame(it.told(), [COORDINATOR_WAITS, 'info the coordinator answers again'])
  t.match(it.log.factsOf('info'), [{ transactionalId: 'tx', outageMs: Number }])
  await it.run(it.transactional.close())
})

t.test('one outage, whatever is asked meanwhile and by however many transactions', async (t) => {
  const it = await startTransactional({ maxBlockMs: 5000, deliveryTimeoutMs: 5000, requestTimeoutMs: 2000 }, 1) // prettier-ignore
  await it.run(it.transactional.connect())
  it.cluster.failNext('AddPartitionsToTxn', LOADING)
  it.cluster.failNext('EndTxn', LOADING)
  const sent = sendOne(it).then(() => sendOne(it))
  await pass(it, 30_000)
  t.strictSame(it.told(), [COORDINATOR_WAITS])
  it.cluster.clearFaults()
  await it.run(sent)
  await it.run(sendOne(it))
  t.strictSame(it.told().slice(0, 2), [COORDINATOR_WAITS, 'info the coordinator answers again'])
  t.equal(it.told().filter((line) => line === COORDINATOR_WAITS).length, 1)
  await it.run(it.transactional.close())
})

t.test('a coordinator that is down while a transaction ends', async (t) => {
  const it = await startTransactional()
  await it.run(it.transactional.connect())
  const coordinator = it.cluster.transactions.coordinatorOf('tx')
  const partition = it.cluster.partition('t', 0)
  if (partition.leader === coordinator) partition.moveLeader(coordinator === 1 ? 2 : 1)
  const transaction = await it.run(it.transactional.begin())
  await it.run(transaction.send({ topic: 't', value: 'x' }))
  await it.cluster.broker(coordinator).stop({ failover: false })
  const committed = transaction.commit()
  await pass(it, 15_000)
  t.equal(it.told().filter((line) => line === COORDINATOR_WAITS).length, 1)
  await it.cluster.broker(coordinator).start()
  await it.run(committed)
  t.equal(it.told().filter((line) => line === 'info the coordinator answers again').length, 1)
  await it.run(it.transactional.close())
})

t.test('a silent coordinator, and a producer that is closed meanwhile', async (t) => {
  const it = await startTransactional({ requestTimeoutMs: 5000 })
  await it.run(it.transactional.connect())
  it.cluster.failNext('EndTxn', { silent: true, times: Infinity })
  const sent = sendOne(it)
  await pass(it, 22_000)
  t.strictSame(it.told(), [COORDINATOR_WAITS])
  await it.run(it.transactional.close({ timeoutMs: 0 }))
  await sent
  await pass(it, 1000)
  t.strictSame(it.told(), [COORDINATOR_WAITS, 'info a coordinator is not asked any longer'])
})

// Brokers

for (const [how, fault] of [
  ['cuts', { disconnect: 'before' }],
  ['is silent', { silent: true }],
] as const) {
  // Longer than a connection has to stay where nothing is due.
  const requestTimeoutMs = 5000
  t.test(
    `a broker that takes connections, and ${how} under each Produce: one outage`,
    async (t) => {
      const it = await start(undefined, { requestTimeoutMs, deliveryTimeoutMs: 120_000 })
      await it.run(send(it))
      it.cluster.failNext('Produce', { ...fault, times: Infinity })
      const sent = send(it)
      await pass(it, 30_000)
      t.strictSame(it.told(), ['warn lost broker 1'])
      const again = it.lines.filter(({ message }) => message.startsWith('connected to broker 1'))
      t.ok(again.length > 3, 'each connection at debug')
      it.cluster.clearFaults()
      await it.run(sent)
      t.strictSame(it.told(), ['warn lost broker 1', 'info broker 1 is back'])
      t.ok(Number(it.log.factsOf('info')[0]?.['outageMs']) > 15_000, 'of the whole')
      await it.run(it.producer.close())
    },
  )
}

t.test('without answers a broker is back once it has stayed a while', async (t) => {
  const it = await start(undefined, { acks: 0 })
  await it.run(send(it))
  it.lines.length = 0 // what it says of acks
  it.cluster.broker(1).disconnect()
  await pass(it, 100)
  await it.run(send(it))
  t.strictSame(it.told(), ['warn lost broker 1'])
  await pass(it, 10_000)
  t.strictSame(it.told(), ['warn lost broker 1', 'info broker 1 is back'])
  await it.run(it.producer.close())
  t.equal(it.clock.timerCount, 0)
})

t.test('a login that is refused within an outage of another kind is told, once', async (t) => {
  const sasl = { mechanism: 'PLAIN', username: 'alice', password: 'one' } as const
  const cluster = { sasl: { users: { alice: 'one' } }, topics: { t: {} } }
  const it = await start(cluster, { sasl, deliveryTimeoutMs: 120_000 })
  await it.run(send(it))
  it.lines.length = 0 // what it says of clear text
  await it.cluster.broker(1).stop({ failover: false })
  const sent = send(it)
  await pass(it, 2000)
  t.strictSame(it.told().sort(), ['warn lost broker 1', 'warn no metadata; trying again'])
  it.cluster.sasl.setPassword('alice', 'two')
  await it.cluster.broker(1).start()
  await pass(it, 20_000)
  const refused = it.log.factsOf('warn').slice(2)
  t.equal(refused.length, 2)
  for (const facts of refused) {
    t.match(facts, { since: /^2026-/, err: { message: /refuses the login/ } })
  }
  await it.cluster.broker(1).stop({ failover: false })
  await pass(it, 5000)
  await it.cluster.broker(1).start()
  await pass(it, 20_000)
  t.equal(it.log.factsOf('warn').length, 4, 'each kind once')
  it.cluster.sasl.setPassword('alice', 'one')
  await it.run(sent)
  t.equal(it.log.factsOf('info').length, 2)
  await it.run(it.producer.close())
})

// Refusals

const REFUSED = 'warn a broker refuses records again and again; they go again until they fail'
const SHORT = { deliveryTimeoutMs: 6000, requestTimeoutMs: 1000 }

t.test('a partition that nothing waits for any more is told to the end', async (t) => {
  const config = { 'min.insync.replicas': '2' }
  const it = await start({ brokers: 3, topics: { t: { partitions: 2, config } } }, SHORT)
  const alone = (index: number): void => {
    const partition = it.cluster.partition('t', index)
    partition.setInSyncReplicas([partition.leader])
  }
  for (const partition of [0, 1]) await it.run(send(it, partition))
  alone(0)
  await it.run(send(it, 0).catch(() => {}))
  const over = 'info nothing waits any longer for a partition that was refused'
  t.strictSame(it.told(), [REFUSED, over])
  t.match(it.log.factsOf('info'), [{ topic: 't', partition: 0, since: /^2026-/, outageMs: Number }])
  alone(1)
  await it.run(send(it, 1).catch(() => {}))
  t.strictSame(it.told().slice(2), [REFUSED, over])
  t.equal(it.log.factsOf('warn')[1]?.['partition'], 1)
  await it.run(it.producer.close())
})

t.test('two partitions that are refused: one line, and the other once that is over', async (t) => {
  const config = { 'min.insync.replicas': '2' }
  const it = await start({ brokers: 3, topics: { t: { partitions: 2, config } } })
  for (const index of [0, 1]) {
    await it.run(send(it, index))
    const partition = it.cluster.partition('t', index)
    partition.setInSyncReplicas([partition.leader])
  }
  const sent = [send(it, 0), send(it, 1)]
  await pass(it, 10_000)
  t.strictSame(it.told(), [REFUSED])
  const first = Number(it.log.factsOf('warn')[0]?.['partition'])
  it.cluster.partition('t', first).setInSyncReplicas([1, 2, 3])
  await pass(it, 10_000)
  t.strictSame(it.told().slice(1), ['info the partition is written to again', REFUSED])
  t.equal(it.log.factsOf('warn')[1]?.['partition'], 1 - first)
  it.cluster.partition('t', 1 - first).setInSyncReplicas([1, 2, 3])
  await it.run(Promise.all(sent))
  await it.run(it.producer.close())
})
