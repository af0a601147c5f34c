/**
 * The long way of the bench's case `way`: nothing is lost, reordered, early or without bound; and its
 * results can be put together from several runs.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import type { Measured } from '../../bench/report/columns.js'
import { mergeGroups, type GroupResult } from '../../bench/report/results.js'
import { keysOf } from '../../bench/support/keys.js'
import { clockMs } from '../../bench/support/metronome.js'
import { DelayProxy } from '../../bench/support/way/delay-proxy.js'
import { partitionForKey } from '../../src/producer/partitioning/murmur2.js'
import { freePorts } from '../broker/ports.js'
import { waitUntil } from '../broker/wait.js'

const ROUND_TRIP_MS = 30

interface Rig {
  readonly proxy: DelayProxy
  readonly client: Socket
  /** The server's end. */
  readonly broker: Socket
}

async function rig(t: Test): Promise<Rig> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const [port = 0] = await freePorts(1)
  const brokerPort = (server.address() as AddressInfo).port
  const proxy = await DelayProxy.listen([{ port, brokerPort }])
  proxy.roundTripMs = ROUND_TRIP_MS
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const client = connect(port, '127.0.0.1')
  const [broker] = await accepted
  for (const socket of [client, broker]) socket.on('error', () => {})
  t.teardown(async () => {
    client.destroy()
    await proxy.close()
    server.close()
  })
  return { proxy, client, broker }
}

/** Reads so many bytes. */
async function read(socket: Socket, length: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let left = length
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    left -= chunk.length
    if (left <= 0) break
  }
  return Buffer.concat(chunks)
}

/** A frame of the API; what answers it has its length and correlation id. */
function frame(apiKey: number, correlationId: number): Buffer {
  const bytes = Buffer.alloc(600, 'r')
  bytes.writeInt32BE(bytes.length - 4, 0)
  bytes.writeInt16BE(apiKey, 4)
  bytes.writeInt32BE(correlationId, 8)
  return bytes
}

function answer(correlationId: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeInt32BE(4, 0)
  bytes.writeInt32BE(correlationId, 4)
  return bytes
}

t.test('what is sent arrives whole, in order, and half a round trip later', async (t) => {
  const { client, broker } = await rig(t)
  const startedMs = clockMs()
  client.write('first ')
  setImmediate(() => client.write('second'))
  t.equal((await read(broker, 12)).toString(), 'first second')
  t.ok(clockMs() - startedMs >= ROUND_TRIP_MS / 2)
  broker.write('back')
  t.equal((await read(client, 4)).toString(), 'back')
  t.ok(clockMs() - startedMs >= ROUND_TRIP_MS)
})

t.test('chunks are on their way side by side: a hundred take no longer than one', async (t) => {
  const { client, broker, proxy } = await rig(t)
  proxy.roundTripMs = 1_000
  let arrived = 0
  let mostOnTheWay = 0
  broker.on('data', (chunk) => (arrived += chunk.length))
  for (let sent = 1; sent <= 100; sent++) {
    client.write('x')
    await new Promise(setImmediate)
    mostOnTheWay = Math.max(mostOnTheWay, sent - arrived)
  }
  await waitUntil(async () => arrived === 100, { what: 'all', timeoutMs: 10_000 })
  t.ok(mostOnTheWay > 1)
  proxy.roundTripMs = 0
  client.write('y')
  await waitUntil(async () => arrived === 101, { what: 'the last', timeoutMs: 10_000 })
})

t.test('a broker that reads nothing fills the way only so far, and then all comes', async (t) => {
  const { client, broker, proxy } = await rig(t)
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  const allBytes = 128 * chunk.length
  broker.pause()
  for (let sent = 0; sent < allBytes; sent += chunk.length) client.write(chunk)
  const isFull = async (): Promise<boolean> => proxy.heldUp === 1
  await waitUntil(isFull, { what: 'the client to be held up', timeoutMs: 30_000 })
  t.equal((await read(broker, allBytes)).length, allBytes)
})

t.test('Produce requests are counted, with those in flight and the broker’s time', async (t) => {
  const { client, broker, proxy } = await rig(t)
  client.write(Buffer.concat([frame(0, 1), frame(3, 2), frame(0, 3)]))
  await read(broker, 1_800)
  broker.write(Buffer.concat([answer(1), answer(2), answer(3)]))
  await read(client, 24)
  client.write(frame(0, 4))
  await read(broker, 600)
  const { requests, inFlightShares, workMs } = proxy.traffic.take(60)
  t.equal(requests, 3)
  t.strictSame(inFlightShares.map((share) => Math.round(share * 3)), [2, 1]) // prettier-ignore
  t.ok(workMs[0] > 0 && workMs[0] <= workMs[1])
  t.equal(proxy.traffic.take(60).requests, 0, 'and forgotten')
})

t.test('keys lie evenly over the partitions', async (t) => {
  const keys = keysOf(12).map((key) => Buffer.from(key))
  t.strictSame(
    keys.map((key) => partitionForKey(key, key.length, 12)),
    Array.from({ length: 12 }, (_, partition) => partition),
  )
})

t.test('runs are put together by group and subject', async (t) => {
  const row = (subject: string, records: number): Measured => {
    return { subject, samples: [{ records }] } as unknown as Measured
  }
  const old: GroupResult[] = [
    { title: 'a', measured: [row('ottla', 1), row('java', 2)] },
    { title: 'b', measured: [row('ottla', 3)] },
  ]
  const merged = mergeGroups(old, { title: 'a', measured: [row('go', 5), row('ottla', 4)] })
  const told = merged.map(({ title, measured }) => [
    title,
    measured.map(({ subject, samples }) => `${subject} ${samples[0]?.records}`).join(', '),
  ])
  t.strictSame(new Map(told as [string, string][]).get('a'), 'ottla 4, java 2, go 5')
  t.strictSame(new Map(told as [string, string][]).get('b'), 'ottla 3')
})
