/**
 * Connections that must log in again every three seconds, under load: nothing is lost, doubled or
 * disordered, and none ends while its session holds. `npm run security-load` does it for a minute.
 *
 * A machine that stands still past the end of a session has its connection closed by the broker. With
 * acks 0 nobody learns then what was not read, so that only `acks: 'all'` is exact on every machine.
 *
 * Neighbours: test/security-load has the load; test/network/sasl/session.test.ts the single steps.
 */
import { judgeCases } from '../../broker/secured/secured-records.js'
import { SHORT_SESSION_MS } from '../../broker/secured/secured-config.js'
import { securedTest } from '../../broker/secured/secured-test.js'
import { newTopicName } from '../../producer/broker/bench.js'
import { HoldWatch } from '../../security-load/holds.js'
import { Stream } from '../../security-load/stream.js'
import { doorOf, logins } from './doors.js'

const SECONDS = 8
const RECORDS_PER_SECOND = 500

await securedTest('logs in again under load: 0 lost, 0 doubled, in order', async (t, kafka) => {
  const topic = newTopicName()
  await kafka.createTopic(topic)
  const sasl = logins(kafka)['SCRAM-SHA-256']
  const door = doorOf(kafka, 'SHORT', sasl === undefined ? {} : { sasl })
  const options = { topic, recordsPerSecond: RECORDS_PER_SECOND, seconds: SECONDS }
  const watch = new HoldWatch()
  t.teardown(() => watch.stop())
  const streams = [
    new Stream({ ...options, name: 'acks all', producer: door }),
    new Stream({
      ...options,
      name: 'acks 0',
      producer: { ...door, acks: 0, idempotence: false },
    }),
  ]
  await Promise.all(streams.map((stream) => stream.run()))
  for (const { options, acked, failures } of streams) {
    t.equal(acked, SECONDS * RECORDS_PER_SECOND, `${options.name}: ${JSON.stringify(failures)}`)
  }
  // Two connections each, of which the one for questions may have been idle.
  t.ok(watch.holds.length >= 4, `${watch.holds.length} logins again`)
  const early = watch.endings.filter(({ sessionMs }) => sessionMs < SHORT_SESSION_MS)
  t.strictSame(early, [], 'no connection ends while its session holds')
  t.ok(watch.openedCount <= 4 + watch.endings.length, 'each producer keeps its two connections')
  const count = SECONDS * RECORDS_PER_SECOND
  const verdicts = await judgeCases(kafka, topic, { 'acks all': count, 'acks 0': count })
  const sound = { stored: count, lost: 0, doubled: 0, outOfOrder: 0 }
  t.strictSame(verdicts['acks all'], sound)
  if (watch.endings.length === 0) t.strictSame(verdicts['acks 0'], sound)
  else t.equal(verdicts['acks 0']?.doubled, 0, `sessions ran out: ${JSON.stringify(watch.endings)}`)
})
