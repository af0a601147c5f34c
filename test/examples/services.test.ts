/**
 * The examples that are services, each as its reader would run it: a process against a cluster within
 * this one, asked over HTTP, and ended by SIGTERM.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { TestCluster } from '../../src/testing/cluster.js'
import { projectFile } from '../broker/project.js'
import { checkHistograms, parse, valueOf } from '../prometheus/support/exposition.js'

interface Service {
  readonly url: string
  /** Ends it; what it wrote to stderr. */
  stop(): Promise<string>
}

async function start(t: Test, example: string, brokers: string): Promise<Service> {
  const program = fileURLToPath(new URL(`../../examples/${example}.js`, import.meta.url))
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, KAFKA_BROKERS: brokers, TOPIC: 'orders', PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  t.teardown(() => child.kill('SIGKILL'))
  const stderr = text(child.stderr)
  const url = await new Promise<string>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      const [address] = /http:\S+/.exec(line) ?? []
      if (address !== undefined) resolve(address)
    })
  })
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  const stop = async (): Promise<string> => {
    child.kill('SIGTERM')
    const [code, signal] = await ended
    t.strictSame([code, signal], [0, null], 'ends by itself')
    return stderr
  }
  return { url, stop }
}

/** Asks until the status is that; what was answered then. */
async function until(url: string, status: number): Promise<Record<string, unknown>> {
  for (;;) {
    const response = await fetch(url)
    const body = await response.text()
    if (response.status === status) return JSON.parse(body) as Record<string, unknown>
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function startCluster(t: Test): Promise<TestCluster> {
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  t.teardown(() => cluster.close())
  return cluster
}

t.test('examples/health: ready once a broker has answered, alive throughout', async (t) => {
  const cluster = await startCluster(t)
  const { url, stop } = await start(t, 'health/server', cluster.bootstrap.join())
  t.match(await until(`${url}/ready`, 200), { status: 'idle', isConnected: true, clientId: 'shop' })
  const posted = await fetch(`${url}/orders`, { method: 'POST' })
  t.strictSame([posted.status, await posted.text()], [201, '0'])
  t.match(await until(`${url}/live`, 200), { lastAcknowledgedAtMs: Number })
  t.equal((await fetch(`${url}/else`)).status, 404)
  t.equal(await stop(), '')
})

t.test('examples/health without a broker: alive, and not ready', async (t) => {
  const { url, stop } = await start(t, 'health/server', 'localhost:1')
  t.match(await until(`${url}/ready`, 503), { status: 'starting', isConnected: false })
  t.match(await until(`${url}/live`, 200), { isAlive: true })
  await stop()
})

t.test('examples/health/kubernetes.yaml asks what the server answers', async (t) => {
  const yaml = readFileSync(projectFile('examples', 'health', 'kubernetes.yaml'), 'utf8')
  const server = readFileSync(projectFile('examples', 'health', 'server.ts'), 'utf8')
  const probes = Array.from(yaml.matchAll(/(\w+)Probe:\n +httpGet: \{ path: (\S+), port: (\w+)/g))
  t.strictSame(
    probes.map(([, name, path, port]) => [name, path, port]),
    [
      ['startup', '/live', 'http'],
      ['liveness', '/live', 'http'],
      ['readiness', '/ready', 'http'],
    ],
  )
  for (const [, , path = ''] of probes) t.match(server, `'${path}'`)
  const graceSeconds = Number(/terminationGracePeriodSeconds: (\d+)/.exec(yaml)?.[1])
  const closeMs = Number(/timeoutMs: ([\d_]+)/.exec(server)?.[1]?.replace('_', ''))
  t.ok(graceSeconds * 1000 > closeMs)
})

t.test('examples/prometheus: metrics that a scraper can read', async (t) => {
  const cluster = await startCluster(t)
  const { url, stop } = await start(t, 'prometheus/server', cluster.bootstrap.join())
  const labels = { client_id: 'shop', service: 'shop' }
  let acknowledged = 0
  while (acknowledged < 3) {
    const response = await fetch(url)
    t.match(response.headers.get('content-type'), 'text/plain; version=0.0.4')
    const found = parse(await response.text())
    t.ok(checkHistograms(found) > 5)
    acknowledged = valueOf(found, 'ottla_producer_records_acknowledged_total', labels) ?? -1
    if (acknowledged < 0) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  t.ok(acknowledged >= 3)
  t.equal(await stop(), '')
})
