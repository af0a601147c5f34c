import t from 'tap'
import { ClosedError } from '../../../src/errors.js'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import { seededRandom } from '../support/pieces.js'
import { SendingRig, type SentRequest } from '../support/sending.js'

t.test('a refused record is rejected, and says by whom and why', async (t) => {
  const rig = new SendingRig()
  rig.send('a')
  rig.sent()[0]?.answer({ 0: ErrorCodes.TOPIC_AUTHORIZATION_FAILED })
  t.strictSame(rig.told, ['a: rejected'])
  t.match(rig.errors[0], {
    name: 'AuthorizationError',
    message: /topic "orders" partition 0.*TOPIC_AUTHORIZATION_FAILED/,
    cause: { errorCode: ErrorCodes.TOPIC_AUTHORIZATION_FAILED },
  })
  t.equal(rig.budget.usedBytes, 0)
  t.equal(rig.freed, 1)
})

t.test('a lost answer makes it unknown, whatever is said later', async (t) => {
  const rig = new SendingRig()
  rig.send('a')
  rig.sent()[0]?.lose()
  rig.clock.advance(100)
  rig.sent()[1]?.answer({ 0: ErrorCodes.TOPIC_AUTHORIZATION_FAILED })
  t.strictSame(rig.told, ['a: unknown'])
})

t.test('codes that may come after the append make it unknown', async (t) => {
  for (const code of [
    ErrorCodes.REQUEST_TIMED_OUT,
    ErrorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    ErrorCodes.NOT_LEADER_OR_FOLLOWER,
    9999, // of a newer broker: nobody here knows what it means
  ]) {
    const rig = new SendingRig({ retries: 0 })
    rig.send('a')
    rig.sent()[0]?.answer({ 0: code })
    t.strictSame(rig.told, ['a: unknown'])
  }
})

t.test(
  'the records that a broker minds are told why, the others that they were fine',
  async (t) => {
    const rig = new SendingRig()
    for (const value of ['a', 'b', 'c']) rig.take(value)
    rig.run()
    const minds = [-1, 1, 3].map((batchIndex) => ({ batchIndex, batchIndexErrorMessage: 'no key' }))
    rig.sent()[0]?.answer({ 0: ErrorCodes.INVALID_RECORD }, { recordErrors: minds })
    t.strictSame(rig.told, ['a: not-written', 'b: rejected', 'c: not-written'])
    t.match(rig.errors, [{ retriable: true }, { retriable: false, message: /no key/ }])
    const odd = new SendingRig()
    odd.send('d')
    const recordErrors = [{ batchIndex: 7, batchIndexErrorMessage: 'of no record' }]
    odd.sent()[0]?.answer({ 0: ErrorCodes.INVALID_RECORD }, { recordErrors })
    t.strictSame(odd.told, ['d: rejected'], 'nobody is told to try again for ever')
  },
)

t.test('retries are counted: so many after the first attempt', async (t) => {
  const rig = new SendingRig({ retries: 2 })
  rig.send('a')
  for (let i = 0; i < 5; i++) {
    rig.sent()[i]?.answer({ 0: ErrorCodes.NOT_ENOUGH_REPLICAS })
    rig.clock.advance(10_000)
  }
  t.equal(rig.sent().length, 3)
  t.strictSame(rig.told, ['a: rejected'])
})

t.test('pauses grow between attempts', async (t) => {
  const rig = new SendingRig()
  rig.send('a')
  for (const [i, pauseMs] of [100, 200, 400, 800, 1000, 1000].entries()) {
    rig.sent()[i]?.answer({ 0: ErrorCodes.NOT_ENOUGH_REPLICAS })
    rig.clock.advance(pauseMs - 1)
    t.equal(rig.sent().length, i + 1)
    rig.clock.advance(1)
    t.equal(rig.sent().length, i + 2)
  }
})

t.test('what gathers during a failure goes in small batches first, then larger ones', async (t) => {
  const rig = new SendingRig({ batchSizeBytes: 524_288 })
  const fill = (count: number): void => {
    for (let i = 0; i < count; i++) rig.take('v'.repeat(1000))
  }
  rig.send('first')
  fill(10) // in the open batch when the answer is lost
  rig.sent()[0]?.lose()
  fill(990)
  const [queue] = rig.topic.partitions
  const batches = queue?.unsentBatches().map(({ sizeBytes }) => sizeBytes) ?? []
  const limits = [16_384, 65_536, 262_144, 524_288, 524_288]
  t.equal(batches.length, limits.length)
  for (const [index, sizeBytes] of batches.entries()) {
    t.ok(sizeBytes <= (limits[index] ?? 0))
    if (index < 4) t.ok(sizeBytes > (limits[index] ?? 0) - 1100)
  }
  const usedBytes = batches.reduce((sum, sizeBytes) => sum + sizeBytes)
  t.ok(rig.budget.usedBytes < usedBytes + 524_288, 'with buffers of their size')
  rig.clock.advance(100)
  for (let i = 1; i < rig.sent().length; i++) {
    rig.sent()[i]?.answer()
    rig.run()
  }
  t.equal(rig.told.length, 1001)
  rig.send('in flight')
  fill(600)
  t.ok((queue?.unsentBatches()[0]?.sizeBytes ?? 0) > 523_000, 'and then in full ones again')
})

t.test('a pause of one partition does not hold up another', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1] })
  rig.send('a', 0)
  rig.sent()[0]?.answer({ 0: ErrorCodes.NOT_ENOUGH_REPLICAS })
  rig.send('b', 1)
  t.strictSame(rig.sent()[1]?.values, ['b'])
})

t.test('where a broker takes again what it refused, its others need not wait long', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1] })
  rig.send('a', 0)
  rig.send('b', 1)
  let attempts = 0
  const last = (value: string): SentRequest | undefined =>
    rig.sent().findLast(({ values }) => values.includes(value))
  const refuse = (value: string, partition: number): void => {
    last(value)?.answer({ [partition]: ErrorCodes.NOT_ENOUGH_REPLICAS })
    attempts++
  }
  for (const pauseMs of [100, 200, 400]) {
    refuse('b', 1)
    rig.clock.advance(pauseMs)
  }
  refuse('a', 0) // for 100 ms
  refuse('b', 1) // for 800 ms
  t.equal(rig.sent().length, attempts)
  rig.clock.advance(100)
  t.strictSame(rig.sent().at(-1)?.values, ['a'])
  last('a')?.answer()
  rig.run()
  t.strictSame(rig.sent().at(-1)?.values, ['b'])
})

t.test('an ordinary acknowledgement ends no pause', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1] })
  rig.send('b', 1)
  for (const pauseMs of [100, 200]) {
    rig.sent().at(-1)?.answer({ 1: ErrorCodes.NOT_ENOUGH_REPLICAS })
    rig.clock.advance(pauseMs)
  }
  rig.sent().at(-1)?.answer({ 1: ErrorCodes.NOT_ENOUGH_REPLICAS })
  rig.clock.advance(150)
  rig.send('a', 0)
  rig.sent().at(-1)?.answer()
  rig.run()
  t.strictSame(rig.sent().at(-1)?.values, ['a'])
})

t.test('a duplicate is acknowledged without an offset', async (t) => {
  const rig = new SendingRig()
  rig.send('a')
  rig.sent()[0]?.answer({ 0: ErrorCodes.DUPLICATE_SEQUENCE_NUMBER })
  t.strictSame(rig.told, ['a: -1'])
})

t.test('a partition left out of the answer counts as lost, and goes again', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1] })
  rig.take('a', 0)
  rig.take('b', 1)
  rig.run()
  const answer = { index: 0, errorCode: 0, baseOffset: 5n, logAppendTimeMs: -1n, logStartOffset: 0n, recordErrors: [], errorMessage: null, currentLeader: { leaderId: -1, leaderEpoch: -1 } } // prettier-ignore
  const name = { name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }
  rig.sent()[0]?.respond({
    responses: [
      { ...name, partitionResponses: [answer, { ...answer, index: 9 }, answer] },
      { ...name, name: 'stranger', partitionResponses: [answer] },
    ],
    throttleTimeMs: 0,
    nodeEndpoints: [],
  })
  t.strictSame(rig.told, ['a: 5'])
  rig.clock.advance(100)
  t.strictSame(rig.sent()[1]?.values, ['b'])
})

t.test('a batch that times out in flight is rejected once, and its place is kept', async (t) => {
  const rig = new SendingRig({ deliveryTimeoutMs: 5000 })
  rig.prove()
  rig.send('a')
  rig.clock.advance(3000)
  rig.send('b')
  rig.clock.advance(2000)
  t.strictSame(rig.told, ['a: unknown'])
  t.ok(rig.budget.usedBytes > 0, 'a socket may still hold its bytes')
  rig.sent()[0]?.answer()
  rig.sent()[1]?.answer()
  rig.run()
  t.strictSame(rig.told, ['a: unknown', 'b: 100'])
  rig.send('c')
  t.strictSame(rig.sent()[2]?.values, ['c'], 'the late answer closed the gap')
  t.equal(rig.sent()[2]?.batches[0]?.epoch, 0)
})

t.test(
  'while an answer is owed the memory of a batch that ran out of time is not free',
  async (t) => {
    const rig = new SendingRig({ deliveryTimeoutMs: 5000 })
    rig.send('a')
    const { usedBytes } = rig.budget
    rig.clock.advance(5000)
    t.equal(rig.told.length, 1)
    t.equal(rig.budget.usedBytes, usedBytes)
    t.equal(rig.freed, 0)
    rig.sent()[0]?.lose()
    t.equal(rig.budget.usedBytes, 0)
    t.equal(rig.freed, 1)
  },
)

t.test('a buffer is filled again only if its one attempt was answered (KAFKA-19012)', async (t) => {
  const large = 'x'.repeat(12_000) // only full buffers are kept
  for (const attempts of [1, 2]) {
    const rig = new SendingRig()
    rig.take(large)
    const buffer = rig.queue().open?.records.buffer
    rig.run()
    if (attempts === 2) rig.sent()[0]?.answer({ 0: ErrorCodes.NOT_ENOUGH_REPLICAS })
    rig.clock.advance(100)
    rig.sent()[attempts - 1]?.answer()
    t.equal(rig.budget.usedBytes, 0)
    rig.take(large)
    t.equal(rig.queue().open?.records.buffer === buffer, attempts === 1, `${attempts} attempts`)
  }
})

t.test('after a batch that is lost for good the numbers begin again', async (t) => {
  const rig = new SendingRig({ deliveryTimeoutMs: 5000 })
  rig.prove()
  rig.send('a')
  rig.clock.advance(5000)
  rig.send('b')
  t.equal(rig.sent().length, 1, 'b waits: a may yet be written')
  rig.sent()[0]?.lose()
  rig.clock.advance(1000)
  t.match(rig.sent()[1]?.batches[0], { values: ['b'], epoch: 1, sequence: 0 })
})

t.test(
  'out of order with nothing before it: the numbers begin again, and it goes once more',
  async (t) => {
    const rig = new SendingRig()
    rig.send('a')
    rig.sent()[0]?.answer({ 0: ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER })
    rig.run()
    t.match(rig.sent()[1]?.batches[0], { values: ['a'], epoch: 1, sequence: 0 })
    rig.sent()[1]?.answer()
    t.strictSame(rig.told, ['a: 100'])
  },
)

t.test('what was refused while a later batch was stored is not stored behind it', async (t) => {
  const rig = new SendingRig()
  rig.prove()
  for (const value of ['a', 'b', 'c', 'd']) rig.send(value)
  rig.sent()[0]?.answer({ 0: ErrorCodes.NOT_ENOUGH_REPLICAS })
  rig.sent()[1]?.answer({ 0: ErrorCodes.REQUEST_TIMED_OUT })
  t.strictSame(rig.told, [])
  rig.sent()[2]?.answer() // by a broker that has forgotten our numbers
  t.strictSame(rig.told, ['c: 100', 'a: rejected'])
  t.match(rig.errors[0]?.message, /a later batch is in the log/)
  rig.sent()[3]?.answer()
  rig.clock.advance(1000)
  t.match(rig.sent()[4]?.batches[0], { values: ['b'], epoch: 0, sequence: 2 })
  rig.sent()[4]?.answer()
  t.strictSame(rig.told, ['c: 100', 'a: rejected', 'd: 100', 'b: 100'])
  rig.send('e')
  rig.sent()[5]?.answer()
  t.equal(rig.budget.usedBytes, 0)
})

t.test('a restart waits for every answer under the old numbers, and burns none', async (t) => {
  const rig = new SendingRig()
  rig.prove()
  for (const value of ['a', 'b']) rig.send(value)
  rig.sent()[0]?.answer({ 0: ErrorCodes.UNKNOWN_PRODUCER_ID })
  rig.run()
  t.equal(rig.sent().length, 2)
  rig.sent()[1]?.answer({ 0: ErrorCodes.UNKNOWN_PRODUCER_ID })
  rig.run()
  t.match(rig.sent()[2]?.batches[0], { values: ['a'], epoch: 1, sequence: 0 })
  rig.sent()[2]?.answer()
  rig.clock.advance(1000)
  t.match(rig.sent()[3]?.batches[0], { values: ['b'], epoch: 1, sequence: 1 })
  rig.sent()[3]?.answer()
  rig.send('c')
  t.match(rig.sent()[4]?.batches[0], { values: ['c'], epoch: 1, sequence: 2 })
})

t.test('what was acknowledged while a restart waited takes no new numbers', async (t) => {
  const rig = new SendingRig()
  rig.prove()
  for (const value of ['a', 'b']) rig.send(value)
  rig.sent()[0]?.answer({ 0: ErrorCodes.UNKNOWN_PRODUCER_ID })
  rig.sent()[1]?.answer()
  rig.run()
  t.strictSame(rig.told, ['b: 100', 'a: rejected'], 'a would be stored behind b')
  rig.send('c')
  t.match(rig.sent()[2]?.batches, [{ values: ['c'], epoch: 1, sequence: 0 }])
})

t.test('when epochs are used up the partition waits for another producer id', async (t) => {
  const rig = new SendingRig({ identity: { producerId: 77n, producerEpoch: 32_767 } })
  rig.send('a')
  rig.sent()[0]?.answer({ 0: ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER })
  rig.clock.advance(1000)
  t.equal(rig.sent().length, 1)
  t.equal(rig.renewals.length, 1)
  rig.renewals[0]?.({ producerId: 78n, producerEpoch: 0 })
  rig.run()
  t.match(rig.sent()[1]?.batches[0], { values: ['a'], epoch: 0, sequence: 0 })
})

for (const retries of [10, 0]) {
  t.test(`a producer id that is refused is renewed, with ${retries} retries`, async (t) => {
    const rig = new SendingRig({ retries })
    rig.send('a')
    rig.sent()[0]?.answer({ 0: ErrorCodes.INVALID_PRODUCER_ID_MAPPING })
    if (retries === 0) rig.send('b')
    t.equal(rig.renewals.length, 1, 'another epoch of it would be refused again')
    rig.renewals[0]?.({ producerId: 78n, producerEpoch: 0 })
    rig.run()
    rig.sent()[1]?.answer()
    t.strictSame(rig.told, retries === 0 ? ['a: rejected', 'b: 100'] : ['a: 100'])
  })
}

t.test('an id that is refused after a lost answer is not used again', async (t) => {
  const rig = new SendingRig()
  rig.send('a')
  rig.sent()[0]?.lose()
  rig.clock.advance(100)
  rig.sent()[1]?.answer({ 0: ErrorCodes.INVALID_PRODUCER_ID_MAPPING })
  t.strictSame(rig.told, ['a: unknown'])
  t.equal(rig.renewals.length, 1)
})

t.test('a leader that is none any more says who is', async (t) => {
  const rig = new SendingRig()
  rig.send('a')
  const nodeEndpoints = [{ nodeId: 4, host: 'four', port: 9092, rack: null }]
  const leader = { leaderId: 4, leaderEpoch: 9 }
  rig.sent()[0]?.answer({ 0: ErrorCodes.NOT_LEADER_OR_FOLLOWER }, { leader, nodeEndpoints })
  t.match(rig.hints, [{ topic: 'orders', partition: 0, ...leader, endpoint: { host: 'four' } }])
  t.ok(rig.refreshes > 0)
})

t.test('where no producer id is to be had, what only waits for an answer goes on', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1], identity: { producerId: 77n, producerEpoch: 32_767 } })
  rig.prove(0)
  rig.send('a', 0)
  rig.send('b', 0)
  rig.identity = null
  rig.send('c', 1)
  rig.sent()[0]?.answer({ 0: ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER })
  rig.completion.abandonUnidentified(new ClosedError('refused'), () => rig.sequencer.identityRefused())
  t.strictSame(rig.told, ['a: not-written', 'c: not-written'])
  rig.sent()[1]?.answer()
  t.strictSame(rig.told, ['a: not-written', 'c: not-written', 'b: 100'])
}) // prettier-ignore

t.test('what it says is of the topic that the request was for', async (t) => {
  const rig = new SendingRig()
  rig.send('a')
  const { topicId } = rig.topic
  rig.topic.topicId = 'made-anew'
  const leader = { leaderId: 4, leaderEpoch: 9 }
  rig.sent()[0]?.answer({ 0: ErrorCodes.NOT_LEADER_OR_FOLLOWER }, { leader })
  t.match(rig.hints, [{ topic: 'orders', topicId }])
})

t.test('what is abandoned is unknown where it was sent, and else not written', async (t) => {
  const rig = new SendingRig({ leaders: [1, -1] })
  rig.send('sent', 0)
  rig.send('waits', 1)
  const reason = new ClosedError('closed by force')
  for (const batch of [...rig.accumulator.incomplete]) rig.completion.abandon(batch, reason)
  t.strictSame(rig.told, ['sent: unknown', 'waits: not-written'])
  t.ok(rig.errors.every((error) => error instanceof ClosedError))
  t.equal(rig.accumulator.incomplete.size, 0)
  rig.sent()[0]?.answer()
  t.equal(rig.told.length, 2)
  t.equal(rig.budget.usedBytes, 0)
})

/** What may become of a request: an error code for all of its partitions, or no answer. */
const FATES = [
  ErrorCodes.NONE,
  ErrorCodes.NONE,
  ErrorCodes.NOT_ENOUGH_REPLICAS,
  ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCodes.REQUEST_TIMED_OUT,
  'lost',
] as const

for (let seed = 1; seed <= 20; seed++) {
  t.test(`every record is told once, whatever the answers (seed ${seed})`, async (t) => {
    const rig = new SendingRig({ leaders: [1, 1, 2], deliveryTimeoutMs: 20_000 })
    const random = seededRandom(seed)
    const next = (below: number): number => Math.floor(random() * below)
    const ended = new Set<SentRequest>()
    const open = (): SentRequest[] =>
      [...rig.sent(1), ...rig.sent(2)].filter((request) => !ended.has(request))
    const end = (request: SentRequest, fate: (typeof FATES)[number]): void => {
      ended.add(request)
      if (fate === 'lost') request.lose()
      else request.answer({ 0: fate, 1: fate, 2: fate })
    }
    for (let step = 0; step < 150; step++) {
      rig.send(`${step}`, next(3))
      for (const request of open()) {
        if (next(3) === 0) end(request, FATES[next(FATES.length)] ?? 'lost')
      }
      rig.clock.advance(next(200))
    }
    rig.clock.advance(30_000)
    for (const request of open()) end(request, 'lost')
    rig.run()
    const names = rig.told.map((line) => line.split(':')[0])
    t.equal(names.length, 150)
    t.equal(new Set(names).size, 150)
    t.strictSame(open(), [])
    t.equal(rig.budget.usedBytes, 0, 'all memory is back')
    t.equal(rig.clock.keepAliveTimerCount, 0, 'no timer keeps the process alive')
  })
}
