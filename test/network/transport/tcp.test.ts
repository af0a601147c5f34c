// Real sockets on the loopback; servers are written by hand and listen on ports the system picks.
import dns from 'node:dns'
import { once } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { systemClock } from '../../../src/system-clock.js'
import { openConnection } from '../../../src/network/connection/open-connection.js'
import { dialTcp } from '../../../src/network/transport/tcp.js'
import type { TransportHandlers } from '../../../src/network/transport/transport.js'
import { initProducerId } from '../../../src/protocol/messages/init-producer-id.js'
import { ManualClock } from '../../support/manual-clock.js'
import { testContext } from '../support/context.js'
import { replyVersions, splitRequests } from '../support/scripted-broker.js'

const clock = systemClock()
const dial = dialTcp(clock)
const LIMIT = { timeoutMs: 10_000 }

async function listen(
  t: Test,
  onSocket: (socket: Socket) => void,
  host = '127.0.0.1',
  port = 0,
): Promise<{ server: Server; port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  server.listen(port, host)
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { server, port: (server.address() as AddressInfo).port }
}

/** Collects what a transport hears; `closed` resolves with the error of the end. */
function listener(): TransportHandlers & { bytes: Buffer[]; closed: Promise<Error | null> } {
  const bytes: Buffer[] = []
  let end: (error: Error | null) => void = () => {}
  const closed = new Promise<Error | null>((resolve) => (end = resolve))
  return { bytes, closed, onData: (chunk) => bytes.push(chunk), onClose: (error) => end(error) }
}

t.test('writes a list of buffers in order and says when the kernel has them', async (t) => {
  const received: Buffer[] = []
  const { port } = await listen(t, (socket) => {
    socket.on('data', (chunk) => received.push(chunk))
    socket.on('end', () => socket.end('over'))
  })
  const ears = listener()
  const transport = await dial({ host: '127.0.0.1', port }, ears, LIMIT)
  let isSynchronous = true
  await new Promise<void>((resolve) => {
    transport.write([Buffer.from('one '), Buffer.from('two '), Buffer.from('three')], () => {
      t.equal(isSynchronous, false)
      resolve()
    })
    isSynchronous = false
  })
  while (Buffer.concat(received).length < 13) await new Promise((resolve) => setImmediate(resolve))
  t.equal(Buffer.concat(received).toString(), 'one two three')
  transport.destroy()
  t.equal(await ears.closed, null)
})

t.test('hears what is sent, then the end', async (t) => {
  const { port } = await listen(t, (socket) => socket.end('hello'))
  const ears = listener()
  await dial({ host: 'localhost', port }, ears, LIMIT)
  t.equal(await ears.closed, null)
  t.equal(Buffer.concat(ears.bytes).toString(), 'hello')
})

t.test('hears the end although its own bytes are stuck', async (t) => {
  const { port } = await listen(t, (socket) => {
    socket.pause()
    socket.end()
  })
  const ears = listener()
  const transport = await dial({ host: '127.0.0.1', port }, ears, LIMIT)
  transport.write([Buffer.alloc(32 * 1024 * 1024)], () => {})
  await ears.closed
  t.pass('closed')
})

t.test('tries every address of a name', async (t) => {
  const { port } = await listen(t, (socket) => socket.end(), '127.0.0.1')
  const ears = listener()
  await dial({ host: 'localhost', port }, ears, LIMIT) // ::1 refuses, where the machine has it
  await ears.closed
  t.pass('connected')
})

t.test('says which address refused', async (t) => {
  const { server, port } = await listen(t, () => {})
  server.close()
  await once(server, 'close')
  await t.rejects(dial({ host: '127.0.0.1', port }, listener(), LIMIT), {
    name: 'ConnectionError',
    phase: 'connect',
    retriable: true,
    port,
    message: /127\.0\.0\.1: ECONNREFUSED/,
  })
})

t.test('says that a name does not resolve', async (t) => {
  await t.rejects(dial({ host: 'nowhere.invalid', port: 9092 }, listener(), LIMIT), {
    name: 'ConnectionError',
    phase: 'resolve',
    message: /cannot resolve the name of nowhere\.invalid:9092/,
  })
})

t.test('gives up when the time is over, and when it is told to', async (t) => {
  const clock = new ManualClock()
  const { port } = await listen(t, () => {})
  const late = dialTcp(clock)({ host: '127.0.0.1', port }, listener(), { timeoutMs: 100 })
  const check = t.rejects(late, { name: 'ConnectionError', message: /no answer within 100 ms/ })
  clock.advance(100)
  await check
  t.equal(clock.timerCount, 0)
  const given = { timeoutMs: 100, signal: AbortSignal.abort() }
  await t.rejects(dial({ host: '127.0.0.1', port }, listener(), given), {
    message: /given up by the caller/,
  })
})

t.test('carries a whole conversation with a broker', async (t) => {
  const { port } = await listen(t, (socket) => {
    const peer = {
      send: (bytes: Buffer) => void socket.write(bytes),
      close: () => socket.destroy(),
    }
    const split = splitRequests(peer, (request) => {
      if (request.apiKey === 18) return replyVersions(request)
      const producerEpoch = request.correlationId
      request.reply(initProducerId, {
        throttleTimeMs: 0,
        errorCode: 0,
        producerId: 1n,
        producerEpoch,
      })
    })
    socket.on('data', split)
  })
  const closed: string[] = []
  const connection = await openConnection({
    context: { ...testContext(), clock, dial },
    target: { nodeId: 1, host: '127.0.0.1', port },
    signal: new AbortController().signal,
    listener: { onWritable: () => {}, onClose: (_, reason) => closed.push(reason.name) },
  })
  const ask = { transactionalId: null, transactionTimeoutMs: 1, producerId: -1n, producerEpoch: -1 }
  const asked = Array.from({ length: 20 }, () => connection.request(initProducerId, ask))
  const epochs = (await Promise.all(asked)).map(({ producerEpoch }) => producerEpoch)
  const first = epochs[0] ?? NaN
  t.strictSame(epochs, epochs.map((_, index) => first + index), 'answers in order') // prettier-ignore
  connection.closeWhenIdle(new Error('done') as never)
  t.strictSame(closed, ['Error'])
})

t.test('the order of addresses is for the process to say', async (t) => {
  const { lookup } = dns.promises
  const asked: unknown[] = []
  const note = async (_: string, options: object): Promise<never> => {
    asked.push(options)
    throw new Error('nowhere')
  }
  dns.promises.lookup = note as unknown as typeof lookup
  syncBuiltinESMExports()
  t.teardown(() => {
    dns.promises.lookup = lookup
    syncBuiltinESMExports()
  })
  await t.rejects(dial({ host: 'a.example', port: 1 }, listener(), LIMIT))
  t.strictSame(asked, [{ all: true }], 'neither verbatim nor an order')
})

/** A name for two addresses of this machine, for as long as the test runs. */
function nameForTwo(t: Test): void {
  const { lookup } = dns.promises
  const both = ['127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 }))
  dns.promises.lookup = (async () => both) as unknown as typeof lookup
  syncBuiltinESMExports()
  t.teardown(() => {
    dns.promises.lookup = lookup
    syncBuiltinESMExports()
  })
}

for (const [fault, onSocket] of [
  ['closes under the handshake', (socket: Socket) => void socket.destroy()],
  ['is mute', () => {}],
] as const) {
  t.test(`an address that ${fault} goes last at the next dial`, async (t) => {
    nameForTwo(t)
    const heard: string[] = []
    const good = await listen(t, (socket) => {
      heard.push('good')
      const peer = {
        send: (bytes: Buffer) => void socket.write(bytes),
        close: () => socket.destroy(),
      }
      socket.on('data', splitRequests(peer, (request) => replyVersions(request))) // prettier-ignore
    })
    const clock = new ManualClock()
    const bad = (socket: Socket): void => {
      heard.push('bad')
      socket.on('data', () => clock.advance(200)) // the handshake is under way, and runs out of time
      onSocket(socket)
    }
    await listen(t, bad, '127.0.0.2', good.port)
    const open = async (): Promise<string> => {
      const connection = await openConnection({
        context: { ...testContext({ connectionTimeoutMs: 100, apiVersions: { ApiVersions: 0 } }), clock, dial }, // prettier-ignore
        target: { nodeId: 1, host: 'kafka.test', port: good.port },
        signal: new AbortController().signal,
        listener: { onWritable: () => {}, onClose: () => {} },
      })
      connection.close(new Error('done') as never)
      return 'open'
    }
    const dial = dialTcp(systemClock())
    await t.rejects(open(), { name: 'ConnectionError', phase: 'handshake' })
    t.equal(await open(), 'open')
    t.equal(await open(), 'open')
    t.strictSame(heard, ['bad', 'good', 'good'])
  })
}
