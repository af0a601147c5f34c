import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { waitUntil } from '../broker/wait.js'
import { freePorts } from '../broker/ports.js'
import { FrameHeads } from './frame-heads.js'
import { FaultProxy } from './proxy.js'

const REQUEST = Buffer.alloc(2_000, 'r')

/** Told of each chunk that a client sends to the server behind the proxy. */
type Serve = (chunk: Buffer, socket: Socket) => void

/** A server behind a proxy, and a client of it; the server sends back what it gets. */
async function rig(
  t: Test,
  serve: Serve = (chunk, socket) => socket.write(chunk),
): Promise<{ proxy: FaultProxy; client: Socket }> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => serve(chunk, socket))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const [port = 0] = await freePorts(1)
  const proxy = await FaultProxy.listen(port, (server.address() as AddressInfo).port)
  const client = connect(port, '127.0.0.1')
  client.on('error', () => {})
  t.teardown(async () => {
    client.destroy()
    await proxy.close()
    server.close()
  })
  await once(client, 'connect')
  return { proxy, client }
}

async function echo(client: Socket): Promise<Buffer> {
  const back: Buffer[] = []
  client.write(REQUEST)
  for await (const chunk of client.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    back.push(chunk)
    if (Buffer.concat(back).length >= REQUEST.length) break
  }
  return Buffer.concat(back)
}

t.test('bytes pass, in order, with latency and dribbled', async (t) => {
  const { proxy, client } = await rig(t)
  t.same(await echo(client), REQUEST)
  proxy.latencyMs = () => 1
  t.same(await echo(client), REQUEST)
  proxy.isDribbling = true
  t.same(await echo(client), REQUEST)
  proxy.heal()
  t.same(await echo(client), REQUEST)
})

/** A frame of the API and correlation id; the server of the rig answers each with itself. */
function request(apiKey: number, correlationId: number): Buffer {
  const frame = Buffer.alloc(600, 'r')
  frame.writeInt32BE(frame.length - 4, 0)
  frame.writeInt16BE(apiKey, 4)
  frame.writeInt32BE(correlationId, 8)
  return frame
}

/** The same with a broker that answers requests one by one: length, correlation id. */
async function brokerRig(
  t: Test,
  thinkMs = 0,
): Promise<{ proxy: FaultProxy; client: Socket; asked: number[] }> {
  const asked: number[] = []
  const heads = new FrameHeads(12) // of the one connection
  const parts = await rig(t, (chunk, socket) =>
    heads.push(chunk, (head) => {
      asked.push(head.readInt32BE(8))
      const answer = Buffer.concat([Buffer.from([0, 0, 0, 4]), head.subarray(8)])
      setTimeout(() => socket.write(answer), thinkMs)
    }),
  )
  return { ...parts, asked }
}

t.test('the answer to the next Produce request is lost, and no other', async (t) => {
  const { proxy, client, asked } = await brokerRig(t)
  client.write(request(0, 1))
  await once(client, 'data')
  proxy.loseNextAnswers()
  const back: Buffer[] = []
  client.on('data', (chunk) => back.push(chunk))
  client.write(Buffer.concat([request(3, 2), request(0, 3), request(0, 4)]))
  await once(client, 'close')
  t.same(asked.slice(0, 3), [1, 2, 3], 'the broker has had the request')
  t.same(Buffer.concat(back), Buffer.from([0, 0, 0, 4, 0, 0, 0, 2]), 'and 2 was answered')
  t.equal(proxy.answersLost, 1)
})

t.test('a healed proxy loses nothing', async (t) => {
  const { proxy, client } = await brokerRig(t)
  proxy.loseNextAnswers()
  proxy.heal()
  client.write(request(0, 1))
  const [answer] = (await once(client, 'data')) as [Buffer]
  t.same(answer, Buffer.from([0, 0, 0, 4, 0, 0, 0, 1]))
})

t.test('a proxy that is healed before the broker answers loses nothing', async (t) => {
  const { proxy, client, asked } = await brokerRig(t, 50)
  proxy.loseNextAnswers()
  client.write(request(0, 1))
  await waitUntil(async () => asked.length === 1, { what: 'the request', timeoutMs: 5_000 })
  proxy.heal()
  const [answer] = (await once(client, 'data')) as [Buffer]
  t.same(answer, Buffer.from([0, 0, 0, 4, 0, 0, 0, 1]))
  t.equal(proxy.answersLost, 0)
})

t.test('what is encrypted is not looked into', async (t) => {
  const { proxy, client } = await brokerRig(t)
  proxy.isEncrypted = true
  proxy.loseNextAnswers()
  client.write(request(0, 1))
  const [answer] = (await once(client, 'data')) as [Buffer]
  t.same(answer, Buffer.from([0, 0, 0, 4, 0, 0, 0, 1]))
  t.equal(proxy.answersLost, 0)
})

t.test('frames are found however the stream is cut', async (t) => {
  const stream = Buffer.concat([request(0, 7), request(18, 8), request(0, 9)])
  for (const size of [1, 2, 7, 11, 12, 13, 599, 600, 601, 1_800]) {
    const heads = new FrameHeads(12)
    const found: [number, number][] = []
    for (let from = 0; from < stream.length; from += size) {
      heads.push(stream.subarray(from, from + size), (head, start) =>
        found.push([head.readInt32BE(8), from + start]),
      )
    }
    t.strictSame(found, [[7, 0], [8, 600], [9, 1_200]], `chunks of ${size}`) // prettier-ignore
  }
})

t.test('cut is cut', async (t) => {
  const { proxy, client } = await rig(t)
  await echo(client)
  proxy.cutAll()
  await once(client, 'close')
  t.equal(client.destroyed, true)
})
