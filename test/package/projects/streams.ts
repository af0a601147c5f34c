/**
 * What the main entry has around a producer, from the package alone, in both module systems and with
 * types: streams of Node and of the web, `sendEach`, interceptors, the tracing channel, metrics, health,
 * and metrics that the cluster asks for.
 */
import { npm } from '../consumer.js'
import type { Workshop } from '../workshop.js'
import type { Project } from './project.js'

const IMPORTS = `import { tracingChannel } from 'node:diagnostics_channel'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Producer } from 'ottla'
import { TestCluster } from 'ottla/testing'
`
const REQUIRES = IMPORTS.replaceAll(/import (.*) from (.*)/g, 'const $1 = require($2)')

const PROGRAM = `
const untilTrue = async (isTrue) => {
  for (let i = 0; i < 500 && !isTrue(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
}

async function main() {
  const cluster = await TestCluster.start({ topics: { orders: {} }, telemetry: { pushIntervalMs: 50 } })
  let told = 0
  let traced = 0
  const producer = new Producer({
    brokers: cluster.bootstrap,
    interceptors: [
      {
        onSend: (record) => ({ ...record, headers: { by: 'interceptor' } }),
        onOutcome: () => void told++,
      },
    ],
  })
  const none = () => {}
  tracingChannel('ottla:producer:send').subscribe({
    ...{ start: none, end: none, asyncStart: none, error: none },
    asyncEnd: () => void traced++,
  })
  await pipeline(Readable.from(['a', 'b']), producer.createWriteStream({ topic: 'orders' }))
  const web = producer.createWritableStream({ topic: 'orders' })
  await Readable.toWeb(Readable.from(['c'])).pipeTo(web)
  const source = (async function* () {
    yield { topic: 'orders', value: 'd' }
  })()
  const results = []
  for await (const { error } of producer.sendEach(source)) results.push(error)
  await untilTrue(() => cluster.telemetry.pushes.length > 0)
  const { isReady } = producer.health()
  const { recordsAcknowledged } = producer.metrics()
  const pushes = cluster.telemetry.pushes.length
  await producer.close()
  const records = cluster.records('orders')
  const values = records.map(({ value }) => String(value)).join('')
  const isIntercepted = records.every(({ headers }) => headers.length === 1)
  await cluster.close()
  const seen = { values, told, traced, results, isReady, recordsAcknowledged, isIntercepted, isPushed: pushes > 0 }
  console.log(JSON.stringify(seen))
}
void main()
`
const EXPECTED =
  /^{"values":"abcd","told":4,"traced":4,"results":\[null\],"isReady":true,"recordsAcknowledged":4,"isIntercepted":true,"isPushed":true}$/

const TYPED = PROGRAM.replace('async (isTrue)', 'async (isTrue: () => boolean)').replace(
  'const results = []',
  'const results: (Error | null)[] = []',
)

async function tryStreams(workshop: Workshop): Promise<void> {
  const options = { module: 'node16', target: 'ES2022', strict: true, types: ['node'] }
  const compilerOptions = { ...options, outDir: 'out' }
  const cwd = await workshop.project('streams', {
    'package.json': '{ "private": true, "type": "module" }',
    'tsconfig.json': JSON.stringify({ compilerOptions, files: ['typed.mts', 'typed.cts'] }),
    'program.mjs': IMPORTS + PROGRAM,
    'program.cjs': REQUIRES + PROGRAM,
    'typed.mts': IMPORTS + TYPED,
    'typed.cts': IMPORTS + TYPED,
  })
  await npm(cwd, 'install', '--no-audit', '--no-fund', '--prefer-offline', workshop.tarball)
  for (const program of ['program.mjs', 'program.cjs']) {
    await workshop.expect(EXPECTED, { cwd, args: [program] })
  }
  await workshop.run({ cwd, args: [workshop.tool('typescript/bin/tsc'), '--project', '.'] })
  await workshop.expect(EXPECTED, { cwd, args: ['out/typed.cjs'] })
}

export const STREAM_PROJECTS: readonly Project[] = [
  {
    group: 'Around a producer',
    name: 'streams, sendEach, interceptors, channels, metrics, telemetry',
    isInSubset: true,
    try: tryStreams,
  },
]
