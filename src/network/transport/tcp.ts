/**
 * Plain TCP: the `Dial` of a listener without TLS.
 *
 * Neighbours: transport.ts is the contract; dial-each.ts makes the pass over a name's addresses;
 * tls/dial-tls.ts is the other `Dial`.
 */
import { connect } from 'node:net'
import type { Clock } from '../../clock.js'
import { dialEach } from './dial-each.js'
import type { SocketMaker } from './socket-maker.js'
import type { Dial } from './transport.js'

const PLAIN: SocketMaker = {
  connect: (options) => connect(options),
  openEvent: 'connect',
  explain: (error) => error,
}

/** A `Dial` over node:net; `clock` measures its time limit. It remembers which addresses failed. */
export function dialTcp(clock: Clock): Dial {
  return dialEach(clock, () => PLAIN)
}
