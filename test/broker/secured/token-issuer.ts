/**
 * An OIDC issuer of tests, on loopback: a token endpoint (client credentials and jwt-bearer) and the
 * keys that verify its tokens (JWKS). It does as it is told: `fault` says what it does instead.
 *
 * The broker reads the keys of one that lives as long as itself (secured-kafka.ts); each test has
 * one of its own, with the same key, to be down, slow or refusing without disturbing other tests.
 *
 *   POST /token   form-urlencoded, `Authorization: Basic id:secret`   →  access_token, expires_in
 *   GET  /jwks                                                        →  the keys
 */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { jwks, signJwt, verifiedClaims, type Claims } from './jwt.js'

/** In every token as `iss` and `aud`; the broker wants them so. */
export const ISSUER = 'urn:ottla:test-issuer'
export const AUDIENCE = 'kafka'
const DEFAULT_LIFETIME_SECONDS = 3_600

/** What goes wrong; each for as long as it stands there. */
export type IssuerFault =
  | 'silent' // takes the request and never answers
  | 'refuse' // 401 invalid_client
  | 'broken' // 500, in HTML
  | 'garbage' // 200 with something that is no JSON
  | { readonly delayMs: number }

/** A token that was asked for. */
export interface TokenRequest {
  readonly form: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

export interface IssuerOptions {
  /** An RSA key, PKCS#8 PEM. */
  readonly privateKeyPem: string
  /** Who may have tokens: secrets by client id, as they stand in the header. */
  readonly clients: Readonly<Record<string, string>>
  /** Verifies assertions (jwt-bearer); without it there are none. */
  readonly assertionKey?: KeyObject
}

/** One that is up until `close`. */
export class TokenIssuer {
  /** Undefined: all is well. */
  fault: IssuerFault | undefined
  /** Of tokens that are given out from now on. */
  lifetimeSeconds = DEFAULT_LIFETIME_SECONDS
  /** Every request for a token that has come in, first to last. */
  readonly requests: TokenRequest[] = []
  readonly #options: IssuerOptions
  readonly #privateKey: KeyObject
  readonly #server: Server
  #port = 0

  private constructor(options: IssuerOptions) {
    this.#options = options
    this.#privateKey = createPrivateKey(options.privateKeyPem)
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#server.on('error', () => {}) // of a connection that is torn: the client's to notice
  }

  /** On a free port of loopback. */
  static async start(options: IssuerOptions): Promise<TokenIssuer> {
    const issuer = new TokenIssuer(options)
    await issuer.up()
    return issuer
  }

  get tokenUrl(): string {
    return `http://127.0.0.1:${this.#port}/token`
  }

  get jwksUrl(): string {
    return `http://127.0.0.1:${this.#port}/jwks`
  }

  /** A token for `sub`; `claims` win over what it would have. */
  token(sub: string, claims: Claims = {}): string {
    const now = Math.floor(Date.now() / 1_000)
    const usual = { iss: ISSUER, aud: AUDIENCE, sub, iat: now, exp: now + this.lifetimeSeconds }
    return signJwt(this.#privateKey, { ...usual, ...claims })
  }

  /** Nobody listens any more, and who was connected is cut off. */
  async down(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  /** Listens again, on the same port. */
  async up(): Promise<void> {
    if (this.#server.listening) return
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  close(): Promise<void> {
    return this.down()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request).catch(() => undefined)
    if (body === undefined) return // the client hung up
    if (request.url === '/jwks') answer(response, 200, jwks(this.#privateKey))
    else if (request.url !== '/token' || request.method !== 'POST') answer(response, 404, '{}')
    else this.#serveToken(new URLSearchParams(body), request.headers, response)
  }

  #serveToken(form: URLSearchParams, headers: IncomingHttpHeaders, response: ServerResponse): void {
    this.requests.push({ form, headers })
    const { fault } = this
    if (fault === 'silent') return
    if (fault === 'broken') answer(response, 500, '<html>broken</html>')
    else if (fault === 'garbage') answer(response, 200, '<html>welcome</html>')
    else if (fault === 'refuse') answer(response, 401, REFUSAL)
    else if (fault === undefined) this.#grant(form, headers, response)
    else setTimeout(() => this.#grant(form, headers, response), fault.delayMs).unref()
  }

  #grant(form: URLSearchParams, headers: IncomingHttpHeaders, response: ServerResponse): void {
    const sub = this.#subject(form, headers)
    if (sub === undefined) return answer(response, 401, REFUSAL)
    const scope = form.get('scope')
    const token = {
      access_token: this.token(sub, scope === null ? {} : { scope }),
      token_type: 'Bearer',
      expires_in: this.lifetimeSeconds,
    }
    answer(response, 200, JSON.stringify(token))
  }

  #subject(form: URLSearchParams, headers: IncomingHttpHeaders): string | undefined {
    const grant = form.get('grant_type')
    if (grant === 'client_credentials') return this.#client(headers.authorization ?? '')
    if (grant !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return undefined
    const { assertionKey } = this.#options
    if (assertionKey === undefined) return undefined
    const sub = verifiedClaims(assertionKey, form.get('assertion') ?? '')?.sub
    return typeof sub === 'string' ? sub : undefined
  }

  #client(authorization: string): string | undefined {
    const [scheme, credentials = ''] = authorization.split(' ')
    const [id = '', secret] = Buffer.from(credentials, 'base64').toString('utf8').split(/:(.*)/s)
    const { clients } = this.#options
    return scheme === 'Basic' && Object.hasOwn(clients, id) && clients[id] === secret
      ? id
      : undefined
  }
}

const REFUSAL = JSON.stringify({ error: 'invalid_client', error_description: 'unknown client' })

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}
