import t from 'tap'
import { BrokerError, ConnectionError, type OttlaError } from '../../../src/errors.js'
import { silentLogger } from '../../../src/logger.js'
import { ProducerIdSource } from '../../../src/producer/sequencing/producer-id.js'
import { ErrorCodes, errorCode } from '../../../src/protocol/error-codes.js'
import type { InitProducerIdResponse } from '../../../src/protocol/messages/init-producer-id.js'
import { ManualClock } from '../../support/manual-clock.js'

type Answer = { producerId: bigint; producerEpoch: number } | Error

interface Rig {
  readonly source: ProducerIdSource
  readonly clock: ManualClock
  readonly refused: OttlaError[]
  asked(): number
  identified(): number
}

/** A source whose broker gives these answers, one after another. */
function rig(answers: readonly Answer[]): Rig {
  const clock = new ManualClock()
  const refused: OttlaError[] = []
  let [asked, identified] = [0, 0]
  const ask = async (): Promise<InitProducerIdResponse> => {
    const answer = answers[asked++]
    if (answer === undefined || answer instanceof Error)
      throw answer ?? new Error('asked too often')
    return { throttleTimeMs: 0, errorCode: 0, ...answer }
  }
  const source = new ProducerIdSource(
    { retryBackoffMs: 100, retryBackoffMaxMs: 1000 },
    {
      clock,
      logger: silentLogger,
      random: () => 0.5,
      ask,
      onIdentity: () => identified++,
      onRefused: (error) => refused.push(error),
    },
  )
  return { source, clock, refused, asked: () => asked, identified: () => identified }
}

const given = (producerId: bigint): Answer => ({ producerId, producerEpoch: 0 })
const refusal = (code: number): Answer => {
  const { name: errorName, retriable } = errorCode(code)
  return new BrokerError(errorName, {
    apiName: 'InitProducerId',
    errorCode: code,
    errorName,
    retriable,
  })
}
const LOST = new ConnectionError('lost', { host: 'a', port: 1, phase: 'request' })

t.test('an id is asked for once, however many want it', async (t) => {
  const { source, clock, asked, identified } = rig([given(2n ** 60n)])
  t.equal(source.identity, null)
  for (let i = 0; i < 3; i++) source.acquire()
  await clock.settle()
  t.strictSame(source.identity, { producerId: 2n ** 60n, producerEpoch: 0 })
  source.acquire()
  t.strictSame([asked(), identified()], [1, 1])
})

t.test('what may pass is asked for again, after growing pauses', async (t) => {
  const { source, clock, asked, refused } = rig([
    refusal(ErrorCodes.COORDINATOR_LOAD_IN_PROGRESS),
    LOST,
    given(7n),
  ])
  source.acquire()
  await clock.advanceSettled(99)
  t.equal(asked(), 1)
  await clock.advanceSettled(1)
  t.equal(asked(), 2)
  t.equal(clock.keepAliveTimerCount, 0, 'the pause alone keeps no process alive')
  await clock.advanceSettled(199)
  t.equal(asked(), 2)
  await clock.advanceSettled(1)
  t.equal(source.identity?.producerId, 7n)
  t.strictSame(refused, [])
})

t.test('a refusal for good is told, and the next who asks may try again', async (t) => {
  const { source, clock, refused } = rig([
    refusal(ErrorCodes.CLUSTER_AUTHORIZATION_FAILED),
    given(7n),
  ])
  source.acquire()
  await clock.settle()
  t.match(refused[0], { name: 'AuthorizationError', message: /CLUSTER_AUTHORIZATION_FAILED/ })
  t.equal(clock.timerCount, 0)
  source.acquire()
  await clock.settle()
  t.equal(source.identity?.producerId, 7n)
})

t.test('an id that is used up is renewed, once for all who have it', async (t) => {
  const { source, clock, asked } = rig([given(7n), given(8n)])
  source.acquire()
  await clock.settle()
  const used = { producerId: 7n, producerEpoch: 32_767 }
  const adopted: bigint[] = []
  for (let i = 0; i < 2; i++)
    source.renew(used, (identity) => adopted.push(identity?.producerId ?? -1n))
  t.equal(source.identity, null)
  await clock.settle()
  source.renew(used, (identity) => adopted.push(identity?.producerId ?? -1n))
  t.strictSame(adopted, [8n, 8n, 8n])
  t.equal(asked(), 2)
})

t.test('after close nothing is asked, and no timer is left', async (t) => {
  const { source, clock, asked, refused } = rig([LOST, given(7n)])
  source.acquire()
  await clock.settle()
  source.close()
  source.acquire()
  await clock.advanceSettled(10_000)
  t.strictSame([asked(), clock.timerCount, source.identity], [1, 0, null])
  t.strictSame(refused, [])
})

t.test('what another cluster has given, or still owes, is forgotten', async (t) => {
  const { source, clock, asked, identified } = rig([given(7n), given(8n), given(9n)])
  source.acquire()
  await clock.settle()
  source.forget()
  t.equal(source.identity, null)
  source.acquire()
  source.forget()
  await clock.settle()
  t.equal(source.identity, null, 'its answer came too late')
  source.acquire()
  await clock.settle()
  t.equal(source.identity?.producerId, 9n)
  t.strictSame([asked(), identified(), clock.timerCount], [3, 2, 0])
})
