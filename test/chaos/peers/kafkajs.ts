/**
 * Peer: kafkajs. A call is a request, so it is fed by lists; timeouts and retries are its own
 * defaults, which with idempotence mean that it tries for ever: it has no delivery timeout.
 */
import { loadPeer } from '../../../bench/peers/peer-package.js'
import { listFeed } from './lists.js'
import { runPeer } from './program.js'

interface KafkaJs {
  readonly Kafka: new (options: object) => { producer(options: object): KafkaJsProducer }
  readonly logLevel: { readonly NOTHING: number }
}

interface KafkaJsProducer {
  connect(): Promise<void>
  /** Resolves with an entry for each partition, of errors none; at times with an empty list. */
  send(request: object): Promise<readonly { readonly baseOffset?: string }[]>
}

runPeer(async (task, outcomes) => {
  const { exports } = await loadPeer<KafkaJs>('kafkajs')
  const { Kafka, logLevel } = exports
  const kafka = new Kafka({
    brokers: task.bootstrap,
    clientId: 'chaos',
    logLevel: logLevel.NOTHING, // under faults it logs every failed attempt
  })
  const producer = kafka.producer({ idempotent: task.idempotence })
  await producer.connect()
  return listFeed(task, outcomes, async (partition, records) => {
    const messages = records.map(({ value }) => ({ value, partition }))
    const [result] = await producer.send({ topic: task.topic, acks: -1, messages })
    return BigInt(result?.baseOffset ?? -1)
  })
})
