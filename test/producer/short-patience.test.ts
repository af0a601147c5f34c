/**
 * A user with less patience (`maxBlockMs`) than metadata takes: what was asked for is not forgotten with
 * the record that waited for it, so that a later one finds it.
 */
import t from 'tap'
import { simulate, values } from '../testing/support/simulation.js'

const ROUND_TRIP_MS = 150

t.test('a topic that nobody has waited for long enough is known to a later record', async (t) => {
  const delayMs = (): number => ROUND_TRIP_MS / 2
  const options = { maxBlockMs: 50 }
  const { producer, cluster, clock, run } = await simulate(
    { topics: { orders: {} } },
    options,
    delayMs,
  )
  t.teardown(() => cluster.close())
  const fates: string[] = []
  for (let i = 0; i < 20; i++) {
    await run(
      producer.send({ topic: 'orders', value: String(i) }).then(
        () => void fates.push('acked'),
        (error: unknown) => void fates.push((error as { code: string }).code),
      ),
    )
    await clock.advanceSettled(10)
  }
  t.equal(fates[0], 'ERR_OTTLA_TOPIC_UNAVAILABLE')
  t.equal(fates.at(-1), 'acked')
  t.equal(values(cluster, 'orders').length, fates.filter((fate) => fate === 'acked').length)
  await run(producer.close())
})

t.test('one that no broker knows is not asked for any more once nobody waits', async (t) => {
  const options = { maxBlockMs: 50 }
  const { producer, cluster, clock, run } = await simulate({ autoCreateTopics: false }, options)
  t.teardown(() => cluster.close())
  await run(producer.send({ topic: 'nowhere', value: 'a' }).catch(() => {}))
  await clock.advanceSettled(1000)
  const asked = (): number => cluster.requests.filter(({ api }) => api === 'Metadata').length
  const before = asked()
  for (let i = 0; i < 20; i++) await clock.advanceSettled(1000)
  t.equal(asked(), before)
  await run(producer.close())
})
