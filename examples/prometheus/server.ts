/** Metrics for Prometheus: a service that sends records, and shows what it does at /metrics. */
import { createServer } from 'node:http'
import { collectDefaultMetrics, register } from 'prom-client'
// Elsewhere these are 'ottla' and 'ottla/prometheus'.
import { Producer } from '../../src/index.js'
import { collectMetrics } from '../../src/prometheus/prometheus.js'

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'orders', PORT = '9464' } = process.env

const producer = new Producer({ brokers: KAFKA_BROKERS, clientId: 'shop' })
const stopCollecting = collectMetrics(producer, { labels: { service: 'shop' } })
collectDefaultMetrics() // of the process: memory, event loop, …

const metrics = createServer((_request, response) => {
  register.metrics().then(
    (text) => response.writeHead(200, { 'content-type': register.contentType }).end(text),
    (error: unknown) => response.writeHead(500).end(String(error)),
  )
})
metrics.listen(Number(PORT), () => {
  const address = metrics.address()
  if (typeof address === 'object')
    console.log(`metrics at http://localhost:${address?.port}/metrics`)
})

// What the service is there for.
const timer = setInterval(() => {
  producer.enqueue({ topic: TOPIC, value: `{"at":${Date.now()}}` }, (error) => {
    if (error !== null) console.error(error.message)
  })
}, 100)

async function stop(): Promise<void> {
  clearInterval(timer)
  await producer.close()
  stopCollecting()
  metrics.close()
  metrics.closeAllConnections()
}
process.once('SIGTERM', () => void stop())
process.once('SIGINT', () => void stop())
