/**
 * `ottla/prometheus` with prom-client beside it, in the versions that it is for: types, both module
 * systems, a scrape; and without it: Ottla works, and the subpath says what is missing.
 */
import { npm } from '../consumer.js'
import { COMMONJS, SENT } from '../programs.js'
import type { Workshop } from '../workshop.js'
import type { Project } from './project.js'

const SCRAPE = `
async function main() {
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  const producer = new Producer({ brokers: cluster.bootstrap, clientId: 'shop' })
  const registry = new Registry()
  const remove = collectMetrics(producer, { registry, labels: { pod: 1 } })
  collectMetrics(producer)
  await producer.send({ topic: 'orders', value: 'a record' })
  const text = await registry.metrics()
  const inDefault = await register.metrics()
  remove()
  await producer.close()
  await cluster.close()
  const line = /^ottla_producer_records_acknowledged_total\\{client_id="shop",pod="1"\\} 1$/m
  const bucket = /^ottla_producer_acknowledge_time_seconds_bucket\\{.*le="\\+Inf".*\\} \\d+$/m
  const isThere = line.test(text) && bucket.test(text) && inDefault.includes('ottla_producer_ready')
  return isThere ? 'scraped' : text
}
main().then((text) => console.log(text))
`

const IMPORTS = `import { Producer } from 'ottla'
import { TestCluster } from 'ottla/testing'
import { collectMetrics } from 'ottla/prometheus'
import { Registry, register } from 'prom-client'
`
const REQUIRES = IMPORTS.replaceAll(/import (.*) from (.*)/g, 'const $1 = require($2)')

async function tryVersion(version: string, workshop: Workshop): Promise<void> {
  const options = { module: 'node16', target: 'ES2022', strict: true, types: ['node'] }
  const compilerOptions = { ...options, skipLibCheck: true, outDir: 'out' }
  const cwd = await workshop.project(`prom-client ${version}`, {
    'package.json': '{ "private": true, "type": "module" }',
    'tsconfig.json': JSON.stringify({ compilerOptions, files: ['typed.mts', 'typed.cts'] }),
    'scrape.mjs': IMPORTS + SCRAPE,
    'scrape.cjs': REQUIRES + SCRAPE,
    'typed.mts': IMPORTS + SCRAPE,
    'typed.cts': IMPORTS + SCRAPE,
  })
  const packages = [workshop.tarball, `prom-client@${version}`]
  await npm(cwd, 'install', '--no-audit', '--no-fund', '--prefer-offline', ...packages)
  for (const program of ['scrape.mjs', 'scrape.cjs']) {
    await workshop.expect(/^scraped$/, { cwd, args: [program] })
  }
  await workshop.run({ cwd, args: [workshop.tool('typescript/bin/tsc'), '--project', '.'] })
  await workshop.expect(/^scraped$/, { cwd, args: ['out/typed.mjs'] })
}

async function tryWithout(workshop: Workshop): Promise<void> {
  const cwd = await workshop.project('prom-client missing', {
    'package.json': '{ "private": true }',
    'send.cjs': COMMONJS,
    'missing.mjs': `import('ottla/prometheus').catch((error) => console.log(error.message))`,
  })
  await workshop.expect(SENT, { cwd, args: ['send.cjs'] })
  await workshop.expect(/Cannot find package 'prom-client'/, { cwd, args: ['missing.mjs'] })
}

const GROUP = 'ottla/prometheus'

export const PROMETHEUS_PROJECTS: readonly Project[] = [
  ...['14', '15'].map((version) => ({
    group: GROUP,
    name: `prom-client ${version}`,
    isInSubset: version === '15',
    try: (workshop: Workshop) => tryVersion(version, workshop),
  })),
  { group: GROUP, name: 'without prom-client', isInSubset: true, try: tryWithout },
]
