/**
 * Peer: @platformatic/kafka. It has neither linger nor a batch size: a call is a request for each
 * leader; with idempotence one request at a time. Without it is its default, and its second row.
 */
import type { SubjectTask } from '../contract.js'
import { HEADERS } from '../support/record-source.js'
import { runSubject } from '../support/subject.js'
import { runWorkload } from '../support/workload.js'
import { ListClient, type ListPeer } from './list-client.js'
import { loadPeer } from './peer-package.js'

const NAME = '@platformatic/kafka'

interface Message {
  readonly topic: string
  readonly key?: string | undefined
  readonly value: string
  readonly partition?: number
  readonly headers?: Record<string, string>
}

interface Platformatic {
  readonly Producer: new (options: object) => {
    send(request: { messages: Message[] }): Promise<unknown>
    close(): Promise<void>
  }
  readonly stringSerializers: object
}

async function connect(task: SubjectTask): Promise<ListPeer<Message>> {
  const { exports, version } = await loadPeer<Platformatic>(NAME)
  const { Producer, stringSerializers } = exports
  const { acks, idempotence, maxInFlight, compression } = task.settings
  const producer = new Producer({
    clientId: 'bench',
    bootstrapBrokers: [...task.brokers],
    serializers: stringSerializers,
    acks: acks === 'all' ? -1 : acks,
    compression,
    ...(task.recommended
      ? {}
      : { idempotent: idempotence, ...(idempotence ? {} : { maxInflights: maxInFlight }) }),
  })
  return {
    version,
    message: (source, index) => {
      const partition = source.partition(index)
      const message = { topic: task.topic, value: source.value(index) }
      const placed = partition === undefined ? message : { ...message, partition }
      return task.keysAndHeaders ? { ...placed, key: source.key(index), headers: HEADERS } : placed
    },
    send: (messages) => producer.send({ messages }),
    close: () => producer.close(),
  }
}

runSubject(async (task) => runWorkload(task, new ListClient(task, await connect(task))))
