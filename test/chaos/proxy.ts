/**
 * A TCP proxy in front of one broker that can do to its connections what networks do: cut them, lose
 * an answer after the broker has the request, delay, dribble. What it does changes at any time.
 *
 *   client <-- socket --> | line | <-- socket --> broker      a Line for each connection
 *
 * Neighbours: scenarios.ts turns its knobs; cluster.ts has one for each broker.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'

/** A request of this size carries records: the answer to be lost is that of a Produce request. */
const PRODUCE_BYTES = 300
/** How long the broker has to answer before the connection is cut all the same. */
const LOSE_WITHIN_MS = 500
const DRIBBLE_BYTES = 700
const DRIBBLE_EVERY_MS = 1

export class FaultProxy {
  readonly #upstreamPort: number
  readonly #lines = new Set<Line>()
  readonly #server: Server
  /** How long each chunk takes, drawn for each; null: no time at all. */
  latencyMs: (() => number) | null = null
  /** Bytes pass a few at a time. */
  isDribbling = false
  /** The next Produce request reaches the broker, and its connection is cut before the answer. */
  losesNextAnswer = false
  answersLost = 0

  private constructor(upstreamPort: number) {
    this.#upstreamPort = upstreamPort
    this.#server = createServer((client) => this.#accept(client))
  }

  static async listen(port: number, upstreamPort: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(upstreamPort)
    proxy.#server.listen(port, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  #accept(client: Socket): void {
    const broker = connect({ host: '127.0.0.1', port: this.#upstreamPort, noDelay: true })
    client.setNoDelay(true)
    const line = new Line(client, broker, this, () => this.#lines.delete(line))
    this.#lines.add(line)
  }

  cutAll(): void {
    for (const line of [...this.#lines]) line.cut()
  }

  /** No fault any more; connections stay. */
  heal(): void {
    this.latencyMs = null
    this.isDribbling = false
    this.losesNextAnswer = false
  }

  async close(): Promise<void> {
    this.cutAll()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** One connection: two sockets, and what passes between them. */
class Line {
  readonly #client: Socket
  readonly #broker: Socket
  readonly #proxy: FaultProxy
  readonly #onCut: () => void
  #isLosing = false
  #isCut = false

  constructor(client: Socket, broker: Socket, proxy: FaultProxy, onCut: () => void) {
    this.#client = client
    this.#broker = broker
    this.#proxy = proxy
    this.#onCut = onCut
    const toBroker = new Pipe(broker, proxy)
    const toClient = new Pipe(client, proxy)
    client.on('data', (chunk) => this.#fromClient(chunk, toBroker))
    broker.on('data', (chunk) => {
      if (this.#isLosing) this.cut()
      else toClient.push(chunk)
    })
    for (const socket of [client, broker]) {
      socket.on('error', () => this.cut())
      socket.on('close', () => this.cut())
    }
  }

  #fromClient(chunk: Buffer, toBroker: Pipe): void {
    if (this.#proxy.losesNextAnswer && chunk.length > PRODUCE_BYTES) {
      this.#proxy.losesNextAnswer = false
      this.#proxy.answersLost++
      this.#isLosing = true
      setTimeout(() => this.cut(), LOSE_WITHIN_MS)
    }
    toBroker.push(chunk)
  }

  cut(): void {
    if (this.#isCut) return
    this.#isCut = true
    this.#client.destroy()
    this.#broker.destroy()
    this.#onCut()
  }
}

/** One direction: chunks leave in order, each when it is due. */
class Pipe {
  readonly #to: Socket
  readonly #proxy: FaultProxy
  readonly #waiting: { readonly chunk: Buffer; readonly dueMs: number }[] = []
  #isWaiting = false

  constructor(to: Socket, proxy: FaultProxy) {
    this.#to = to
    this.#proxy = proxy
  }

  push(chunk: Buffer): void {
    const { latencyMs, isDribbling } = this.#proxy
    if (latencyMs === null && !isDribbling && this.#waiting.length === 0) {
      this.#to.write(chunk)
      return
    }
    const size = isDribbling ? DRIBBLE_BYTES : chunk.length
    const dueMs = performance.now() + (latencyMs?.() ?? 0)
    for (let start = 0; start < chunk.length; start += size) {
      this.#waiting.push({ chunk: chunk.subarray(start, start + size), dueMs })
    }
    this.#next()
  }

  #next(): void {
    const first = this.#waiting[0]
    if (this.#isWaiting || first === undefined) return
    this.#isWaiting = true
    const pauseMs = this.#proxy.isDribbling ? DRIBBLE_EVERY_MS : 0
    setTimeout(
      () => {
        this.#isWaiting = false
        this.#waiting.shift()
        if (!this.#to.destroyed) this.#to.write(first.chunk)
        this.#next()
      },
      Math.max(pauseMs, first.dueMs - performance.now()),
    )
  }
}
