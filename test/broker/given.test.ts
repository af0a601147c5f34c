import t from 'tap'
import { environmentOf, givenKafka, whyNotGiven, type GivenKafka } from './given.js'

const SHARED: GivenKafka = {
  kind: 'jars',
  version: '4.3.1',
  bootstrap: ['127.0.0.1:20001', '127.0.0.1:20002', '127.0.0.1:20003'],
  folder: '/tmp/somewhere',
}

t.test('a child finds in the environment what its parent put there', async (t) => {
  t.strictSame(givenKafka(environmentOf(SHARED)), SHARED)
})

t.test("a user's KAFKA_BROKERS alone is a Kafka of which no more is known", async (t) => {
  t.strictSame(givenKafka({ KAFKA_BROKERS: ' one:9092, two:9093,' }), {
    kind: 'given',
    version: undefined,
    bootstrap: ['one:9092', 'two:9093'],
    folder: undefined,
  })
  t.equal(givenKafka({}), undefined)
  t.equal(givenKafka({ KAFKA_BROKERS: ' ' }), undefined)
})

t.test('a given Kafka is used only where it is what the test asks for', async (t) => {
  const one = { ...SHARED, bootstrap: SHARED.bootstrap.slice(0, 1) }
  t.equal(whyNotGiven(SHARED, {}), null)
  t.equal(whyNotGiven(SHARED, { nodes: 3, version: '4.3.1', own: false }), null)
  t.equal(whyNotGiven(SHARED, { nodes: 1 }), null)
  t.match(whyNotGiven(one, { nodes: 3 }), /3 nodes/)
  t.match(whyNotGiven(SHARED, { own: true }), /shared/)
  t.match(whyNotGiven(SHARED, { config: { 'message.max.bytes': '100' } }), /settings/)
  t.match(whyNotGiven(SHARED, { version: '3.9.2' }), /4\.3\.1.*3\.9\.2/)
  t.match(whyNotGiven({ ...SHARED, version: undefined }, { version: '3.9.2' }), /unknown/)
})
