/**
 * Plain TCP: the real `Dial`.
 *
 * Not a protocol, and no retry: one call is one pass over the addresses of a name. Node's own
 * "happy eyeballs" is not used, since it gives each address a fixed 250 ms, too little for a far
 * broker; here the addresses left share the time left.
 *
 *   resolve ──> connect(address 1) ──fails──> connect(address 2) ── … ──> ConnectionError
 *                      └──> TcpTransport
 *
 * Neighbours: transport.ts is the contract; open-connection.ts calls it through that.
 */
import { lookup } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { Clock } from '../clock.js'
import { ConnectionError } from '../errors.js'
import type { ConnectionPhase } from '../errors.js'
import { AddressOrder } from './address-order.js'
import { formatAddress } from './address.js'
import type { Address, Dial, DialOptions, Transport, TransportHandlers } from './transport.js'

/**
 * Read into one buffer and copied out: answers are a few hundred bytes, and Node would make a buffer
 * of this size for each of them.
 */
const READ_BYTES = 65_536
const KEEP_ALIVE_DELAY_MS = 60_000 // for half-dead links; a dead broker is found by time-outs sooner

/** Who is told: what the stream hears, and whether it was of use. */
interface Ears {
  readonly handlers: TransportHandlers
  readonly judge: (isUseful: boolean) => void
}

/** A `Dial` over node:net; `clock` measures its time limit. It remembers which addresses failed. */
export function dialTcp(clock: Clock): Dial {
  const order = new AddressOrder()
  return async (address, handlers, options) => {
    const name = formatAddress(address)
    const deadlineMs = clock.monotonicMs() + options.timeoutMs
    const targets = order.sort(name, await resolve(clock, address, options))
    const failures: Error[] = []
    for (const [index, target] of targets.entries()) {
      const timeoutMs = (deadlineMs - clock.monotonicMs()) / (targets.length - index)
      const judge = (isUseful: boolean): void => {
        if (isUseful) order.worked(name, target.address)
        else if (targets.length > 1) order.failed(name, target.address)
      }
      const ears = { handlers, judge }
      try {
        return await open(clock, target, address.port, ears, { ...options, timeoutMs })
      } catch (error) {
        failures.push(asError(error))
        if (options.signal?.aborted === true) break
        judge(false)
      }
    }
    throw connectFailure(address, targets, failures)
  }
}

async function resolve(
  clock: Clock,
  address: Address,
  options: DialOptions,
): Promise<readonly LookupAddress[]> {
  try {
    return await new Promise<LookupAddress[]>((resolve, reject) => {
      const stop = giveUpLater(clock, options, reject)
      void lookup(address.host, { all: true, verbatim: true }).then(resolve, reject).finally(stop)
    })
  } catch (error) {
    const reason = asError(error)
    throw failure(address, 'resolve', `cannot resolve the name of ${formatAddress(address)}`, [
      reason,
      `${describe(reason)}; check the name, or the advertised.listeners of the broker`,
    ])
  }
}

function open(
  clock: Clock,
  target: LookupAddress,
  port: number,
  { handlers, judge }: Ears,
  options: DialOptions,
): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: target.address,
      family: target.family,
      port,
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BYTES),
        callback: (byteLength, bytes) => {
          handlers.onData(Buffer.from(bytes.subarray(0, byteLength)))
          return true
        },
      },
      noDelay: true, // a request is one write: Nagle could only hold its tail back
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
    })
    const stop = giveUpLater(clock, options, (error) => socket.destroy(error))
    const fail = (error: Error): void => {
      stop()
      reject(error)
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      stop()
      socket.off('error', fail)
      resolve(new TcpTransport(socket, handlers, judge))
    })
  })
}

/** Calls `onGiveUp` when the time is over or the signal fires, unless the result is called first. */
function giveUpLater(
  clock: Clock,
  { timeoutMs, signal }: DialOptions,
  onGiveUp: (error: Error) => void,
): () => void {
  const abort = (): void => {
    onGiveUp(new Error('given up by the caller'))
  }
  const timer = clock.setTimer(
    () => {
      onGiveUp(new Error(`no answer within ${Math.round(timeoutMs)} ms`))
    },
    timeoutMs,
    { keepAlive: false },
  )
  if (signal?.aborted === true) abort()
  signal?.addEventListener('abort', abort)
  return () => {
    timer.clear()
    signal?.removeEventListener('abort', abort)
  }
}

class TcpTransport implements Transport {
  readonly judge: (isUseful: boolean) => void
  readonly #socket: Socket

  constructor(socket: Socket, handlers: TransportHandlers, judge: (isUseful: boolean) => void) {
    this.judge = judge
    let failure: Error | null = null
    this.#socket = socket
    // A broker never closes one half only: without this a full send queue would hide its end.
    socket.on('end', () => socket.destroy())
    socket.on('error', (error) => {
      failure = error
    })
    socket.on('close', () => {
      handlers.onClose(failure)
    })
  }

  write(buffers: readonly Uint8Array[], onWritten: () => void): void {
    const socket = this.#socket
    const last = buffers.length - 1
    if (last > 0) socket.cork() // what is written while corked leaves as one writev
    for (const [index, buffer] of buffers.entries()) {
      if (index < last) socket.write(buffer)
      else socket.write(buffer, (error) => (error ? undefined : onWritten()))
    }
    if (last > 0) socket.uncork()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }
}

function connectFailure(
  address: Address,
  targets: readonly LookupAddress[],
  failures: readonly Error[],
): ConnectionError {
  const tried = failures.map((error, index) => `${targets[index]?.address}: ${describe(error)}`)
  return failure(address, 'connect', `cannot connect to ${formatAddress(address)}`, [
    failures.at(-1),
    `${tried.join(', ')}; check that a broker listens there and that no firewall stands between`,
  ])
}

function failure(
  { host, port }: Address,
  phase: ConnectionPhase,
  what: string,
  [cause, why]: [Error | undefined, string],
): ConnectionError {
  return new ConnectionError(`${what}: ${why}`, { host, port, phase, cause })
}

function describe(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
