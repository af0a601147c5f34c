/**
 * The test cluster against a real Kafka: the same raw requests, the same visible answers. Where they
 * differ Kafka is right by definition.
 */
import { TestCluster } from '../../src/testing/cluster.js'
import { brokerTest } from '../broker/broker-test.js'
import { makeBatch } from './support/batches.js'
import { rawProduce, type Seen } from './support/raw-produce.js'
import { SCENARIOS, type Scenario } from './support/scenarios.js'

let topics = 0

async function play(address: string, topic: string, { steps }: Scenario): Promise<Seen[]> {
  const seen: Seen[] = []
  for (const { batch, records = makeBatch(batch), alongside, ...step } of steps) {
    const second = alongside === undefined ? {} : { alongside: makeBatch(alongside) }
    seen.push(await rawProduce(address, { topic, ...step, records, ...second }))
  }
  return seen
}

await brokerTest('answers every script of raw requests as Kafka does', async (t, kafka) => {
  const cluster = await TestCluster.start()
  t.teardown(() => cluster.close())
  const [real = '', ours = ''] = [kafka.bootstrap[0], cluster.bootstrap[0]]
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const topic = `same-as-kafka-${process.pid}-${Date.now()}-${topics++}`
    const { config = {}, partitions = 1 } = scenario
    await kafka.createTopic(topic, { config, partitions })
    cluster.createTopic(topic, { config, partitions })
    const theirs = await play(real, topic, scenario)
    t.strictSame(await play(ours, topic, scenario), theirs, name)
    t.equal(outcome(theirs.at(-1)), scenario.expect, `${name}: ${scenario.expect}`)
  }
})

function outcome(seen: Seen | undefined): string | undefined {
  return Array.isArray(seen) ? seen.map(({ error }) => String(error)).join(' ') : (seen as 'closed')
}
