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
import { FrameHeads } from './frame-heads.js'

/** Produce, AddPartitionsToTxn, AddOffsetsToTxn, EndTxn, TxnOffsetCommit. */
const WRITING_KEYS: ReadonlySet<number> = new Set([0, 24, 25, 26, 28])
/** Length, api key, version, correlation id. */
const REQUEST_HEAD_BYTES = 12
/** Length, correlation id. */
const ANSWER_HEAD_BYTES = 8
/** Pieces are of 1 to this many bytes, drawn for each: every field is cut somewhere, sometime. */
const MOST_DRIBBLED_BYTES = 1_400
const DRIBBLE_EVERY_MS = 1

export class FaultProxy {
  readonly #upstreamPort: number
  readonly #lines = new Set<Line>()
  readonly #server: Server
  /** How long each chunk takes, drawn for each; null: no time at all. */
  latencyMs: (() => number) | null = null
  /** Bytes pass a few at a time. */
  isDribbling = false
  /** No frame can be made out in what passes, so that no answer can be lost. */
  isEncrypted = false
  /** Uniform in [0, 1). */
  random: () => number = Math.random
  /** Answers that brokers gave and no client got. */
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

  /** Of every connection: the next request that writes reaches the broker, and its answer nobody. */
  loseNextAnswers(): void {
    for (const line of this.#lines) line.losesNextAnswer = true
  }

  /** No fault any more; connections stay. */
  heal(): void {
    this.latencyMs = null
    this.isDribbling = false
    for (const line of this.#lines) line.heal()
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
  readonly #requests = new FrameHeads(REQUEST_HEAD_BYTES)
  readonly #answers = new FrameHeads(ANSWER_HEAD_BYTES)
  /** The answer to the next request that writes is lost, and the connection with it. */
  losesNextAnswer = false
  /** Correlation id of the answer to be lost. */
  #doomed: number | null = null
  /** The doomed answer has come: nothing from the broker passes any more. */
  #isLosing = false
  #isCut = false

  constructor(client: Socket, broker: Socket, proxy: FaultProxy, onCut: () => void) {
    this.#client = client
    this.#broker = broker
    this.#proxy = proxy
    this.#onCut = onCut
    const toBroker = new Pipe(broker, proxy)
    const toClient = new Pipe(client, proxy)
    client.on('data', (chunk) => {
      if (!proxy.isEncrypted) this.#noteRequests(chunk)
      toBroker.push(chunk)
    })
    broker.on('data', (chunk) => {
      if (this.#isLosing) return
      const lostFrom = proxy.isEncrypted ? null : this.#lostFrom(chunk)
      if (lostFrom === null) toClient.push(chunk)
      else this.#loseAnswer(chunk.subarray(0, lostFrom))
    })
    for (const socket of [client, broker]) {
      socket.on('error', () => this.cut())
      socket.on('close', () => this.cut())
    }
  }

  #noteRequests(chunk: Buffer): void {
    this.#requests.push(chunk, (head) => {
      if (!this.losesNextAnswer || !WRITING_KEYS.has(head.readInt16BE(4))) return
      this.losesNextAnswer = false
      this.#doomed = head.readInt32BE(8)
    })
  }

  /** Where in the chunk the doomed answer begins; null where it is not there. */
  #lostFrom(chunk: Buffer): number | null {
    let lostFrom: number | null = null
    this.#answers.push(chunk, (head, start) => {
      if (head.readInt32BE(4) === this.#doomed) lostFrom = Math.max(0, start)
    })
    return lostFrom
  }

  /** The broker has answered, so that what it was asked is done: nobody hears of it. */
  #loseAnswer(before: Buffer): void {
    this.#proxy.answersLost++
    this.#isLosing = true
    if (this.#client.destroyed) this.cut()
    else this.#client.write(before, () => this.cut())
  }

  /** No answer is to be lost any more. */
  heal(): void {
    this.losesNextAnswer = false
    this.#doomed = null
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
    const dueMs = performance.now() + (latencyMs?.() ?? 0)
    for (let start = 0; start < chunk.length;) {
      const size = isDribbling ? this.#dribbledBytes() : chunk.length
      this.#waiting.push({ chunk: chunk.subarray(start, start + size), dueMs })
      start += size
    }
    this.#next()
  }

  #dribbledBytes(): number {
    return 1 + Math.floor(this.#proxy.random() * MOST_DRIBBLED_BYTES)
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
