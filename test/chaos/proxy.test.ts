import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { freePorts } from '../broker/ports.js'
import { FaultProxy } from './proxy.js'

const REQUEST = Buffer.alloc(2_000, 'r')

/** A server that sends back what it gets, behind a proxy, and a client of it. */
async function rig(t: Test): Promise<{ proxy: FaultProxy; client: Socket; got: Buffer[] }> {
  const got: Buffer[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      got.push(chunk)
      socket.write(chunk)
    })
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
  return { proxy, client, got }
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

t.test('an answer is lost after the request arrived whole', async (t) => {
  const { proxy, client, got } = await rig(t)
  proxy.losesNextAnswer = true
  let answered = 0
  client.on('data', ({ length }) => (answered += length))
  client.write(REQUEST)
  await once(client, 'close')
  t.same(Buffer.concat(got), REQUEST)
  t.equal(answered, 0)
  t.equal(proxy.answersLost, 1)
})

t.test('cut is cut', async (t) => {
  const { proxy, client } = await rig(t)
  await echo(client)
  proxy.cutAll()
  await once(client, 'close')
  t.equal(client.destroyed, true)
})
