/**
 * ACLs of a real Kafka, taken and granted while one producer goes on: each refusal names what is
 * missing, another topic does not suffer, and a grant works with the next record.
 */
import { AuthorizationError } from '../../src/errors.js'
import { Producer } from '../../src/producer/producer.js'
import { CLUSTER_NAME, type Acl } from '../broker/secured/acls.js'
import { securedTest } from '../broker/secured/secured-test.js'

const SOON_MS = 2000

await securedTest('rights taken and granted under one producer', async (t, kafka) => {
  // One of his own: KIP-679 gives a producer id to whoever may write to any topic.
  const user = { name: `writer-${process.pid}-${Date.now()}`, password: 'writer-secret' }
  const [topic, other] = [`acl-${user.name}`, `acl-other-${user.name}`]
  for (const name of [topic, other]) await kafka.createTopic(name)
  await kafka.putUser(user)
  t.teardown(() => kafka.removeUser(user.name))
  const acl = (operation: Acl['operation'], resourceName: string): Acl => {
    const resourceType = resourceName === CLUSTER_NAME ? 'cluster' : 'topic'
    return { principal: `User:${user.name}`, operation, resourceType, resourceName }
  }
  const start = (idempotence: boolean): Producer => {
    const { name: username, password } = user
    const sasl = { mechanism: 'SCRAM-SHA-256', username, password } as const
    const brokers = [kafka.listener('SASL_PLAINTEXT')]
    const producer = new Producer({ brokers, sasl, idempotence })
    t.teardown(() => producer.close())
    return producer
  }
  const producer = start(true)
  const send = async (to = topic, by = producer): Promise<bigint | AuthorizationError> => {
    try {
      return (await by.send({ topic: to, partition: 0, value: 'v' })).offset
    } catch (error) {
      t.ok(error instanceof AuthorizationError, String(error))
      return error as AuthorizationError
    }
  }
  const ofTopic = { resourceType: 'Topic', resourceName: topic, topic }
  const unwritten = { outcome: 'not-written', retriable: false }
  t.match(await send(), {
    ...ofTopic,
    ...unwritten,
    operation: 'Describe',
    cause: { errorCode: 29 },
  })
  await kafka.grant(acl('describe', topic))
  t.match(await send(), {
    ...{ resourceType: 'Cluster', resourceName: 'kafka-cluster', operation: 'IdempotentWrite' },
    ...{ ...unwritten, topic, cause: { errorCode: 31 }, message: /or set idempotence: false/ },
  })
  const rejected = { ...ofTopic, operation: 'Write', outcome: 'rejected', cause: { errorCode: 29 } }
  t.match(await send(topic, start(false)), rejected, 'without an id')
  await kafka.grant(acl('idempotentWrite', CLUSTER_NAME))
  t.match(await send(), rejected)
  await kafka.grant(acl('write', other))
  t.equal(await send(other), 0n)
  for (let offset = 0n; offset < 3n; offset++) {
    await kafka.grant(acl('write', topic))
    const beforeMs = performance.now()
    t.equal(await send(), offset)
    t.ok(performance.now() - beforeMs < SOON_MS, 'soon')
    await kafka.revoke(acl('write', topic))
    t.match(await send(), rejected)
    t.equal(await send(other), offset + 1n, 'another topic goes on')
  }
  await kafka.revoke(acl('describe', topic))
  const late = start(true)
  t.match(await send(topic, late), { ...ofTopic, ...unwritten, operation: 'Describe' })
  t.match(await send(`${topic}-new`, late), { operation: 'Describe' }, 'nor may he make one')
})
