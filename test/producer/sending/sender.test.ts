import t from 'tap'
import { ErrorCodes } from '../../../src/protocol/error-codes.js'
import { IDENTITY, SendingRig, type RigOptions } from '../support/sending.js'

t.test(
  'what is taken in one tick leaves together, and each record is told its place',
  async (t) => {
    const rig = new SendingRig()
    for (const value of ['a', 'b', 'c']) rig.take(value)
    t.equal(rig.sent().length, 0)
    rig.run()
    t.strictSame(rig.sent()[0]?.values, ['a', 'b', 'c'])
    rig.sent()[0]?.answer()
    t.strictSame(rig.told, ['a: 100', 'b: 101', 'c: 102'])
    t.equal(rig.budget.usedBytes, 0)
  },
)

t.test('one request takes one batch of each partition', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1, 2] })
  rig.prove(0)
  for (const partition of [0, 1, 2]) rig.take(`x${partition}`, partition)
  rig.queue(0).closeOpen()
  rig.take('second', 0)
  rig.run()
  t.strictSame(
    rig
      .sent(1)[0]
      ?.batches.map(({ partition }) => partition)
      .toSorted(),
    [0, 1],
  )
  t.strictSame(rig.sent(2)[0]?.values, ['x2'])
  rig.sent(1)[0]?.answer()
  rig.run()
  t.strictSame(rig.sent(1)[1]?.values, ['second'])
})

t.test('at most maxInFlight requests are unanswered at a broker', async (t) => {
  for (const maxInFlight of [1, 3, 5]) {
    const rig = new SendingRig({ leaders: Array(8).fill(1), maxInFlight })
    for (let partition = 0; partition < 8; partition++) rig.send(`x${partition}`, partition)
    t.equal(rig.sent().length, maxInFlight)
    rig.sent()[0]?.answer()
    rig.run()
    t.equal(rig.sent().length, maxInFlight + 1)
    t.equal(rig.sent()[maxInFlight]?.batches.length, 8 - maxInFlight, 'the rest together')
  }
})

/** A request is unanswered, and an open batch is due that the next records find. */
function oneInFlight(leaders = Array<number>(4).fill(1)): SendingRig {
  const rig = new SendingRig({ leaders })
  rig.send('x0', 0)
  rig.take('x1', 1)
  rig.run()
  return rig
}

t.test('with a request unanswered a batch that is not full goes on filling', async (t) => {
  const rig = oneInFlight()
  t.equal(rig.sent().length, 1)
  rig.take('more', 1)
  rig.clock.advance(5_000)
  t.equal(rig.sent().length, 1)
  rig.sent()[0]?.answer()
  rig.run()
  t.strictSame(rig.sent()[1]?.values, ['x1', 'more'])
})

t.test('it leaves with any batch that is full', async (t) => {
  const rig = oneInFlight()
  rig.send('full', 3)
  t.strictSame(
    rig.sent()[1]?.batches.map(({ partition }) => partition),
    [1, 3],
  )
})

t.test('on a long way requests are spread over the round trip', async (t) => {
  const rig = new SendingRig({ leaders: Array<number>(8).fill(1) })
  rig.connection(1).shortestRoundTripMs = 60
  rig.send('proof')
  rig.clock.advance(65)
  rig.sent()[0]?.answer() // 60 ms of way, 5 of work
  rig.run()
  rig.send('x0', 0)
  for (let partition = 1; partition < 7; partition++) {
    const count = Math.min(partition, 5) + 1
    rig.take(`x${partition}`, partition)
    rig.run()
    t.equal(rig.sent().length, count)
    rig.clock.advance(12)
    t.equal(rig.sent().length, count)
    rig.clock.advance(1)
    t.equal(rig.sent().length, Math.min(count + 1, 6), 'no more than five')
  }
})

/** Partition 0 was refused, and goes again when its pause is over; 1 to 3 have been acknowledged. */
function onTrial(options: RigOptions = {}): SendingRig {
  const rig = new SendingRig({ leaders: Array<number>(4).fill(1), ...options })
  for (const partition of [1, 2, 3]) rig.prove(partition)
  rig.send('tried', 0)
  rig.sent().at(-1)?.answer({ 0: ErrorCodes.NOT_ENOUGH_REPLICAS })
  return rig
}

t.test('a batch that goes again is tried in a request of its own, and answered soon', async (t) => {
  const rig = onTrial()
  rig.clock.advance(99)
  const before = rig.sent().length
  for (const partition of [1, 2]) rig.take(`x${partition}`, partition)
  rig.run()
  rig.clock.advance(1)
  const [others, trial] = rig.sent().slice(before)
  t.strictSame(others?.values, ['x1', 'x2'])
  t.strictSame(trial?.values, ['tried'], 'though a request is unanswered')
  t.equal(others?.timeoutMs, 30_000)
  t.equal(trial?.timeoutMs, 250)
  trial?.answer()
  t.strictSame(rig.told, ['tried: 100'])
})

t.test('it goes before what is in line, and beside one request at the most', async (t) => {
  const rig = onTrial({ maxRequestSizeBytes: 2_000 })
  const before = rig.sent().length
  for (let i = 0; i < 4; i++) for (const partition of [1, 2, 3]) fill(rig, partition)
  rig.run()
  t.equal(rig.sent().length, before + 2, 'of the five that may be unanswered')
  rig.clock.advance(100)
  rig.sent()[before]?.answer()
  rig.run()
  t.strictSame(rig.sent()[before + 2]?.values, ['tried'])
  rig.sent()[before + 1]?.answer()
  rig.run()
  t.equal(rig.sent().length, before + 4)
  rig.sent()[before + 2]?.answer()
  rig.run()
  t.equal(rig.sent().length, before + 8, 'and five again')
})

/** A full batch, alone in its request. */
function fill(rig: SendingRig, partition: number): void {
  rig.take('x'.repeat(1_200), partition)
  rig.queue(partition).closeOpen()
  rig.sender.consider(rig.queue(partition))
}

t.test(
  'a broker that waited for its replicas is asked again after the shortest pause',
  async (t) => {
    const rig = onTrial()
    for (let i = 0; i < 6; i++) {
      const before = rig.sent().length
      rig.clock.advance(100)
      t.equal(rig.sent().length, before + 1)
      rig.clock.advance(250)
      rig.sent().at(-1)?.answer({ 0: ErrorCodes.REQUEST_TIMED_OUT })
    }
  },
)

t.test('one that says so at once has not waited, and is asked less and less often', async (t) => {
  const rig = onTrial()
  const before = rig.sent().length
  for (let ms = 0; ms < 10_000; ms++) {
    rig.clock.advance(1)
    if (rig.sent().length > before) rig.sent().at(-1)?.answer({ 0: ErrorCodes.REQUEST_TIMED_OUT })
  }
  t.ok(rig.sent().length - before < 15, `${rig.sent().length - before} requests in 10 s`)
})

for (const [name, code] of Object.entries({
  NOT_ENOUGH_REPLICAS: ErrorCodes.NOT_ENOUGH_REPLICAS,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: ErrorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  REQUEST_TIMED_OUT: ErrorCodes.REQUEST_TIMED_OUT,
})) {
  t.test(`${name} again and again has a leader looked for`, async (t) => {
    const rig = new SendingRig()
    rig.send('a')
    rig.sent()[0]?.answer({ 0: code })
    t.equal(rig.refreshes, 0, 'once is no sign of another leader')
    for (let i = 1; i < 5; i++) {
      rig.clock.advance(1_000)
      rig.sent()[i]?.answer({ 0: code })
      t.equal(rig.refreshes, i)
    }
  })
}

t.test(
  'where tries are counted, or are no proof, the broker may wait as long as ever',
  async (t) => {
    for (const options of [{ retries: 5 }, { isIdempotent: false }]) {
      const rig = onTrial(options)
      rig.clock.advance(100)
      t.strictSame(rig.sent().at(-1)?.values, ['tried'])
      t.equal(rig.sent().at(-1)?.timeoutMs, 30_000)
    }
  },
)

t.test('a request holds no more than maxRequestSizeBytes, and the next goes on from there', async (t) => {
  const rig = new SendingRig({ leaders: Array(6).fill(1), maxRequestSizeBytes: 3500 })
  for (let partition = 0; partition < 6; partition++) rig.take('x'.repeat(1000), partition)
  rig.run()
  const partitions = rig.sent().map(({ batches }) => batches.map(({ partition }) => partition))
  t.strictSame(partitions, [[0, 1, 2], [3, 4, 5]])
}) // prettier-ignore

t.test('a batch larger than maxRequestSizeBytes goes alone', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1], maxRequestSizeBytes: 600 })
  rig.take('x'.repeat(1000), 0)
  rig.take('y', 1)
  rig.run()
  t.strictSame(rig.sent().map(({ batches }) => batches.length), [1, 1])
}) // prettier-ignore

t.test('a busy partition does not keep the others from their turn', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1, 1], maxInFlight: 1, maxRequestSizeBytes: 1200 })
  for (const partition of [0, 1, 2]) rig.prove(partition)
  for (let i = 0; i < 3; i++) {
    for (const partition of [0, 0, 1, 2]) {
      rig.take('x'.repeat(1000), partition)
      rig.queue(partition).closeOpen()
      rig.sender.consider(rig.queue(partition))
    }
  }
  rig.run()
  const turns: number[] = []
  for (let i = 0; i < 6; i++) {
    const request = rig.sent()[i]
    turns.push(...(request?.batches ?? []).map(({ partition }) => partition))
    request?.answer()
    rig.run()
  }
  t.strictSame(turns.slice(0, 3).toSorted(), [0, 1, 2])
  t.strictSame(turns.slice(3, 6).toSorted(), [0, 1, 2])
})

t.test('nothing is sent to a socket that is backed up, closed or throttled', async (t) => {
  const rig = new SendingRig()
  const connection = rig.connection(1)
  connection.isWritable = false
  rig.send('a')
  connection.isWritable = true
  connection.isOpen = false
  rig.sender.wake()
  rig.run()
  connection.isOpen = true
  connection.throttledUntilMs = 50
  rig.sender.wake()
  rig.run()
  t.equal(rig.sent().length, 0)
  rig.clock.advance(50)
  rig.sender.wake()
  rig.run()
  t.equal(rig.sent().length, 1)
})

t.test('a broker that wants less is obeyed', async (t) => {
  const rig = new SendingRig()
  rig.send('a')
  rig.sent()[0]?.answer({}, { throttleTimeMs: 70 })
  t.strictSame(rig.connection(1).throttles, [70])
  t.strictSame(rig.told, ['a: 100'])
})

t.test('up to v5 the broker has waited before it answered, and we do not wait again', async (t) => {
  const rig = new SendingRig({ produceVersion: 5 })
  rig.send('a')
  rig.sent()[0]?.answer({}, { throttleTimeMs: 70 })
  t.strictSame(rig.connection(1).throttles, [])
  t.strictSame(rig.told, ['a: 100'])
})

t.test('numbers follow one another, and a retry keeps its own', async (t) => {
  const rig = new SendingRig()
  rig.take('a')
  rig.take('b')
  rig.run()
  rig.sent()[0]?.answer({ 0: ErrorCodes.NOT_ENOUGH_REPLICAS })
  rig.clock.advance(100)
  rig.sent()[1]?.answer()
  rig.run()
  rig.send('c')
  const numbers = rig.sent().map(({ batches }) => batches[0]?.sequence)
  t.strictSame(numbers, [0, 0, 2])
  t.strictSame(rig.sent().map(({ batches }) => batches[0]?.epoch), [0, 0, 0])
}) // prettier-ignore

t.test('without idempotence there are no numbers', async (t) => {
  const rig = new SendingRig({ isIdempotent: false })
  rig.send('a')
  t.match(rig.sent()[0]?.batches[0], { sequence: -1, epoch: -1 })
})

t.test('nothing leaves before the producer id is there', async (t) => {
  const rig = new SendingRig({ identity: null })
  rig.send('a')
  t.equal(rig.sent().length, 0)
  t.equal(rig.acquired > 0, true)
  rig.identity = IDENTITY
  rig.sequencer.identityCame()
  rig.run()
  t.strictSame(rig.sent()[0]?.values, ['a'])
})

t.test('the producer id is asked for while the leader is dialled', async (t) => {
  const rig = new SendingRig({ identity: null })
  rig.connections.delete(1)
  rig.send('a')
  t.equal(rig.acquired > 0, true)
})

t.test('a partition without a leader waits for one, and metadata is asked', async (t) => {
  const rig = new SendingRig({ leaders: [-1] })
  rig.send('a')
  t.ok(rig.refreshes > 0)
  rig.lead([3])
  t.strictSame(rig.sent(3)[0]?.values, ['a'])
})

t.test('a lingering batch leaves when its time is over, though nothing else happens', async (t) => {
  const rig = new SendingRig({ lingerMs: 20 })
  rig.take('a')
  t.equal(rig.sent().length, 0)
  rig.clock.advance(19)
  t.equal(rig.sent().length, 0)
  rig.clock.advance(1)
  t.strictSame(rig.sent()[0]?.values, ['a'])
})

t.test('lingering batches join a request to their broker that leaves anyway', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1, 2], lingerMs: 30 })
  rig.take('first', 0)
  rig.clock.advance(20)
  rig.take('same broker', 1)
  rig.take('other broker', 2)
  rig.clock.advance(10)
  t.strictSame(rig.sent(1)[0]?.values, ['first', 'same broker'])
  t.equal(rig.sent(2).length, 0, 'nothing leaves for its broker yet')
  rig.clock.advance(20)
  t.strictSame(rig.sent(2)[0]?.values, ['other broker'])
  t.equal(rig.sent(1).length, 1)
})

t.test('lingering batches do not join the probe of a partition that failed', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1], lingerMs: 200 })
  rig.prove(1)
  rig.send('failed', 0)
  rig.sent().at(-1)?.answer({ 0: ErrorCodes.NOT_ENOUGH_REPLICAS })
  const before = rig.sent().length
  rig.take('lingers', 1)
  rig.clock.advance(100)
  t.strictSame(
    rig
      .sent()
      .slice(before)
      .map(({ values }) => values),
    [['failed']],
  )
})

t.test('a batch without a leader runs out of time, though nothing else happens', async (t) => {
  const rig = new SendingRig({ leaders: [-1], deliveryTimeoutMs: 1000 })
  rig.take('a')
  rig.clock.advance(1000)
  t.strictSame(rig.told, ['a: not-written'])
})

t.test('on a leader that has not answered one batch goes alone, then several', async (t) => {
  const rig = new SendingRig()
  for (const value of ['a', 'b', 'c']) rig.send(value)
  t.equal(rig.sent().length, 1)
  rig.sent()[0]?.answer()
  rig.run()
  t.equal(rig.sent().length, 3)
})

t.test('a later batch does not overtake one that waits for its retry', async (t) => {
  const rig = new SendingRig()
  rig.prove()
  for (const value of ['a', 'b', 'c']) rig.send(value)
  const [a, b, c] = rig.sent()
  a?.answer({ 0: ErrorCodes.NOT_ENOUGH_REPLICAS })
  b?.answer({ 0: ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER })
  c?.answer({ 0: ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER })
  rig.send('d')
  for (let i = 3; i < 7; i++) {
    rig.clock.advance(1000)
    rig.sent()[i]?.answer()
    rig.run()
  }
  t.strictSame(rig.sent().slice(3).map(({ values }) => values[0]), ['a', 'b', 'c', 'd'])
  t.strictSame(rig.told.map((line) => line[0]), ['a', 'b', 'c', 'd'])
  t.strictSame(rig.sent().slice(3).map(({ batches }) => batches[0]?.sequence), [1, 2, 3, 4])
}) // prettier-ignore

t.test('a broker that keeps silent for a second has metadata asked, and again', async (t) => {
  const rig = new SendingRig()
  rig.send('a')
  rig.clock.advance(999)
  t.equal(rig.refreshes, 0)
  rig.clock.advance(1)
  t.equal(rig.refreshes, 1)
  rig.clock.advance(249)
  t.equal(rig.refreshes, 1)
  rig.clock.advance(1)
  t.equal(rig.refreshes, 2)
  rig.sent()[0]?.answer()
  rig.clock.advance(10_000)
  t.equal(rig.refreshes, 2)
})

t.test('a batch runs out of time on time, sent or not', async (t) => {
  const rig = new SendingRig({ leaders: [1, -1], deliveryTimeoutMs: 5000 })
  rig.send('sent', 0)
  rig.send('never', 1)
  rig.clock.advance(4999)
  t.strictSame(rig.told, [])
  rig.clock.advance(1)
  t.strictSame(rig.told, ['sent: unknown', 'never: not-written'])
})

t.test(
  'the one timer keeps the process alive while something is under way, and only then',
  async (t) => {
    const rig = new SendingRig({ deliveryTimeoutMs: 5000 })
    rig.send('a')
    t.equal(rig.clock.keepAliveTimerCount, 1)
    rig.sent()[0]?.answer()
    rig.run()
    t.equal(rig.clock.keepAliveTimerCount, 0, 'settled')
    rig.clock.advance(1000)
    rig.send('b')
    t.equal(rig.clock.keepAliveTimerCount, 1, 'under way again')
    t.equal(rig.clock.timerCount, 1, 'the timer is the same')
    rig.clock.advance(5000)
    t.strictSame(rig.told, ['a: 100', 'b: unknown'])
    rig.sent()[1]?.lose()
    rig.clock.advance(10_000)
    t.equal(rig.clock.timerCount, 0, 'it has fired for the last time')
  },
)

t.test('an answer after which nothing is to be done turns no loop', async (t) => {
  const rig = new SendingRig()
  rig.send('a')
  rig.sent()[0]?.answer()
  t.equal(rig.clock.deferredCount, 0)
  rig.send('b')
  rig.take('c')
  rig.sent()[1]?.answer()
  rig.run()
  t.equal(rig.sent().length, 3, 'and one after which something is, does')
})

t.test('no timer is left after close, and nothing leaves', async (t) => {
  const rig = new SendingRig({ lingerMs: 50 })
  rig.take('a')
  rig.sender.wake()
  rig.run()
  t.equal(rig.clock.timerCount, 1)
  rig.sender.close()
  rig.sender.wake()
  rig.clock.advance(1_000_000)
  t.equal(rig.clock.timerCount, 0)
  t.equal(rig.sent().length, 0)
})

t.test('one timer serves every deadline', async (t) => {
  const rig = new SendingRig({ leaders: [1, 1, 1] })
  for (const partition of [0, 1, 2]) rig.send('x', partition)
  rig.sent()[0]?.answer({ 0: ErrorCodes.NOT_ENOUGH_REPLICAS })
  rig.run()
  t.equal(rig.clock.timerCount, 1)
})

t.test(
  'with acks 0 a record is acknowledged when the socket has it, without an offset',
  async (t) => {
    const rig = new SendingRig({ acks: 0, isIdempotent: false })
    rig.send('a')
    t.equal(rig.sent()[0]?.acks, 0)
    t.strictSame(rig.told, [])
    rig.sent()[0]?.written()
    t.strictSame(rig.told, ['a: -1'])
    rig.run()
    t.equal(rig.clock.keepAliveTimerCount, 0)
    t.equal(rig.budget.usedBytes, 0)
  },
)
