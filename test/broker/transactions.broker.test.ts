/**
 * What the broker module asks Kafka about transactions, and the feature level it starts with and is
 * changed to. The transactional id is made by one raw InitProducerId.
 */
import { initProducerId } from '../../src/protocol/messages/init-producer-id.js'
import { newTopicName } from '../producer/broker/bench.js'
import { Producer } from '../../src/index.js'
import { ask } from './ask.js'
import { brokerTest } from './broker-test.js'
import type { Kafka } from './kafka.js'
import { coordinatorOf, transactionVersion } from './transactions.js'
import { waitUntil } from './wait.js'

const INIT_VERSION = 2 // what 2.8 and 4.x both speak

/** Makes the id known to its coordinator, once that has read its log. */
async function initialize(kafka: Kafka, transactionalId: string): Promise<void> {
  await coordinatorOf(kafka.bootstrap, transactionalId)
  const nobody = { producerId: -1n, producerEpoch: -1 }
  const request = { transactionalId, transactionTimeoutMs: 60_000, ...nobody }
  const [address = ''] = kafka.bootstrap
  const isDone = async (): Promise<boolean> =>
    (await ask(address, initProducerId, INIT_VERSION, request)).errorCode === 0
  await waitUntil(isDone, { what: 'InitProducerId to succeed', timeoutMs: 20_000 })
}

await brokerTest('lists and describes transactional ids as Kafka does', async (t, kafka) => {
  if (kafka.version === '2.8.2') {
    await t.rejects(kafka.transactions('list'), /has no kafka-transactions/)
    return
  }
  const id = newTopicName()
  await initialize(kafka, id)
  const listed = await kafka.transactions('list')
  t.match(
    listed.filter(({ TransactionalId }) => TransactionalId === id),
    [{ TransactionState: 'Empty', Coordinator: /^\d+$/, ProducerId: /^\d+$/ }],
  )
  const described = await kafka.transactions('describe', '--transactional-id', id)
  t.match(described, [{ TransactionalId: id, TransactionTimeoutMs: '60000', TopicPartitions: '' }])
})

await brokerTest('tells what a group has committed', async (t, kafka) => {
  const topic = newTopicName()
  await kafka.createTopic(topic, { partitions: 2 })
  await using producer = new Producer({ brokers: kafka.bootstrap })
  for (const value of ['one', 'two', 'three']) await producer.send({ topic, partition: 1, value })
  const group = `group-of-${topic}`
  const args = ['--from-beginning', '--max-messages', '3', '--group', group]
  t.strictSame(await kafka.consoleConsumer(topic, args), ['one', 'two', 'three'])
  const committed = await kafka.committedOffsets(group, topic)
  t.match(
    committed.filter(({ partition }) => partition === 1),
    [{ offset: 3n, metadata: '' }],
  )
  t.strictSame(await kafka.committedOffsets(`${group}-of-nobody`, topic), [])
})

/** Whether the Kafka of this run has levels; without one around it, the pinned one is started. */
const HAS_LEVELS = !/^[23]\./.test(process.env.OTTLA_KAFKA_VERSION ?? '')

if (HAS_LEVELS) {
  await brokerTest(
    'starts at the level asked for, goes up and down while running, and keeps it',
    async (t, kafka) => {
      t.equal(await kafka.transactionVersion(), 1)
      for (const level of [2, 1, 0, 2, 1]) {
        await kafka.setTransactionVersion(level)
        t.equal(await transactionVersion(kafka.bootstrap), level)
      }
      await kafka.nodes[0]?.restart()
      t.equal(await kafka.transactionVersion(), 1)
    },
    { own: true, transactionVersion: 1 },
  )
} else {
  await brokerTest('a version before 4.0 has no level to set', async (t, kafka) => {
    t.equal(await kafka.transactionVersion(), 0)
    await t.rejects(kafka.setTransactionVersion(1), /has no transaction.version/)
  })
}
