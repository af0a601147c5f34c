/**
 * What the list of refusals needs around it: a secured Kafka, an issuer of tokens, a web server, and
 * test clusters that lie in a login.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TestCluster, type TestClusterOptions } from '../../../src/testing/cluster.js'
import type { SecuredKafka } from '../../broker/secured/secured-kafka.js'
import type { TokenIssuer } from '../../broker/secured/token-issuer.js'

export class RefusalWorld {
  readonly kafka: SecuredKafka
  readonly issuer: TokenIssuer
  readonly #web: Server
  readonly #clusters: TestCluster[] = []

  private constructor(kafka: SecuredKafka, issuer: TokenIssuer, web: Server) {
    this.kafka = kafka
    this.issuer = issuer
    this.#web = web
  }

  static async start(kafka: SecuredKafka): Promise<RefusalWorld> {
    const web = createServer((_, response) => response.end('welcome')).listen(0, '127.0.0.1')
    await once(web, 'listening')
    return new RefusalWorld(kafka, await kafka.startIssuer(), web)
  }

  /** `host:port` of a web server. */
  get webServer(): string {
    return `127.0.0.1:${(this.#web.address() as AddressInfo).port}`
  }

  /** Of Kafka's listener without TLS and SASL. */
  get plaintext(): string {
    return this.kafka.place.plaintext
  }

  /** A test cluster, up until the world is closed. */
  async cluster(options: TestClusterOptions): Promise<TestCluster> {
    const cluster = await TestCluster.start(options)
    this.#clusters.push(cluster)
    return cluster
  }

  async close(): Promise<void> {
    this.#web.close()
    this.#web.closeAllConnections()
    await Promise.all([this.issuer.close(), ...this.#clusters.map((it) => it.close())])
  }
}

/** A port of this machine at which nobody listens. */
export async function deadAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `127.0.0.1:${port}`
}
