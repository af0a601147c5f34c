// A connection over an in-memory stream and a manual clock; the broker's side is written by hand.
import t from 'tap'
import { ConnectionError, OttlaError, ProtocolError } from '../../../src/errors.js'
import { Connection } from '../../../src/network/connection/connection.js'
import { FrameWriter } from '../../../src/network/connection/frame-writer.js'
import { openConnection } from '../../../src/network/connection/open-connection.js'
import { initProducerId } from '../../../src/protocol/messages/init-producer-id.js'
import type { Peer } from '../support/memory-network.js'
import { broker } from '../support/scripted-broker.js'
import type { ReceivedRequest } from '../support/scripted-broker.js'
import { testContext } from '../support/context.js'

const TARGET = { nodeId: 7, host: 'one', port: 9092 }
const ASK = {
  transactionalId: null,
  transactionTimeoutMs: 1,
  producerId: -1n,
  producerEpoch: -1,
}
const ANSWER = { throttleTimeMs: 0, errorCode: 0, producerId: 42n, producerEpoch: 3 }
const REASON = new OttlaError('ERR_OTTLA_TEST', 'closed by the test')

interface Opened {
  readonly context: ReturnType<typeof testContext>
  readonly connection: Connection
  readonly peer: Peer
  readonly received: ReceivedRequest[]
  readonly events: string[]
}

async function open(): Promise<Opened> {
  const context = testContext()
  const received: ReceivedRequest[] = []
  const events: string[] = []
  context.network.listen(TARGET, broker((request) => received.push(request))) // prettier-ignore
  const connection = await openConnection({
    context,
    target: TARGET,
    signal: new AbortController().signal,
    listener: {
      onWritable: () => events.push('writable'),
      onClose: (_, reason) => events.push(`closed: ${reason.message}`),
    },
  })
  const [peer] = context.network.peers
  if (peer === undefined) throw new Error('nothing was dialled')
  events.length = 0
  return { context, connection, peer, received, events }
}

/** Sends `count` requests whose fates are noted in `events` by number. */
function sendMany({ connection, events }: Opened, count: number, timeoutMs = 30_000): void {
  for (let number = 0; number < count; number++) {
    const correlationId = connection.nextCorrelationId()
    const frame = Buffer.from(
      `0000000c00160000${correlationId.toString(16).padStart(8, '0')}ffff0000`,
      'hex',
    )
    connection.sendFrame(
      [frame.subarray(0, 5), frame.subarray(5)],
      correlationId,
      initProducerId,
      0,
      timeoutMs,
      {
        onResponse: (reader) => events.push(`answer ${number}: ${reader.remaining} bytes`),
        onFailure: (error) => events.push(`failure ${number}: ${error.message}`),
      },
    )
  }
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index]
  if (item === undefined) throw new Error(`there is no item ${index} of ${items.length}`)
  return item
}

t.test('asks and answers one request', async (t) => {
  const { context, connection, received } = await open()
  const answer = connection.request(initProducerId, ASK)
  await context.clock.settle()
  const request = at(received, 0)
  t.equal(request.clientId, 'test')
  t.equal(request.version, 5, 'the highest common version')
  t.strictSame(request.decode(initProducerId), ASK)
  request.reply(initProducerId, ANSWER)
  t.strictSame(await answer, ANSWER)
  t.equal(connection.inFlightCount, 0)
})

t.test('pipelines requests and matches the answers in order', async (t) => {
  const opened = await open()
  sendMany(opened, 3)
  t.equal(opened.connection.inFlightCount, 3)
  await opened.context.clock.settle()
  for (const request of opened.received) request.reply(initProducerId, ANSWER)
  t.strictSame(opened.events.filter((event) => event !== 'writable'), [0, 1, 2].map((n) => `answer ${n}: 16 bytes`)) // prettier-ignore
  t.equal(opened.connection.inFlightCount, 0)
})

t.test(
  'fails every waiting request in order, then tells its owner, when it is closed',
  async (t) => {
    const opened = await open()
    sendMany(opened, 3)
    opened.connection.close(REASON)
    opened.connection.close(new OttlaError('ERR_OTTLA_TEST', 'a second time'))
    const what = 'closed by the test'
    t.strictSame(opened.events, [0, 1, 2].map((n) => `failure ${n}: ${what}`).concat(`closed: ${what}`)) // prettier-ignore
    t.equal(opened.peer.isOpen, false)
    t.equal(opened.context.clock.timerCount, 0, 'leaves no timer')
  },
)

t.test('fails what is sent after it was closed, and not synchronously', async (t) => {
  const opened = await open()
  opened.connection.close(REASON)
  opened.events.length = 0
  sendMany(opened, 1)
  t.strictSame(opened.events, [])
  await opened.context.clock.settle()
  t.strictSame(opened.events, ['failure 0: closed by the test'])
  const refused = t.rejects(opened.connection.request(initProducerId, ASK), REASON)
  await opened.context.clock.settle()
  await refused
})

t.test('fails the requests when the broker closes, naming them', async (t) => {
  const opened = await open()
  const answer = opened.connection.request(initProducerId, ASK)
  await opened.context.clock.settle()
  opened.peer.close()
  await t.rejects(answer, { name: 'ConnectionError', phase: 'request', message: /InitProducerId v5/ }) // prettier-ignore
  t.match(opened.events, [/writable/, /closed: the broker closed the connection to one:9092/])
})

t.test('closes on an answer out of order, and fails that request and those after it', async (t) => {
  const opened = await open()
  sendMany(opened, 2)
  await opened.context.clock.settle()
  opened.events.length = 0
  at(opened.received, 1).reply(initProducerId, ANSWER)
  t.match(opened.events, [/failure 0: .*correlation id 1 and carries 2/, /failure 1:/, /closed:/])
  t.equal(opened.connection.isOpen, false)
})

t.test('closes on an answer that nobody waits for', async (t) => {
  const opened = await open()
  opened.peer.send(Buffer.from('0000000400000009', 'hex'))
  t.match(opened.events, [/closed: one:9092 sent an answer that nobody waits for/])
})

t.test('closes on bytes that are no frame', async (t) => {
  const opened = await open()
  sendMany(opened, 1)
  opened.peer.send(Buffer.from('HTTP/1.1 400 Bad Request'))
  t.match(opened.events, [/failure 0: .*answers in HTTP/, /closed/])
})

t.test('closes when a handler throws, and fails that handler as well as the others', async (t) => {
  const opened = await open()
  const { connection, context, events } = opened
  const id = connection.nextCorrelationId()
  const frame = Buffer.from(`0000000a00160000${id.toString(16).padStart(8, '0')}ffff`, 'hex')
  connection.sendFrame([frame], id, initProducerId, 0, 1000, {
    onResponse: () => {
      throw new TypeError('cannot decode this')
    },
    onFailure: (error) => {
      events.push(`thrower: ${error.message}`)
      throw new Error('and not even this')
    },
  })
  sendMany(opened, 1)
  await context.clock.settle()
  events.length = 0
  at(opened.received, 0).reply(initProducerId, ANSWER)
  t.match(events, [/thrower: .*InitProducerId v0.*cannot decode this/, /failure 0/, /closed/])
})

t.test('rejects an answer that is cut short or too long', async (t) => {
  for (const change of [-1, 1]) {
    const { context, connection, received, peer } = await open()
    const answer = connection.request(initProducerId, ASK)
    await context.clock.settle()
    const { correlationId } = at(received, 0)
    const body = Buffer.alloc(5 + 17 + change)
    body.writeInt32BE(correlationId, 0)
    const size = Buffer.alloc(4)
    size.writeInt32BE(body.length)
    peer.send(Buffer.concat([size, body]))
    await t.rejects(answer, ProtocolError)
    t.equal(connection.isOpen, false)
  }
})

t.test('closes when the most urgent answer is late, with one timer for all', async (t) => {
  const opened = await open()
  sendMany(opened, 1, 500)
  sendMany(opened, 1, 99.7503)
  sendMany(opened, 1, 900)
  t.equal(opened.context.clock.timerCount, 1)
  await opened.context.clock.advanceSettled(99)
  t.equal(opened.connection.isOpen, true)
  await opened.context.clock.advanceSettled(1)
  t.equal(opened.connection.isOpen, false)
  t.match(opened.events.at(-1), /no answer to InitProducerId v0 from one:9092 within 100 ms/)
  t.equal(opened.context.clock.timerCount, 0)
})

t.test('does not close when the answers come in time', async (t) => {
  const opened = await open()
  for (let round = 0; round < 5; round++) {
    sendMany(opened, 1, 100)
    await opened.context.clock.advanceSettled(60)
    at(opened.received, round).reply(initProducerId, ANSWER)
  }
  t.equal(opened.connection.isOpen, true)
})

t.test('closes itself when unused for connectionsMaxIdleMs', async (t) => {
  const opened = await open()
  await opened.context.clock.advanceSettled(300_000)
  sendMany(opened, 1)
  await opened.context.clock.settle()
  at(opened.received, 0).reply(initProducerId, ANSWER)
  await opened.context.clock.advanceSettled(539_999)
  t.equal(opened.connection.isOpen, true)
  await opened.context.clock.advanceSettled(1)
  t.equal(opened.connection.isOpen, false)
  t.match(opened.events.at(-1), /was unused for 540000 ms/)
})

t.test('keeps the process alive only while an answer is awaited', async (t) => {
  const opened = await open()
  t.equal(opened.peer.isReferenced, false)
  sendMany(opened, 2)
  t.equal(opened.peer.isReferenced, true)
  await opened.context.clock.settle()
  at(opened.received, 0).reply(initProducerId, ANSWER)
  t.equal(opened.peer.isReferenced, true)
  at(opened.received, 1).reply(initProducerId, ANSWER)
  t.equal(opened.peer.isReferenced, false)
  t.equal(opened.context.clock.keepAliveTimerCount, 0)
})

t.test('is not writable while bytes are held back, and says when they are gone', async (t) => {
  const opened = await open()
  opened.peer.isBackedUp = true
  sendMany(opened, 2)
  await opened.context.clock.settle()
  t.equal(opened.connection.isWritable, false)
  t.strictSame(opened.events, [])
  opened.peer.drain()
  t.equal(opened.connection.isWritable, true)
  t.strictSame(opened.events, ['writable'])
})

t.test('notes a throttle and says when it is over', async (t) => {
  const { context, connection, events } = await open()
  connection.throttle(0)
  t.equal(connection.throttledUntilMs, 0)
  connection.throttle(200)
  connection.throttle(100)
  t.equal(connection.throttledUntilMs, 200)
  context.clock.advance(150)
  connection.throttle(50)
  t.strictSame([connection.throttledSinceMs, connection.throttledUntilMs], [0, 200])
  context.clock.advance(49)
  t.strictSame(events, [])
  context.clock.advance(1)
  t.strictSame(events, ['writable'])
  connection.throttle(50)
  t.strictSame([connection.throttledSinceMs, connection.throttledUntilMs], [200, 250])
})

t.test('what is under way at a broker that pauses has so much longer', async (t) => {
  const { context, connection } = await open()
  const failures: string[] = []
  connection.request(initProducerId, ASK, { timeoutMs: 1_000 }).catch((error: unknown) => {
    failures.push((error as Error).message)
  })
  context.clock.advance(600)
  connection.throttle(5_000)
  connection.throttle(5_500) // 500 more, not 5,500
  await context.clock.advanceSettled(5_899)
  t.strictSame(failures, [])
  await context.clock.advanceSettled(1)
  t.equal(failures.length, 1)
})

t.test('sends without awaiting an answer, and says when the bytes are gone', async (t) => {
  const { context, connection, events, peer, received } = await open()
  const note = (what: string) => () => void events.push(what)
  const frame = Buffer.from('0000000a0016000000000001ffff', 'hex')
  peer.isBackedUp = true
  connection.sendFrameWithoutAnswer([frame], 30_000, note('written'), note('failed'))
  await context.clock.settle()
  t.strictSame([received.length, events], [1, []])
  t.equal(peer.isReferenced, true)
  peer.drain()
  t.strictSame(events, ['written', 'writable'])
  t.equal(connection.inFlightCount, 0)
  t.equal(peer.isReferenced, false)
  peer.isBackedUp = true
  connection.sendFrameWithoutAnswer([frame], 30_000, note('written again'), note('failed'))
  connection.close(REASON)
  peer.drain()
  t.strictSame(events.slice(2), ['failed', 'closed: closed by the test'])
})

t.test('closes where a request without answer cannot be written in time', async (t) => {
  const { context, connection, events, peer } = await open()
  const note = (what: string) => () => void events.push(what)
  const frame = Buffer.from('0000000a0016000000000001ffff', 'hex')
  connection.sendFrameWithoutAnswer([frame], 500, note('first written'), note('first failed'))
  await context.clock.settle()
  peer.isBackedUp = true
  connection.sendFrameWithoutAnswer([frame], 500, note('written'), note('failed'))
  await context.clock.advanceSettled(499)
  t.strictSame(events, ['first written', 'writable'])
  await context.clock.advanceSettled(1)
  t.match(events.slice(2), ['failed', /^closed: .*could not be written within 500 ms/])
  t.equal(peer.isOpen, false)
  t.equal(context.clock.timerCount, 0)
})

t.test('retires: takes nothing new and closes after the last answer', async (t) => {
  const opened = await open()
  sendMany(opened, 1)
  opened.connection.closeWhenIdle(REASON)
  t.equal(opened.connection.isOpen, false)
  const refused = t.rejects(opened.connection.request(initProducerId, ASK), REASON)
  await opened.context.clock.settle()
  await refused
  t.equal(opened.peer.isOpen, true)
  at(opened.received, 0).reply(initProducerId, ANSWER)
  t.match(opened.events.slice(-2), [/answer 0/, /closed/])
  t.equal(opened.peer.isOpen, false)
})

t.test('gives correlation ids that stay within int32', async (t) => {
  const { connection } = await open()
  const first = connection.nextCorrelationId()
  t.equal(connection.nextCorrelationId(), first + 1)
  t.ok(first >= 0)
})

t.test('takes no request before the handshake is over', async (t) => {
  const context = testContext()
  const listener = { onWritable: () => {}, onClose: () => t.fail('was never open') }
  const connection = new Connection(context, TARGET, listener)
  await t.rejects(connection.request(initProducerId, ASK), { name: 'BrokerError' })
  connection.close(new ConnectionError('given up', { ...TARGET, phase: 'connect' }))
  t.equal(context.clock.timerCount, 0)
})

t.test('knows its shortest round trip', async (t) => {
  const context = testContext()
  const received: ReceivedRequest[] = []
  context.network.listen(TARGET, broker((request) => received.push(request))) // prettier-ignore
  const connection = new Connection(context, TARGET, { onWritable: () => {}, onClose: () => {} })
  const { signal } = new AbortController()
  connection.start(await context.dial(TARGET, connection, { timeoutMs: 1_000, signal }))
  t.equal(connection.shortestRoundTripMs, Infinity)
  const shortest: number[] = []
  for (const ms of [40, 10, 30]) {
    const answer = connection.exchange(initProducerId, 0, ASK, {}, () => 'answered')
    await context.clock.advanceSettled(ms)
    received.at(-1)?.reply(initProducerId, ANSWER)
    t.equal(await answer, 'answered')
    shortest.push(connection.shortestRoundTripMs)
  }
  t.strictSame(shortest, [40, 10, 10])
  connection.close(REASON)
})

t.test('a closed stream is forgotten with its buffers, whoever keeps the connection', async (t) => {
  const writer = new FrameWriter({ onFrameWritten() {}, onUnansweredWritten() {} })
  const done: string[] = []
  const note = (what: string) => (): void => void done.push(what)
  const transport = { write: note('write'), destroy: note('destroy'), ref: note('ref'), unref: note('unref') } // prettier-ignore
  writer.start(transport)
  writer.destroy()
  writer.keepAlive(false)
  writer.destroy()
  t.strictSame(done, ['destroy'])
})
