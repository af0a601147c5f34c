/**
 * One pass over the addresses of a name, whatever is spoken once the socket is there.
 *
 *   resolve ──> open(address 1) ──fails──> open(address 2) ── … ──> ConnectionError
 *                      └──> SocketTransport
 *
 * No retry. Node's own "happy eyeballs" is not used, since it gives each address a fixed 250 ms, too
 * little for a far broker; here the addresses left share the time left, TLS included.
 *
 * Neighbours: tcp.ts and tls/dial-tls.ts say how a socket is made; socket-transport.ts is what comes
 * of it; address-order.ts remembers which addresses failed.
 */
import { lookup } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import type { Clock } from '../../clock.js'
import { ConnectionError } from '../../errors.js'
import type { ConnectionPhase } from '../../errors.js'
import { atHome } from '../../home-context.js'
import { AddressOrder } from './address-order.js'
import { formatAddress } from '../address.js'
import type { Ears, SocketMaker, SocketStage } from './socket-maker.js'
import { SocketTransport, socketOptions } from './socket-transport.js'
import type { Address, Dial, DialOptions, Transport } from './transport.js'

/** What an error says where the caller's signal has fired. */
export const GIVEN_UP = 'given up by the caller'

/** A `Dial` over sockets of `prepare`'s making, which is asked at each dial and may take its time. */
export function dialEach(
  clock: Clock,
  prepare: (address: Address, options: DialOptions) => SocketMaker | Promise<SocketMaker>,
): Dial {
  const order = new AddressOrder()
  const dial: Dial = async (address, handlers, options) => {
    const name = formatAddress(address)
    const deadlineMs = clock.monotonicMs() + options.timeoutMs
    const prepared = prepare(address, options)
    const maker = prepared instanceof Promise ? await prepared : prepared
    const limits = { ...options, timeoutMs: deadlineMs - clock.monotonicMs() }
    const targets = order.sort(name, await resolve(clock, address, limits))
    const failures: Error[] = []
    for (const [index, target] of targets.entries()) {
      const timeoutMs = (deadlineMs - clock.monotonicMs()) / (targets.length - index)
      const judge = (isUseful: boolean): void => {
        if (isUseful) order.worked(name, target.address)
        else if (targets.length > 1) order.failed(name, target.address)
      }
      const ears = { handlers, judge, hasHeard: false }
      try {
        const socket = { maker, target, port: address.port }
        return await open(clock, socket, ears, { ...options, timeoutMs })
      } catch (error) {
        failures.push(asError(error))
        if (options.signal?.aborted === true) break
        judge(false)
      }
    }
    throw connectFailure(address, targets, failures)
  }
  // The socket is everybody's, and not of the call that wants it first.
  return (address, handlers, options) => atHome(() => dial(address, handlers, options))
}

async function resolve(
  clock: Clock,
  address: Address,
  options: DialOptions,
): Promise<readonly LookupAddress[]> {
  try {
    return await new Promise<LookupAddress[]>((resolve, reject) => {
      const stop = giveUpLater(clock, options, reject)
      void lookup(address.host, { all: true }).then(resolve, reject).finally(stop)
    })
  } catch (error) {
    const reason = asError(error)
    throw failure(address, 'resolve', `cannot resolve the name of ${formatAddress(address)}`, [
      reason,
      `${describe(reason)}; check the name, or the advertised.listeners of the broker`,
    ])
  }
}

interface SocketPlan {
  readonly maker: SocketMaker
  readonly target: LookupAddress
  readonly port: number
}

function open(
  clock: Clock,
  { maker, target, port }: SocketPlan,
  ears: Ears,
  options: DialOptions,
): Promise<Transport> {
  return new Promise((resolve, reject) => {
    let stage: SocketStage = 'connect'
    const socket = maker.connect(socketOptions(target, port, ears))
    const stop = giveUpLater(clock, options, (error) => socket.destroy(error))
    const fail = (error: Error): void => {
      stop()
      reject(maker.explain(error, stage, socket))
    }
    socket.once('error', fail)
    socket.once('connect', () => (stage = 'greet'))
    socket.once(maker.openEvent, () => {
      stop()
      socket.off('error', fail)
      resolve(new SocketTransport(socket, ears, maker))
    })
  })
}

/** Calls `onGiveUp` when the time is over or the signal fires, unless the result is called first. */
export function giveUpLater(
  clock: Clock,
  { timeoutMs, signal }: DialOptions,
  onGiveUp: (error: Error) => void,
): () => void {
  const abort = (): void => {
    onGiveUp(new Error(GIVEN_UP))
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

/** An address that has answered, if only to refuse, says more than one that has not. */
function connectFailure(
  address: Address,
  targets: readonly LookupAddress[],
  failures: readonly Error[],
): ConnectionError {
  const answered = failures.find((error) => error instanceof ConnectionError)
  if (answered !== undefined) return answered
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
