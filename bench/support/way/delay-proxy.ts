/**
 * A long way to the brokers: a TCP proxy in front of each that passes every chunk on half a round trip
 * later, in both directions, however much is on its way.
 *
 *   client <-- socket --> | queue | <-- socket --> broker
 *
 * What a real way has besides (handshake, windows that grow, loss) it has not. It notes the Produce
 * requests that pass. Neighbours: proxy-process.ts runs it; test/chaos/proxy.ts is the one that breaks.
 */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { FrameHeads } from '../../../test/chaos/frame-heads.js'
import { clockMs } from '../metronome.js'
import { DelayQueue } from './delay-queue.js'
import { Traffic, type ProduceRequest } from './traffic.js'

const PRODUCE_KEY = 0
/** Length, api key, version, correlation id. */
const REQUEST_HEAD_BYTES = 12
/** Length, correlation id. */
const ANSWER_HEAD_BYTES = 8
/**
 * On one connection and direction, after which its source is read no more: all that a client of the
 * bench has in its buffer, so that it never waits for the way, and a bound all the same.
 */
const MOST_BYTES_ON_THE_WAY = 32 * 1024 * 1024

/** A port to listen on, and the broker's. */
export interface Route {
  readonly port: number
  readonly brokerPort: number
}

export class DelayProxy {
  readonly traffic = new Traffic()
  readonly #queue = new DelayQueue((lateMs) => this.traffic.passed(lateMs))
  readonly #sockets = new Set<Socket>()
  readonly #servers: Server[] = []

  static async listen(routes: readonly Route[]): Promise<DelayProxy> {
    const proxy = new DelayProxy()
    for (const { port, brokerPort } of routes) {
      const server = createServer((client) => proxy.#accept(client, brokerPort))
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      proxy.#servers.push(server)
    }
    return proxy
  }

  /** For what comes from now on. */
  set roundTripMs(roundTripMs: number) {
    this.#queue.delayMs = roundTripMs / 2
  }

  /** Directions of connections whose source is not read, for as much as may be is on the way. */
  get heldUp(): number {
    return [...this.#sockets].filter((socket) => socket.isPaused()).length
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const closed = this.#servers.map((server) => once(server.close(), 'close'))
    await Promise.all([...closed, this.#queue.close()])
  }

  #accept(client: Socket, brokerPort: number): void {
    const broker = connect({ host: '127.0.0.1', port: brokerPort, noDelay: true })
    client.setNoDelay(true)
    const requests = new RequestWatch(this.traffic, this.#queue)
    join(client, broker, this.#queue, (chunk) => requests.fromClient(chunk))
    join(broker, client, this.#queue, (chunk) => requests.fromBroker(chunk))
    for (const socket of [client, broker]) {
      this.#sockets.add(socket)
      const cut = (): void => {
        this.#sockets.delete(socket)
        client.destroy()
        broker.destroy()
      }
      socket.on('error', cut)
      socket.on('close', cut)
    }
  }
}

/** One direction. `note` sees each chunk as it comes; what it returns is called as the chunk leaves. */
function join(
  from: Socket,
  to: Socket,
  queue: DelayQueue,
  note: (chunk: Buffer) => () => void,
): void {
  let bytesOnTheWay = 0
  from.on('data', (chunk) => {
    const onLeave = note(chunk)
    bytesOnTheWay += chunk.length
    if (bytesOnTheWay > MOST_BYTES_ON_THE_WAY) from.pause()
    queue.push(() => {
      if (to.destroyed) return
      onLeave()
      to.write(chunk, () => {
        bytesOnTheWay -= chunk.length
        if (from.isPaused() && bytesOnTheWay <= MOST_BYTES_ON_THE_WAY / 2) from.resume()
      })
    })
  })
}

/** The Produce requests of one connection. */
class RequestWatch {
  readonly #traffic: Traffic
  readonly #queue: DelayQueue
  readonly #requestHeads = new FrameHeads(REQUEST_HEAD_BYTES)
  readonly #answerHeads = new FrameHeads(ANSWER_HEAD_BYTES)
  /** Those that the broker has not answered, by correlation id. */
  readonly #open = new Map<number, ProduceRequest>()
  /** Those whose answers the client has not got. */
  #inFlight = 0

  constructor(traffic: Traffic, queue: DelayQueue) {
    this.#traffic = traffic
    this.#queue = queue
  }

  fromClient(chunk: Buffer): () => void {
    this.#requestHeads.push(chunk, (head) => {
      if (head.readInt16BE(4) !== PRODUCE_KEY) return
      this.#inFlight++
      this.#open.set(head.readInt32BE(8), this.#traffic.sent(this.#inFlight))
    })
    return () => {}
  }

  fromBroker(chunk: Buffer): () => void {
    let answers = 0
    this.#answerHeads.push(chunk, (head) => {
      const correlationId = head.readInt32BE(4)
      const request = this.#open.get(correlationId)
      if (request === undefined) return
      this.#open.delete(correlationId)
      request.workMs = clockMs() - request.sentMs - this.#queue.delayMs
      answers++
    })
    return () => {
      this.#inFlight -= answers
    }
  }
}
