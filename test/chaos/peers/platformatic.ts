/**
 * Peer: @platformatic/kafka, on Node 24. A call is a request, so it is fed by lists; its stream
 * would gather by itself, but ends at the first error. Timeouts and retries are its own defaults,
 * which with idempotence mean that it tries for ever: it has no delivery timeout.
 */
import { loadPeer } from '../../../bench/peers/peer-package.js'
import { listFeed } from './lists.js'
import { runPeer } from './program.js'

const ACKS_ALL = -1

interface Platformatic {
  readonly Producer: new (options: object) => PlatformaticProducer
  readonly stringSerializers: object
}

interface PlatformaticProducer {
  connectToBrokers(): Promise<unknown>
  send(request: object): Promise<{ readonly offsets?: readonly { readonly offset: bigint }[] }>
}

runPeer(async (task, outcomes) => {
  const { exports } = await loadPeer<Platformatic>('@platformatic/kafka')
  const { Producer, stringSerializers } = exports
  const producer = new Producer({
    clientId: 'chaos',
    bootstrapBrokers: [...task.bootstrap],
    serializers: stringSerializers,
    acks: ACKS_ALL,
    idempotent: task.idempotence,
  })
  await producer.connectToBrokers()
  return listFeed(task, outcomes, async (partition, records) => {
    const messages = records.map(({ value }) => ({ topic: task.topic, value, partition }))
    const { offsets } = await producer.send({ messages })
    return offsets?.[0]?.offset ?? -1
  })
})
