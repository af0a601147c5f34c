/**
 * Peer: kafkajs. It has neither linger nor a batch size: a call is a request. Idempotence is off in
 * its defaults (its docs call it experimental), which are its second row.
 */
import type { SubjectTask } from '../contract.js'
import { HEADERS } from '../support/record-source.js'
import { runSubject } from '../support/subject.js'
import { runWorkload } from '../support/workload.js'
import { ListClient, type ListPeer } from './list-client.js'
import { loadPeer } from './peer-package.js'

interface Message {
  readonly key?: string | undefined
  readonly value: string
  readonly partition?: number | undefined
  readonly headers?: Record<string, string>
}

interface KafkaJs {
  readonly Kafka: new (options: object) => { producer(options: object): KafkaJsProducer }
  readonly logLevel: { readonly ERROR: number }
  readonly CompressionTypes: { readonly None: number; readonly GZIP: number }
}

interface KafkaJsProducer {
  connect(): Promise<void>
  disconnect(): Promise<void>
  send(request: object): Promise<unknown>
}

async function connect(task: SubjectTask): Promise<ListPeer<Message>> {
  const { exports, version } = await loadPeer<KafkaJs>('kafkajs')
  const { Kafka, logLevel, CompressionTypes } = exports
  const { acks, idempotence, maxInFlight, compression } = task.settings
  if (compression !== 'none' && compression !== 'gzip') {
    throw new Error(`kafkajs has no ${compression} of its own`)
  }
  const { brokers, topic } = task
  const kafka = new Kafka({ brokers, clientId: 'bench', logLevel: logLevel.ERROR })
  const options = { idempotent: idempotence, maxInFlightRequests: maxInFlight }
  const producer = kafka.producer(task.recommended ? {} : options)
  await producer.connect()
  const request = {
    topic,
    acks: acks === 'all' ? -1 : acks,
    compression: compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None,
  }
  return {
    version,
    message: (source, index) => {
      const partition = source.partition(index)
      const message = { value: source.value(index), partition }
      return task.keysAndHeaders
        ? { ...message, key: source.key(index), headers: HEADERS }
        : message
    },
    send: (messages) => producer.send({ ...request, messages }),
    close: () => producer.disconnect(),
  }
}

runSubject(async (task) => runWorkload(task, new ListClient(task, await connect(task))))
