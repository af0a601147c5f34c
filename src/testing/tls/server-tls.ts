/**
 * TLS as the brokers of a test cluster speak it: which certificate they show, which of a client they
 * want, and what clients said.
 *
 * As in Kafka, `requested` takes a client without a certificate, and refuses one of an authority that
 * it does not know. Node closes such a connection without the alert that Kafka sends; one without a
 * certificate gets its alert, where that is required.
 *
 * Neighbours: certificate-authority.ts signs; tcp-network.ts listens with it.
 */
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls'
import type { Socket } from 'node:net'
import { CertificateAuthority, type IssuedCertificate } from './certificate-authority.js'

/** Kafka's `ssl.client.auth`. */
export type ClientAuth = 'none' | 'requested' | 'required'

/** A version of TLS, as Node names it. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/** What `tls` of `TestCluster.start` takes; all may be left out. */
export interface TestTlsOptions {
  /** Signs the brokers' certificate, and those of clients that are let in. Default: a new one. */
  readonly authority?: CertificateAuthority | undefined
  /** What the brokers show, as PEM, with `key`. Default: `authority` issues it for `hosts`. */
  readonly cert?: string | undefined
  /** PEM, without a passphrase; with `cert`. */
  readonly key?: string | undefined
  /** Names that the brokers' certificate is good for. Default `localhost`, `127.0.0.1`, `::1`. */
  readonly hosts?: readonly string[] | undefined
  /**
   * The host that `bootstrap` and metadata tell; it must lead to 127.0.0.1. Clients send a server
   * name (SNI) for a name and none for an address. Default `127.0.0.1`.
   */
  readonly advertisedHost?: string | undefined
  /** Whether clients show a certificate. Default `none`. */
  readonly clientAuth?: ClientAuth | undefined
  /** PEM of the authorities whose clients are let in. Default: that of `authority`. */
  readonly ca?: string | undefined
  /** Default `TLSv1.2`. */
  readonly minVersion?: TlsVersion | undefined
  /** Default `TLSv1.3`. */
  readonly maxVersion?: TlsVersion | undefined
}

/** A TLS handshake that a broker has finished. */
export interface TlsSession {
  /** `host:port` of the broker. */
  readonly address: string
  /** What the client asked for (SNI); null where it did not. */
  readonly servername: string | null
  /** `TLSv1.3` or `TLSv1.2`. */
  readonly protocol: string
  /** CN of the client's certificate; null without one. */
  readonly clientName: string | null
}

/** One per cluster. @internal */
export class ServerTls {
  readonly authority: CertificateAuthority
  readonly advertisedHost: string | undefined
  readonly sessions: TlsSession[] = []
  readonly #clientAuth: ClientAuth
  readonly #options: TlsOptions

  /** Throws RangeError for half a pair, and what Node throws for one that does not fit. */
  constructor(options: TestTlsOptions) {
    const { clientAuth = 'none', minVersion = 'TLSv1.2', maxVersion = 'TLSv1.3' } = options
    this.authority = options.authority ?? new CertificateAuthority()
    this.advertisedHost = options.advertisedHost
    this.#clientAuth = clientAuth
    this.#options = {
      ...shown(options, this.authority),
      ...{ minVersion, maxVersion },
      // Not without need: what is in `ca` is added to the chain that a broker shows.
      ...(clientAuth === 'none' ? {} : { ca: options.ca ?? this.authority.certificate }),
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'required',
    }
    createServer(this.#options) // throws now what would throw at the first connection
  }

  /** A server that hands over the streams that are secure; `onSocket` hears of each before it is. */
  createServer(onSocket: (socket: Socket) => void, onSecure: (socket: TLSSocket) => void): Server {
    const server = createServer({ ...this.#options, noDelay: true })
    server.on('connection', onSocket)
    server.on('tlsClientError', () => {}) // the client hears of it
    server.on('secureConnection', (socket) => {
      if (this.#isStranger(socket)) {
        socket.destroy()
        return
      }
      onSecure(socket)
    })
    return server
  }

  /** Notes what a client said. */
  note(address: string, socket: TLSSocket): void {
    const { servername } = socket as { readonly servername?: string | false }
    const clientName = commonNameOf(socket)
    const protocol = socket.getProtocol() ?? ''
    this.sessions.push({ address, servername: servername || null, protocol, clientName })
  }

  #isStranger(socket: TLSSocket): boolean {
    return this.#clientAuth === 'requested' && commonNameOf(socket) !== null && !socket.authorized
  }
}

function shown(
  { cert, key, hosts }: TestTlsOptions,
  authority: CertificateAuthority,
): IssuedCertificate {
  if (cert !== undefined && key !== undefined) return { cert, key }
  if (cert === undefined && key === undefined) return authority.issue({ hosts })
  throw new RangeError('`tls` of a test cluster has both `cert` and `key`, or neither')
}

function commonNameOf(socket: TLSSocket): string | null {
  const subject = socket.getPeerX509Certificate()?.subject
  if (subject === undefined) return null
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? ''
}
