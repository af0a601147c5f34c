/**
 * The context of spans as Kafka's own consumer reads it from a real broker's log.
 */
import { ROOT_CONTEXT, context } from '@opentelemetry/api'
import t from 'tap'
import type { Headers } from '../../src/index.js'
import { tracing } from '../../src/opentelemetry/opentelemetry.js'
import { brokerTest } from '../broker/broker-test.js'
import { newProducer, newTopic, readSorted } from '../producer/broker/bench.js'
import { register, Spans, traceparent, withBaggage } from './world.js'

register(t)

await brokerTest(
  'headers of every way to send arrive beside those of the user',
  async (t, kafka) => {
    const topic = await newTopic(kafka)
    const spans = new Spans()
    const options = { interceptors: [tracing({ tracerProvider: spans.provider })] }
    const producer = newProducer(t, kafka, options)
    const pairs: Headers = [
      ['twice', '1'],
      ['twice', '2'],
    ]
    await context.with(withBaggage(ROOT_CONTEXT, 'user', 'ž'), async () => {
      await producer.send({ topic, value: 'send', headers: { source: 'web' } })
      producer.enqueue({ topic, value: 'enqueue' })
      await producer.flush()
      await producer.sendAll(['first', 'second'].map((value) => ({ topic, value, headers: pairs })))
    })
    const read = await readSorted(kafka, topic)
    const [send, enqueue] = spans.ended.filter(({ name }) => name === `send ${topic}`)
    const [first, second] = spans.ended.filter(({ name }) => name === `create ${topic}`)
    const added = (span = send): [string, Buffer][] => [
      ['traceparent', Buffer.from(span === undefined ? '' : traceparent(span.spanContext()))],
      ['baggage', Buffer.from('user=%C5%BE')],
    ]
    const own = pairs.map(([name, value]) => [name, Buffer.from(String(value))])
    t.strictSame(
      read.map(({ value, headers }) => [String(value), headers]),
      [
        ['send', [['source', Buffer.from('web')], ...added(send)]],
        ['enqueue', added(enqueue)],
        ['first', [...own, ...added(first)]],
        ['second', [...own, ...added(second)]],
      ],
    )
  },
)
