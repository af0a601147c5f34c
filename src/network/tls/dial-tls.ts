/**
 * TLS over TCP: the `Dial` of a listener of Kafka's protocol SSL or SASL_SSL.
 *
 *   credentials of today ──> resolve ──> TCP ──> TLS, verified by the name dialled ──> transport
 *
 * One time limit covers all of it. The name that is sent (SNI) and verified is that of each
 * connection: the bootstrap's, then each broker's advertised one.
 *
 * Not a session store: Kafka has never resumed one.
 *
 * Neighbours: dial-each.ts makes the pass over the addresses; secure-context.ts has the credentials;
 * tls-errors.ts the words.
 */
import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import type { Clock } from '../../clock.js'
import type { Log } from '../../logger.js'
import { dialEach } from '../transport/dial-each.js'
import type { SocketMaker, SocketOptions, SocketStage } from '../transport/socket-maker.js'
import { nodeCrypto, nodeTls } from '../../late-modules.js'
import type { Address, Dial } from '../transport/transport.js'
import type { TlsCredentials, TlsSettings } from './secure-context.js'
import { PieceWriter } from './piece-writer.js'
import { explainTls, identityFault, identityRefused } from './tls-errors.js'

/** A `Dial` over node:tls. It remembers which addresses failed. */
export function dialTls(clock: Clock, credentials: TlsCredentials, logger: Log): Dial {
  return dialEach(clock, async (address, options) => {
    const settings = await credentials.current(address, options, { clock, logger })
    return new TlsMaker(clock, address, settings)
  })
}

/** Makes the sockets of one dial. */
class TlsMaker implements SocketMaker {
  readonly openEvent = 'secureConnect'
  readonly #clock: Clock
  readonly #address: Address
  readonly #settings: TlsSettings
  /** Empty for an address, which TLS does not send. */
  readonly #servername: string
  /** What the broker has shown last: once a socket has failed it is no longer to be had. */
  #certificate: Uint8Array | undefined

  constructor(clock: Clock, address: Address, settings: TlsSettings) {
    this.#clock = clock
    this.#address = address
    this.#settings = settings
    this.#servername = settings.servername ?? nameOf(address.host)
  }

  connect(options: SocketOptions): TLSSocket {
    const { secureContext, rejectUnauthorized } = this.#settings
    const socket = nodeTls().connect({
      ...options,
      secureContext,
      rejectUnauthorized,
      servername: this.#servername,
      checkServerIdentity: (_host, certificate) => this.#checkIdentity(certificate),
    })
    // Before the verdict, after which a refused socket has lost it. Not getPeerX509Certificate, which
    // takes the certificate away from the check that follows (Node 20).
    socket.prependOnceListener('secure', () => {
      this.#certificate = socket.getPeerCertificate().raw
    })
    return socket
  }

  explain(error: Error, stage: SocketStage): Error {
    return explainTls(error, stage, {
      address: this.#address,
      servername: this.#verifiedName,
      hasCertificate: this.#settings.hasCertificate,
      certificate: this.#certificate && new (nodeCrypto().X509Certificate)(this.#certificate),
      nowMs: this.#clock.now(),
    })
  }

  makeWriter(socket: Socket): PieceWriter {
    return new PieceWriter(socket)
  }

  get #verifiedName(): string {
    return this.#servername === '' ? this.#address.host : this.#servername
  }

  #checkIdentity(certificate: PeerCertificate): Error | undefined {
    const { checkServerIdentity: own } = this.#settings
    if (own === undefined) return nodeTls().checkServerIdentity(this.#verifiedName, certificate)
    try {
      const answer: unknown = own(this.#verifiedName, certificate)
      if (answer === undefined) return undefined
      return answer instanceof Error
        ? identityRefused(this.#address, answer)
        : identityRefused(this.#address, undefined, identityFault(answer))
    } catch (error) {
      return identityRefused(this.#address, error)
    }
  }
}

/** The name to send and to verify: without the dot that ends an absolute name. */
function nameOf(host: string): string {
  return isIP(host) !== 0 ? '' : host.replace(/\.$/, '')
}
