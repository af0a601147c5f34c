/**
 * Failures that say why: whatever keeps a record here, its error has the last known cause in its
 * message and as `cause`. Whole producers on a virtual clock.
 */
import t, { type Test } from 'tap'
import { ConnectionError, OttlaError, Producer } from '../../src/index.js'
import type { ProducerOptions } from '../../src/producer/options/options.js'
import { ScriptedCluster } from './support/scripted-cluster.js'
import { ErrorCodes } from '../../src/protocol/error-codes.js'
import { simulate, type Simulation } from '../testing/support/simulation.js'
import { ALL_VERSIONS, replyVersions, splitRequests } from '../network/support/scripted-broker.js'
import { testContext } from '../network/support/context.js'
import { MemoryNetwork } from '../network/support/memory-network.js'

const TWO = { brokers: 2, topics: { t: { partitions: 2, replicationFactor: 1 } } }
const SHORT = { requestTimeoutMs: 1000, deliveryTimeoutMs: 2000, maxBlockMs: 1500 }

/** The partition that this broker leads. */
const ledBy = ({ cluster }: Simulation, nodeId: number): number =>
  cluster.partitions('t').findIndex(({ leader }) => leader === nodeId)

async function failure(it: Simulation, promise: Promise<unknown>): Promise<OttlaError> {
  const outcome = await it.run(promise.catch((error: unknown) => error))
  if (outcome instanceof OttlaError) return outcome
  throw new Error('it has not failed')
}

async function stopAll({ cluster }: Simulation): Promise<void> {
  for (const broker of cluster.brokers) await broker.stop({ failover: false })
}

async function end(t: Test, it: Simulation): Promise<void> {
  await it.run(it.producer.close({ timeoutMs: 0 }))
  t.equal(it.clock.timerCount, 0)
}

for (const idempotence of [true, false]) {
  t.test(`a leader that was never reached, idempotence ${idempotence}`, async (t) => {
    const it = await simulate(TWO, { ...SHORT, idempotence })
    const { address } = it.cluster.broker(2)
    const partition = ledBy(it, 2)
    await it.cluster.broker(2).stop({ failover: false })
    const error = await failure(it, it.producer.send({ topic: 't', partition, value: 'x' }))
    t.equal(error.name, 'DeliveryTimeoutError')
    t.match(error.message, `broker 2 at ${address} cannot be reached`)
    t.match(error.message, 'advertised.listeners')
    t.type(error.cause, ConnectionError)
    await end(t, it)
  })
}

t.test('a leader that has gone: no word of its address', async (t) => {
  const it = await simulate(TWO, SHORT)
  const partition = ledBy(it, 2)
  await it.run(it.producer.send({ topic: 't', partition, value: 'x' }))
  await it.cluster.broker(2).stop({ failover: false })
  const error = await failure(it, it.producer.send({ topic: 't', partition, value: 'y' }))
  t.match(error.message, /broker 2 at .* cannot be reached/)
  t.notMatch(error.message, 'advertised.listeners')
  await end(t, it)
})

t.test('a topic that cannot be made for want of brokers, for good', async (t) => {
  const it = await simulate(TWO, SHORT)
  const errorCode = ErrorCodes.INVALID_REPLICATION_FACTOR
  it.cluster.failNext('Metadata', { errorCode, topic: 'new', times: Infinity })
  const askedMs = it.clock.monotonicMs()
  const error = await failure(it, it.producer.send({ topic: 'new', value: 'x' }))
  t.ok(it.clock.monotonicMs() - askedMs >= SHORT.maxBlockMs, 'it might have passed')
  t.match(error, { name: 'TopicUnavailableError', cause: { errorCode } })
  t.match(
    error.message,
    /after maxBlockMs .*INVALID_REPLICATION_FACTOR.*default\.replication\.factor/,
  )
  await end(t, it)
})

t.test('brokers that have gone after they had answered: a topic that is not known', async (t) => {
  const it = await simulate(TWO, SHORT)
  await it.run(it.producer.send({ topic: 't', value: 'x' }))
  await stopAll(it)
  const error = await failure(it, it.producer.send({ topic: 'unknown', value: 'x' }))
  t.equal(error.name, 'TopicUnavailableError')
  t.match(error.message, /no broker answers: .*cannot connect|no broker answers: .*refused/)
  t.type(error.cause, ConnectionError)
  const partitions = await failure(it, it.producer.partitionsFor('another'))
  t.match(partitions.message, 'no broker answers')
  await end(t, it)
})

t.test('closed while no broker can be reached', async (t) => {
  const it = await simulate(TWO, SHORT)
  await it.run(it.producer.send({ topic: 't', partition: 0, value: 'x' }))
  await stopAll(it)
  const records = ['t', 'unknown'].map((topic) => {
    return failure(it, it.producer.send({ topic, partition: 0, value: 'x' }))
  })
  const partitions = failure(it, it.producer.partitionsFor('another'))
  await it.clock.advanceSettled(300)
  const closed = it.producer.close({ timeoutMs: 500 })
  const [known, unknown] = await it.run(Promise.all(records))
  t.match(known, { name: 'ClosedError', message: /last error: broker \d at .* cannot be reached/ })
  t.match(unknown, { name: 'ClosedError', message: 'no broker answers' })
  t.match(await partitions, { name: 'ClosedError', message: 'no broker answers' })
  for (const error of [known, unknown]) t.type(error?.cause, ConnectionError)
  await it.run(closed)
})

t.test('a buffer that is full because nothing can be sent', async (t) => {
  const small = { bufferMemoryBytes: 32 * 1024, batchSizeBytes: 16 * 1024, maxWaitingSends: 1 }
  const it = await simulate(TWO, { ...SHORT, ...small, deliveryTimeoutMs: 60_000 })
  const partition = ledBy(it, 2)
  await it.cluster.broker(2).stop({ failover: false })
  const value = Buffer.alloc(15_000)
  while (it.producer.enqueue({ topic: 't', partition, value })) await it.clock.advanceSettled(20)
  const waiting = failure(it, it.producer.send({ topic: 't', partition, value }))
  const tooMany = await failure(it, it.producer.send({ topic: 't', partition, value }))
  const writable = failure(it, it.producer.writable())
  for (const error of [await waiting, tooMany, await writable]) {
    t.match(error.message, /broker 2 at .* cannot be reached/)
    t.type(error.cause, ConnectionError)
  }
  await end(t, it)
})

t.test('no producer id to be had', async (t) => {
  const it = await simulate({ ...TWO, brokers: 1 }, SHORT)
  it.cluster.broker(1).withholdProducerIds('silent')
  const error = await failure(it, it.producer.send({ topic: 't', partition: 0, value: 'x' }))
  t.match(error.message, 'no producer id')
  t.type(error.cause, OttlaError)
  await end(t, it)
})

t.test('a leader that does not answer, and one that holds up what is behind', async (t) => {
  const it = await simulate(
    { ...TWO, brokers: 1 },
    { ...SHORT, requestTimeoutMs: 1900, maxInFlight: 1 },
  )
  const send = (): Promise<unknown> => it.producer.send({ topic: 't', partition: 0, value: 'x' })
  await it.run(send())
  it.cluster.broker(1).freeze()
  const first = failure(it, send())
  await it.clock.advanceSettled(200)
  const second = failure(it, send())
  for (const error of [await first, await second]) t.type(error.cause, OttlaError)
  await end(t, it)
})

t.test('a quota whose pause outlasts the patience, of Produce and of metadata', async (t) => {
  const throttleTimeMs = 60_000
  const it = new ScriptedCluster({ produced: (sound) => ({ ...sound, throttleTimeMs }) }, SHORT)
  const send = (topic: string) => it.producer.send({ topic, partition: 0, value: 'x' })
  await it.outcome(send('t'))
  const late = it.outcome(send('t'))
  await it.clock.advanceSettled(1900)
  const why = /broker 1 wants no request for another 5[89] s \(a quota\)/
  t.match(await late, { outcome: 'not-written', message: why, cause: { retriable: true } })
  t.match(it.producer.health().reason, why)
  await it.outcome(it.producer.close({ timeoutMs: 0 }))
  t.equal(it.clock.timerCount, 0)

  const other = new ScriptedCluster({ described: (sound) => ({ ...sound, throttleTimeMs }) }, SHORT)
  await other.outcome(other.producer.send({ topic: 't', value: 'x' }))
  const unknown = await other.outcome(other.producer.send({ topic: 'u', value: 'x' }))
  t.match(unknown, {
    name: 'TopicUnavailableError',
    message: /the broker at boot:9092 wants no request for another 5[89] s \(a quota\)/,
  })
  t.equal(other.producer.health().isConnected, true)
  await other.outcome(other.producer.close({ timeoutMs: 0 }))
})

t.test('connect that runs out of time has the cause', async (t) => {
  const it = await simulate(TWO, SHORT)
  await stopAll(it)
  const error = await failure(it, it.producer.connect())
  t.equal(error.name, 'TimeoutError')
  t.type(error.cause, ConnectionError)
  await end(t, it)
})

/** A listener that takes so many requests of a connection, and hangs up at the next. */
async function hangUp(answered: number, options: Partial<ProducerOptions> = {}): Promise<string> {
  const { clock } = testContext()
  const network = new MemoryNetwork()
  network.listen({ host: 'boot', port: 9092 }, (peer) => {
    let count = 0
    peer.onBytes = splitRequests(peer, (request) => {
      if (count++ < answered) replyVersions(request, ALL_VERSIONS)
      else peer.close()
    })
  })
  const environment = { clock, random: () => 0.5, dial: network.dial }
  const producer = new Producer({ brokers: 'boot:9092', maxBlockMs: 500, ...options }, environment)
  const sent = producer.send({ topic: 't', value: 'x' }).catch((error: unknown) => error)
  await clock.advanceSettled(600)
  const error = await sent
  const closed = producer.close({ timeoutMs: 0 })
  await clock.advanceSettled(10)
  await closed
  return String(error)
}

t.test('a listener that hangs up may want TLS or SASL', async (t) => {
  t.match(await hangUp(0), /the broker closed the connection .* TLS or SASL/)
  t.match(await hangUp(1), /under Metadata.* TLS or SASL/, 'SASL: after the handshake')
})
