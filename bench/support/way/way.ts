/**
 * Three real brokers at the end of a long way: all that a client sees of them are the proxies, whose
 * addresses they advertise.
 *
 * Neighbours: run-bench.ts and sweep.ts start it; test/broker starts the brokers; proxy-process.ts.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { startKafka, type Kafka } from '../../../test/broker/kafka.js'
import type { Route } from './delay-proxy.js'
import type { Order } from './proxy-process.js'
import { measureRoundTrip, type RoundTrip } from './round-trip.js'
import type { TrafficSummary } from './traffic.js'

export class Way {
  readonly kafka: Kafka
  /** `host:port` of each proxy: all that a client is told. */
  readonly bootstrap: readonly string[]
  readonly #process: ChildProcess
  readonly #ended: Promise<never>

  private constructor(kafka: Kafka, bootstrap: readonly string[], process: ChildProcess) {
    this.kafka = kafka
    this.bootstrap = bootstrap
    this.#process = process
    this.#ended = once(process, 'exit').then(([code]) => {
      throw new Error(`the proxies' process ended with ${String(code)}`)
    })
    this.#ended.catch(() => {}) // told to whoever waits for an answer
  }

  /** `config`: broker settings. */
  static async start(
    config: Readonly<Record<string, string>>,
    log: (line: string) => void,
  ): Promise<Way> {
    const kafka = await startKafka({ own: true, nodes: 3, proxied: true, config, log })
    const routes = kafka.nodes.map(({ proxied }): Route => {
      return { port: proxied?.proxyPort ?? 0, brokerPort: proxied?.port ?? 0 }
    })
    const program = new URL('proxy-process.js', import.meta.url)
    const proxies = fork(program, [JSON.stringify(routes)], { serialization: 'advanced' })
    const way = new Way(kafka, routes.map(({ port }) => `127.0.0.1:${port}`), proxies) // prettier-ignore
    try {
      await way.#answer()
    } catch (error) {
      await kafka.stop()
      throw error
    }
    return way
  }

  /** Sets the round trip, and tells what it really is. */
  async setRoundTrip(roundTripMs: number): Promise<RoundTrip> {
    await this.#order({ roundTripMs })
    const measured = await measureRoundTrip(this, roundTripMs)
    await this.takeTraffic(0) // what measuring left
    return measured
  }

  /** Of the last seconds before the last Produce request; forgets all before. */
  async takeTraffic(takeSeconds: number): Promise<TrafficSummary> {
    return (await this.#order({ takeSeconds })) as TrafficSummary
  }

  async stop(): Promise<void> {
    this.#process.kill()
    await this.#ended.catch(() => {})
    await this.kafka.stop()
  }

  #order(order: Order): Promise<unknown> {
    const answer = this.#answer()
    this.#process.send(order)
    return answer
  }

  /** The next message; rejects where the process ends instead. */
  async #answer(): Promise<unknown> {
    const message = once(this.#process, 'message').then(([first]) => first as unknown)
    return Promise.race([message, this.#ended])
  }
}
