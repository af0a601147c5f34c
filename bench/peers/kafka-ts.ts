/**
 * Peer: kafka-ts. Idempotent always, one request at a time for each broker, no codec; it gathers
 * what waits behind that request. `maxBatchSize` counts records: as many as its default, or as the
 * common batch limit would hold.
 */
import type { SubjectTask } from '../contract.js'
import { HEADERS } from '../support/record-source.js'
import { runSubject } from '../support/subject.js'
import { runWorkload } from '../support/workload.js'
import { ListClient, type ListPeer } from './list-client.js'
import { loadPeer } from './peer-package.js'

const NAME = 'kafka-ts'

interface Message {
  readonly topic: string
  readonly partition?: number
  readonly key?: string | null
  readonly value: string
  readonly headers?: Record<string, string>
}

interface KafkaTs {
  readonly createKafkaClient: (options: object) => {
    createProducer(options: object): {
      send(messages: Message[]): Promise<void>
      close(): Promise<void>
    }
  }
}

async function connect(task: SubjectTask): Promise<ListPeer<Message>> {
  const { settings, valueBytes } = task
  if (settings.compression !== 'none') throw new Error('kafka-ts cannot compress')
  const { exports, version } = await loadPeer<KafkaTs>(NAME)
  const { createKafkaClient } = exports
  const bootstrapServers = task.brokers.map((broker) => {
    const colon = broker.lastIndexOf(':')
    return { host: broker.slice(0, colon), port: Number(broker.slice(colon + 1)) }
  })
  const client = createKafkaClient({ clientId: 'bench', bootstrapServers })
  const maxBatchSize =
    Math.max(1, Math.floor(settings.batchSizeBytes / valueBytes)) * task.partitions
  const producer = client.createProducer(task.recommended ? {} : { maxBatchSize })
  return {
    version,
    message: (source, index) => {
      const partition = source.partition(index)
      const message = { topic: task.topic, value: source.value(index) }
      const placed = partition === undefined ? message : { ...message, partition }
      const key = source.key(index) ?? null
      return task.keysAndHeaders ? { ...placed, key, headers: HEADERS } : placed
    },
    send: (messages) => producer.send(messages),
    close: () => producer.close(),
  }
}

runSubject(async (task) => runWorkload(task, new ListClient(task, await connect(task))))
