/**
 * Stands between the producer and the virtual network: takes its time over writes, whose bytes it
 * reads only then, dribbles what brokers send in small pieces, lets producer ids begin near their
 * last epoch, and tells the trace what passes.
 *
 * Neighbours: simulation.ts puts it in the producer's environment.
 */
import { FrameSplitter } from '../../src/network/connection/frame-splitter.js'
import type { Dial, Transport, TransportHandlers } from '../../src/network/transport/transport.js'
import { decodeRequestHeader, decodeResponseHeader } from '../../src/protocol/header.js'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.js'
import { produce } from '../../src/protocol/messages/produce.js'
import { decodeBatch } from '../../src/protocol/record-batch-reader.js'
import { Reader } from '../../src/protocol/reader.js'
import { errorCode } from '../../src/protocol/error-codes.js'
import type { Tell } from './ledger.js'
import { LoginWatch } from './login-watch.js'
import { SlowPath, type SlowPathOptions } from './slow-path.js'

export interface WireOptions extends SlowPathOptions {
  /** Share of writes that the kernel takes late. */
  readonly slowWrites: number
  /** Told when bytes change between a write and its end. */
  readonly wrong: (what: string) => void
  /** Share of chunks that arrive in pieces. */
  readonly dribbles: number
  /** Epoch that InitProducerId answers instead of 0. */
  readonly firstEpoch: number
  /** Null: nobody reads the trace. */
  readonly tell: Tell | null
  /** Clients log in. */
  readonly hasLogins: boolean
  /** Produce has no answer (acks 0). */
  readonly isUnanswered: boolean
  /** Tells the trace of what else passes; default: nothing but its name. */
  readonly describe?: Describe
}

/** A request's or an answer's body in words; empty where nothing is to be said. */
export type Describe = (
  kind: 'request' | 'answer',
  apiKey: number,
  version: number,
  body: Reader,
) => string

interface SentRequest {
  readonly apiKey: number
  readonly version: number
}

interface Write {
  readonly buffers: readonly Uint8Array[]
  /** A copy, to compare with. */
  readonly before: Buffer
  readonly onWritten: () => void
}

const SLOW_WRITE_MS = 100

const NAMES: Readonly<Record<number, string>> = {
  0: 'Produce',
  3: 'Metadata',
  10: 'FindCoordinator',
  17: 'SaslHandshake',
  18: 'ApiVersions',
  22: 'InitProducerId',
  24: 'AddPartitionsToTxn',
  25: 'AddOffsetsToTxn',
  26: 'EndTxn',
  28: 'TxnOffsetCommit',
  36: 'SaslAuthenticate',
}

/** `dial`, with the wire's own tricks. */
export function throughWire(dial: Dial, options: WireOptions): Dial {
  let streams = 0
  return async (address, handlers, dialOptions) => {
    const name = `${address.host}/${++streams}`
    const wire = new Wire(name, handlers, options)
    options.tell?.(`${name} dial`)
    const transport = await dial(address, wire, dialOptions)
    return wire.attach(new SlowPath(transport, options))
  }
}

class Wire implements TransportHandlers {
  readonly #name: string
  readonly #handlers: TransportHandlers
  readonly #options: WireOptions
  readonly #writes: Write[] = []
  /** The producer has given the stream up: it hears nothing more of it. */
  #isClosed = false
  readonly #sent = new Map<number, SentRequest>()
  readonly #logins: LoginWatch | null

  constructor(name: string, handlers: TransportHandlers, options: WireOptions) {
    this.#name = name
    this.#handlers = handlers
    this.#options = options
    const { clock, wrong, isUnanswered, hasLogins } = options
    const watched = { nowMs: () => clock.monotonicMs(), wrong, isUnanswered }
    this.#logins = hasLogins ? new LoginWatch(name, watched) : null
  }

  /** The producer's end of the stream. */
  attach(transport: Transport): Transport {
    return {
      write: (buffers, onWritten) => {
        this.#noteRequest(Buffer.concat(buffers))
        this.#writes.push({ buffers, before: Buffer.concat(buffers), onWritten })
        if (this.#writes.length === 1) this.#writeSoon(transport)
      },
      destroy: () => {
        this.#options.tell?.(`${this.#name} closed by the producer`)
        this.#writes.length = 0
        this.#isClosed = true
        transport.destroy()
      },
      ref: () => transport.ref(),
      unref: () => transport.unref(),
    }
  }

  /** The oldest write goes on its way, at once or late; then the next. */
  #writeSoon(transport: Transport): void {
    const { random, clock, slowWrites, wrong } = this.#options
    const go = (): void => {
      const first = this.#writes[0]
      if (first === undefined) return // closed meanwhile
      const { buffers, before, onWritten } = first
      const taken = Buffer.concat(buffers) // as the kernel does: the producer may use its buffers again
      if (!taken.equals(before)) wrong(`${this.#name}: bytes changed before they left`)
      transport.write([taken], () => {
        this.#writes.shift()
        if (this.#writes.length > 0) this.#writeSoon(transport)
        if (!this.#isClosed) onWritten()
      })
    }
    if (random.chance(slowWrites)) clock.setTimer(go, random.around(SLOW_WRITE_MS))
    else go()
  }

  onData(chunk: Buffer): void {
    if (this.#isClosed) return
    this.#logins?.read(chunk)
    const bytes = this.#noteAnswer(chunk)
    const { random, dribbles } = this.#options
    if (!random.chance(dribbles)) {
      this.#handlers.onData(bytes)
      return
    }
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + random.integer(1, 1 + (bytes.length >> 2)))
      this.#handlers.onData(Buffer.from(bytes.subarray(at, end)))
      at = end
    }
  }

  onClose(error: Error | null): void {
    if (this.#isClosed) return
    this.#options.tell?.(`${this.#name} lost: ${error?.message ?? 'ended'}`)
    this.#handlers.onClose(error)
  }

  #noteRequest(frame: Buffer): void {
    const reader = new Reader(frame.subarray(4), { apiName: 'request', version: 0 })
    const { apiKey, apiVersion: version, correlationId } = decodeRequestHeader(reader)
    this.#sent.set(correlationId, { apiKey, version })
    this.#logins?.wrote({ apiKey, version, correlationId }, this.#writes.length > 0)
    const { tell } = this.#options
    if (tell === null) return
    const body =
      apiKey === produce.key
        ? describeProduce(reader, version)
        : (this.#options.describe?.('request', apiKey, version, reader) ?? '')
    tell(`${this.#name} -> ${NAMES[apiKey] ?? apiKey} (${correlationId}) ${body}`)
  }

  /** The chunk as the producer is to see it. */
  #noteAnswer(chunk: Buffer): Buffer {
    if (chunk.length < 8 || chunk.length !== 4 + chunk.readInt32BE(0)) return chunk // cut, or odd
    const correlationId = chunk.readInt32BE(4)
    const request = this.#sent.get(correlationId)
    if (request === undefined) return chunk
    const { apiKey, version } = request
    const { tell, firstEpoch } = this.#options
    if (tell !== null) {
      const answer = new Reader(chunk.subarray(4), { apiName: 'answer', version })
      const body =
        apiKey === produce.key
          ? describeAnswer(chunk, version)
          : (this.#options.describe?.('answer', apiKey, version, answer) ?? '')
      tell(`${this.#name} <- ${NAMES[apiKey] ?? apiKey} (${correlationId}) ${body}`)
    }
    if (apiKey !== initProducerId.key || firstEpoch === 0) return chunk
    const epochAt = chunk.length - (version >= initProducerId.flexibleFrom ? 3 : 2)
    if (chunk.readInt16BE(epochAt) === 0) chunk.writeInt16BE(firstEpoch, epochAt) // else: refused
    return chunk
  }
}

function describeProduce(reader: Reader, version: number): string {
  if (version >= produce.flexibleFrom) reader.readTaggedFields()
  const { acks, topicData } = produce.decodeRequest(reader, version)
  const batches = topicData.flatMap(({ name, topicId, partitionData }) =>
    partitionData.map(({ index, records }) => {
      const batch = decodeBatch(Buffer.from(records ?? []))
      const { producerId, producerEpoch, baseSequence, recordCount } = batch
      const numbers = producerId < 0n ? '' : ` ${producerId}/${producerEpoch} seq ${baseSequence}`
      return `${name || topicId}-${index}${numbers} x${recordCount} [${idsOf(batch.recordBytes)}]`
    }),
  )
  return `acks ${acks} ${batches.join(', ')}`
}

/** The ids that a batch's values begin with, as far as they can be read. */
function idsOf(recordBytes: Buffer): string {
  const found = recordBytes.toString('latin1').matchAll(/(\d+):x*/g)
  return Array.from(found, ([, id]) => id).join(' ')
}

function describeAnswer(chunk: Buffer, version: number): string {
  const frames: Buffer[] = []
  new FrameSplitter().push(Buffer.from(chunk), (frame) => frames.push(frame))
  const reader = new Reader(frames[0] ?? Buffer.alloc(0), { apiName: 'Produce', version })
  try {
    decodeResponseHeader(reader, produce, version)
    const { responses, throttleTimeMs } = produce.decodeResponse(reader, version)
    const answers = responses.flatMap(({ name, topicId, partitionResponses }) =>
      partitionResponses.map(({ index, errorCode: code, baseOffset, currentLeader }) => {
        const hint = currentLeader.leaderId < 0 ? '' : ` leader ${currentLeader.leaderId}`
        return `${name || topicId}-${index} ${errorCode(code).name} @${baseOffset}${hint}`
      }),
    )
    return `${answers.join(', ')}${throttleTimeMs > 0 ? ` throttle ${throttleTimeMs}` : ''}`
  } catch (error) {
    return `unreadable: ${String(error)}`
  }
}
