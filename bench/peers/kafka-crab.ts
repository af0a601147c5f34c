/**
 * Peer: kafka-crab-js (librdkafka behind Rust). By default a call waits for all that is under way
 * (`autoFlush`); so does the adapter. It cannot name a partition.
 */
import type { SubjectTask } from '../contract.js'
import { HEADERS } from '../support/record-source.js'
import { runSubject } from '../support/subject.js'
import { runWorkload } from '../support/workload.js'
import { librdkafkaSettings } from './librdkafka-settings.js'
import { ListClient, type ListPeer } from './list-client.js'
import { loadPeer } from './peer-package.js'

const NAME = 'kafka-crab-js'

interface Message {
  readonly payload: Buffer
  readonly key?: Buffer
  readonly headers?: Record<string, Buffer>
}

interface KafkaCrab {
  readonly KafkaClient: new (options: object) => {
    createProducer(options: object): CrabProducer | Promise<CrabProducer>
  }
}

interface CrabProducer {
  send(record: { topic: string; messages: Message[] }): Promise<readonly { error?: unknown }[]>
}

async function connect(task: SubjectTask): Promise<ListPeer<Message>> {
  const { exports, version } = await loadPeer<KafkaCrab>(NAME)
  const { KafkaClient } = exports
  const client = new KafkaClient({ brokers: task.brokers.join(','), clientId: 'bench' })
  const producer = await client.createProducer({ configuration: asText(librdkafkaSettings(task)) })
  const headers = Object.fromEntries(
    Object.entries(HEADERS).map(([name, value]) => [name, Buffer.from(value)]),
  )
  return {
    version,
    message: (source, index) => {
      const message = { payload: Buffer.from(source.value(index)) }
      const key = source.key(index)
      return key === undefined ? message : { ...message, key: Buffer.from(key), headers }
    },
    async send(messages) {
      const results = await producer.send({ topic: task.topic, messages })
      const failed = results.find(({ error }) => error !== undefined && error !== null)
      if (failed !== undefined) throw new Error(JSON.stringify(failed.error))
    },
    close: () => Promise.resolve(),
  }
}

function asText(settings: Record<string, string | number | boolean>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]))
}

runSubject(async (task) => runWorkload(task, new ListClient(task, await connect(task))))
