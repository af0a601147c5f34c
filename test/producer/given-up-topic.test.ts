/**
 * A topic that was known, is lost while a record of it is on its way, and is then refused for good: its
 * numbers go on, it stands in one request once, and it is found again.
 */
import t from 'tap'
import { ErrorCodes } from '../../src/testing/cluster.js'
import { simulate, values, type Simulation } from '../testing/support/simulation.js'

const { UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER } = ErrorCodes
const OPTIONS = { retryBackoffMs: 300, maxBlockMs: 20_000 }

/** Codes that no retry mends. */
const FINAL = [
  ErrorCodes.TOPIC_AUTHORIZATION_FAILED,
  ErrorCodes.INVALID_TOPIC_EXCEPTION,
  ErrorCodes.POLICY_VIOLATION,
]

const asked = ({ cluster }: Simulation): number =>
  cluster.requests.filter(({ api }) => api === 'Metadata').length

const send = (it: Simulation, value: string) =>
  it.producer.send({ topic: 't', partition: 0, value })

/** Moves time on until metadata was asked for again, and the answer read. */
async function nextAnswer(it: Simulation): Promise<void> {
  const before = asked(it)
  for (let i = 0; i < 1000 && asked(it) === before; i++) await it.clock.advanceSettled(10)
  await it.clock.advanceSettled(10)
}

/** 'first' is in the log, 'held' is refused again and again, and the topic has just been refused. */
async function givenUp(options: Partial<typeof OPTIONS> & { metadataMaxAgeMs?: number }, code: number) {
  const it = await simulate({ topics: { t: {} } }, { ...OPTIONS, ...options })
  await it.run(send(it, 'first'))
  const times = Infinity
  const take = it.cluster.failNext('Produce', { topic: 't', errorCode: NOT_LEADER_OR_FOLLOWER, times })
  const known = it.cluster.failNext('Metadata', { topic: 't', errorCode: UNKNOWN_TOPIC_OR_PARTITION, times })
  const held = send(it, 'held')
  held.catch(() => {})
  for (let ms = 0; ms < 2500; ms += 100) await it.clock.advanceSettled(100) // it is lost by now
  const parked = send(it, 'parked')
  parked.catch(() => {})
  known()
  it.cluster.failNext('Metadata', { topic: 't', errorCode: code })
  await nextAnswer(it)
  return { it, held, parked, take }
} // prettier-ignore

for (const code of FINAL) {
  t.test(`${code}: who waits is told, and what is acknowledged later is in the log`, async (t) => {
    const { it, held, parked, take } = await givenUp({ metadataMaxAgeMs: 3000 }, code)
    await t.rejects(it.run(parked), { outcome: 'not-written', message: /topic "t"/ })
    take()
    const third = send(it, 'third')
    await it.run(Promise.all([held, third]))
    await it.run(it.producer.close())
    t.strictSame(values(it.cluster, 't'), ['first', 'held', 'third'])
    t.equal(it.clock.timerCount, 0)
  })
}

t.test('two batches of its partition never stand in one request', async (t) => {
  const { it, held, take } = await givenUp({}, FINAL[0] as number)
  const third = send(it, 'third')
  for (let ms = 0; ms < 5000; ms += 100) await it.clock.advanceSettled(100)
  take()
  await t.resolves(it.run(Promise.all([held, third])))
  await it.run(it.producer.close())
})

t.test('it is known again although the answer between says what was known before', async (t) => {
  const { it, held, take } = await givenUp({ maxBlockMs: 5000, metadataMaxAgeMs: 1000 }, 29)
  await nextAnswer(it)
  take()
  await it.run(held)
  t.equal((await it.run(send(it, 'later'))).offset, 2n)
  await it.run(it.producer.close())
})

t.test('refused for good and without batches, it leaves, and who comes later asks', async (t) => {
  const { it, held, take } = await givenUp({ maxBlockMs: 5000 }, 29)
  const allow = it.cluster.failNext('Metadata', { topic: 't', errorCode: 29, times: Infinity })
  take()
  await it.run(held)
  await t.rejects(it.run(send(it, 'refused')), { code: 'ERR_OTTLA_AUTHORIZATION' })
  await it.clock.advanceSettled(1000)
  const before = asked(it)
  for (let ms = 0; ms < 10_000; ms += 100) await it.clock.advanceSettled(100)
  t.equal(asked(it), before, 'nobody waits')
  allow()
  t.equal((await it.run(send(it, 'later'))).offset, 2n)
  await it.run(it.producer.close())
  t.equal(it.clock.timerCount, 0)
})
