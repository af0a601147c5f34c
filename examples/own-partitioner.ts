/**
 * A partitioner of one's own: premium customers get the last partition to themselves, all others
 * the partition of their key's hash among the rest.
 */
// Elsewhere this is 'ottla'; in this repository that name means dist/, which may not be built.
import { Producer, type Partitioner } from '../src/index.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'orders' } = process.env

const premiumLast: Partitioner = ({ key, partitionCount }) => {
  if (key === null || partitionCount === 1) return undefined // as without a partitioner
  if (Buffer.from(key).toString().startsWith('premium-')) return partitionCount - 1
  return sumOf(key) % (partitionCount - 1)
}

function sumOf(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => (sum * 31 + byte) % 65_521, 0)
}

await using producer = new Producer({
  brokers: KAFKA_BROKERS,
  clientId: 'own-partitioner',
  partitioner: premiumLast,
})

const partitions = await producer.partitionsFor(TOPIC)
console.log(`${TOPIC} has ${partitions.length} partitions`)
for (const key of ['premium-1', 'premium-2', 'user-1', 'user-2', 'user-1']) {
  const { partition } = await producer.send({ topic: TOPIC, key, value: 'an order' })
  console.log(`${key}: partition ${partition}`)
}
