/**
 * Peer: kafka-ts. It gathers by itself what waits behind a broker's request, so it is fed a call a
 * record. Always idempotent; it does not tell offsets, and retries 5 times (some 3 s) by default:
 * here as often as the delivery timeout allows.
 */
import { loadPeer } from '../../../bench/peers/peer-package.js'
import { runPeer, type DueRecord } from './program.js'

const TICK_MS = 1
const DEFAULT_RETRIES = 5
const MAX_RETRY_DELAY_MS = 3_000 // its default, reached behind the default retries

interface KafkaTs {
  readonly createKafkaClient: (options: object) => {
    createProducer(options: object): { send(messages: readonly object[]): Promise<void> }
  }
}

runPeer(async (task, outcomes) => {
  if (!task.idempotence) throw new Error('kafka-ts is always idempotent')
  const { exports } = await loadPeer<KafkaTs>('kafka-ts')
  const { createKafkaClient } = exports
  const bootstrapServers = task.bootstrap.map((address) => {
    const colon = address.lastIndexOf(':')
    return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
  })
  const client = createKafkaClient({ clientId: 'chaos', bootstrapServers })
  const maxRetries = DEFAULT_RETRIES + Math.ceil(task.deliveryTimeoutMs / MAX_RETRY_DELAY_MS)
  const producer = client.createProducer({ maxRetries })
  await producer.send([]) // connects
  const send = (record: DueRecord): void => {
    const { partition, value } = record
    producer.send([{ topic: task.topic, partition, value }]).then(
      () => outcomes.acked(record, -1),
      (error: unknown) => outcomes.failed(record, error),
    )
  }
  return { everyMs: TICK_MS, hand: (records) => records.forEach(send) }
})
