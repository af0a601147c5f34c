/** Health endpoints for probes: /ready and /live, and an orderly end. */
import { createServer } from 'node:http'
import { setTimeout } from 'node:timers/promises'
// Elsewhere this is 'ottla'.
import { ClosedError, Producer } from '../../src/index.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'orders', PORT = '8080' } = process.env

const producer = new Producer({ brokers: KAFKA_BROKERS, clientId: 'shop', logger: console })
void connect()
let isStopping = false

/** Until a broker answers: a service that is not ready gets no work, so no record would try again. */
async function connect(): Promise<void> {
  for (;;) {
    try {
      return await producer.connect()
    } catch (error) {
      if (error instanceof ClosedError) return // the end
      console.error(`not connected yet: ${String(error)}`)
      await setTimeout(1_000, undefined, { ref: false })
    }
  }
}

const server = createServer((request, response) => {
  const health = producer.health()
  const answer = (isWell: boolean): void => {
    response.writeHead(isWell ? 200 : 503, { 'content-type': 'application/json' })
    response.end(JSON.stringify(health))
  }
  if (request.url === '/live') answer(health.isAlive)
  else if (request.url === '/ready') answer(health.isReady && !isStopping)
  else if (request.url === '/orders' && request.method === 'POST') {
    producer.send({ topic: TOPIC, value: '{"total":9}' }).then(
      ({ offset }) => response.writeHead(201).end(String(offset)),
      (error: unknown) => response.writeHead(503).end(String(error)),
    )
  } else response.writeHead(404).end()
})
server.listen(Number(PORT), () => {
  const address = server.address()
  if (typeof address === 'object') console.log(`listening at http://localhost:${address?.port}`)
})

/** First no new work, then what was accepted, then the end. */
async function stop(): Promise<void> {
  isStopping = true
  await new Promise((resolve) => server.close(resolve))
  await producer.close({ timeoutMs: 20_000 })
}
process.once('SIGTERM', () => void stop())
process.once('SIGINT', () => void stop())
